"""Every few minutes: the lines of the audit that were written since are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server.services.home import Home
from server.services.seal import seal

KIND = "audit.seal"
MINUTES = 5


def run(session: Session, home: Home, payload: Mapping[str, Any], now: datetime) -> None:
    """What is sealed already is left as it is."""
    del payload
    seal(session, home, now)


def next_run(now: datetime) -> datetime:
    """Five minutes on."""
    return now + timedelta(minutes=MINUTES)
