"""Works, community supervision and production models on the wire."""

from __future__ import annotations

from typing import ClassVar

from marshmallow import Schema, fields, validate

from server.domain.production import HOUSEHOLDS, INCOMES
from server.domain.production import KINDS as KINDS_OF_MODELS
from server.domain.supervision import SAYINGS
from server.domain.supervision import STATES as STATES_OF_FINDINGS
from server.domain.works import KINDS, STATES
from server.web.api.schemas.fields import Body
from server.web.api.schemas.submissions import AreaBody


class FindingWordBody(Schema):
    """What was said of a finding. `id`: null where a later sheet of the board says it; `by`: who wrote it."""

    id = fields.Integer(allow_none=True)
    said = fields.String(metadata={"enum": list(SAYINGS)})
    on = fields.Date()
    text = fields.String()
    by = fields.String()


class BoardFindingBody(Schema):
    """A finding of a board. `toldOn`: the day from which days are counted; `daysToAnswer`: null while nobody has
    answered; `overdue`: it waits for a first answer longer than asked."""

    id = fields.String()
    workId = fields.String()  # noqa: N815 - the wire's own names
    submissionId = fields.Integer()  # noqa: N815
    text = fields.String()
    advice = fields.String(allow_none=True)
    toldOn = fields.Date()  # noqa: N815
    askedBy = fields.Date(allow_none=True)  # noqa: N815
    state = fields.String(metadata={"enum": list(STATES_OF_FINDINGS)})
    daysOpen = fields.Integer()  # noqa: N815
    daysToAnswer = fields.Integer(allow_none=True)  # noqa: N815
    overdue = fields.Boolean()
    provisional = fields.Boolean()
    words = fields.List(fields.Nested(FindingWordBody))


class NewFindingWordBody(Body):
    """An answer to a finding, or whether it is settled. `on`: the day of it; left out: today."""

    example: ClassVar = {"said": "answer", "text": "Đã đổ lại đoạn đầu.", "on": "2019-03-05"}

    said = fields.String(required=True, validate=validate.OneOf(SAYINGS))
    text = fields.String(load_default="")
    on = fields.Date(load_default=None, allow_none=True)


class WorkSumsBody(Schema):
    """Works counted and their money added up, in whole dong, of those of which it is known."""

    works = fields.Integer()
    provisional = fields.Integer()
    states = fields.Dict(keys=fields.String(), values=fields.Integer())
    planned = fields.Integer()
    plannedUnknown = fields.Integer()  # noqa: N815
    paid = fields.Integer()
    paidUnknown = fields.Integer()  # noqa: N815
    conditions = fields.Dict(keys=fields.String(), values=fields.Integer())
    broken = fields.Integer()
    upkeepCost = fields.Integer()  # noqa: N815
    openFindings = fields.Integer()  # noqa: N815


class SupervisionSumsBody(Schema):
    """Visits and findings counted. `days`: from telling to the first answer, of all that were answered."""

    visits = fields.Integer()
    works = fields.Integer()
    findings = fields.Integer()
    states = fields.Dict(keys=fields.String(), values=fields.Integer())
    open = fields.Integer()
    overdue = fields.Integer()
    answered = fields.Integer()
    days = fields.Integer()
    longest = fields.Integer()


class WorkAreaBody(Schema):
    """The sums of an area, of all below it too."""

    area = fields.Nested(AreaBody)
    sums = fields.Nested(WorkSumsBody)


class SupervisionAreaBody(Schema):
    """The same of supervision."""

    area = fields.Nested(AreaBody)
    sums = fields.Nested(SupervisionSumsBody)


class WorkBody(Schema):
    """A work as of a day. `id` is that by which sheets name it; `volumePercent` is of this work alone; `lateDays` is
    null without a planned end; money in whole dong, null where not known."""

    id = fields.String()
    submissionId = fields.Integer()  # noqa: N815
    name = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS)})
    area = fields.Nested(AreaBody, allow_none=True)
    provisional = fields.Boolean()
    state = fields.String(metadata={"enum": list(STATES)})
    lateDays = fields.Integer(allow_none=True)  # noqa: N815
    volumePercent = fields.Integer(allow_none=True)  # noqa: N815
    planned = fields.Integer(allow_none=True)
    budget = fields.Dict(keys=fields.String(), values=fields.Integer(allow_none=True))
    paid = fields.Integer(allow_none=True)
    approvedOn = fields.Date(allow_none=True)  # noqa: N815
    begunOn = fields.Date(allow_none=True)  # noqa: N815
    due = fields.Date(allow_none=True)
    finishedOn = fields.Date(allow_none=True)  # noqa: N815
    condition = fields.Integer(allow_none=True)
    openFaults = fields.List(fields.String())  # noqa: N815
    visits = fields.Integer()
    openFindings = fields.Integer()  # noqa: N815
    place = fields.List(fields.Float(), allow_none=True, metadata={"description": "Longitude and latitude."})


