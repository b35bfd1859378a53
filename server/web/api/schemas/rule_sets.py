"""Bodies of rule sets and of who confirmed their clauses."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields

from server.criteria.ruleset import PURPOSES, RESULTS, STATUSES, UNIT_KINDS
from server.web.api.schemas.fields import Body, Moment


class RuleSetListBody(Schema):
    """A law for one kind of unit. `inForceTo` is included, null: open. `loaded`: whether its conditions were entered.
    `origin`: it comes with the product (shipped), or an administrator loaded it (office), who and when. `verified` and
    `unverified`: how many of its clauses were read by people."""

    id = fields.String()
    law = fields.String()
    article = fields.String()
    title = fields.Dict()
    inForceFrom = fields.String()  # noqa: N815 - the wire's own names
    inForceTo = fields.String(allow_none=True)  # noqa: N815
    purpose = fields.String(metadata={"enum": list(PURPOSES)})
    unitKind = fields.String(metadata={"enum": list(UNIT_KINDS)})  # noqa: N815
    result = fields.String(metadata={"enum": list(RESULTS)})
    loaded = fields.Boolean()
    povertyStandards = fields.List(fields.String())  # noqa: N815
    standard = fields.String(allow_none=True)
    sha256 = fields.String()
    origin = fields.String(metadata={"enum": ["shipped", "office"]})
    loadedBy = fields.String(allow_none=True)  # noqa: N815
    loadedAt = Moment(allow_none=True)  # noqa: N815
    verified = fields.Integer()
    unverified = fields.Integer()


class RuleClauseBody(Schema):
    """A clause with its place in the tree (`parent`, `role`), how well its text is known (`status`; `statusBefore`:
    what the file says, where two persons confirmed it), and what it asks by the general numbers."""

    id = fields.String()
    parent = fields.String(allow_none=True)
    role = fields.String(metadata={"enum": ["clause", "condition"]})
    kind = fields.String()
    title = fields.Dict()
    note = fields.Dict(allow_none=True)
    article = fields.String()
    status = fields.String(metadata={"enum": list(STATUSES)})
    statusBefore = fields.String(allow_none=True)  # noqa: N815
    source = fields.String()
    facts = fields.List(fields.String())
    asks = fields.Dict()


class ConfirmationBody(Schema):
    """A person who read the text of a clause and found the rule set to say the same. `stands`: it was not taken back,
    and the clause still asks what was read; two that stand make a clause verified. `scan`: the name of a picture of the
    text, which the desk keeps."""

    id = fields.Integer()
    clauseId = fields.String()  # noqa: N815
    actorId = fields.Integer()  # noqa: N815
    name = fields.String()
    source = fields.String()
    quote = fields.String(allow_none=True)
    scan = fields.String(allow_none=True)
    statusBefore = fields.String()  # noqa: N815
    confirmedAt = Moment()  # noqa: N815
    withdrawnAt = Moment(allow_none=True)  # noqa: N815
    stands = fields.Boolean()


class RuleSetBody(RuleSetListBody):
    """A rule set with all that stands in it, and who confirmed what."""

    outcomes = fields.Dict()
    classes = fields.List(fields.Dict())
    facts = fields.Dict()
    switches = fields.Dict()
    regions = fields.Dict()
    clauses = fields.List(fields.Nested(RuleClauseBody))
    notes = fields.List(fields.Dict())
    examples = fields.List(fields.Dict())
    confirmations = fields.List(fields.Nested(ConfirmationBody))


class ReadingBody(Body):
    """What somebody read of a clause: where, and the words."""

    source = fields.String(required=True)
    quote = fields.String(load_default=None, allow_none=True)
    example: ClassVar[Any] = {
        "source": "Công báo số 1125 + 1126, ngày 31/12/2016, trang 47",
        "quote": "Tổng tỷ lệ hộ nghèo và cận nghèo từ 65% trở lên",
    }
