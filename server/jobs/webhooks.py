"""Serves webhooks: each by a thread of its own while it has something due, so that one which hangs slows no other, and
no other work of the server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from server.domain.errors import Unavailable
from server.services.deliver import deliver
from server.services.home import Home
from server.storage.webhooks import list_due_hooks

log = structlog.get_logger(__name__)

THREADS, FOR_FAILING = 16, 8
"""Of the threads so many at most are for webhooks that failed the last time: those that answer always find one."""
LOOK_SECONDS = 1.0
MOST_DUE = 200

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of a worker."""
    return datetime.now(UTC)


class Postman:
    """Looks every second which webhooks have something due, and gives each of them to a thread."""

    def __init__(self, sessions: sessionmaker[Session], home: Home, clock: Clock = utc_now) -> None:
        self._sessions = sessions
        self._home = home
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")
        self._served: dict[int, bool] = {}
        self._lock = threading.Lock()

    def look(self) -> list[Future[int]]:
        """Gives what is due to threads that are free; nothing is waited for."""
        with self._sessions() as session:
            due = list_due_hooks(session, self._clock(), MOST_DUE)
        started = []
        for hook_id, failures in due:
            if self._admit(hook_id, failing=failures > 0):
                started.append(self._pool.submit(self._serve, hook_id))
        return started

    def work(self, stop: threading.Event) -> None:
        """Looks again and again until `stop` is set; what is being sent then is sent to its end. A database that is
        away is waited for."""
        while not stop.is_set():
            try:
                self.look()
            except (SQLAlchemyError, Unavailable) as error:
                log.warning("webhooks.away", error=str(error))
            except Exception as error:
                # nobody would begin again
                log.exception("webhooks.failed", error=repr(error))
            stop.wait(LOOK_SECONDS)
        self.close()

    def close(self) -> None:
        """Waits for what is being sent."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _admit(self, hook_id: int, *, failing: bool) -> bool:
        with self._lock:
            of_failing = sum(self._served.values())
            full = len(self._served) >= THREADS or (failing and of_failing >= FOR_FAILING)
            if full or hook_id in self._served:
                return False
            self._served[hook_id] = failing
            return True

    def _serve(self, hook_id: int) -> int:
        try:
            with self._sessions() as session:
                return deliver(session, self._home, hook_id, self._clock)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look finds the webhook again
            log.warning("webhook.not_served", hook=hook_id, error=repr(error))
            return 0
        finally:
            with self._lock:
                self._served.pop(hook_id, None)


def deliver_all(sessions: sessionmaker[Session], home: Home, clock: Clock) -> int:
    """Serves once all webhooks that have something due, and waits for it; returns how many messages were taken."""
    postman = Postman(sessions, home, clock)
    try:
        return sum(each.result() for each in postman.look())
    finally:
        postman.close()
