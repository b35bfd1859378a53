"""The plan of a round on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.domain.evidence import KINDS, MISSING, NOT_ASKED, THERE
from server.web.api.schemas.submissions import AreaBody


class HolidayBody(Schema):
    """A day that made a difference to a count; `works`: people worked on it."""

    day = fields.Date()
    name = fields.String()
    works = fields.Boolean()
    source = fields.String()
    status = fields.String()


class StepBody(Schema):
    """What a level has to have done. `daysLeft`: working days until `due`, below 0 when it is past; `unsureYears`:
    those on the way of which no holidays were loaded; `law` is null where the office set the step."""

    law = fields.String(allow_none=True)
    level = fields.String()
    to = fields.String()
    workingDays = fields.Integer(allow_none=True)  # noqa: N815 - the wire's own names
    article = fields.String()
    source = fields.String()
    status = fields.String()
    follows = fields.Boolean()
    note = fields.String()
    starts = fields.Date(allow_none=True)
    due = fields.Date(allow_none=True)
    daysLeft = fields.Integer(allow_none=True)  # noqa: N815
    overdue = fields.Boolean()
    handedOn = fields.Date(allow_none=True)  # noqa: N815
    holidays = fields.List(fields.Nested(HolidayBody))
    unsureYears = fields.List(fields.Integer())  # noqa: N815


class AskedBody(Schema):
    """Evidence that is asked of every village, and which field of which form shows each part of it."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    step = fields.String()
    form = fields.String()
    fields_ = fields.Dict(data_key="fields")
    leastDays = fields.Integer(allow_none=True)  # noqa: N815


class LackBody(Schema):
    """A part that is missing: a code with the numbers that belong to it."""

    code = fields.String()
    params = fields.Dict()


class EvidenceItemBody(Schema):
    """One kind of evidence of a village, and the submission it was looked for in."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    state = fields.String(metadata={"enum": [THERE, MISSING, NOT_ASKED]})
    lacks = fields.List(fields.Nested(LackBody))
    formId = fields.String(allow_none=True)  # noqa: N815
    instanceId = fields.String(allow_none=True)  # noqa: N815
    reviewState = fields.String(allow_none=True)  # noqa: N815


class VillageEvidenceBody(Schema):
    """The evidence of a village."""

    area = fields.Nested(AreaBody)
    complete = fields.Boolean()
    items = fields.List(fields.Nested(EvidenceItemBody))


class EvidenceCountsBody(Schema):
    """Villages with everything asked, and by kind how many have it (of these approved) and lack it."""

    villages = fields.Integer()
    complete = fields.Integer()
    there = fields.Dict()
    approved = fields.Dict()
    missing = fields.Dict()


class PlanBody(Schema):
    """Until when each level reports, and of which villages in sight the evidence is there."""

    instructedOn = fields.Date(allow_none=True)  # noqa: N815
    today = fields.Date()
    locked = fields.Boolean()
    ownSteps = fields.Boolean()  # noqa: N815
    ownEvidence = fields.Boolean()  # noqa: N815
    lawNotFound = fields.List(fields.String())  # noqa: N815
    steps = fields.List(fields.Nested(StepBody))
    asked = fields.List(fields.Nested(AskedBody))
    counts = fields.Nested(EvidenceCountsBody)
    villages = fields.List(fields.Nested(VillageEvidenceBody))
