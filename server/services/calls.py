"""Calls to villages that have to act: what came of one is written down by who sees whom to call there, and can be taken
back for a while. Whoever sees a village on the coverage board and whom to call there sees its calls; nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.calls import Call, NewCall, bar_taking_back, weigh_call
from server.domain.errors import Conflict, Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.coverage import Asked, VillageLine, find_village
from server.storage.areas import AreaView
from server.storage.audits import Where, write_audit
from server.storage.calls import add_call, find_call, list_calls, list_calls_of, take_call_back
from server.storage.database import writing

VERB = "field_key.list"
"""What it takes to see whom to call, what came of calls, and to write them down."""


def get_called(session: Session, asked: Asked, area_id: str) -> VillageLine:
    """A village of a round whose calls the reader sees. Raises NotFound (no such village in sight), Forbidden (in
    sight, but not whom to call there)."""
    line = find_village(session, asked, area_id)
    if line is None:
        raise NotFound("area.unknown", value=area_id[:80], on=asked.round.cutoff.isoformat())
    if not line.may_call:
        raise Forbidden("auth.forbidden")
    return line


def list_of_village(session: Session, asked: Asked, area_id: str) -> list[Call]:
    """The calls of a village in a round, the newest first. Raises NotFound, Forbidden."""
    get_called(session, asked, area_id)
    return list_calls_of(session, asked.round.id, area_id)


def list_in_sight(session: Session, asked: Asked, first: int, most: int) -> list[Call]:
    """The calls of a round that the reader sees, the newest first: of an area, of one who called (`mine`), where that
    is asked."""
    calls = asked.calls
    if calls is None:
        raise Forbidden("auth.forbidden")
    area = (asked.area, asked.round.cutoff) if asked.area is not None else None
    return list_calls(session, replace(calls, area=area, actor_id=asked.mine), first, most)


def write_call(session: Session, caller: Caller, which: tuple[Asked, str], said: NewCall, now: datetime) -> Call:
    """Writes down what came of a call to a village. `which`: the round as the caller sees it, the village. Raises
    NotFound, Forbidden, Invalid and Missing (what calls.weigh_call names)."""
    asked, area_id = which
    get_called(session, asked, area_id)
    sound = weigh_call(said, asked.today)
    session.rollback()
    with writing(session) as connection:
        made = add_call(connection, (asked.round.id, area_id), sound, (caller.actor_id, now))
        told = {
            "slug": asked.round.slug,
            "call": made,
            "outcome": sound.outcome,
            "sendsOn": sound.sends_on.isoformat() if sound.sends_on else None,
        }
        # what help is needed is said to who calls there, and not to who reads the audit
        where = Where(asked.project_id, area_id)
        write_audit(connection, caller.entry("round.call.create", f"round:{asked.round.id}", now, where, **told))
        session.commit()
    return _get(session, (asked.round.id, area_id), made)


def take_back(session: Session, caller: Caller, which: tuple[Asked, str], call_id: int, now: datetime) -> Call:
    """Takes the caller's own last call of a village back, within ten minutes. Raises NotFound, Forbidden (somebody
    else's), Conflict (not the last one; too late)."""
    asked, area_id = which
    get_called(session, asked, area_id)
    session.rollback()
    with writing(session) as connection:
        call = _get(connection, (asked.round.id, area_id), call_id)
        barred = bar_taking_back(call, _newest_own(connection, asked, call, caller), caller.actor_id, now)
        if barred is not None:
            raise barred
        if not take_call_back(connection, call.id, now):
            raise Conflict("call.not_last")
        told = {"slug": asked.round.slug, "call": call.id, "outcome": call.outcome}
        where = Where(asked.project_id, area_id)
        write_audit(connection, caller.entry("round.call.undo", f"round:{asked.round.id}", now, where, **told))
        session.commit()
    return call


def find_own(
    session: Session, caller: Caller, asked: Asked, call_id: int | None, now: datetime
) -> tuple[Call, AreaView, bool] | None:
    """A call that the caller wrote down, the village, and whether it can be taken back; None where there is none, or
    the village is in sight no more."""
    call = find_call(session, asked.round.id, call_id) if call_id is not None else None
    if call is None or call.actor_id != caller.actor_id:
        return None
    line = find_village(session, asked, call.area_id)
    if line is None or not line.may_call:
        return None
    every = list_calls_of(session, asked.round.id, call.area_id)
    return call, line.area, find_undoable(caller, every, now) == call.id


def find_undoable(caller: Caller, calls: list[Call], now: datetime) -> int | None:
    """Which of the calls of a village (the newest first) the caller may take back now."""
    own = next((each for each in calls if each.actor_id == caller.actor_id), None)
    return own.id if own is not None and bar_taking_back(own, own.id, caller.actor_id, now) is None else None


def _newest_own(connection: Connection, asked: Asked, call: Call, caller: Caller) -> int | None:
    every = list_calls_of(connection, asked.round.id, call.area_id)
    return next((each.id for each in every if each.actor_id == caller.actor_id), None)


def _get(session: Session | Connection, place: tuple[int, str], call_id: int) -> Call:
    found = next((each for each in list_calls_of(session, *place) if each.id == call_id), None)
    if found is None:
        raise NotFound("call.unknown", call=call_id)
    return found
