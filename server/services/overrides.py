"""Dossiers that the province sent up though something was missing: told wherever the round's figures are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.services.dossier import SENDINGS, effective
from server.storage.areas import find_area
from server.storage.dossiers import MoveKept, list_dossiers, list_moves
from server.storage.rounds import RoundView


def overriding(moves: Sequence[MoveKept]) -> MoveKept | None:
    """The last sending of a dossier that stands, where it went up though something was missing."""
    last = next((each for each in reversed(effective(moves)) if each.past.name in SENDINGS), None)
    return last if last is not None and last.lacks else None


def list_overrides(session: Session | Connection, round_view: RoundView) -> list[dict[str, Any]]:
    """Of a round, by commune: under which letter its dossier went up incomplete, why, and what was missing of whom, as
    a lock keeps it."""
    kept = list_dossiers(session, round_view.id)
    moves = list_moves(session, [each.id for each in kept.values()])
    found = []
    for area_id, own in sorted(kept.items()):
        move = overriding(moves.get(own.id, ()))
        if move is None:
            continue
        area = find_area(session, area_id, round_view.cutoff)
        found.append(
            {
                "area": area_id,
                "name": area.name if area else area_id,
                "number": move.number,
                "letterOn": move.letter_on.isoformat() if move.letter_on else None,
                "reason": move.reason,
                "lacks": [{"code": each["code"], "area": each["area"]} for each in move.lacks],
            }
        )
    return found
