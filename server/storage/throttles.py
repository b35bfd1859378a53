"""How often somebody failed of late: counts behind keys that say nothing to a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base


class Throttle(Base):
    """`key`: the SHA-256 of who is counted; `since`: when the first of these failures was."""

    __tablename__ = "throttles"
    __table_args__ = (Index("ix_throttles_since", "since"),)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Count:
    """Failures since an instant."""

    failures: int
    since: datetime


def list_counts(session: Session | Connection, keys: Sequence[str]) -> dict[str, Count]:
    """What is counted under these keys, old counts too."""
    rows = session.execute(select(Throttle.key, Throttle.failures, Throttle.since).where(Throttle.key.in_(keys)))
    return {row[0]: Count(row[1], row[2]) for row in rows}


def count_one(connection: Connection, key: str, now: datetime, over: datetime) -> Count:
    """One failure more; a count that began before `over` begins anew. What is counted now."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = insert(Throttle).values(key=key, failures=1, since=now)
    anew = Throttle.since <= over
    counted = row.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "failures": case((anew, 1), else_=Throttle.failures + 1),
            "since": case((anew, now), else_=Throttle.since),
        },
    )
    kept = connection.execute(counted.returning(Throttle.failures, Throttle.since)).one()
    return Count(kept[0], kept[1])


def clear_counts(connection: Connection, keys: Sequence[str]) -> None:
    """Forgets what was counted under these keys."""
    connection.execute(delete(Throttle).where(Throttle.key.in_(keys)))


def forget_counts(connection: Connection, before: datetime) -> int:
    """Forgets what began before then. How many."""
    return connection.execute(delete(Throttle).where(Throttle.since < before)).rowcount
