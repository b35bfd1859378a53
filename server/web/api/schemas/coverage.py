"""How far the villages of a round have come, on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields

from server.domain.calls import LONGEST_TEXT, OUTCOMES, TURNS, Call
from server.domain.coverage import STATES
from server.web.answers import moment
from server.web.api.schemas.fields import Body
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


class NewCallBody(Body):
    """What came of a call. `sendsOn`: the day until which the village will send, with `will_send` alone; `text`: what
    help it needs, with `needs_help` alone, in a few words that say nothing of any household."""

    example: ClassVar[Any] = {"outcome": "needs_help", "sendsOn": None, "text": "Máy không chụp được ảnh"}

    outcome = fields.String(required=True, metadata={"enum": list(OUTCOMES)})
    sends_on = fields.Date(allow_none=True, load_default=None, data_key="sendsOn")
    text = fields.String(allow_none=True, load_default=None, metadata={"maxLength": LONGEST_TEXT})


class CallBody(Schema):
    """A call to a village: what came of it, who called (`actorId`, `actor`) and when."""

    id = fields.Integer()
    areaId = fields.String()  # noqa: N815 - the wire's own names
    outcome = fields.String(metadata={"enum": list(OUTCOMES)})
    sendsOn = fields.Date(allow_none=True)  # noqa: N815
    text = fields.String(allow_none=True)
    actorId = fields.Integer()  # noqa: N815
    actor = fields.String()
    calledAt = fields.String()  # noqa: N815


def call_body(call: Call) -> dict[str, Any]:
    """A call as the wire has it."""
    return {
        "id": call.id,
        "areaId": call.area_id,
        "outcome": call.outcome,
        "sendsOn": call.sends_on,
        "text": call.text,
        "actorId": call.actor_id,
        "actor": call.actor,
        "calledAt": moment(call.called_at),
    }


class CoveredVillageBody(Schema):
    """A village. `submission`: the number of the submission that its state is of; `filesMissing`: of those that it
    names, how many are not here; `heardAt`: when a phone of it was heard of last; `lastCall`: the last call to it, for
    who sees whom to call there; `callTurn`: what follows from that: a promise was not kept, never called or not since,
    called today without a promise, has promised or says it has sent, nothing is awaited of it."""

    area = fields.Nested(AreaBody)
    state = fields.String(metadata={"enum": list(STATES)})
    late = fields.Boolean()
    submission = fields.Integer(allow_none=True)
    filesExpected = fields.Integer(allow_none=True)  # noqa: N815
    filesMissing = fields.Integer(allow_none=True)  # noqa: N815
    receivedAt = fields.String(allow_none=True)  # noqa: N815
    heardAt = fields.String(allow_none=True)  # noqa: N815
    lastCall = fields.Nested(CallBody, allow_none=True)  # noqa: N815
    callTurn = fields.String(metadata={"enum": list(TURNS)})  # noqa: N815


class CoverageBody(CountsBody):
    """The board of an area in a round; `area` null: of all that the caller sees. `areas`: those right below it that
    have villages; `each`: the villages of a commune one by one."""

    round = fields.String()
    endsOn = fields.Date()  # noqa: N815
    on = fields.Date()
    area = fields.Nested(AreaBody, allow_none=True)
    areas = fields.List(fields.Nested(CoveredAreaBody))
    each = fields.List(fields.Nested(CoveredVillageBody))
