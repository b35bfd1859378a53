"""Rounds and their locks on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields

from server.domain.rounds import PURPOSES
from server.services.freeze import REASONS
from server.services.verify_lock import DIFFERENCES
from server.web.api.schemas.fields import Body, Moment


class NamesBody(Body):
    """What a round is called, in both languages."""

    vi = fields.String(required=True)
    en = fields.String(required=True)
    example: ClassVar[Any] = {"vi": "Rà soát năm 2027", "en": "Review of 2027"}


class ChosenReadingBody(Body):
    """How a switch of a rule set is read: the option, and the decision (number, date, authority) that chose it."""

    option = fields.String(required=True)
    decision = fields.String(required=True)
    example: ClassVar[Any] = {"option": "rieng", "decision": "Công văn 12/UBND-DT ngày 5/1/2027"}


class LockedBody(Schema):
    """The lock that stands. `provisional`: the figures were not final when they were locked."""

    number = fields.Integer()
    sha256 = fields.String()
    provisional = fields.Boolean()


class RoundNamesBody(Schema):
    """A name in both languages."""

    vi = fields.String()
    en = fields.String()


class RoundBody(Schema):
    """A review campaign. `cutoff`: the day of which the facts speak. `forms`, `ruleSets` and `areas` name what belongs
    to it, null: all; of areas those that the caller sees. `readings`: by rule set and switch the option chosen and the
    decision. `locked`: null while it is open."""

    slug = fields.String()
    names = fields.Nested(RoundNamesBody)
    cutoff = fields.Date()
    startsOn = fields.Date()  # noqa: N815 - the wire's own names
    endsOn = fields.Date()  # noqa: N815
    programme = fields.String(allow_none=True)
    purpose = fields.String(allow_none=True)
    forms = fields.List(fields.String(), allow_none=True)
    ruleSets = fields.List(fields.String(), allow_none=True)  # noqa: N815
    areas = fields.List(fields.String(), allow_none=True)
    readings = fields.Dict()
    locked = fields.Nested(LockedBody, allow_none=True)


def _texts(key: str | None = None) -> fields.List[Any]:
    return fields.List(fields.String(), allow_none=True, data_key=key)


def _readings() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Nested(ChosenReadingBody)),
        allow_none=True,
    )


class RoundChangeBody(Body):
    """What shall be different; what is left out stays. The slug stays in any case: sheets name it. `areas`: own ids, or
    codes as of the cut-off date."""

    slug = fields.String()
    names = fields.Nested(NamesBody)
    cutoff = fields.Date()
    starts_on = fields.Date(data_key="startsOn")
    ends_on = fields.Date(data_key="endsOn")
    programme = fields.String(allow_none=True)
    purpose = fields.String(allow_none=True, metadata={"description": f"One of {', '.join(PURPOSES)}; or null."})
    forms = _texts()
    rule_sets = _texts("ruleSets")
    areas = _texts()
    readings = _readings()
    example: ClassVar[Any] = {"names": NamesBody.example, "purpose": "review"}


class NewRoundBody(RoundChangeBody):
    """A round to be opened. `slug`: small letters, digits, `-` and `_`, as the list of rounds on phones has it."""

    slug = fields.String(required=True)
    names = fields.Nested(NamesBody, required=True)
    cutoff = fields.Date(required=True)
    starts_on = fields.Date(required=True, data_key="startsOn")
    ends_on = fields.Date(required=True, data_key="endsOn")
    example: ClassVar[Any] = {
        "slug": "2027",
        "names": NamesBody.example,
        "cutoff": "2027-12-14",
        "startsOn": "2027-09-01",
        "endsOn": "2027-12-14",
        "purpose": "review",
    }


class LockReasonBody(Body):
    """Why a round is locked though its figures are provisional; null where they are final."""

    reason = fields.String(load_default=None, allow_none=True)
    example: ClassVar[Any] = {"reason": "Tỉnh cần số liệu trước ngày 20"}


class ReopenReasonBody(Body):
    """Why a round is opened again."""

    reason = fields.String(required=True)
    example: ClassVar[Any] = {"reason": "Ba thôn gửi bổ sung"}


class ProvisionalReasonBody(Schema):
    """Why figures were not final: of how many units (null for who does not see all of the project), and for clauses
    that nobody confirmed of which rule set."""

    code = fields.String(metadata={"enum": list(REASONS)})
    count = fields.Integer(allow_none=True)
    ruleSet = fields.String(allow_none=True)  # noqa: N815
    clauses = fields.List(fields.String())


class LockBody(Schema):
    """A lock: its number within the round, the SHA-256 over all it froze, who locked it and why, and who opened the
    round again; then the lock stays as it was."""

    number = fields.Integer()
    sha256 = fields.String()
    lockedAt = Moment()  # noqa: N815
    lockedBy = fields.String()  # noqa: N815
    reason = fields.String(allow_none=True)
    provisional = fields.List(fields.Nested(ProvisionalReasonBody))
    reopenedAt = Moment(allow_none=True)  # noqa: N815
    reopenedBy = fields.String(allow_none=True)  # noqa: N815
    reopenReason = fields.String(allow_none=True)  # noqa: N815


class DifferenceBody(Schema):
    """Something that a lock says and that does not come out now. `of`: the rule set, or a sum."""

    kind = fields.String(metadata={"enum": list(DIFFERENCES)})
    area = fields.String(allow_none=True)
    of = fields.String(allow_none=True)
    said = fields.String()
    found = fields.String()


class VerificationBody(Schema):
    """What came of working a lock out once more: how much was looked at, the hash as it is now, and what differs (a
    thousand at most; `differing`: how many in all)."""

    number = fields.Integer()
    stands = fields.Boolean()
    sha256 = fields.String()
    computed = fields.String()
    figures = fields.Integer()
    versions = fields.Integer()
    totals = fields.Integer()
    differing = fields.Integer()
    differences = fields.List(fields.Nested(DifferenceBody))


class LateBody(Schema):
    """A text that came for a round while a lock of it stood. `edit`: it replaces an earlier one."""

    formId = fields.String()  # noqa: N815
    instanceId = fields.String()  # noqa: N815
    areaId = fields.String(allow_none=True)  # noqa: N815
    areaName = fields.String(allow_none=True)  # noqa: N815
    sender = fields.String()
    createdAt = Moment()  # noqa: N815
    edit = fields.Boolean()
    lock = fields.Integer()


class UnplacedBody(Schema):
    """A submission of which a person has to say to which round it belongs. `problem`: why, in a word; `named`: the
    round that it names; `day`: its cut-off date; `rounds`: those it may belong to."""

    formId = fields.String()  # noqa: N815
    instanceId = fields.String()  # noqa: N815
    instanceName = fields.String(allow_none=True)  # noqa: N815
    areaId = fields.String(allow_none=True)  # noqa: N815
    sender = fields.String()
    createdAt = Moment()  # noqa: N815
    problem = fields.String()
    named = fields.String(allow_none=True)
    day = fields.String(allow_none=True)
    rounds = fields.List(fields.String())


class PlaceBody(Body):
    """The round that a submission shall belong to; null takes it out."""

    round = fields.String(required=True, allow_none=True)
    example: ClassVar[Any] = {"round": "2019"}


class PlacedBody(Schema):
    """A submission and its round."""

    instanceId = fields.String()  # noqa: N815
    round = fields.String(allow_none=True)
