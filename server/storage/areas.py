"""Areas as dated data: own ids, versions with their source, changes, and facts that a decision established."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    and_,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from server.storage.database import Base
from server.storage.projects import Project


class AreaRow(Base):
    """Any unit of the tree, by our own UUID v4: official codes are used again for other units."""

    __tablename__ = "areas"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    synthetic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class AreaVersionRow(Base):
    """What an area was called, coded and part of from `valid_from` up to, not including, `valid_to`."""

    __tablename__ = "area_versions"
    __table_args__ = (
        Index("ix_area_versions_area", "area_id", "valid_from"),
        Index("ix_area_versions_parent", "parent_id"),
        Index("ix_area_versions_code", "code"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    name: Mapped[str] = mapped_column(String(255))
    code: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    flags: Mapped[dict[str, Any] | None]


class AreaChangeRow(Base):
    """Merged into, split into, renamed or moved (`kind`); whole or part; by which decree, and where that is written."""

    __tablename__ = "area_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    from_area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    to_area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    on: Mapped[date | None] = mapped_column("changed_on")
    extent: Mapped[str] = mapped_column(String(16))
    decree: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16), default="merged", server_default="merged")
    source: Mapped[str | None] = mapped_column(Text)


class AreaShapeRow(Base):
    """Where an area lies, for a time: a point or a boundary (`kind`), as a GeoJSON geometry in WGS 84."""

    __tablename__ = "area_shapes"
    __table_args__ = (Index("ix_area_shapes_area", "area_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    kind: Mapped[str] = mapped_column(String(8))
    geometry: Mapped[dict[str, Any]]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)


class AreaFactRow(Base):
    """A fact of an area that a decision established, such as the New Countryside attestation of a commune."""

    __tablename__ = "area_facts"
    __table_args__ = (Index("ix_area_facts_area", "area_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    name: Mapped[str] = mapped_column(String(64))
    value: Mapped[dict[str, Any]]
    decision_number: Mapped[str | None] = mapped_column(String(128))
    decision_date: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(16))
    synthetic: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(Text)
    authority: Mapped[str | None] = mapped_column(String(255))


@dataclass(frozen=True, slots=True)
class AreaView:
    """An area as it was on a date."""

    id: str
    code: str | None
    name: str
    kind: str
    parent_id: str | None
    status: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class FactView:
    """A decided fact of an area. `value` is {"value": true | false | null | number}; `authority`: who decided."""

    area_id: str
    value: dict[str, Any]
    decision_number: str | None
    decision_date: date | None
    authority: str | None
    status: str
    synthetic: bool
    source: str


def valid_on(table: Any, on: date) -> ColumnElement[bool]:
    """The condition that a dated row holds on `on`: from `valid_from` up to, not including, `valid_to`."""
    return and_(
        or_(table.valid_from.is_(None), table.valid_from <= on), or_(table.valid_to.is_(None), table.valid_to > on)
    )


def _view_columns() -> Select[str, str | None, str, str, str | None, str, bool]:
    return select(
        AreaRow.id,
        AreaVersionRow.code,
        AreaVersionRow.name,
        AreaVersionRow.kind,
        AreaVersionRow.parent_id,
        AreaVersionRow.status,
        AreaRow.synthetic,
    ).join(AreaVersionRow, AreaVersionRow.area_id == AreaRow.id)


def find_area(session: Session | Connection, key: str, on: date) -> AreaView | None:
    """The area with this own id, or with this code on that date; None when there is none."""
    # one after the other: with "or" between them a database reads every area there is
    return _find_by_id(session, key, on) or _find_by_code(session, key, on)


def _find_by_id(session: Session | Connection, area_id: str, on: date) -> AreaView | None:
    row = session.execute(_view_columns().where(AreaRow.id == area_id, valid_on(AreaVersionRow, on))).first()
    return AreaView(*row) if row else None


def _find_by_code(session: Session | Connection, code: str, on: date) -> AreaView | None:
    row = session.execute(_view_columns().where(AreaVersionRow.code == code, valid_on(AreaVersionRow, on))).first()
    return AreaView(*row) if row else None


def list_subtree(session: Session | Connection, roots: Sequence[str], on: date) -> list[AreaView]:
    """The areas `roots` and all below them as of a date, parents before children, then by code and name."""
    if not roots:
        return []
    top = (
        select(AreaVersionRow.area_id, literal(0).label("depth"))
        .where(AreaVersionRow.area_id.in_(roots), valid_on(AreaVersionRow, on))
        .cte("below", recursive=True)
    )
    child = aliased(AreaVersionRow)
    below = top.union(
        select(child.area_id, top.c.depth + 1).join(top, child.parent_id == top.c.area_id).where(valid_on(child, on))
    )
    query = (
        _view_columns()
        .join(below, below.c.area_id == AreaRow.id)
        .where(valid_on(AreaVersionRow, on))
        .order_by(below.c.depth, AreaVersionRow.code, AreaVersionRow.name)
    )
    seen: dict[str, AreaView] = {}
    for row in session.execute(query):
        seen.setdefault(row.id, AreaView(*row))
    return list(seen.values())


def find_path(session: Session | Connection, area_id: str, on: date) -> tuple[AreaView, ...]:
    """The area and what it lies in as of a date, from the area itself up to the top; () when it is unknown."""
    path: list[AreaView] = []
    key: str | None = area_id
    while key and len(path) < 16:
        area = _find_by_id(session, key, on)
        if area is None:
            break
        path.append(area)
        key = area.parent_id
    return tuple(path)


def list_facts(
    session: Session | Connection, name: str, on: date, area_ids: Sequence[str] | None = None
) -> dict[str, FactView]:
    """The fact `name` that held on a date, by area id; the one that began last wins."""
    query = select(
        AreaFactRow.area_id,
        AreaFactRow.value,
        AreaFactRow.decision_number,
        AreaFactRow.decision_date,
        AreaFactRow.authority,
        AreaFactRow.status,
        AreaFactRow.synthetic,
        AreaFactRow.source,
    ).where(AreaFactRow.name == name, valid_on(AreaFactRow, on))
    if area_ids is not None:
        query = query.where(AreaFactRow.area_id.in_(area_ids))
    rows = session.execute(query.order_by(AreaFactRow.valid_from.nulls_first()))
    return {row.area_id: FactView(*row) for row in rows}


def find_root(session: Session | Connection, project_id: int) -> str | None:
    """The area that a project works in."""
    return session.execute(select(Project.root_area_id).where(Project.id == project_id)).scalar_one_or_none()


def put_root(connection: Connection, project_id: int, area_id: str) -> None:
    """Says which area a project works in."""
    connection.execute(update(Project).where(Project.id == project_id).values(root_area_id=area_id))


def list_area_ids(session: Session | Connection) -> set[str]:
    """The ids of all areas there ever were."""
    return set(session.execute(select(AreaRow.id)).scalars())


def add_facts(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Writes decided facts."""
    if rows:
        connection.execute(insert(AreaFactRow), rows)
