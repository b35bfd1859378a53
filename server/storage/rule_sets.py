"""Rule sets that an office loaded itself, and clauses whose text its people read and confirmed. Nothing is overwritten:
what was loaded before, and what was withdrawn, stays with its dates and names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.actors import Actor
from server.storage.database import Base, lock_instances

_NOW = "replaced_at IS NULL"
_STANDS = "withdrawn_at IS NULL"


class LoadedRuleSet(Base):
    """The text of a rule set (`rule_set`: its id) as it was loaded; `replaced_at` None: the one that counts now."""

    __tablename__ = "loaded_rule_sets"
    __table_args__ = (
        Index("uq_loaded_rule_sets_now", "rule_set", unique=True, sqlite_where=text(_NOW), postgresql_where=text(_NOW)),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    rule_set: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]
    loaded_by: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    replaced_at: Mapped[datetime | None]


class ClauseConfirmation(Base):
    """One person who read the text of one clause and found the rule set to say the same. `fingerprint`: of what the
    clause asked then; a clause that asks something else has to be read again. `quote`: the words of the law; `sha256`:
    a scan of it. `status_before`: the status of the clause in the file."""

    __tablename__ = "clause_confirmations"
    __table_args__ = (
        Index("ix_clause_confirmations_rule_set", "rule_set"),
        Index(
            "uq_clause_confirmations_once",
            "rule_set",
            "clause_id",
            "fingerprint",
            "actor_id",
            unique=True,
            sqlite_where=text(_STANDS),
            postgresql_where=text(_STANDS),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    rule_set: Mapped[str] = mapped_column(String(64))
    clause_id: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status_before: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    source: Mapped[str] = mapped_column(String(500))
    quote: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    file_name: Mapped[str | None] = mapped_column(String(255))
    content_type: Mapped[str | None] = mapped_column(String(255))
    confirmed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))


@dataclass(frozen=True, slots=True)
class LoadedView:
    """A rule set's text as it was loaded, and by whom."""

    rule_set: str
    content: str
    sha256: str
    loaded_at: datetime
    loaded_by: str


@dataclass(frozen=True, slots=True)
class ConfirmationView:
    """Who confirmed a clause, with what was attached; `name` of the person."""

    id: int
    rule_set: str
    clause_id: str
    fingerprint: str
    status_before: str
    actor_id: int
    name: str
    source: str
    quote: str | None
    sha256: str | None
    file_name: str | None
    content_type: str | None
    confirmed_at: datetime
    withdrawn_at: datetime | None


_COLUMNS: tuple[Any, ...] = (
    ClauseConfirmation.id,
    ClauseConfirmation.rule_set,
    ClauseConfirmation.clause_id,
    ClauseConfirmation.fingerprint,
    ClauseConfirmation.status_before,
    ClauseConfirmation.actor_id,
    Actor.display_name,
    ClauseConfirmation.source,
    ClauseConfirmation.quote,
    ClauseConfirmation.sha256,
    ClauseConfirmation.file_name,
    ClauseConfirmation.content_type,
    ClauseConfirmation.confirmed_at,
    ClauseConfirmation.withdrawn_at,
)


def list_loaded(session: Session | Connection) -> list[LoadedView]:
    """The loaded rule sets that count now, by id."""
    query = (
        select(
            LoadedRuleSet.rule_set,
            LoadedRuleSet.content,
            LoadedRuleSet.sha256,
            LoadedRuleSet.loaded_at,
            Actor.display_name,
        )
        .join(Actor, Actor.id == LoadedRuleSet.loaded_by)
        .where(LoadedRuleSet.replaced_at.is_(None))
        .order_by(LoadedRuleSet.rule_set)
    )
    return [LoadedView(*row) for row in session.execute(query)]


def put_loaded(connection: Connection, rule_set: str, content: str, sha256: str, by: tuple[int, datetime]) -> None:
    """Writes a rule set that counts from now on, in place of the one of that id. `by`: the actor, the moment."""
    actor_id, now = by
    # of two who load it at once, one waits
    lock_instances(connection, 0, f"rule_set:{rule_set}")
    connection.execute(
        update(LoadedRuleSet)
        .where(LoadedRuleSet.rule_set == rule_set, LoadedRuleSet.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    connection.execute(
        insert(LoadedRuleSet).values(
            rule_set=rule_set, content=content, sha256=sha256, loaded_at=now, loaded_by=actor_id
        )
    )


def list_confirmations(
    session: Session | Connection, rule_set: str | None = None, *, withdrawn: bool = False
) -> list[ConfirmationView]:
    """Who confirmed which clause, of one rule set or of all, the earliest first; with those withdrawn where asked."""
    query = select(*_COLUMNS).join(Actor, Actor.id == ClauseConfirmation.actor_id).order_by(ClauseConfirmation.id)
    if rule_set is not None:
        query = query.where(ClauseConfirmation.rule_set == rule_set)
    if not withdrawn:
        query = query.where(ClauseConfirmation.withdrawn_at.is_(None))
    return [ConfirmationView(*row) for row in session.execute(query)]


def find_confirmation(session: Session | Connection, confirmation_id: int) -> ConfirmationView | None:
    """A confirmation by its number, a withdrawn one too."""
    found = (each for each in list_confirmations(session, withdrawn=True) if each.id == confirmation_id)
    return next(found, None)


def add_confirmation(connection: Connection, **row: object) -> int | None:
    """Writes a confirmation; returns its number. None when this person's stands already: of the same written twice at
    once, one waits and then writes nothing."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    query = kind.insert(ClauseConfirmation).values(**row).on_conflict_do_nothing().returning(ClauseConfirmation.id)
    made: int | None = connection.execute(query).scalar_one_or_none()
    return made


def withdraw_confirmation(connection: Connection, confirmation_id: int, actor_id: int, now: datetime) -> bool:
    """Takes a confirmation back; it stays to be seen. False when it was taken back before."""
    changed = connection.execute(
        update(ClauseConfirmation)
        .where(ClauseConfirmation.id == confirmation_id, ClauseConfirmation.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=actor_id)
    )
    return changed.rowcount == 1
