"""All areas at once: read whole before a change is planned, and what a plan says written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.area_plan import Plan
from server.domain.area_times import FIRST, LAST, Span, Times
from server.domain.areas import AreaChange
from server.domain.reach import Within
from server.storage.areas import AreaChangeRow, AreaFactRow, AreaRow, AreaShapeRow, AreaVersionRow
from server.storage.database import Base
from server.storage.reach import AreaReachRow

AT_ONCE = 5000


def read_times(session: Session | Connection) -> list[Times]:
    """Every area with all its versions, as a plan takes them."""
    areas = {
        row.id: Times(row.id, synthetic=row.synthetic) for row in session.execute(select(AreaRow.id, AreaRow.synthetic))
    }
    rows = session.execute(
        select(
            AreaVersionRow.area_id,
            AreaVersionRow.name,
            AreaVersionRow.code,
            AreaVersionRow.kind,
            AreaVersionRow.parent_id,
            AreaVersionRow.valid_from,
            AreaVersionRow.valid_to,
            AreaVersionRow.flags,
            AreaVersionRow.status,
            AreaVersionRow.source,
            AreaVersionRow.id,
        )
    )
    for area_id, name, code, kind, parent_id, since, until, *rest in rows:
        areas[area_id].spans.append(Span(name, code, kind, parent_id, since or FIRST, until or LAST, *rest))
    for area in areas.values():
        area.spans.sort(key=lambda span: span.begin)
    return [area for area in areas.values() if area.spans]


def read_changes(session: Session | Connection) -> list[AreaChange]:
    """What became of areas, where the day is known."""
    rows = session.execute(
        select(
            AreaChangeRow.from_area_id,
            AreaChangeRow.to_area_id,
            AreaChangeRow.on,
            AreaChangeRow.extent,
            AreaChangeRow.decree,
            AreaChangeRow.status,
            AreaChangeRow.kind,
            AreaChangeRow.source,
        )
        .where(AreaChangeRow.on.is_not(None))
        .order_by(AreaChangeRow.on, AreaChangeRow.id)
    )
    return [AreaChange(row[0], row[1], row[2], *row[3:]) for row in rows if row[2] is not None]


def write_plan(connection: Connection, plan: Plan, now: datetime) -> set[str]:
    """Writes what a plan says, which must not be refused; the ids of the areas that are new or otherwise than
    before."""
    touched = plan.touched
    fresh = [area for area in touched if area.fresh]
    _insert(connection, AreaRow, ({"id": area.id, "synthetic": area.synthetic, "created_at": now} for area in fresh))
    spans = [(area.id, span) for area in touched for span in area.spans]
    _insert(connection, AreaVersionRow, (_columns(area_id, span) for area_id, span in spans if span.id is None))
    changed = [{"version": span.id, **_columns(area_id, span)} for area_id, span in spans if span.id and span.changed]
    if changed:
        statement = update(AreaVersionRow.__table__).where(AreaVersionRow.__table__.c.id == bindparam("version"))  # type: ignore[arg-type]
        connection.execute(statement, changed)
    _insert(connection, AreaChangeRow, (_change(change) for change in plan.changes))
    return {area.id for area in touched}


def put_points(connection: Connection, points: Iterable[dict[str, Any]]) -> int:
    """Writes points of areas that have none for that time and from that source yet; keys as the columns of shapes.
    How many are new."""
    kept = select(AreaShapeRow.area_id, AreaShapeRow.valid_from, AreaShapeRow.source)
    known = {tuple(row) for row in connection.execute(kept.where(AreaShapeRow.kind == "point"))}
    fresh = [each for each in points if (each["area_id"], each["valid_from"], each["source"]) not in known]
    _insert(connection, AreaShapeRow, fresh)
    return len(fresh)


def _insert(connection: Connection, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    every = list(rows)
    for begin in range(0, len(every), AT_ONCE):
        connection.execute(insert(table), every[begin : begin + AT_ONCE])


def _columns(area_id: str, span: Span) -> dict[str, Any]:
    return {
        "area_id": area_id,
        "name": span.name,
        "code": span.code,
        "kind": span.kind,
        "parent_id": span.parent_id,
        "valid_from": _open(span.begin, FIRST),
        "valid_to": _open(span.end, LAST),
        "status": span.status,
        "source": span.source,
        "flags": dict(span.flags) if span.flags else None,
    }


def _change(change: AreaChange) -> dict[str, Any]:
    return {
        "from_area_id": change.from_area,
        "to_area_id": change.to_area,
        # a column by its own name: SQLAlchemy passes over what it does not know
        "changed_on": change.date,
        "extent": change.extent,
        "decree": change.decree,
        "status": change.status,
        "kind": change.kind,
        "source": change.source,
    }


def _open(day: date, end: date) -> date | None:
    return None if day == end else day


@dataclass(frozen=True, slots=True)
class KeptFact:
    """A decided fact as it is kept; `id` 0: not yet."""

    id: int
    area_id: str
    name: str
    value: object
    decision_number: str | None
    decision_date: date | None
    authority: str | None
    valid_from: date | None
    valid_to: date | None

    def says_the_same_as(self, other: KeptFact) -> bool:
        """Whether both say the same of the same time; an end that a later decision set is not compared with none."""
        return (self.value, self.decision_number, self.decision_date, self.authority, self.valid_from) == (
            other.value,
            other.decision_number,
            other.decision_date,
            other.authority,
            other.valid_from,
        ) and self.valid_to in (None, other.valid_to)


def read_facts_of(session: Session | Connection, names: Iterable[str]) -> list[KeptFact]:
    """Every row of the facts of these names, those that ended too, but for corrected ones."""
    rows = session.execute(
        select(
            AreaFactRow.id,
            AreaFactRow.area_id,
            AreaFactRow.name,
            AreaFactRow.value,
            AreaFactRow.decision_number,
            AreaFactRow.decision_date,
            AreaFactRow.authority,
            AreaFactRow.valid_from,
            AreaFactRow.valid_to,
        ).where(AreaFactRow.name.in_(sorted(names)))
    )
    facts = [KeptFact(row.id, row.area_id, row.name, row.value.get("value"), *row[4:]) for row in rows]
    return [fact for fact in facts if fact.valid_to is None or fact.valid_to != fact.valid_from]


def end_facts(connection: Connection, ends: Mapping[int, date]) -> None:
    """Ends facts on days, by the ids of their rows."""
    for fact_id, day in ends.items():
        connection.execute(update(AreaFactRow).where(AreaFactRow.id == fact_id).values(valid_to=day))


def put_shapes(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes shapes; one of the same area, kind and source goes. Keys as the columns."""
    for row in rows:
        connection.execute(
            delete(AreaShapeRow).where(
                AreaShapeRow.area_id == row["area_id"],
                AreaShapeRow.kind == row["kind"],
                AreaShapeRow.source == row["source"],
            )
        )
    _insert(connection, AreaShapeRow, rows)


def read_reach(session: Session | Connection) -> set[Within]:
    """Every kept row of what lies in what."""
    rows = session.execute(
        select(
            AreaReachRow.ancestor_id,
            AreaReachRow.descendant_id,
            AreaReachRow.valid_from,
            AreaReachRow.valid_to,
            AreaReachRow.distance,
        )
    )
    return {Within(*row) for row in rows}
