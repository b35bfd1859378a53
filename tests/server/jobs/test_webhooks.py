"""The worker serves webhooks beside its other work: receivers that hang hold up neither that nor each other."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.domain.webhooks import EVENTS
from server.jobs.worker import work
from server.services import deliver as delivering
from server.services.authenticate import caller_of
from server.services.webhooks import Asked, create_webhook, try_webhook
from server.storage.actors import find_user_by_email
from server.storage.database import writing
from server.storage.jobs import Work, enqueue, list_dead
from server.storage.webhooks import find_hook
from tests.kit.homes import House, house_at
from tests.kit.receiver import receiver, with_loopback


def listen(house: House, url: str) -> int:
    """A webhook with a message that waits."""
    with house.sessions() as session:
        now = datetime.now(UTC)
        administrator = find_user_by_email(session, house.home.config.admin_email)
        assert administrator is not None
        caller, home = caller_of(session, administrator.id, now), with_loopback(house.home)
        made = create_webhook(session, home, caller, (1, Asked("Nơi nhận", url, EVENTS)), now)
        try_webhook(session, caller, made.hook, now)
        return made.hook.id


def test_the_worker_goes_on_while_receivers_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TOTAL_SECONDS", 4.0)
    with house_at(tmp_path / "home") as house, receiver(None) as hanging, receiver() as there:
        slow = [listen(house, hanging.url) for _ in range(10)]
        listen(house, there.url)
        stop = threading.Event()
        worker = threading.Thread(target=work, args=(house.sessions, with_loopback(house.home), stop))
        worker.start()
        try:
            until = time.monotonic() + 20
            while len(hanging.taken) < len(slow) and time.monotonic() < until:
                time.sleep(0.02)
            assert len(hanging.taken) == len(slow)
            # all ten hang now; a job is done, and another message arrives, before any of them ends
            with house.sessions() as session, writing(session) as connection:
                enqueue(connection, Work("no.such.job", {}), datetime.now(UTC))
                session.commit()
            listen(house, there.url)
            began = time.monotonic()
            while time.monotonic() - began < 20:
                with house.sessions() as session:
                    if len(there.taken) == 2 and list_dead(session):
                        break
                time.sleep(0.02)
            assert time.monotonic() - began < 3.5
        finally:
            stop.set()
            worker.join()
        with house.sessions() as session:
            failures = [hook.failures for each in slow if (hook := find_hook(session, each)) is not None]
        assert failures == [1] * len(slow)
