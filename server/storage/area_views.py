"""One area and what is around it, and areas looked for by name; always within what somebody sees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from server.domain.roles import Scope
from server.storage.areas import (
    AreaChangeRow,
    AreaFactRow,
    AreaRow,
    AreaShapeRow,
    AreaVersionRow,
    AreaView,
    valid_on,
)
from server.storage.reach import AreaReachRow, in_scope, list_below


@dataclass(frozen=True, slots=True)
class VersionView:
    """What an area was for a time, up to, not including, `valid_to`."""

    area_id: str
    code: str | None
    name: str
    kind: str
    parent_id: str | None
    valid_from: date | None
    valid_to: date | None
    status: str
    source: str
    flags: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class StepView:
    """What became of an area: which one came out of which, when, how much, by which decree."""

    from_area: str
    to_area: str
    on: date | None
    kind: str
    extent: str
    decree: str | None
    status: str
    source: str | None


@dataclass(frozen=True, slots=True)
class DecidedView:
    """A fact that a decision established, for a time."""

    name: str
    value: Any
    decision_number: str | None
    decision_date: date | None
    authority: str | None
    valid_from: date | None
    valid_to: date | None
    status: str
    synthetic: bool
    source: str


@dataclass(frozen=True, slots=True)
class ShapeView:
    """A point or a boundary, as a GeoJSON geometry."""

    kind: str
    geometry: dict[str, Any]
    valid_from: date | None
    valid_to: date | None
    status: str
    source: str


_VERSION = (
    AreaVersionRow.area_id,
    AreaVersionRow.code,
    AreaVersionRow.name,
    AreaVersionRow.kind,
    AreaVersionRow.parent_id,
    AreaVersionRow.valid_from,
    AreaVersionRow.valid_to,
    AreaVersionRow.status,
    AreaVersionRow.source,
    AreaVersionRow.flags,
)


def find_seen(session: Session | Connection, scope: Scope, key: str, on: date) -> str | None:
    """The id of the area with this own id, or with this code on a day, that somebody sees."""
    named = or_(AreaRow.id == key, and_(AreaVersionRow.code == key, valid_on(AreaVersionRow, on)))
    query = select(AreaRow.id).join(AreaVersionRow, AreaVersionRow.area_id == AreaRow.id)
    row = session.execute(
        query.where(named, in_scope(scope, AreaRow.id)).order_by((AreaRow.id == key).desc()).limit(1)
    ).first()
    return row[0] if row else None


def list_bearers(session: Session | Connection, scope: Scope, code: str) -> list[VersionView]:
    """The versions that ever bore a code, of areas that somebody sees, oldest first."""
    query = select(*_VERSION).where(AreaVersionRow.code == code, in_scope(scope, AreaVersionRow.area_id))
    return [VersionView(*row) for row in session.execute(query.order_by(AreaVersionRow.valid_from, AreaVersionRow.id))]


def list_versions(session: Session | Connection, area_ids: Collection[str]) -> list[VersionView]:
    """All versions of areas, oldest first."""
    query = select(*_VERSION).where(AreaVersionRow.area_id.in_(sorted(area_ids)))
    found = [VersionView(*row) for row in session.execute(query)]
    return sorted(found, key=lambda each: each.valid_from or date.min)


def list_steps(session: Session | Connection, scope: Scope, area_id: str) -> list[StepView]:
    """What an area came from and went into, as far as the other is seen; oldest first."""
    query = (
        select(
            AreaChangeRow.from_area_id,
            AreaChangeRow.to_area_id,
            AreaChangeRow.on,
            AreaChangeRow.kind,
            AreaChangeRow.extent,
            AreaChangeRow.decree,
            AreaChangeRow.status,
            AreaChangeRow.source,
        )
        .where(
            or_(
                and_(AreaChangeRow.from_area_id == area_id, in_scope(scope, AreaChangeRow.to_area_id)),
                and_(AreaChangeRow.to_area_id == area_id, in_scope(scope, AreaChangeRow.from_area_id)),
            )
        )
        .order_by(AreaChangeRow.on, AreaChangeRow.id)
    )
    return [StepView(*row) for row in session.execute(query)]


def list_decided(session: Session | Connection, area_id: str) -> list[DecidedView]:
    """Every fact of an area, those that ended too, newest first; what was corrected away does not come."""
    query = select(
        AreaFactRow.name,
        AreaFactRow.value,
        AreaFactRow.decision_number,
        AreaFactRow.decision_date,
        AreaFactRow.authority,
        AreaFactRow.valid_from,
        AreaFactRow.valid_to,
        AreaFactRow.status,
        AreaFactRow.synthetic,
        AreaFactRow.source,
    ).where(
        AreaFactRow.area_id == area_id,
        or_(
            AreaFactRow.valid_to.is_(None),
            AreaFactRow.valid_from.is_(None),
            AreaFactRow.valid_to > AreaFactRow.valid_from,
        ),
    )
    rows = session.execute(query.order_by(AreaFactRow.name, AreaFactRow.valid_from.desc(), AreaFactRow.id.desc()))
    return [DecidedView(row.name, row.value.get("value"), *row[2:]) for row in rows]


def list_shapes(session: Session | Connection, area_id: str, on: date) -> list[ShapeView]:
    """Where an area lies on a day: the last point and the last boundary."""
    query = select(
        AreaShapeRow.kind,
        AreaShapeRow.geometry,
        AreaShapeRow.valid_from,
        AreaShapeRow.valid_to,
        AreaShapeRow.status,
        AreaShapeRow.source,
    ).where(AreaShapeRow.area_id == area_id, valid_on(AreaShapeRow, on))
    found = {row.kind: ShapeView(*row) for row in session.execute(query.order_by(AreaShapeRow.id))}
    return sorted(found.values(), key=lambda shape: shape.kind)


def list_seen(
    session: Session | Connection, scope: Scope, on: date, parent_id: str | None, page: tuple[int, int]
) -> list[AreaView]:
    """The areas right below another that somebody sees on a day, by name; without one the topmost they see: those
    that lie in nothing they see. `page`: so many left out first, at most so many."""
    query = _areas(on).where(in_scope(scope, AreaRow.id))
    if parent_id is not None:
        query = query.where(AreaVersionRow.parent_id == parent_id)
    else:
        above = aliased(AreaReachRow)
        seen_above = exists().where(
            above.descendant_id == AreaRow.id,
            above.distance > 0,
            above.valid_from <= on,
            above.valid_to > on,
            in_scope(scope, above.ancestor_id),
        )
        query = query.where(~seen_above)
    query = query.order_by(AreaVersionRow.code, AreaVersionRow.name, AreaRow.id).offset(page[0]).limit(page[1])
    return [AreaView(*row) for row in session.execute(query)]


def find_kind(session: Session | Connection, area_id: str) -> str | None:
    """What kind of area it is, or was last; None when it is unknown."""
    query = select(AreaVersionRow.kind).where(AreaVersionRow.area_id == area_id)
    return session.execute(query.order_by(AreaVersionRow.valid_from.desc()).limit(1)).scalar_one_or_none()


def list_these(session: Session | Connection, scope: Scope, on: date, area_ids: Sequence[str]) -> dict[str, AreaView]:
    """Of these areas those that somebody sees and that are there on a day."""
    query = _areas(on).where(AreaRow.id.in_(area_ids), in_scope(scope, AreaRow.id))
    return {row.id: AreaView(*row) for row in session.execute(query)}


def count_children(
    session: Session | Connection, scope: Scope, on: date, parent_ids: Collection[str]
) -> dict[str, int]:
    """How many areas lie right below each of these on a day, as far as they are seen."""
    query = (
        select(AreaVersionRow.parent_id, func.count())
        .where(
            AreaVersionRow.parent_id.in_(sorted(parent_ids)),
            valid_on(AreaVersionRow, on),
            in_scope(scope, AreaVersionRow.area_id),
        )
        .group_by(AreaVersionRow.parent_id)
    )
    return {parent_id: found for parent_id, found in session.execute(query) if parent_id is not None}


def count_kinds_below(session: Session | Connection, area_id: str, on: date) -> dict[str, int]:
    """How many areas of each kind lie in an area on a day, itself included."""
    query = (
        select(AreaVersionRow.kind, func.count(AreaVersionRow.area_id.distinct()))
        .where(AreaVersionRow.area_id.in_(list_below((area_id,), on)), valid_on(AreaVersionRow, on))
        .group_by(AreaVersionRow.kind)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def list_names(session: Session | Connection) -> list[tuple[str, str, str | None, date | None, date | None]]:
    """Own id, name, code, and the time of every version: what a look-up by name goes through."""
    query = select(
        AreaVersionRow.area_id,
        AreaVersionRow.name,
        AreaVersionRow.code,
        AreaVersionRow.valid_from,
        AreaVersionRow.valid_to,
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(query)]


def _areas(on: date) -> Select[str, str | None, str, str, str | None, str, bool]:
    return (
        select(
            AreaRow.id,
            AreaVersionRow.code,
            AreaVersionRow.name,
            AreaVersionRow.kind,
            AreaVersionRow.parent_id,
            AreaVersionRow.status,
            AreaRow.synthetic,
        )
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaRow.id)
        .where(valid_on(AreaVersionRow, on))
    )
