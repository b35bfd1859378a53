"""What decisions recognised areas to be, each with its number, its day, who decided and where that is written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.areas import AreaFactRow, valid_on

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Recognised:
    """One thing that a decision said of an area and that held on the day: yes, no, not known, or a number.
    `authority`: who decided; `source`: where that is written, in the words of whoever loaded it."""

    area_id: str
    name: str
    value: Any
    decision_number: str | None
    decision_date: date | None
    authority: str | None
    source: str
    status: str
    synthetic: bool


def list_recognised(
    session: Session | Connection, area_ids: Collection[str], on: date
) -> dict[str, tuple[Recognised, ...]]:
    """By area, what held of it on a day, by name; of two that say the same thing the one that began last."""
    found: dict[str, dict[str, Recognised]] = {}
    ordered = sorted(area_ids)
    for begin in range(0, len(ordered), AT_ONCE):
        query = (
            select(
                AreaFactRow.area_id,
                AreaFactRow.name,
                AreaFactRow.value,
                AreaFactRow.decision_number,
                AreaFactRow.decision_date,
                AreaFactRow.authority,
                AreaFactRow.source,
                AreaFactRow.status,
                AreaFactRow.synthetic,
            )
            .where(AreaFactRow.area_id.in_(ordered[begin : begin + AT_ONCE]), valid_on(AreaFactRow, on))
            .order_by(AreaFactRow.name, AreaFactRow.valid_from.nulls_first())
        )
        for area_id, name, value, *rest in session.execute(query):
            found.setdefault(area_id, {})[name] = Recognised(area_id, name, (value or {}).get("value"), *rest)
    return {area_id: tuple(each.values()) for area_id, each in found.items()}
