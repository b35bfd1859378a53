"""Drains the outbox: takes what is due, does it, writes down how it ended; and works off what was marked for the areas
above villages, and to be held against other sheets. One such process is enough for a home."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from server.domain.errors import Unavailable
from server.jobs.long_work import long_lane, start_long
from server.jobs.registry import list_kinds
from server.jobs.webhooks import Postman
from server.services.check_sheets import check_off
from server.services.home import Home
from server.services.outbox import give_up, note_failure, note_success, plan_duties, take
from server.services.roll_up import work_off
from server.storage.jobs import Leased

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0


def drain(sessions: sessionmaker[Session], home: Home, stopped: Callable[[], bool] = lambda: False) -> int:
    """Does everything that is due now, but for what takes minutes (long_work.py); returns how many jobs ended well.
    Stops between two jobs when `stopped`."""
    done = 0
    _work_off(sessions, home, stopped)
    while not stopped():
        with sessions() as session:
            plan_duties(session, _duties(), datetime.now(UTC))
            leased = take(session, datetime.now(UTC), long_lane(only=False))
            if leased is None:
                break
            done += _run(session, home, leased)
    _work_off(sessions, home, stopped)
    return done


def work(sessions: sessionmaker[Session], home: Home, stop: threading.Event) -> None:
    """Drains again and again until `stop` is set. A database that is away is waited for. Webhooks are served by threads
    of their own, and so is what takes minutes: a receiver that hangs, or a large file, holds up nothing else."""
    postman = Postman(sessions, home)
    delivering = threading.Thread(target=postman.work, args=(stop,), name="webhooks")
    delivering.start()
    long = start_long(sessions, home, stop)
    while not stop.is_set():
        try:
            drain(sessions, home, stop.is_set)
        except (SQLAlchemyError, Unavailable) as error:
            log.warning("outbox.away", error=str(error))
        stop.wait(IDLE_SECONDS)
    for thread in (delivering, *long):
        thread.join()


def _work_off(sessions: sessionmaker[Session], home: Home, stopped: Callable[[], bool]) -> None:
    """What stands above villages, and what sheets say beside each other. Marks that cannot be worked off stay, are told
    of, and hold no other work up."""
    with _told("rollups.failed"), sessions() as session:
        work_off(session, datetime.now(UTC), stopped)
    with _told("quality.failed"), sessions() as session:
        check_off(session, home, datetime.now(UTC), stopped)


@contextmanager
def _told(event: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, Unavailable):
        raise
    except Exception as error:
        log.exception(event, error=repr(error))


def _run(session: Session, home: Home, leased: Leased) -> bool:
    kind = list_kinds().get(leased.kind)
    if kind is None or kind.run is None:
        give_up(session, leased, f"no job of the kind {leased.kind} is known to this program", datetime.now(UTC))
        return False
    try:
        kind.run(session, home, leased.payload, datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is written beside the job and tried again
        session.rollback()
        told = "".join(traceback.format_exception(error))[-4000:]
        dead = note_failure(session, leased, told, datetime.now(UTC))
        log.warning(
            "job.failed", kind=leased.kind, job=leased.id, attempt=leased.attempts, dead=dead, error=repr(error)
        )
        return False
    note_success(session, leased, datetime.now(UTC))
    return True


def _duties() -> dict[str, Callable[[datetime], datetime]]:
    return {kind.name: kind.next_run for kind in list_kinds().values() if kind.next_run is not None}