class ProgressBody(Schema):
    """A progress sheet."""

    submissionId = fields.Integer()  # noqa: N815
    on = fields.Date()
    volumePercent = fields.Integer(allow_none=True)  # noqa: N815
    paid = fields.Integer(allow_none=True)
    finished = fields.Boolean()
    troubles = fields.List(fields.String())
    provisional = fields.Boolean()


class VisitBody(Schema):
    """A visit of the board. `checks`: the answer by what was looked at."""

    submissionId = fields.Integer()  # noqa: N815
    on = fields.Date()
    members = fields.Integer(allow_none=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String())
    workers = fields.Dict(keys=fields.String(), values=fields.Integer(allow_none=True))
    confirmed = fields.String(allow_none=True)
    provisional = fields.Boolean()


class UpkeepBody(Schema):
    """A maintenance sheet."""

    submissionId = fields.Integer()  # noqa: N815
    on = fields.Date()
    condition = fields.Integer(allow_none=True)
    faults = fields.List(fields.String())
    mended = fields.String(allow_none=True)
    cost = fields.Integer(allow_none=True)
    labourDays = fields.Integer(allow_none=True)  # noqa: N815
    provisional = fields.Boolean()


class WorksBody(Schema):
    """The works in sight as of a day."""

    on = fields.Date()
    synthetic = fields.Boolean()
    sums = fields.Nested(WorkSumsBody)
    byArea = fields.List(fields.Nested(WorkAreaBody))  # noqa: N815
    works = fields.List(fields.Nested(WorkBody))


class WholeWorkBody(WorkBody):
    """A work with its sheets, oldest first."""

    on = fields.Date()
    synthetic = fields.Boolean()
    progress = fields.List(fields.Nested(ProgressBody))
    supervision = fields.List(fields.Nested(VisitBody))
    findings = fields.List(fields.Nested(BoardFindingBody))
    upkeep = fields.List(fields.Nested(UpkeepBody))


class SupervisionBody(Schema):
    """The findings of boards in sight as of a day, those that wait for the commune first."""

    on = fields.Date()
    synthetic = fields.Boolean()
    sums = fields.Nested(SupervisionSumsBody)
    byArea = fields.List(fields.Nested(SupervisionAreaBody))  # noqa: N815
    findings = fields.List(fields.Nested(BoardFindingBody))


class ModelSumsBody(Schema):
    """Models counted and added up. `given` and `alive`: by unit, of models of which both are known (`counted`)."""

    models = fields.Integer()
    ended = fields.Integer()
    households = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": ", ".join(HOUSEHOLDS)}
    )
    support = fields.Integer()
    ownShare = fields.Integer()  # noqa: N815
    counted = fields.Integer()
    given = fields.Dict(keys=fields.String(), values=fields.Integer())
    alive = fields.Dict(keys=fields.String(), values=fields.Integer())
    incomes = fields.Dict(keys=fields.String(), values=fields.Integer())
    decisions = fields.Dict(keys=fields.String(), values=fields.Integer())
    takenUp = fields.Integer()  # noqa: N815


class ModelAreaBody(Schema):
    """The sums of an area, of all below it too."""

    area = fields.Nested(AreaBody)
    sums = fields.Nested(ModelSumsBody)


class ModelBody(Schema):
    """A production model as of a day. `phase`: of its newest sheet; `income`: how income changed, by `incomeBy` dong a
    year for a household; `repeat`: the decision at its end."""

    id = fields.String()
    submissionId = fields.Integer()  # noqa: N815
    name = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS_OF_MODELS)})
    area = fields.Nested(AreaBody, allow_none=True)
    provisional = fields.Boolean()
    begunOn = fields.Date()  # noqa: N815
    phase = fields.String(metadata={"enum": ["start", "mid", "end"]})
    asOf = fields.Date()  # noqa: N815
    households = fields.Dict(keys=fields.String(), values=fields.Integer(allow_none=True))
    support = fields.Integer(allow_none=True)
    ownShare = fields.Integer(allow_none=True)  # noqa: N815
    given = fields.Integer(allow_none=True)
    alive = fields.Integer(allow_none=True)
    income = fields.String(allow_none=True, metadata={"enum": [*INCOMES, None]})
    incomeBy = fields.Integer(allow_none=True)  # noqa: N815
    repeat = fields.String(allow_none=True)
    takenUp = fields.Integer(allow_none=True)  # noqa: N815


class ModelsBody(Schema):
    """The production models in sight as of a day, their sums by kind and by area."""

    on = fields.Date()
    synthetic = fields.Boolean()
    sums = fields.Nested(ModelSumsBody)
    byKind = fields.Dict(keys=fields.String(), values=fields.Nested(ModelSumsBody))  # noqa: N815
    byArea = fields.List(fields.Nested(ModelAreaBody))  # noqa: N815
    models = fields.List(fields.Nested(ModelBody))
