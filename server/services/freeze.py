"""Locks a round: every figure is frozen with a hash and the exact versions behind it; and reopens it, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.freeze import digest_of, figure_of, hash_of, total_of
from server.domain.errors import Conflict, Missing, NotFound
from server.domain.told import Told
from server.services.authenticate import Caller
from server.services.campaign import touch
from server.services.foresee import Foreseen, foresee, foresee_again
from server.services.overrides import list_overrides
from server.services.rejudge import ask_to_rejudge_round, is_rejudging
from server.services.roll_up import work_off
from server.services.round_law import both_kinds, keep_texts
from server.services.rule_book import rule_book
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.freezing import find_mark
from server.storage.locks import (
    LockView,
    add_lock,
    add_silent,
    change_lock,
    find_lock,
    freeze_rows,
    iterate_locked,
    list_totals,
)
from server.storage.rollups import count_pending, mark_round
from server.storage.rounds import RoundView, change_round, find_round, find_round_id, hold_round
from server.storage.unplaced import count_unplaced
from server.storage.verdicts import find_project_synthetic

VERB = "round.update"
NOT_APPROVED, NOT_REPORTED, UNCONFIRMED, NO_EVIDENCE, UNPLACED, CONTESTED, OVERRIDDEN = (
    "not_approved",
    "not_reported",
    "unconfirmed",
    "no_evidence",
    "unplaced",
    "contested",
    "overridden",
)
REASONS = (UNCONFIRMED, NOT_APPROVED, NOT_REPORTED, NO_EVIDENCE, OVERRIDDEN, UNPLACED, CONTESTED)
"""Why figures are provisional, the heaviest first."""
ATTEMPTS = 3
"""How often all is read before the writing; the last time it is read again while others wait."""


@dataclass(frozen=True)
class Which:
    """A round of a project by its slug."""

    project_id: int
    slug: str


def find_which(session: Session, which: Which) -> RoundView:
    """The round. Raises NotFound."""
    number = find_round_id(session, which.project_id, which.slug)
    found = find_round(session, number) if number is not None else None
    if found is None:
        raise NotFound("http.not_found")
    return found


def lock_round(session: Session, caller: Caller, which: Which, reason: str | None, now: datetime) -> LockView:
    """Freezes a round as it stands. Raises NotFound, Forbidden, Conflict (it is locked already, or figures are still
    being computed), Missing (it is provisional, and then somebody has to say why it is locked all the same)."""
    caller.require_everywhere(VERB, which.project_id)
    round_view = find_which(session, which)
    said = (reason or "").strip() or None
    # what stands above the villages is brought up to date, and all is read and hashed, before others have to wait
    work_off(session, now)
    for attempt in range(ATTEMPTS):
        foreseen = foresee(session, round_view)
        session.rollback()
        with writing(session) as connection:
            lock_id = _lock(connection, round_view, foreseen, (caller, said, now), last=attempt + 1 == ATTEMPTS)
            if lock_id is None:
                session.rollback()
                continue
            session.commit()
        break
    assert lock_id is not None
    made = find_lock(session, lock_id)
    assert made is not None
    return made


def _lock(
    connection: Connection,
    round_view: RoundView,
    foreseen: Foreseen,
    by: tuple[Caller, str | None, datetime],
    *,
    last: bool,
) -> int | None:
    """Writes the lock, and returns its id; None where something changed since it was foreseen, and there is another
    attempt left."""
    hold_round(connection, round_view.id)
    fresh = find_round(connection, round_view.id)
    if fresh is None or fresh.is_locked:
        raise Conflict("round.locked_already", slug=round_view.slug)
    if count_pending(connection, fresh.id) or is_rejudging(connection):
        raise Conflict("round.figures_pending", slug=round_view.slug)
    if find_mark(connection, fresh.id) != foreseen.mark:
        if not last:
            return None
        foreseen = foresee_again(connection, fresh, foreseen)
    return _write(connection, fresh, foreseen, by)


def _write(
    connection: Connection,
    round_view: RoundView,
    foreseen: Foreseen,
    by: tuple[Caller, str | None, datetime],
) -> int:
    caller, reason, now = by
    book = rule_book(connection)
    head = head_of(connection, round_view) | {"ruleSets": keep_texts(connection, both_kinds(book, round_view))}
    why = why_provisional(connection, round_view, foreseen)
    if why and reason is None:
        codes = dict.fromkeys(each["code"] for each in why)
        raise Missing("round.reason_missing", reasons=tuple(Told(f"desk.lock.word.{code}") for code in codes))
    digest = hash_of({"head": head, "provisional": why}, foreseen.tally.digests, foreseen.totals)
    row = {"round_id": round_view.id, "head": head, "provisional": why, "reason": reason, "sha256": digest}
    lock_id = add_lock(connection, **row, locked_at=now, locked_by=caller.actor_id)
    freeze_rows(connection, lock_id, round_view.id)
    add_silent(connection, lock_id, foreseen.silent)
    change_round(connection, round_view.id, lock_id=lock_id, updated_at=now)
    touch(connection)
    told = {"slug": round_view.slug, "sha256": digest, "provisional": [each["code"] for each in why], "reason": reason}
    write_audit(
        connection, caller.entry("round.lock", f"round:{round_view.id}", now, Where(round_view.project_id), **told)
    )
    return lock_id


def reopen_round(session: Session, caller: Caller, which: Which, reason: str, now: datetime) -> LockView:
    """Opens a locked round again; the lock is kept as it was. What came after it counts from now on, and all is judged
    again, in the background. Raises NotFound, Forbidden, Conflict (it is not locked), Missing (no reason)."""
    caller.require_everywhere(VERB, which.project_id)
    round_view = find_which(session, which)
    if not reason.strip():
        raise Missing("round.reopen_reason_missing")
    session.rollback()
    with writing(session) as connection:
        hold_round(connection, round_view.id)
        fresh = find_round(connection, round_view.id)
        if fresh is None or fresh.lock_id is None:
            raise Conflict("round.not_locked", slug=which.slug)
        lock_id = fresh.lock_id
        more = {"reopened_at": now, "reopened_by": caller.actor_id, "reopen_reason": reason.strip()}
        change_lock(connection, lock_id, **more)
        change_round(connection, fresh.id, lock_id=None, updated_at=now)
        touch(connection)
        ask_to_rejudge_round(connection, fresh.id, now)
        mark_round(connection, fresh.id)
        told = {"slug": fresh.slug, "reason": reason.strip()}
        write_audit(connection, caller.entry("round.reopen", f"round:{fresh.id}", now, Where(fresh.project_id), **told))
        session.commit()
    made = find_lock(session, lock_id)
    assert made is not None
    return made


def head_of(connection: Connection, round_view: RoundView) -> dict[str, Any]:
    """What a lock says of its round: all that decides who is in it and how it is judged, and which dossiers were sent
    up though something was missing."""
    overrides = list_overrides(connection, round_view)
    return ({"overrides": overrides} if overrides else {}) | {
        "round": {
            "slug": round_view.slug,
            "nameVi": round_view.name_vi,
            "nameEn": round_view.name_en,
            "cutoff": round_view.cutoff.isoformat(),
            "startsOn": round_view.starts_on.isoformat(),
            "endsOn": round_view.ends_on.isoformat(),
            "programme": round_view.programme,
            "purpose": round_view.purpose,
            "forms": _listed(round_view.forms),
            "ruleSets": _listed(round_view.rule_sets),
            "areas": _listed(round_view.areas),
            "readings": {name: dict(chosen) for name, chosen in round_view.readings.items()},
        },
        "synthetic": find_project_synthetic(connection, round_view.project_id),
    }


def _listed(some: tuple[Any, ...] | None) -> list[Any] | None:
    return None if some is None else list(some)


def hash_lock(session: Session | Connection, lock_id: int, head: Mapping[str, Any], why: list[dict[str, Any]]) -> str:
    """The SHA-256 over all that a lock froze."""
    figures = (digest_of(figure_of(row)) for row in iterate_locked(session, lock_id))
    return hash_of({"head": head, "provisional": why}, figures, _digests_of_totals(session, lock_id))


def _digests_of_totals(session: Session | Connection, lock_id: int) -> list[bytes]:
    return [digest_of(total_of(*place, total)) for place, total in list_totals(session, lock_id).items()]


def why_provisional(connection: Connection, round_view: RoundView, foreseen: Foreseen) -> list[dict[str, Any]]:
    """Why the figures of a round are not final: `code` (REASONS), how many units, and for unconfirmed clauses which of
    which rule set. Empty when they are."""
    tally = foreseen.tally
    why: list[dict[str, Any]] = [
        {"code": UNCONFIRMED, "count": tally.units[name], "ruleSet": name, "clauses": sorted(found)}
        for name, found in sorted(tally.clauses.items())
    ]
    counts = {
        NOT_APPROVED: tally.not_approved,
        NOT_REPORTED: tally.not_reported,
        NO_EVIDENCE: foreseen.lacking,
        OVERRIDDEN: len(list_overrides(connection, round_view)),
        UNPLACED: count_unplaced(connection, round_view.project_id),
        CONTESTED: len(_contested(connection, round_view)),
    }
    return why + [{"code": code, "count": number} for code, number in counts.items() if number]


def _contested(session: Session | Connection, round_view: RoundView) -> list[Any]:
    """Laws in force on its day that answer the same question, where the round does not say which of them counts."""
    book = rule_book(session)
    named = round_view.rule_sets
    found = [group for kind in ("village", "commune") for group in book.contested_on(kind, round_view.cutoff)]
    return [group for group in found if sum(named is None or one.id in named for one in group) > 1]
