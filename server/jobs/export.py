"""A file of answers that somebody ordered is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.services import order_export
from server.services.home import Home
from server.services.write_export import Tools, write_export
from server.table_words import translator

KIND = order_export.KIND


def run_long(session: Session, home: Home, payload: Mapping[str, Any], pulse: Callable[[], None]) -> None:
    """`uuid`: of the order."""
    write_export(session, home, str(payload["uuid"]), Tools(pulse, translator, lambda: datetime.now(UTC)))
