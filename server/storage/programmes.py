"""The programme register: programmes, the areas that entered them and left them, and when each was planned to leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.programme import Listing
from server.domain.programme_rows import Decision
from server.storage.database import Base
from server.storage.settings import put_revision

REGISTER_REVISION = "register_revision"
"""The key of a random word that is another one after every change of a register."""


class ProgrammeRow(Base):
    """A programme by its law, in force from a day up to and including another. `source`: where what is not in a law
    comes from, in words."""

    __tablename__ = "programmes"
    __table_args__ = (Index("uq_programmes_slug", "project_id", "slug", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    slug: Mapped[str] = mapped_column(String(64))
    name_vi: Mapped[str] = mapped_column(String(255))
    name_en: Mapped[str] = mapped_column(String(255))
    law: Mapped[str] = mapped_column(String(255))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class ProgrammeUnitRow(Base):
    """What is registered of an area in a programme: one row each. `entered_on` NULL: it inherited its place."""

    __tablename__ = "programme_units"
    __table_args__ = (Index("uq_programme_units_area", "programme_id", "area_id", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    level: Mapped[str] = mapped_column(String(16))
    basis: Mapped[str | None] = mapped_column(String(16))
    entered_on: Mapped[date | None]
    entry_number: Mapped[str | None] = mapped_column(String(128))
    entry_date: Mapped[date | None]
    entry_authority: Mapped[str | None] = mapped_column(String(255))
    funding: Mapped[str | None] = mapped_column(String(255))
    exit_kind: Mapped[str | None] = mapped_column(String(16))
    exited_on: Mapped[date | None]
    exit_number: Mapped[str | None] = mapped_column(String(128))
    exit_date: Mapped[date | None]
    exit_authority: Mapped[str | None] = mapped_column(String(255))
    exit_status: Mapped[str | None] = mapped_column(String(16))
    exit_source: Mapped[str | None] = mapped_column(Text)
    into: Mapped[list[Any] | None]
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class ProgrammePlanRow(Base):
    """In which year a unit is planned to leave: each decision is a row, none is written over."""

    __tablename__ = "programme_plans"
    __table_args__ = (Index("ix_programme_plans_unit", "unit_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("programme_units.id"))
    year: Mapped[int]
    number: Mapped[str | None] = mapped_column(String(128))
    decided_on: Mapped[date | None]
    authority: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """A programme as read; `valid_to` is the last day."""

    id: int
    project_id: int
    slug: str
    name_vi: str
    name_en: str
    law: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """The year in which a unit is to leave, by a decision."""

    id: int
    year: int
    decision: Decision
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class UnitView:
    """What is registered of an area, with its plans, the oldest decision first."""

    id: int
    area_id: str
    level: str
    basis: str | None
    entered_on: date | None
    entry: Decision
    funding: str | None
    exit_kind: str | None
    exited_on: date | None
    exit: Decision
    exit_status: str | None
    exit_source: str | None
    into: tuple[str, ...]
    status: str
    source: str
    plans: tuple[PlanView, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Whether any of it was made up."""
        return "synthetic" in (self.status, self.exit_status, *(each.status for each in self.plans))

    def listing(self) -> Listing:
        """The same as memberships are worked out from."""
        return Listing(self.area_id, self.level, self.entered_on, self.exit_kind, self.exited_on, self.into)

    def plan_on(self, day: date) -> PlanView | None:
        """The plan that held on a day: the one decided last until then; one without a day was always there."""
        known = [each for each in self.plans if each.decision.day is None or each.decision.day <= day]
        return max(known, key=lambda each: (each.decision.day or date.min, each.id), default=None)


_PROGRAMME = tuple(getattr(ProgrammeRow, name) for name in ProgrammeView.__dataclass_fields__)
_NAMES = (
    *("id", "area_id", "level", "basis", "entered_on", "entry_number", "entry_date", "entry_authority", "funding"),
    *("exit_kind", "exited_on", "exit_number", "exit_date", "exit_authority", "exit_status", "exit_source", "into"),
    *("status", "source"),
)
_UNIT = tuple(getattr(ProgrammeUnitRow, name) for name in _NAMES)


