"""Calls to villages that have to act in a round: what came of each, and what follows for whom to call next.

A call is of somebody at the office; it holds nothing of any household. Taken alone, the newest call of a village that
was not taken back speaks: a promise whose day is past and of which nothing came is broken and comes first; a promise
whose day has not come, and what was sent by other means, stand below those that nobody has called.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.coverage import OWING
from server.domain.errors import Conflict, DomainError, Forbidden, Invalid, Missing
from server.domain.review import UNDO_WITHIN

WILL_SEND = "will_send"
"""It will send until a day: the only outcome with a day."""
SENT_OTHERWISE = "sent_otherwise"
"""It says that it has sent by other means."""
NEEDS_HELP = "needs_help"
"""It needs help with something: the only outcome with a text."""
OTHER_HOLDER = "other_holder"
"""The phone is with somebody else."""
REACHED = (WILL_SEND, SENT_OTHERWISE, NEEDS_HELP, OTHER_HOLDER)
NO_ANSWER, WRONG_NUMBER = "no_answer", "wrong_number"
OUTCOMES = (*REACHED, NO_ANSWER, WRONG_NUMBER)
LONGEST_TEXT = 200
FURTHEST = timedelta(days=366)
"""How far ahead a promise may lie."""

BROKEN, OPEN, TRIED, WAITS, DONE = "broken", "open", "tried", "waits", "done"
TURNS = (BROKEN, OPEN, TRIED, WAITS, DONE)
"""In which order to call: a promise was not kept; never called, or not since; called today, without a promise; it has
promised, or says it has sent; nothing is awaited of it."""


@dataclass(frozen=True, slots=True)
class NewCall:
    """What came of a call, as somebody writes it down."""

    outcome: str
    sends_on: date | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a village: by whom (`actor_id`, `actor`: the name), when, what came of it."""

    id: int
    area_id: str
    actor_id: int
    actor: str
    outcome: str
    sends_on: date | None
    text: str | None
    called_at: datetime


def weigh_call(asked: NewCall, today: date) -> NewCall:
    """What is written of a call: the text in one line. Raises Invalid (no such outcome; a day in the past or too far
    ahead; a text too long; a day or a text where none belongs), Missing (a day, a text)."""
    text = " ".join((asked.text or "").replace("\x00", "").split()) or None
    if asked.outcome not in OUTCOMES:
        raise Invalid("call.outcome", value=asked.outcome[:40])
    if (asked.outcome == WILL_SEND) != (asked.sends_on is not None):
        raise Missing("call.day_missing") if asked.sends_on is None else Invalid("call.day_alone")
    if (asked.outcome == NEEDS_HELP) != (text is not None):
        raise Missing("call.text_missing") if text is None else Invalid("call.text_alone")
    if text is not None and len(text) > LONGEST_TEXT:
        raise Invalid("request.too_long", field="text", most=LONGEST_TEXT)
    if asked.sends_on is not None and not today <= asked.sends_on <= today + FURTHEST:
        raise Invalid("call.day", value=asked.sends_on.isoformat(), least=today.isoformat())
    return NewCall(asked.outcome, asked.sends_on, text)


def turn_of(call: Call | None, state: str, came_at: datetime | None, midnight: datetime) -> str:
    """When it is a village's turn to be called (one of `TURNS`). `call`: its last one; `came_at`: when the sheet came
    that its state is of; `midnight`: the moment at which today began where the villages are. What came after the call
    has settled it, and what is still owed asks for a new one."""
    if state not in OWING:
        return DONE
    if call is None or (came_at is not None and came_at >= call.called_at):
        return OPEN
    if call.outcome == WILL_SEND and call.sends_on is not None:
        return WAITS if midnight.date() <= call.sends_on else BROKEN
    if call.outcome == SENT_OTHERWISE:
        return WAITS
    return TRIED if call.called_at >= midnight else OPEN


def bar_taking_back(call: Call, newest_own: int | None, actor_id: int, now: datetime) -> DomainError | None:
    """Why somebody may not take a call back; None: he or she may. `newest_own`: the number of the newest call that he
    or she wrote down of this village and that stands."""
    if call.actor_id != actor_id:
        return Forbidden("call.not_own")
    if call.id != newest_own:
        return Conflict("call.not_last")
    if now - call.called_at > UNDO_WITHIN:
        return Conflict("call.too_late", minutes=int(UNDO_WITHIN.total_seconds() // 60))
    return None
