"""Takes work from the outbox and writes down how it ended; each is one short transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.storage.database import writing
from server.storage.jobs import (
    ANY,
    LEASE,
    MOST_ATTEMPTS,
    Lane,
    Leased,
    Work,
    bury,
    enqueue,
    fail,
    find_due,
    finish,
    give_back,
    hold,
    lease,
    list_waiting_kinds,
)


class Stopped(Exception):
    """Work is to be left as it is: the worker ends, or somebody else has taken it up."""


def take(session: Session, now: datetime, lane: Lane = ANY, length: timedelta = LEASE) -> Leased | None:
    """The job that has been due the longest, leased to us. Writes nothing when none is due.

    A job whose attempts are used up without an answer (its worker was killed each time) is given up on the way.
    """
    while find_due(session, now, lane) is not None:
        with writing(session) as connection:
            leased = lease(connection, now, lane, length)
            worn_out = leased is not None and leased.attempts > MOST_ATTEMPTS
            if leased is not None and worn_out:
                bury(connection, leased.id, "the worker ended each time while it ran", now)
            session.commit()
        if not worn_out:
            return leased
    session.rollback()
    return None


def keep_hold(session: Session, leased: Leased, until: datetime) -> None:
    """Keeps a job that is being done from others until then. Raises Stopped when it is not ours any more."""
    with writing(session) as connection:
        ours = hold(connection, leased, until)
        session.commit()
    if not ours:
        raise Stopped("taken up by another worker")


def leave(session: Session, leased: Leased) -> None:
    """Leaves a job to another worker, as if it had not been begun."""
    with writing(session) as connection:
        give_back(connection, leased)
        session.commit()


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
