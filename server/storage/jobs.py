"""The outbox of work: a row written in the transaction of its cause, leased by a worker, retried with longer pauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import ColumnElement, Select

from server.storage.database import Base
from server.storage.submissions import BigId

MOST_ATTEMPTS = 8
LEASE = timedelta(minutes=15)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_WAITING = "key IS NOT NULL AND done_at IS NULL AND leased_until IS NULL"


class Job(Base):
    """`kind` names a job of server/jobs; `key` set: at most one waiting job of that kind and key.

    Waiting: `done_at` and `leased_until` NULL. Running, or pausing after a failure: `leased_until` set, and nobody else
    takes it before then. Finished: `done_at` set, `error` NULL. Dead: `done_at` and `error` set; kept to be looked at.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "done_at", "run_after"),
        Index(
            "uq_jobs_waiting",
            "kind",
            "key",
            unique=True,
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(255))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    run_after: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Work:
    """What is to be done: `kind` with `payload`, not before `delay` has passed."""

    kind: str
    payload: Mapping[str, Any]
    key: str | None = None
    delay: timedelta = timedelta(0)


@dataclass(frozen=True)
class Lane:
    """Which jobs a worker takes: those of these kinds alone, or (`only` False) all but them."""

    kinds: frozenset[str]
    only: bool


ANY = Lane(frozenset(), only=False)


