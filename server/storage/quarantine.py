"""What an authenticated phone sent and nobody could read: kept once per SHA-256 and actor, within a quota."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base


class Quarantined(Base):
    """`code` is the message id of what was wrong, `params` what its text needs; the body is a blob."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("uq_quarantine_once", "actor_id", "sha256", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    size: Mapped[int]
    content_type: Mapped[str | None] = mapped_column(String(255))
    code: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]]
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)


@dataclass(frozen=True, slots=True)
class Used:
    """How much of its quota an actor has used: things and bytes."""

    rows: int
    bytes: int


def used_by(session: Session | Connection, actor_id: int) -> Used:
    """What an actor has in quarantine."""
    query = select(func.count(), func.coalesce(func.sum(Quarantined.size), 0)).where(Quarantined.actor_id == actor_id)
    rows, size = session.execute(query).one()
    return Used(rows, int(size))


def is_quarantined(session: Session | Connection, actor_id: int, sha256: str) -> bool:
    """Whether these bytes of this actor are kept."""
    query = select(Quarantined.id).where(Quarantined.actor_id == actor_id, Quarantined.sha256 == sha256)
    return session.execute(query).scalar_one_or_none() is not None


def put_quarantined(connection: Connection, row: dict[str, Any]) -> None:
    """Keeps it, or counts it once more when it is kept."""
    again = connection.execute(
        update(Quarantined)
        .where(Quarantined.actor_id == row["actor_id"], Quarantined.sha256 == row["sha256"])
        .values(times=Quarantined.times + 1)
    )
    if not again.rowcount:
        connection.execute(insert(Quarantined).values(**row, times=1))