def list_programmes(session: Session | Connection, project_id: int) -> list[ProgrammeView]:
    """The programmes of a project, the one that began last first."""
    query = select(*_PROGRAMME).where(ProgrammeRow.project_id == project_id)
    rows = session.execute(query.order_by(ProgrammeRow.valid_from.desc(), ProgrammeRow.id))
    return [ProgrammeView(*row) for row in rows]


def add_programme(connection: Connection, **row: Any) -> int:
    """Writes a programme; returns its id."""
    made = connection.execute(insert(ProgrammeRow).values(**row).returning(ProgrammeRow.id))
    return int(made.scalar_one())


def hold_programme(connection: Connection, programme_id: int) -> None:
    """Waits for whoever writes into the register of a programme; nobody else can until this transaction ends. What is
    kept in memory of registers is worked out again."""
    connection.execute(select(ProgrammeRow.id).where(ProgrammeRow.id == programme_id).with_for_update())
    put_revision(connection, REGISTER_REVISION)


def list_units(session: Session | Connection, programme_id: int) -> dict[str, UnitView]:
    """All that is registered of a programme, by area, in the order in which it was written."""
    plans: dict[int, list[PlanView]] = {}
    columns = (
        *(ProgrammePlanRow.unit_id, ProgrammePlanRow.id, ProgrammePlanRow.year, ProgrammePlanRow.number),
        *(ProgrammePlanRow.decided_on, ProgrammePlanRow.authority, ProgrammePlanRow.status, ProgrammePlanRow.source),
    )
    asked = select(*columns).join(ProgrammeUnitRow, ProgrammeUnitRow.id == ProgrammePlanRow.unit_id)
    for row in session.execute(asked.where(ProgrammeUnitRow.programme_id == programme_id)):
        plans.setdefault(row[0], []).append(PlanView(row[1], row[2], Decision(*row[3:6]), row[6], row[7]))
    query = select(*_UNIT).where(ProgrammeUnitRow.programme_id == programme_id).order_by(ProgrammeUnitRow.id)
    return {row[1]: _unit(row, plans.get(row[0], [])) for row in session.execute(query)}


def _unit(row: Any, plans: Iterable[PlanView]) -> UnitView:
    ordered = sorted(plans, key=lambda each: (each.decision.day or date.min, each.id))
    found = dict(zip(_NAMES, row, strict=True))
    decisions = {
        prefix: Decision(*(found.pop(f"{prefix}_{part}") for part in ("number", "date", "authority")))
        for prefix in ("entry", "exit")
    }
    return UnitView(**found | decisions | {"into": tuple(found["into"] or ()), "plans": tuple(ordered)})


def add_unit(connection: Connection, values: Mapping[str, Any]) -> int:
    """Writes what is registered of an area; returns its id."""
    made = connection.execute(insert(ProgrammeUnitRow).values(**values).returning(ProgrammeUnitRow.id))
    return int(made.scalar_one())


def change_unit(connection: Connection, unit_id: int, values: Mapping[str, Any]) -> None:
    """Changes some of it."""
    connection.execute(update(ProgrammeUnitRow).where(ProgrammeUnitRow.id == unit_id).values(**values))


def remove_unit(connection: Connection, unit_id: int) -> None:
    """Takes an area out of the register, with its plans; what stood there is in the audit."""
    connection.execute(delete(ProgrammePlanRow).where(ProgrammePlanRow.unit_id == unit_id))
    connection.execute(delete(ProgrammeUnitRow).where(ProgrammeUnitRow.id == unit_id))


def add_plan(connection: Connection, values: Mapping[str, Any]) -> None:
    """Writes a plan beside those that are there."""
    connection.execute(insert(ProgrammePlanRow).values(**values))


def remove_plan(connection: Connection, plan_id: int) -> None:
    """Takes back a plan that was written by mistake."""
    connection.execute(delete(ProgrammePlanRow).where(ProgrammePlanRow.id == plan_id))
