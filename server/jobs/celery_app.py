"""The outbox drained by Celery on any number of machines: `celery -A server.jobs.celery_app worker --beat`.

Needs the extra `country` and THONBAN_BROKER_URL. The outbox stays the truth: the broker only says when to look, so that
losing it loses no work, and two machines never take the same row.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from celery import Celery

from server.config import Config
from server.jobs.long_work import drain_long
from server.jobs.webhooks import deliver_all
from server.jobs.worker import drain
from server.services.home import open_home
from server.storage.schema import open_sessions

LOOK_SECONDS = 2.0

config = Config.from_env(os.environ)
app = Celery("thonban", broker=config.broker_url or "redis://localhost:6379/0")
app.conf.update(
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
    beat_schedule={
        name: {"task": f"thonban.{name}", "schedule": LOOK_SECONDS, "options": {"expires": LOOK_SECONDS}}
        for name in ("drain", "drain_long", "deliver")
    },
)
_home = open_home(config)
_sessions = open_sessions(config.database_url)


@app.task(name="thonban.drain")  # type: ignore[untyped-decorator]  # Celery brings no types
def drain_outbox() -> int:
    """Does everything that is due now; returns how many jobs ended well."""
    return drain(_sessions, _home)


@app.task(name="thonban.drain_long")  # type: ignore[untyped-decorator]  # Celery brings no types
def drain_long_work() -> int:
    """Does what takes minutes; returns how many jobs ended well."""
    return drain_long(_sessions, _home)


@app.task(name="thonban.deliver")  # type: ignore[untyped-decorator]  # Celery brings no types
def deliver_messages() -> int:
    """Sends what is due to webhooks; returns how many messages were taken."""
    return deliver_all(_sessions, _home, lambda: datetime.now(UTC))
