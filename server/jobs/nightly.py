"""Every night: the audit sealed, a copy of the home in its backups folder, old copies thinned out, what was deleted
long ago forgotten, files of answers past their time thrown away, tallies looked over, orphans swept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server.services.forget import forget
from server.services.home import Home
from server.services.nightly import keep_copy
from server.services.order_export import expire
from server.services.record import record_own
from server.services.recount import recount
from server.services.remove import purge
from server.services.seal import seal
from server.services.sweep import sweep
from server.services.webhooks import forget_old_deliveries

KIND = "home.nightly"
HOUR = 19
"""UTC: two in the morning in Vietnam, when no phone is likely to send."""


def run(session: Session, home: Home, payload: Mapping[str, Any], now: datetime) -> None:
    """The audit is sealed first, so that the copy is; then the copy: what the sweep removes is in it."""
    del payload
    seal(session, home, now)
    record_own(session, "backup.create", now, file=keep_copy(home, now).name)
    purge(session, now)
    forget(session, now)
    forget_old_deliveries(session, now)
    expire(session, home, now)
    recount(session)
    sweep(session, home, now)


def next_run(now: datetime) -> datetime:
    """The next night."""
    tonight = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)
