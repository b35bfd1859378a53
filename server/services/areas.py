"""Loads areas: the tree that ships with the product, files that people bring, whole countries from a package. What
would change is worked out first; it is written whole, or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.area_plan import Known, Plan
from server.domain.area_records import AreaRecord
from server.domain.area_settle import plan_areas
from server.domain.area_shipped import shipped_records
from server.domain.data_files import AreaRow as ShippedArea
from server.domain.data_files import ChangeRow, FactRow
from server.services.campaign import touch
from server.services.reach import work_out_reach
from server.services.record import write_of_areas, write_own
from server.services.rejudge import unsettle
from server.storage.actors import find_system_actor
from server.storage.area_book import put_points, read_changes, read_times, write_plan
from server.storage.areas import add_facts, list_area_ids, put_root
from server.storage.audits import AuditEntry, write_audit
from server.storage.database import writing
from server.storage.quality import mark_all


@dataclass(frozen=True)
class Wish:
    """What is to be loaded. `on`: the day as of which undated rows are read. `keep`: what is here already stays as it
    is, and only what is missing is added. `dry`: nothing is written."""

    records: Sequence[AreaRecord]
    on: date
    keep: bool = False
    dry: bool = False


class _Refused(Exception):
    """Shipped data that cannot be loaded."""


def load_areas(
    session: Session,
    areas: Sequence[ShippedArea],
    changes: Sequence[ChangeRow],
    facts: Sequence[FactRow],
    now: datetime,
) -> int:
    """Writes the shipped units, their changes and decided facts; what is there already stays. Returns how many areas
    are new."""
    with writing(session) as connection:
        here = list_area_ids(connection)
        if all(area.uuid in here for area in areas):
            session.commit()
            return 0
        records = shipped_records(areas, changes)
        plan = _write(connection, Wish(records, now.date(), keep=True), now)
        if plan.refused:
            raise _Refused([problem for problem in plan.problems if problem.grave])
        _add_facts(connection, facts, {area.key: area.uuid for area in areas})
        session.commit()
    return sum(area.fresh for area in plan.touched)


def import_areas(session: Session, wish: Wish, now: datetime) -> Plan:
    """Loads records in one transaction, or nothing when one of them cannot be; the plan says what was (or would be)
    done, and what is wrong."""
    if wish.dry:
        return _plan(session, wish)
    with writing(session) as connection:
        plan = _write(connection, wish, now)
        session.commit()
    return plan


def set_root(session: Session, project_id: int, area_id: str) -> None:
    """Says which area a project works in."""
    with writing(session) as connection:
        put_root(connection, project_id, area_id)
        touch(connection)
        thing, now, server = f"project:{project_id}", datetime.now(UTC), find_system_actor(connection)
        told = {"rootArea": area_id}
        write_audit(connection, AuditEntry(server, "project.update", thing, now, told, project_id=project_id))
        session.commit()


def _plan(session: Session | Connection, wish: Wish) -> Plan:
    known = Known(read_times(session), read_changes(session), lambda: str(uuid.uuid4()))
    return plan_areas(wish.records, known, wish.on, wish.keep)


def _write(connection: Connection, wish: Wish, now: datetime) -> Plan:
    plan = _plan(connection, wish)
    if plan.refused:
        return plan
    many = sum(area.fresh for area in plan.touched) > len(plan.areas) // 2
    changed = write_plan(connection, plan, now)
    changed |= {area for change in plan.changes for area in (change.from_area, change.to_area)}
    points = put_points(connection, (_point(area_id, record) for area_id, record in plan.points))
    if changed:
        work_out_reach(connection, None if many else changed)
    if changed or points:
        touch(connection)
        mark_all(connection)
        unsettle(connection, now)
        write_own(connection, "area.import", now, **plan.count())
        others = ((area.id, dict[str, object]()) for area in plan.touched if not area.fresh)
        write_of_areas(connection, "area.update", now, others)
    return plan


def _point(area_id: str, record: AreaRecord) -> dict[str, object]:
    return {
        "area_id": area_id,
        "kind": "point",
        "geometry": {"type": "Point", "coordinates": list(record.point or ())},
        "valid_from": record.valid_from,
        "valid_to": record.valid_to,
        "status": "unverified",
        "source": record.source,
    }


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
