"""Statements: what was printed of a village in a round, kept word for word so that the paper can be checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Select, String, Text, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.reach import in_scope
from server.storage.submissions import BigId


class StatementRow(Base):
    """`content`: canonical JSON of what was printed, `sha256` its digest. `form_id`: of the form whose sheets it speaks
    of (no foreign key: the paper stays when the form is forgotten). `token_sealed`: to draw the code again."""

    __tablename__ = "statements"
    __table_args__ = (
        Index("uq_statements_token", "token_hash", unique=True),
        Index("ix_statements_place", "round_id", "area_id", "actor_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"))
    form_id: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(8))
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64))
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement as read; `actor`: the name of who printed it."""

    id: int
    project_id: int
    round_id: int
    area_id: str
    language: str
    content: str = field(repr=False)
    sha256: str
    token_sealed: bytes = field(repr=False)
    actor_id: int
    created_at: datetime
    actor: str


_VIEW: Select[*tuple[Any, ...]] = select(
    StatementRow.id,
    StatementRow.project_id,
    StatementRow.round_id,
    StatementRow.area_id,
    StatementRow.language,
    StatementRow.content,
    StatementRow.sha256,
    StatementRow.token_sealed,
    StatementRow.actor_id,
    StatementRow.created_at,
    Actor.display_name,
).join(Actor, Actor.id == StatementRow.actor_id)


def find_statement(session: Session | Connection, statement_id: int) -> StatementView | None:
    """A statement by its id, whoever may see it."""
    row = session.execute(_VIEW.where(StatementRow.id == statement_id)).first()
    return StatementView(*row) if row else None


def is_seen(session: Session | Connection, statement_id: int, scope: Scope) -> bool:
    """Whether what a statement tells is in sight."""
    seen = in_scope(scope, StatementRow.area_id, StatementRow.form_id)
    found = session.execute(select(StatementRow.id).where(StatementRow.id == statement_id, seen)).first()
    return found is not None


def find_statement_by_token(session: Session | Connection, token_hash: str) -> StatementView | None:
    """The statement that a token, by its digest, was printed on."""
    row = session.execute(_VIEW.where(StatementRow.token_hash == token_hash)).first()
    return StatementView(*row) if row else None


def find_same(session: Session | Connection, place: tuple[int, str], actor_id: int, sha256: str) -> int | None:
    """The newest statement of (round, area) by the same person that says the same, by id."""
    query = select(StatementRow.id).where(
        StatementRow.round_id == place[0],
        StatementRow.area_id == place[1],
        StatementRow.actor_id == actor_id,
        StatementRow.sha256 == sha256,
    )
    return session.execute(query.order_by(StatementRow.id.desc()).limit(1)).scalar_one_or_none()


def add_statement(connection: Connection, **row: Any) -> int:
    """Writes a statement; returns its id."""
    return int(connection.execute(insert(StatementRow).values(**row).returning(StatementRow.id)).scalar_one())
