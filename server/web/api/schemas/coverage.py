"""How far the villages of a round have come, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.domain.coverage import STATES
from server.web.api.schemas.submissions import AreaBody


class CountsBody(Schema):
    """So many villages: `sent` something, are `late` (the last day is past and it is theirs to act), and by state."""

    villages = fields.Integer()
    sent = fields.Integer()
    late = fields.Integer()
    states = fields.Dict(keys=fields.String(metadata={"enum": list(STATES)}), values=fields.Integer())


class CoveredAreaBody(CountsBody):
    """An area with the counts of its villages."""

    area = fields.Nested(AreaBody)


class CoveredVillageBody(Schema):
    """A village. `submission`: the number of the submission that its state is of; `filesMissing`: of those that it
    names, how many are not here; `heardAt`: when a phone of it was heard of last."""

    area = fields.Nested(AreaBody)
    state = fields.String(metadata={"enum": list(STATES)})
    late = fields.Boolean()
    submission = fields.Integer(allow_none=True)
    filesExpected = fields.Integer(allow_none=True)  # noqa: N815 - the wire's own names
    filesMissing = fields.Integer(allow_none=True)  # noqa: N815
    receivedAt = fields.String(allow_none=True)  # noqa: N815
    heardAt = fields.String(allow_none=True)  # noqa: N815


class CoverageBody(CountsBody):
    """The board of an area in a round; `area` null: of all that the caller sees. `areas`: those right below it that
    have villages; `each`: the villages of a commune one by one."""

    round = fields.String()
    endsOn = fields.Date()  # noqa: N815
    on = fields.Date()
    area = fields.Nested(AreaBody, allow_none=True)
    areas = fields.List(fields.Nested(CoveredAreaBody))
    each = fields.List(fields.Nested(CoveredVillageBody))
