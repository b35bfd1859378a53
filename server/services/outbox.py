"""Takes work from the outbox and writes down how it ended; each is one short transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from server.storage.database import writing
from server.storage.jobs import (
    MOST_ATTEMPTS,
    Leased,
    Work,
    bury,
    enqueue,
    fail,
    find_due,
    finish,
    lease,
    list_waiting_kinds,
)


def take(session: Session, now: datetime) -> Leased | None:
    """The job that has been due the longest, leased to us. Writes nothing when none is due.

    A job whose attempts are used up without an answer (its worker was killed each time) is given up on the way.
    """
    while find_due(session, now) is not None:
        with writing(session) as connection:
            leased = lease(connection, now)
            worn_out = leased is not None and leased.attempts > MOST_ATTEMPTS
            if leased is not None and worn_out:
                bury(connection, leased.id, "the worker ended each time while it ran", now)
            session.commit()
        if not worn_out:
            return leased
    session.rollback()
    return None


def note_success(session: Session, leased: Leased, now: datetime) -> None:
    """The job is done."""
    with writing(session) as connection:
        finish(connection, leased.id, now)
        session.commit()


def note_failure(session: Session, leased: Leased, error: str, now: datetime) -> bool:
    """The job failed and comes again later, unless this was its last attempt. Whether it is dead now."""
    with writing(session) as connection:
        dead = fail(connection, leased, error, now)
        session.commit()
    return dead


def give_up(session: Session, leased: Leased, error: str, now: datetime) -> None:
    """Trying again would not help."""
    with writing(session) as connection:
        bury(connection, leased.id, error, now)
        session.commit()


def plan_duties(session: Session, duties: Mapping[str, Callable[[datetime], datetime]], now: datetime) -> None:
    """Sees to it that of each duty that comes again by the clock one job is waiting."""
    missing = set(duties) - list_waiting_kinds(session, duties)
    if not missing:
        session.rollback()
        return
    with writing(session) as connection:
        for kind in sorted(missing):
            enqueue(connection, Work(kind, {}, key=kind, delay=duties[kind](now) - now), now)
        session.commit()
