"""The seals of the audit: what lies under each, in which order they follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, Select, String, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.seals import SealedLine
from server.storage.audits import Audit
from server.storage.database import Base

AT_ONCE = 500


class AuditSeal(Base):
    """The seal of a batch of lines: `sha256` is worked out of the seal before it (`previous`) and of every line of the
    batch, so that a line that was changed or taken away shows. `lines`: how many there are; `digests`: the id (8 bytes)
    and the SHA-256 (32 bytes) of each, which say which line it was. How it is worked out: domain/seals.py."""

    __tablename__ = "audit_seals"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]
    digests: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class SealView:
    """A seal as plain values."""

    id: int
    lines: int
    previous: str
    sha256: str
    sealed_at: datetime
    digests: bytes


_LINES = select(
    Audit.id,
    Audit.actor_id,
    Audit.action,
    Audit.acted_on,
    Audit.details,
    Audit.note,
    Audit.at,
    Audit.project_id,
    Audit.area_id,
    Audit.address,
)
_SEALS = select(
    AuditSeal.id, AuditSeal.lines, AuditSeal.previous, AuditSeal.sha256, AuditSeal.sealed_at, AuditSeal.digests
)


def list_unsealed(session: Session | Connection, most: int) -> list[SealedLine]:
    """The lines that lie under no seal yet, by id."""
    rows = session.execute(_LINES.where(Audit.seal_id.is_(None)).order_by(Audit.id).limit(most))
    return [SealedLine(*row) for row in rows]


def count_unsealed(session: Session | Connection) -> int:
    """How many there are."""
    return session.execute(select(func.count()).select_from(Audit).where(Audit.seal_id.is_(None))).scalar_one()


def find_last_seal(session: Session | Connection) -> SealView | None:
    """The end of the chain."""
    row = session.execute(_SEALS.order_by(AuditSeal.id.desc()).limit(1)).first()
    return SealView(*row) if row else None


def find_seal_id(session: Session | Connection, hashed: str) -> int | None:
    """The seal with this SHA-256."""
    query = select(AuditSeal.id).where(AuditSeal.sha256 == hashed).order_by(AuditSeal.id).limit(1)
    return session.execute(query).scalar_one_or_none()


def list_seals(session: Session | Connection, after: int = 0) -> Iterator[SealView]:
    """The seals behind one, in their order, one at a time."""
    while True:
        row = session.execute(_SEALS.where(AuditSeal.id > after).order_by(AuditSeal.id).limit(1)).first()
        if row is None:
            return
        yield SealView(*row)
        after = row[0]


def add_seal(connection: Connection, values: dict[str, Any]) -> int | None:
    """Writes a seal; returns its id. None when another follows the one before it already: of two sealers at once one
    waits for the other to end, and then has nothing to do."""
    chosen = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = chosen(AuditSeal).values(**values).on_conflict_do_nothing(index_elements=[AuditSeal.previous])
    return connection.execute(row.returning(AuditSeal.id)).scalar_one_or_none()


def put_under(connection: Connection, seal_id: int, ids: Sequence[int]) -> int:
    """Puts lines under a seal; returns how many, of which one that is sealed already is none."""
    changed = 0
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        query = update(Audit).where(Audit.id.in_(some), Audit.seal_id.is_(None)).values(seal_id=seal_id)
        changed += connection.execute(query).rowcount
    return changed


def list_under(session: Session | Connection, seal_id: int) -> Iterator[SealedLine]:
    """The lines that lie under a seal, by id, some at a time."""
    return _by_id(session, _LINES.where(Audit.seal_id == seal_id))


def list_under_nothing(session: Session | Connection) -> Iterator[SealedLine]:
    """The lines that say they lie under a seal which is not there."""
    there = select(AuditSeal.id).where(AuditSeal.id == Audit.seal_id).exists()
    return _by_id(session, _LINES.where(Audit.seal_id.is_not(None), ~there))


def _by_id(session: Session | Connection, query: Select[*tuple[Any, ...]]) -> Iterator[SealedLine]:
    after = None
    while True:
        found = query if after is None else query.where(Audit.id > after)
        page = session.execute(found.order_by(Audit.id).limit(AT_ONCE)).all()
        yield from (SealedLine(*row) for row in page)
        if len(page) < AT_ONCE:
            return
        after = page[-1][0]
