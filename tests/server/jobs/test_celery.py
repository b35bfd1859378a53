"""With a broker configured, `thonban worker` is a Celery worker that drains the same outbox and serves webhooks."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from server.storage.database import writing
from server.storage.jobs import Work, enqueue, list_dead
from tests.kit.homes import environment_of, house_at
from tests.kit.receiver import receiver
from tests.server.jobs.test_webhooks import listen


def test_celery_drains_the_outbox(tmp_path: Path, redis_url: str) -> None:
    with house_at(tmp_path / "home") as house, receiver() as there:
        listen(house, there.url)
        with house.sessions() as session, writing(session) as connection:
            enqueue(connection, Work("no.such.job", {}), datetime.now(UTC))
            session.commit()
        environment = os.environ | environment_of(tmp_path / "home") | {"THONBAN_BROKER_URL": redis_url}
        environment["THONBAN_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
        command = [sys.executable, "-m", "server.cli", "worker"]
        with (tmp_path / "log").open("wb") as log:
            worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 40
            while time.monotonic() < until and worker.poll() is None:
                with house.sessions() as session:
                    if list_dead(session) and there.taken:
                        break
                time.sleep(0.2)
            with house.sessions() as session:
                assert [job.kind for job in list_dead(session)] == ["no.such.job"], (tmp_path / "log").read_text()
            assert there.events == ["ping"]
        finally:
            worker.terminate()
            assert worker.wait(30) == 0
