"""Spot checks and quick reports of disasters, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.web.api.schemas.submissions import AreaBody


class SpotDifferenceBody(Schema):
    """A field that differs: what the village's sheet says and what the supervisor found."""

    field = fields.String()
    said = fields.Raw()
    found = fields.Raw()


class SpotCheckBody(Schema):
    """A village that was checked. `compared`: fields known on both sides; `households`: those of the sample that could
    be told, `wrong` of them; `errors` of `checked` differ, `permille` of a thousand (null: nothing was compared).
    `sheetId` is null where the village sent none."""

    area = fields.Nested(AreaBody)
    instanceId = fields.String()  # noqa: N815 - the wire's own names
    sheetId = fields.String(allow_none=True)  # noqa: N815
    checkedBy = fields.String()  # noqa: N815
    sentBy = fields.String(allow_none=True)  # noqa: N815
    compared = fields.Integer()
    households = fields.Integer()
    wrong = fields.Integer()
    errors = fields.Integer()
    checked = fields.Integer()
    permille = fields.Integer(allow_none=True)
    differences = fields.List(fields.Nested(SpotDifferenceBody))


class DisasterBody(Schema):
    """A quick report. `happenedAt` is null where it does not say; counts are null where nobody knows yet; `road` and
    `needs` are names of choices of the form."""

    instanceId = fields.String()  # noqa: N815
    area = fields.Nested(AreaBody, allow_none=True)
    kind = fields.String(allow_none=True)
    happenedAt = fields.String(allow_none=True)  # noqa: N815
    sentAt = fields.String()  # noqa: N815
    sender = fields.String()
    state = fields.String()
    dead = fields.Integer(allow_none=True)
    hurt = fields.Integer(allow_none=True)
    houses = fields.Integer(allow_none=True)
    road = fields.String(allow_none=True)
    needs = fields.List(fields.String())
    photos = fields.Integer()