@dataclass(frozen=True)
class Leased:
    """A job that is ours until its lease ends. `attempts` counts this one."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempts: int


@dataclass(frozen=True)
class Waiting:
    """Jobs of a kind that wait, run or pause: how many, since when the first can run, and how many failed before."""

    kind: str
    count: int
    due: datetime
    failed: int


@dataclass(frozen=True)
class DeadJob:
    """A job that was given up, and what it said last."""

    id: int
    kind: str
    key: str | None
    attempts: int
    error: str
    done_at: datetime | None


def enqueue(connection: Connection, work: Work, now: datetime) -> bool:
    """Writes `work` down in the transaction of its cause. False when the same kind and key waits already."""
    values = {
        "kind": work.kind,
        "key": work.key,
        "payload": dict(work.payload),
        "created_at": now,
        "run_after": now + work.delay,
        "attempts": 0,
    }
    row = postgresql.insert(Job) if connection.dialect.name == "postgresql" else sqlite.insert(Job)
    # of two transactions that write the same key at once, one waits and then writes nothing
    return connection.execute(row.values(**values).on_conflict_do_nothing().returning(Job.id)).first() is not None


def find_due(session: Session | Connection, now: datetime, lane: Lane = ANY) -> int | None:
    """The id of a job that may run now; a read, so that an idle worker writes nothing."""
    return session.execute(_due(now, lane).limit(1)).scalar()


def lease(connection: Connection, now: datetime, lane: Lane = ANY, length: timedelta = LEASE) -> Leased | None:
    """Takes the job that has been due the longest; nobody else gets it until the lease ends."""
    query = _due(now, lane).order_by(Job.run_after, Job.id).limit(1).with_for_update(skip_locked=True)
    job_id = connection.execute(query).scalar()
    if job_id is None:
        return None
    connection.execute(update(Job).where(Job.id == job_id).values(leased_until=now + length, attempts=Job.attempts + 1))
    row = connection.execute(select(Job.kind, Job.payload, Job.attempts).where(Job.id == job_id)).one()
    return Leased(job_id, row.kind, row.payload, row.attempts)


def hold(connection: Connection, leased: Leased, until: datetime) -> bool:
    """Keeps a job that is being done from others until then. False when it is not ours any more."""
    ours = (Job.id == leased.id, Job.attempts == leased.attempts, Job.done_at.is_(None))
    return connection.execute(update(Job).where(*ours).values(leased_until=until)).rowcount == 1


def give_back(connection: Connection, leased: Leased) -> None:
    """Leaves a job to whoever comes next, as if nobody had begun it."""
    ours = (Job.id == leased.id, Job.attempts == leased.attempts, Job.done_at.is_(None))
    # not NULL: of jobs that wait under one key there is one, and another may have come
    values = {"leased_until": Job.run_after, "attempts": Job.attempts - 1}
    connection.execute(update(Job).where(*ours).values(**values))


def finish(connection: Connection, job_id: int, now: datetime) -> None:
    """The job is done."""
    connection.execute(update(Job).where(Job.id == job_id).values(done_at=now, leased_until=None, error=None))


def fail(connection: Connection, leased: Leased, error: str, now: datetime) -> bool:
    """The job failed: it comes again after a growing pause; given up after MOST_ATTEMPTS. Whether it is dead."""
    if leased.attempts >= MOST_ATTEMPTS:
        bury(connection, leased.id, error, now)
        return True
    again = now + pause_after(leased.attempts)
    values = {"run_after": again, "leased_until": again, "error": error}
    connection.execute(update(Job).where(Job.id == leased.id).values(**values))
    return False


def bury(connection: Connection, job_id: int, error: str, now: datetime) -> None:
    """Gives the job up; it stays to be looked at."""
    connection.execute(update(Job).where(Job.id == job_id).values(done_at=now, leased_until=None, error=error))


def revive(connection: Connection, job_id: int, now: datetime) -> bool:
    """Lets a dead job run again, from its first attempt. False when it is not dead."""
    values = {"done_at": None, "error": None, "attempts": 0, "run_after": now, "leased_until": now}
    return connection.execute(update(Job).where(Job.id == job_id, *_dead()).values(**values)).rowcount == 1


def list_dead(session: Session | Connection, limit: int = 100) -> list[DeadJob]:
    """What was given up, newest first."""
    rows = session.execute(
        select(Job.id, Job.kind, Job.key, Job.attempts, Job.error, Job.done_at)
        .where(*_dead())
        .order_by(Job.done_at.desc())
        .limit(limit)
    )
    return [DeadJob(row.id, row.kind, row.key, row.attempts, row.error or "", row.done_at) for row in rows]


def list_waiting(session: Session | Connection) -> list[Waiting]:
    """The jobs that are not done, by kind."""
    failed = func.count(Job.error)
    query: Select[str, int, datetime, int] = select(Job.kind, func.count(), func.min(Job.run_after), failed)
    rows = session.execute(query.where(Job.done_at.is_(None)).group_by(Job.kind).order_by(Job.kind))
    return [Waiting(*row) for row in rows]


def find_last_done(session: Session | Connection, kind: str) -> datetime | None:
    """When a job of that kind was done last; None: never, or so long ago that it was forgotten."""
    query = select(func.max(Job.done_at)).where(Job.kind == kind, Job.error.is_(None))
    return session.execute(query).scalar()


def count_jobs(session: Session | Connection) -> dict[str, int]:
    """How many are waiting (or running, or pausing) and how many are dead."""
    waiting = session.execute(select(func.count()).select_from(Job).where(Job.done_at.is_(None))).scalar_one()
    dead = session.execute(select(func.count()).select_from(Job).where(*_dead())).scalar_one()
    return {"waiting": waiting, "dead": dead}


def find_oldest_waiting(session: Session | Connection) -> datetime | None:
    """Since when the oldest job that nobody has taken yet could have been taken (or when it can be, later than now)."""
    return session.execute(
        select(func.min(Job.run_after)).where(Job.done_at.is_(None), Job.leased_until.is_(None))
    ).scalar()


def list_waiting_kinds(session: Session | Connection, kinds: Iterable[str]) -> set[str]:
    """Those of `kinds` of which a job is waiting, running or pausing."""
    query = select(Job.kind).where(Job.kind.in_(list(kinds)), Job.done_at.is_(None)).distinct()
    return set(session.execute(query).scalars())


def has_undone(session: Session | Connection, kind: str) -> bool:
    """Whether some job of that kind waits, runs or pauses; dead ones do none of it."""
    return session.execute(select(Job.id).where(Job.kind == kind, Job.done_at.is_(None)).limit(1)).first() is not None


def forget_finished(connection: Connection, before: datetime) -> int:
    """Removes jobs that were done before then; dead ones stay. How many."""
    return connection.execute(delete(Job).where(Job.done_at < before, Job.error.is_(None))).rowcount


def pause_after(attempts: int) -> timedelta:
    """How long a job rests after its n-th failure: 5 s, 15 s, 45 s … at most an hour."""
    return min(_FIRST_PAUSE * int(3 ** (attempts - 1)), _LONGEST_PAUSE)


def _due(now: datetime, lane: Lane) -> Select[int]:
    free = or_(Job.leased_until.is_(None), Job.leased_until <= now)
    due = select(Job.id).where(Job.done_at.is_(None), Job.run_after <= now, free)
    if lane == ANY:
        return due
    return due.where(Job.kind.in_(lane.kinds) if lane.only else Job.kind.not_in(lane.kinds))


def _dead() -> tuple[ColumnElement[bool], ...]:
    return Job.done_at.is_not(None), Job.error.is_not(None)
