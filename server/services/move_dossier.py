"""Moves the dossier of a commune between levels, and appraises its units: each move one transaction with its line in
the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.dossiers import (
    LONGEST_NUMBER,
    LONGEST_REASON,
    NAMES,
    RESULTS,
    SENT,
    VERBS,
    Lack,
    Letter,
    Move,
    Standing,
    after,
    find_move,
    list_moves,
    refusal,
    require_appraised,
    require_complete,
    require_letter,
    standing_on,
)
from server.domain.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from server.domain.review import tie_to
from server.domain.told import Told
from server.services.authenticate import Caller
from server.services.dossier import SENDINGS, Dossier, read_dossier, verbs_at
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.dossiers import add_appraisal, add_move, change_dossier, hold_dossier, undo_move
from server.storage.rounds import RoundView, find_lock_of

NO_LETTER = Letter()
_UNDOES = ("take_back", "undo_take", "undo_give_back")


@dataclass(frozen=True)
class Asked:
    """What somebody does with a dossier. `letter`: of a sending; `reason`: why it is given back, or sent though
    something is missing; `areas`: villages that are given back, empty for the whole."""

    name: str
    letter: Letter = NO_LETTER
    reason: str = ""
    areas: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Said:
    """What somebody says of units of a dossier (own ids of villages, or of the commune): one of RESULTS."""

    areas: Sequence[str]
    result: str
    reason: str = ""


def move_dossier(
    session: Session, caller: Caller, which: tuple[RoundView, str], asked: Asked, now: datetime
) -> Dossier:
    """Makes a move (domain/dossiers.py). Raises NotFound, Forbidden (another level's, or a decision on what one sent),
    Invalid, Missing (letter or reason), Conflict (the round is locked, something is missing or not appraised, somebody
    else moved it meanwhile, or the move cannot be made from here)."""
    round_view, area_id = which
    if asked.name not in NAMES:
        raise Invalid("dossier.unknown_move", value=asked.name, allowed=", ".join(NAMES))
    made = read_dossier(session, caller, round_view, area_id)
    verbs = verbs_at(session, caller, round_view, area_id)
    row, reason = _row(caller, made, verbs, asked.name), asked.reason.strip()[:LONGEST_REASON]
    overriding = _require(row, made, (verbs, reason), (asked, caller))
    last = made.effective[-1] if made.effective else None
    then = after(row, made.standing, last.past if last else None, caller.on)
    with writing(session) as connection:
        kept = _hold(connection, made, caller, now)
        written = _written(row, made, asked, overriding)
        by = {"actor_id": caller.actor_id, "done_on": caller.on, "created_at": now, "reason": reason or None}
        if row.name in _UNDOES and last is not None:
            undo_move(connection, last.id)
        add_move(connection, dossier_id=kept, name=row.name, **_places(made.standing, then), **by, **written)
        change_dossier(connection, kept, then, now)
        told: dict[str, Any] = {
            "slug": round_view.slug,
            "level": then.level,
            "state": then.state,
            "reason": reason or None,
        }
        told |= {"number": written.get("number"), "lacks": [each.code for each in overriding]}
        write_audit(connection, _entry(caller, row.name, made, now, told))
        session.commit()
    return read_dossier(session, caller, round_view, area_id)


def appraise_dossier(
    session: Session, caller: Caller, which: tuple[RoundView, str], said: Said, now: datetime
) -> Dossier:
    """Says of units what comes of them: đạt, không đạt, bổ sung. Raises as `move_dossier`; a reason is asked for but
    where it is "đạt"."""
    round_view, area_id = which
    made = read_dossier(session, caller, round_view, area_id)
    verbs = verbs_at(session, caller, round_view, area_id)
    names = {made.commune.id, *(unit.area.id for unit in made.units)}
    reason = said.reason.strip()[:LONGEST_REASON]
    if said.result not in RESULTS:
        raise Invalid("dossier.unknown_result", value=said.result, allowed=", ".join(RESULTS))
    if not said.areas or not names.issuperset(said.areas):
        raise NotFound("dossier.unknown_unit")
    sending = made.sending
    if made.standing.state != SENT or sending is None:
        raise Conflict("dossier.not_here")
    if VERBS[made.standing.level] not in verbs:
        raise Forbidden("dossier.not_your_level", level=made.standing.level)
    if sent_it(caller, made):
        raise Forbidden("dossier.own_sending")
    if said.result != RESULTS[0] and not reason:
        raise Missing("dossier.reason_missing")
    with writing(session) as connection:
        # whoever takes it back meanwhile is told
        change_dossier(connection, _hold(connection, made, caller, now), made.standing, now)
        row = {"move_id": sending.id, "level": made.standing.level, "result": said.result, "reason": reason or None}
        for each in dict.fromkeys(said.areas):
            add_appraisal(connection, **row, area_id=each, actor_id=caller.actor_id, created_at=now)
        told = {"slug": round_view.slug, "result": said.result, "areas": sorted(said.areas), "reason": reason or None}
        entry = caller.entry(
            "dossier.appraise", f"round:{round_view.id}", now, Where(round_view.project_id, area_id), **told
        )
        write_audit(connection, entry)
        session.commit()
    return read_dossier(session, caller, round_view, area_id)


def moves_of(session: Session, caller: Caller, made: Dossier) -> tuple[str, ...]:
    """The moves that somebody can make with a dossier, for buttons."""
    if made.round.is_locked:
        return ()
    verbs = verbs_at(session, caller, made.round, made.commune.id)
    last = made.effective[-1].past if made.effective else None
    return list_moves(made.standing, last, verbs, (caller.actor_id, sent_it(caller, made)), made.appraised > 0)


def may_appraise(session: Session, caller: Caller, made: Dossier) -> bool:
    """Whether somebody may say what comes of its units."""
    verbs = verbs_at(session, caller, made.round, made.commune.id)
    here = made.standing.state == SENT and VERBS[made.standing.level] in verbs
    return here and not made.round.is_locked and not sent_it(caller, made)


def may_override(session: Session, caller: Caller, made: Dossier) -> bool:
    """Whether somebody may send it though something is missing."""
    return VERBS["province"] in verbs_at(session, caller, made.round, made.commune.id)


def sent_it(caller: Caller, made: Dossier) -> bool:
    """Whether somebody sent this dossier up, under an own account or in the same name."""
    senders = [(each.past.actor_id, each.past.actor) for each in made.effective if each.past.name in SENDINGS]
    return tie_to((caller.actor_id, caller.name), senders, None, None).entered


def _row(caller: Caller, made: Dossier, verbs: frozenset[str], name: str) -> Move:
    last = made.effective[-1].past if made.effective else None
    row = find_move(name, made.standing, last)
    if row is None:
        raise Conflict("dossier.not_from_here", state=made.standing.state, level=made.standing.level)
    barred = refusal(row, made.standing, last, verbs, sent_it(caller, made))
    if barred is not None:
        raise barred
    return row


def _require(row: Move, made: Dossier, by: tuple[frozenset[str], str], what: tuple[Asked, Caller]) -> tuple[Lack, ...]:
    """What a move asks for. Returns what is missing and is sent all the same."""
    (verbs, reason), (asked, caller) = by, what
    if row.asks_reason and not reason:
        raise Missing("dossier.reason_missing")
    if row.name == "take_back" and made.appraised:
        raise Conflict("dossier.appraised_already")
    if row.name == "take":
        require_appraised(made.results())
    if not {unit.area.id for unit in made.units}.issuperset(asked.areas):
        raise NotFound("dossier.unknown_unit")
    if row.name not in SENDINGS:
        return ()
    require_letter(asked.letter, caller.on)
    if len(asked.letter.number.strip()) > LONGEST_NUMBER:
        raise Invalid("dossier.long_number", most=LONGEST_NUMBER)
    named = tuple(Told(f"desk.dossierlack.{each.code}", each.area) for each in made.lacks)
    return made.lacks if require_complete(made.lacks, verbs, reason, named) else ()


def _hold(connection: Connection, made: Dossier, caller: Caller, now: datetime) -> int:
    """The dossier's number; nobody else moves it until the end. Raises Conflict where the round is locked, or somebody
    moved it since it was read."""
    if find_lock_of(connection, made.round.id) is not None:
        raise Conflict("dossier.locked", round=made.round.slug)
    kept = hold_dossier(connection, made.round.id, made.commune.id, now)
    moved = made.kept is not None and kept.updated_at != made.kept.updated_at
    if moved or standing_on(kept.standing, caller.on) != made.standing:
        raise Conflict("dossier.moved_meanwhile")
    return kept.id


def _written(row: Move, made: Dossier, asked: Asked, overriding: Sequence[Lack]) -> dict[str, Any]:
    """What is kept with a move beside where it led: letter and versions of a sending, the villages given back."""
    if row.name == "give_back":
        return {"areas": sorted(set(asked.areas))}
    if row.name not in SENDINGS:
        return {}
    return {
        "number": asked.letter.number.strip(),
        "letter_on": asked.letter.day,
        "content": made.content(),
        "lacks": [each.as_kept() for each in overriding],
    }


def _places(before: Standing, then: Standing) -> dict[str, Any]:
    return {
        "before_state": before.state,
        "before_level": before.level,
        "after_state": then.state,
        "after_level": then.level,
    }


def _entry(caller: Caller, name: str, made: Dossier, now: datetime, told: dict[str, Any]) -> Any:
    where, thing = Where(made.round.project_id, made.commune.id), f"round:{made.round.id}"
    if name in SENDINGS:
        return caller.entry("dossier.send", thing, now, where, **told)
    if name in _UNDOES:
        return caller.entry("dossier.undo", thing, now, where, **told)
    if name == "take":
        return caller.entry("dossier.take", thing, now, where, **told)
    return caller.entry("dossier.return", thing, now, where, **told)
