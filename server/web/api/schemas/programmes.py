"""The programme register on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from server.domain.programme import BASES, ENTERED, EXITS, INHERITED, LEVELS, SOURCED
from server.services.remain import READINESS
from server.web.api.schemas.fields import Body
from server.web.api.schemas.rounds import NamesBody, RoundNamesBody
from server.web.api.schemas.submissions import AreaBody

STATUSES = list(SOURCED)


class ProgrammeBody(Schema):
    """A programme by its law, in force from a day up to and including another (null: open). `status` and `source`: how
    well what no law says is known, and by what."""

    slug = fields.String()
    names = fields.Nested(RoundNamesBody)
    law = fields.String()
    validFrom = fields.Date()  # noqa: N815 - the wire's own names
    validTo = fields.Date(allow_none=True)  # noqa: N815
    status = fields.String(metadata={"enum": STATUSES})
    source = fields.String()


class NewProgrammeBody(Body):
    """A programme to be registered."""

    slug = fields.String(required=True)
    names = fields.Nested(NamesBody, required=True)
    law = fields.String(required=True)
    valid_from = fields.Date(required=True, data_key="validFrom")
    valid_to = fields.Date(load_default=None, allow_none=True, data_key="validTo")
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    source = fields.String(required=True)
    example: ClassVar[Any] = {
        "slug": "ct135-2021",
        "names": {"vi": "Chương trình mẫu", "en": "Sample programme"},
        "law": "Quyết định mẫu",
        "validFrom": "2021-01-01",
        "validTo": "2025-12-31",
        "status": "synthetic",
        "source": "mẫu",
    }


class PaperBody(Schema):
    """A decision: number, day, authority; null where it is not known."""

    number = fields.String(allow_none=True)
    date = fields.Date(allow_none=True)
    authority = fields.String(allow_none=True)


class UnitEntryBody(Schema):
    """How a unit came in. `how`: entered, or inherited from the areas `sources` that were merged into it. `basis` of an
    entry: why."""

    how = fields.String(metadata={"enum": [ENTERED, INHERITED]})
    on = fields.Date()
    basis = fields.String(allow_none=True, metadata={"enum": [*BASES, None]})
    decision = fields.Nested(PaperBody)
    funding = fields.String(allow_none=True)
    sources = fields.List(fields.String())


class UnitPlanBody(Schema):
    """The year in which a unit is to leave, by the plan that held on the day."""

    year = fields.Integer()
    decision = fields.Nested(PaperBody)
    status = fields.String(metadata={"enum": STATUSES})
    source = fields.String()


class UnitExitBody(Schema):
    """How a unit went out: recognised as having finished, struck, or merged into the areas `into`, which have its
    place."""

    kind = fields.String(metadata={"enum": list(EXITS)})
    on = fields.Date()
    decision = fields.Nested(PaperBody)
    into = fields.List(fields.String())
    status = fields.String(allow_none=True)
    source = fields.String(allow_none=True)


class UnitBody(Schema):
    """A unit as it stands on the day. `exit`: null while it is in. `readiness`: what the criteria of completion say of
    it by the newest round until then (`round`); null once it is out."""

    area = fields.Nested(AreaBody)
    level = fields.String(metadata={"enum": list(LEVELS)})
    remaining = fields.Boolean()
    entry = fields.Nested(UnitEntryBody)
    plan = fields.Nested(UnitPlanBody, allow_none=True)
    exit = fields.Nested(UnitExitBody, allow_none=True)
    readiness = fields.String(allow_none=True, metadata={"enum": [*READINESS, None]})
    round = fields.String(allow_none=True)
    status = fields.String(allow_none=True, metadata={"enum": [*STATUSES, None]})
    source = fields.String(allow_none=True)
    synthetic = fields.Boolean()


class RemainingBody(Schema):
    """How many are in."""

    communes = fields.Integer()
    villages = fields.Integer()


class MovementBody(Schema):
    """How the number comes about: entered − exited − merged + inherited = remaining."""

    entered = fields.Integer()
    exited = fields.Integer()
    merged = fields.Integer()
    inherited = fields.Integer()
    remaining = fields.Integer()


class MovementsBody(Schema):
    """Of communes and of villages."""

    communes = fields.Nested(MovementBody)
    villages = fields.Nested(MovementBody)


class ProgrammeStateBody(Schema):
    """A programme on a day, of the areas that the caller sees. `units`: all that had come in by then; `synthetic`:
    something that was counted was made up; `sentence`: the same in words, in both languages."""

    programme = fields.Nested(ProgrammeBody)
    on = fields.Date()
    synthetic = fields.Boolean()
    remaining = fields.Nested(RemainingBody)
    movement = fields.Nested(MovementsBody)
    sentence = fields.Nested(RoundNamesBody)
    units = fields.List(fields.Nested(UnitBody))


class EnlistedBody(Schema):
    """What a table did, or (`dryRun`) would do."""

    dryRun = fields.Boolean()  # noqa: N815
    new = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()


class TakeBackBody(Body):
    """What is taken back of a unit: its exit, its last plan, or all that is registered of it; and why."""

    what = fields.String(required=True, validate=validate.OneOf(("exit", "plan", "unit")))
    reason = fields.String(required=True)
    example: ClassVar[Any] = {"what": "exit", "reason": "Nhập nhầm ngày"}
