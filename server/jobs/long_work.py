"""Work that takes minutes: done beside all other work, which does not wait for it. A job is held by a short lease that
is drawn out while it is being done, so that what a worker left behind is soon taken up by another."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from server.domain.errors import Unavailable
from server.jobs.registry import list_kinds
from server.services.home import Home
from server.services.outbox import Stopped, keep_hold, leave, note_failure, note_success, take
from server.storage.jobs import Lane, Leased

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Threads of a worker: what is soon done does not wait for what takes long."""
LEASE = timedelta(minutes=2)
HOLD_SECONDS = 20.0
IDLE_SECONDS = 1.0


class Pulse:
    """What work that takes long calls again and again: it draws the lease out, and raises Stopped when the worker is to
    end or another has taken the job up."""

    def __init__(self, sessions: sessionmaker[Session], leased: Leased, stopped: Callable[[], bool]) -> None:
        self._sessions = sessions
        self._leased = leased
        self._stopped = stopped
        self._again = time.monotonic() + HOLD_SECONDS

    def __call__(self) -> None:
        """Once; costs next to nothing in between."""
        if self._stopped():
            raise Stopped("the worker ends")
        if time.monotonic() >= self._again:
            with self._sessions() as session:
                keep_hold(session, self._leased, datetime.now(UTC) + LEASE)
            self._again = time.monotonic() + HOLD_SECONDS


def drain_long(sessions: sessionmaker[Session], home: Home, stopped: Callable[[], bool] = lambda: False) -> int:
    """Does all work of this sort that is due now; returns how many jobs ended well."""
    done = 0
    while not stopped():
        with sessions() as session:
            leased = take(session, datetime.now(UTC), long_lane(), LEASE)
            if leased is None:
                break
            done += _run(sessions, session, home, (leased, stopped))
    return done


def work_long(sessions: sessionmaker[Session], home: Home, stop: threading.Event) -> None:
    """Does such work until `stop` is set. A database that is away is waited for."""
    while not stop.is_set():
        try:
            drain_long(sessions, home, stop.is_set)
        except (SQLAlchemyError, Unavailable) as error:
            log.warning("outbox.away", error=str(error))
        stop.wait(IDLE_SECONDS)


def start_long(sessions: sessionmaker[Session], home: Home, stop: threading.Event) -> list[threading.Thread]:
    """Threads that do such work until `stop` is set; what they are at then is left to the next worker."""
    names = [f"long-{number}" for number in range(AT_ONCE)]
    threads = [threading.Thread(target=work_long, args=(sessions, home, stop), name=name) for name in names]
    for thread in threads:
        thread.start()
    return threads


def long_lane(*, only: bool = True) -> Lane:
    """The jobs of this sort, or (`only` False) all others."""
    return Lane(frozenset(kind.name for kind in list_kinds().values() if kind.run_long is not None), only)


def _run(
    sessions: sessionmaker[Session], session: Session, home: Home, work: tuple[Leased, Callable[[], bool]]
) -> bool:
    leased, stopped = work
    run = list_kinds()[leased.kind].run_long
    if run is None:
        raise LookupError(leased.kind)
    try:
        run(session, home, leased.payload, Pulse(sessions, leased, stopped))
    except Stopped:
        session.rollback()
        leave(session, leased)
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, it is written beside the job and tried again
        session.rollback()
        told = "".join(traceback.format_exception(error))[-4000:]
        dead = note_failure(session, leased, told, datetime.now(UTC))
        log.warning("job.failed", kind=leased.kind, job=leased.id, dead=dead, error=repr(error))
        return False
    note_success(session, leased, datetime.now(UTC))
    return True
