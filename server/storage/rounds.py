"""Rounds: dated review campaigns of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, bindparam, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.prepared import Prepared


class RoundRow(Base):
    """`cutoff` is the date the facts speak of, and the date as of which areas and rules are taken. `forms`, `rule_sets`
    and `areas` name what belongs to it (NULL: all). `readings`: by rule set and switch the option chosen and the
    decision that chose it. `evidence` and `steps`: what is asked at each step and until when. `lock_id`: its lock."""

    __tablename__ = "rounds"
    __table_args__ = (Index("uq_rounds_slug", "project_id", "slug", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    slug: Mapped[str] = mapped_column(String(64))
    name_vi: Mapped[str] = mapped_column(String(255))
    name_en: Mapped[str] = mapped_column(String(255))
    cutoff: Mapped[date]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    created_at: Mapped[datetime]
    programme: Mapped[str | None] = mapped_column(String(255))
    purpose: Mapped[str | None] = mapped_column(String(16))
    forms: Mapped[list[Any] | None]
    rule_sets: Mapped[list[Any] | None]
    readings: Mapped[dict[str, Any] | None]
    areas: Mapped[list[Any] | None]
    evidence: Mapped[list[Any] | None]
    steps: Mapped[list[Any] | None]
    instructed_on: Mapped[date | None]
    lock_id: Mapped[int | None]
    updated_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round as read."""

    id: int
    project_id: int
    slug: str
    name_vi: str
    name_en: str
    cutoff: date
    starts_on: date
    ends_on: date
    programme: str | None = None
    purpose: str | None = None
    forms: tuple[str, ...] | None = None
    rule_sets: tuple[str, ...] | None = None
    readings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    areas: tuple[str, ...] | None = None
    evidence: tuple[Any, ...] | None = None
    steps: tuple[Any, ...] | None = None
    instructed_on: date | None = None
    lock_id: int | None = None

    @property
    def is_locked(self) -> bool:
        """Whether its figures are frozen."""
        return self.lock_id is not None

    def switches(self, rule_set_id: str) -> dict[str, str]:
        """The option chosen for each switch of a rule set, where one was chosen."""
        return {name: str(chosen["option"]) for name, chosen in self.readings.get(rule_set_id, {}).items()}


_LISTS = ("forms", "rule_sets", "areas", "evidence", "steps")
_NAMES = tuple(each.name for each in fields(RoundView))
_VIEW = select(*(getattr(RoundRow, name) for name in _NAMES))


def _view(row: Any) -> RoundView:
    found = dict(zip(_NAMES, row, strict=True))
    for name in _LISTS:
        found[name] = None if found[name] is None else tuple(found[name])
    return RoundView(**found | {"readings": found["readings"] or {}})


def list_rounds(session: Session | Connection, project_id: int) -> list[RoundView]:
    """The rounds of a project, the latest cut-off date first."""
    query = _VIEW.where(RoundRow.project_id == project_id).order_by(RoundRow.cutoff.desc(), RoundRow.id)
    return [_view(row) for row in session.execute(query)]


def find_round(session: Session | Connection, round_id: int) -> RoundView | None:
    """A round by its id."""
    row = session.execute(_VIEW.where(RoundRow.id == round_id)).first()
    return _view(row) if row else None


def find_round_id(session: Session | Connection, project_id: int, slug: str) -> int | None:
    """The id of a project's round by its slug."""
    query = select(RoundRow.id).where(RoundRow.project_id == project_id, RoundRow.slug == slug)
    return session.execute(query).scalar_one_or_none()


def add_round(connection: Connection, **row: Any) -> int:
    """Writes a round; returns its id."""
    made = connection.execute(insert(RoundRow).values(**row).returning(RoundRow.id)).scalar_one()
    return int(made)


def change_round(connection: Connection, round_id: int, **row: Any) -> None:
    """Changes some of what a round says."""
    connection.execute(update(RoundRow).where(RoundRow.id == round_id).values(**row))


def _lock_of(_dialect: str) -> Select[Any]:
    # whoever locks the round waits for those who write into it, and these never for each other
    return select(RoundRow.lock_id).where(RoundRow.id == bindparam("round")).with_for_update(read=True)


_LOCK_OF = Prepared(_lock_of)


def find_lock_of(connection: Connection, round_id: int) -> int | None:
    """The lock of a round as it stands now and until this transaction ends; None: it is open."""
    return next((row[0] for row in _LOCK_OF.rows(connection, {"round": round_id})), None)


def hold_round(connection: Connection, round_id: int) -> None:
    """Waits for all who are writing into a round; nobody else can until this transaction ends."""
    connection.execute(select(RoundRow.id).where(RoundRow.id == round_id).with_for_update())
