"""Who did what to which thing, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, insert, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.submissions import BigId


class Audit(Base):
    """`action` as Central names it (form.create, submission.update …); `acted_on` such as "form:3". `area_id`: where
    what was done lies, for those who may read the audit of that area; `address`: the network address it came from;
    `seal_id`: the seal it lies under, none until the next batch is sealed."""

    __tablename__ = "audits"
    __table_args__ = (
        Index("ix_audits_at", "at"),
        Index("ix_audits_area", "area_id", "id"),
        Index("ix_audits_unsealed", "seal_id", "id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    action: Mapped[str] = mapped_column(String(64))
    acted_on: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    address: Mapped[str | None] = mapped_column(String(45))
    seal_id: Mapped[int | None] = mapped_column(ForeignKey("audit_seals.id"))


class AuditSeal(Base):
    """The seal of a batch of lines: `sha256` is worked out of the seal before it (`previous`) and of every line of the
    batch, so that a line that was changed or taken away shows. `lines`: how many there are."""

    __tablename__ = "audit_seals"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit, before it is written or as it was read."""

    actor_id: int | None
    action: str
    acted_on: str | None
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    note: str | None = None


def write_audit(connection: Connection, entry: AuditEntry) -> None:
    """Writes a line in the transaction of what it tells."""
    connection.execute(
        insert(Audit).values(
            actor_id=entry.actor_id,
            action=entry.action,
            acted_on=entry.acted_on,
            details=entry.details,
            note=entry.note,
            at=entry.at,
        )
    )


def list_audits(session: Session | Connection, acted_on: str | None = None, most: int = 100) -> list[AuditEntry]:
    """The newest lines first, of one thing or of all."""
    return list_lines(session, Looked(acted_on), most)


@dataclass(frozen=True, slots=True)
class Looked:
    """Which lines of the audit: about one thing; of one action or of a group of them ("submission" is all that begin
    with it); from `start` up to, not including, `end`; and how many to pass over."""

    acted_on: str | None = None
    action: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    skip: int = 0


def list_lines(session: Session | Connection, looked: Looked, most: int | None) -> list[AuditEntry]:
    """The newest lines first; `most` None: all."""
    statement = select(Audit.actor_id, Audit.action, Audit.acted_on, Audit.at, Audit.details, Audit.note)
    if looked.acted_on is not None:
        statement = statement.where(Audit.acted_on == looked.acted_on)
    if looked.action is not None:
        statement = statement.where(
            or_(Audit.action == looked.action, Audit.action.startswith(f"{looked.action}.", autoescape=True))
        )
    if looked.start is not None:
        statement = statement.where(Audit.at >= looked.start)
    if looked.end is not None:
        statement = statement.where(Audit.at < looked.end)
    rows = session.execute(statement.order_by(Audit.id.desc()).offset(looked.skip).limit(most))
    return [AuditEntry(*row) for row in rows]
