"""What came of a call, in a few words."""

from __future__ import annotations

from datetime import date, timedelta

from server.domain.calls import BROKEN, Call
from server.services.authenticate import day_of
from server.web.desk.words import say, short_day


def tell_call(call: Call, turn: str, today: date) -> str:
    """ "đã gọi hôm qua, sẽ gửi 30/11". `turn`: what follows from it (calls.TURNS)."""
    return f"{_when(call, today)}, {what_came(call, turn, today)}"


def what_came(call: Call, turn: str, today: date) -> str:
    """ "sẽ gửi 30/11", or, of a promise that was not kept, that it was not."""
    promised = short_day(call.sends_on, today) if call.sends_on is not None else ""
    said = BROKEN if turn == BROKEN else call.outcome
    return say(f"desk.callsaid.{said}", day=promised, text=call.text or "")


def _when(call: Call, today: date) -> str:
    on = day_of(call.called_at)
    if on == today:
        return say("desk.call.today")
    if on == today - timedelta(days=1):
        return say("desk.call.yesterday")
    return say("desk.call.on", day=short_day(on, today))
