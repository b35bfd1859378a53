"""Loads the area tree that ships with the product: units of 2019, what became of them, and decided facts."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.data_files import AreaRow as ShippedArea
from server.domain.data_files import ChangeRow, FactRow
from server.services.campaign import touch
from server.services.reach import work_out_reach
from server.storage.areas import add_areas, add_changes, add_facts, end_versions, list_area_ids, put_root
from server.storage.database import writing

DISTRICT_CODE_LENGTH = 3


def load_areas(
    session: Session,
    areas: Sequence[ShippedArea],
    changes: Sequence[ChangeRow],
    facts: Sequence[FactRow],
    now: datetime,
) -> int:
    """Writes units, their changes and decided facts; what is there already stays. Returns how many areas are new.

    Dates in the files name the last day; here a version holds up to, not including, `valid_to`.
    """
    with writing(session) as connection:
        here = list_area_ids(connection)
        ids = {area.key: area.uuid for area in areas}
        fresh = [area for area in areas if area.uuid not in here]
        if fresh:
            _add_areas(connection, fresh, ids, now)
            _add_changes(connection, changes, ids, now)
            _add_facts(connection, facts, ids)
            work_out_reach(connection)
            touch(connection)
        session.commit()
    return len(fresh)


def set_root(session: Session, project_id: int, area_id: str) -> None:
    """Says which area a project works in."""
    with writing(session) as connection:
        put_root(connection, project_id, area_id)
        touch(connection)
        session.commit()


def _add_areas(connection: Connection, areas: Iterable[ShippedArea], ids: dict[str, str], now: datetime) -> None:
    rows, versions = [], []
    for area in areas:
        rows.append({"id": area.uuid, "synthetic": area.status == "synthetic", "created_at": now})
        versions.append(
            _version(
                area.uuid,
                area.name,
                area.code,
                area.kind,
                parent_id=ids.get(area.parent_key or ""),
                valid_from=area.valid_from,
                valid_to=_day_after(area.valid_to),
                status=area.status,
                source=area.source,
            )
        )
    add_areas(connection, rows, versions)


def _version(area_id: str, name: str, code: str, kind: str, **rest: Any) -> dict[str, Any]:
    return {"area_id": area_id, "name": name, "code": code or None, "kind": kind} | rest


def _add_changes(connection: Connection, changes: Sequence[ChangeRow], ids: dict[str, str], now: datetime) -> None:
    """Units that a change leads to begin on its day; a unit that went over ends on it."""
    ends: dict[str, date] = {}
    rows = []
    for change in changes:
        if not change.to_key:
            continue
        if change.to_key not in ids:
            ids[change.to_key] = _add_successor(connection, change, ids, now)
        origin = ids.get(change.from_key)
        if origin is None:
            continue
        rows.append(
            {
                "from_area_id": origin,
                "to_area_id": ids[change.to_key],
                "on": change.date,
                "extent": change.extent,
                "decree": change.decree or None,
                "status": change.status,
            }
        )
        if change.date and change.extent in ("whole", "part_main") and origin != ids[change.to_key]:
            ends.setdefault(origin, change.date)
    add_changes(connection, rows)
    by_day: dict[date, list[str]] = defaultdict(list)
    for area_id, day in ends.items():
        by_day[day].append(area_id)
    for day, gone in by_day.items():
        end_versions(connection, gone, day)


def _add_successor(connection: Connection, change: ChangeRow, ids: dict[str, str], now: datetime) -> str:
    area_id = str(uuid.uuid4())
    kind = "district" if len(change.to_code) == DISTRICT_CODE_LENGTH else "commune"
    parent = max((key for key in ids if change.to_key.startswith(f"{key}-")), key=len, default="qn")
    add_areas(
        connection,
        [{"id": area_id, "synthetic": False, "created_at": now}],
        [
            _version(
                area_id,
                change.to_name,
                change.to_code,
                kind,
                parent_id=ids.get(parent),
                valid_from=change.date,
                valid_to=None,
                status=change.status,
                source=change.source,
            )
        ],
    )
    return area_id


def _add_facts(connection: Connection, facts: Sequence[FactRow], ids: dict[str, str]) -> None:
    rows = [
        {
            "area_id": ids[fact.commune_key],
            "name": fact.fact,
            "value": {"value": fact.value},
            "decision_number": fact.decision_number or None,
            "decision_date": fact.decision_date,
            "valid_from": fact.decision_date,
            "valid_to": None,
            "status": fact.status,
            "synthetic": fact.status == "synthetic",
            "source": fact.note,
        }
        for fact in facts
        if fact.commune_key in ids
    ]
    add_facts(connection, rows)


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
