"""Dossiers of communes: where each lies, every move with its letter, and what each level said of each unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.dossiers import Past, Standing
from server.storage.actors import Actor
from server.storage.database import Base


class DossierRow(Base):
    """The dossier of one commune in one round: its state and the level that holds it (domain/dossiers.py)."""

    __tablename__ = "dossiers"
    __table_args__ = (Index("uq_dossiers_place", "round_id", "area_id", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"))
    state: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(16))
    updated_at: Mapped[datetime]


class DossierMoveRow(Base):
    """One move. `number` and `letter_on`: of the letter it went up with; `content`: the versions it went up with;
    `lacks`: what was missing when the province sent it all the same; `areas`: villages given back, empty for all."""

    __tablename__ = "dossier_moves"
    __table_args__ = (Index("ix_dossier_moves_dossier", "dossier_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"))
    name: Mapped[str] = mapped_column(String(16))
    before_state: Mapped[str] = mapped_column(String(16))
    before_level: Mapped[str] = mapped_column(String(16))
    after_state: Mapped[str] = mapped_column(String(16))
    after_level: Mapped[str] = mapped_column(String(16))
    number: Mapped[str | None] = mapped_column(String(128))
    letter_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)
    areas: Mapped[list[Any] | None]
    lacks: Mapped[list[Any] | None]
    content: Mapped[list[Any] | None]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    done_on: Mapped[date]
    created_at: Mapped[datetime]
    undone: Mapped[bool] = mapped_column(default=False)


class DossierAppraisalRow(Base):
    """What a level said of one unit of a dossier, for one sending (`move_id`); the last one counts."""

    __tablename__ = "dossier_appraisals"
    __table_args__ = (Index("ix_dossier_appraisals_move", "move_id", "area_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    move_id: Mapped[int] = mapped_column(ForeignKey("dossier_moves.id"))
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"))
    level: Mapped[str] = mapped_column(String(16))
    result: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class DossierKept:
    """A dossier as kept."""

    id: int
    round_id: int
    area_id: str
    standing: Standing
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MoveKept:
    """A move as kept; `undone`: it was taken back."""

    id: int
    past: Past
    number: str | None
    letter_on: date | None
    reason: str | None
    areas: tuple[str, ...]
    lacks: tuple[Mapping[str, Any], ...]
    content: tuple[Mapping[str, Any], ...]
    done_on: date
    at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class AppraisalKept:
    """What a level said of one unit."""

    area_id: str
    level: str
    result: str
    reason: str | None
    actor: str
    at: datetime


def list_dossiers(session: Session | Connection, round_id: int) -> dict[str, DossierKept]:
    """The dossiers of a round by commune; one that was never moved has no row."""
    query = select(
        DossierRow.id,
        DossierRow.round_id,
        DossierRow.area_id,
        DossierRow.state,
        DossierRow.level,
        DossierRow.updated_at,
    ).where(DossierRow.round_id == round_id)
    return {
        row[2]: DossierKept(row[0], row[1], row[2], Standing(row[3], row[4]), row[5]) for row in session.execute(query)
    }


def hold_dossier(connection: Connection, round_id: int, area_id: str, now: datetime) -> DossierKept:
    """The dossier, made where there was none; nobody else moves it until this transaction ends."""
    fresh = Standing()
    values = {"round_id": round_id, "area_id": area_id, "state": fresh.state, "level": fresh.level, "updated_at": now}
    writer = postgresql if connection.dialect.name == "postgresql" else sqlite
    # two who begin at once: the second waits here for the first, and finds what the first made
    made = writer.insert(DossierRow).values(**values).on_conflict_do_nothing(index_elements=["round_id", "area_id"])
    connection.execute(made)
    here = (DossierRow.round_id == round_id, DossierRow.area_id == area_id)
    query = select(DossierRow.id, DossierRow.state, DossierRow.level, DossierRow.updated_at).where(*here)
    row = connection.execute(query.with_for_update()).one()
    return DossierKept(row[0], round_id, area_id, Standing(row[1], row[2]), row[3])


def change_dossier(connection: Connection, dossier_id: int, standing: Standing, now: datetime) -> None:
    """Writes where a dossier stands."""
    values = {"state": standing.state, "level": standing.level, "updated_at": now}
    connection.execute(update(DossierRow).where(DossierRow.id == dossier_id).values(**values))


def add_move(connection: Connection, **row: Any) -> int:
    """Writes a move; returns its id."""
    return int(connection.execute(insert(DossierMoveRow).values(**row).returning(DossierMoveRow.id)).scalar_one())


def undo_move(connection: Connection, move_id: int) -> None:
    """Says that a move was taken back."""
    connection.execute(update(DossierMoveRow).where(DossierMoveRow.id == move_id).values(undone=True))


def add_appraisal(connection: Connection, **row: Any) -> int:
    """Writes what a level says of a unit; returns its id."""
    made = insert(DossierAppraisalRow).values(**row).returning(DossierAppraisalRow.id)
    return int(connection.execute(made).scalar_one())


def list_moves(session: Session | Connection, dossier_ids: Sequence[int]) -> dict[int, list[MoveKept]]:
    """The moves of some dossiers by dossier, the oldest first."""
    columns = DossierMoveRow.__table__.c
    query = (
        select(*columns, Actor.display_name.label("actor"))
        .join(Actor, Actor.id == columns.actor_id)
        .where(columns.dossier_id.in_(dossier_ids))
        .order_by(columns.id)
    )
    found: dict[int, list[MoveKept]] = {}
    for row in session.execute(query):
        before, then = Standing(row.before_state, row.before_level), Standing(row.after_state, row.after_level)
        found.setdefault(row.dossier_id, []).append(
            MoveKept(
                row.id,
                Past(row.name, before, then, row.actor_id, row.actor),
                row.number,
                row.letter_on,
                row.reason,
                tuple(row.areas or ()),
                tuple(row.lacks or ()),
                tuple(row.content or ()),
                row.done_on,
                row.created_at,
                row.undone,
            )
        )
    return found


def list_appraisals(session: Session | Connection, move_id: int) -> dict[str, AppraisalKept]:
    """What was said last of each unit of a sending, by area."""
    newest = (
        select(func.max(DossierAppraisalRow.id))
        .where(DossierAppraisalRow.move_id == move_id)
        .group_by(DossierAppraisalRow.area_id)
    )
    query = (
        select(
            DossierAppraisalRow.area_id,
            DossierAppraisalRow.level,
            DossierAppraisalRow.result,
            DossierAppraisalRow.reason,
            Actor.display_name,
            DossierAppraisalRow.created_at,
        )
        .join(Actor, Actor.id == DossierAppraisalRow.actor_id)
        .where(DossierAppraisalRow.id.in_(newest))
    )
    return {row[0]: AppraisalKept(*row) for row in session.execute(query)}
