"""Rounds: dated review campaigns of a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base


class RoundRow(Base):
    """`cutoff` is the date the facts speak of, and the date as of which areas and rules are taken."""

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


_VIEW = select(
    RoundRow.id,
    RoundRow.project_id,
    RoundRow.slug,
    RoundRow.name_vi,
    RoundRow.name_en,
    RoundRow.cutoff,
    RoundRow.starts_on,
    RoundRow.ends_on,
)


def list_rounds(session: Session | Connection, project_id: int) -> list[RoundView]:
    """The rounds of a project, the latest cut-off date first."""
    query = _VIEW.where(RoundRow.project_id == project_id).order_by(RoundRow.cutoff.desc(), RoundRow.id)
    return [RoundView(*row) for row in session.execute(query)]


def find_round(session: Session | Connection, round_id: int) -> RoundView | None:
    """A round by its id."""
    row = session.execute(_VIEW.where(RoundRow.id == round_id)).first()
    return RoundView(*row) if row else None


def find_round_id(session: Session | Connection, project_id: int, slug: str) -> int | None:
    """The id of a project's round by its slug."""
    query = select(RoundRow.id).where(RoundRow.project_id == project_id, RoundRow.slug == slug)
    return session.execute(query).scalar_one_or_none()


def add_round(connection: Connection, **row: Any) -> int:
    """Writes a round; returns its id."""
    made = connection.execute(insert(RoundRow).values(**row).returning(RoundRow.id)).scalar_one()
    return int(made)
