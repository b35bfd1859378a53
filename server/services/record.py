"""Lines of the audit about what was only read: downloads, keys shown, pictures to scan.

They are written when the answer has gone out, each in a short transaction of its own: whoever reads waits for no
writer, and a line that cannot be written then is in the log at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server.domain.errors import Unavailable
from server.services.authenticate import system_caller
from server.storage.actors import find_system_actor
from server.storage.audits import AuditEntry, write_audit
from server.storage.database import transaction

log = structlog.get_logger("thonban.audit")


def recorder(session: Session, entry: AuditEntry) -> Callable[[], None]:
    """What writes the line later, when the session of the request is gone: on the same database, past it."""
    engine = session.get_bind()

    def write() -> None:
        try:
            record(Session(engine), entry)
        except (SQLAlchemyError, Unavailable) as error:
            told = asdict(entry) | {"at": entry.at.isoformat()}
            log.error("audit.unwritten", entry=told, error=type(error).__name__)

    return write


def record(session: Session, entry: AuditEntry) -> None:
    """Writes one line by itself. Raises Unavailable."""
    with transaction(session) as connection:
        write_audit(connection, entry)
        connection.commit()


def write_own(connection: Connection, action: str, now: datetime, /, **details: Any) -> None:
    """A line in the name of the server itself, in the transaction of what it tells."""
    write_audit(connection, AuditEntry(find_system_actor(connection), action, None, now, details))


def write_of_areas(
    connection: Connection, action: str, now: datetime, areas: Iterable[tuple[str, dict[str, Any]]]
) -> None:
    """The same about each of these areas, with details."""
    actor_id = find_system_actor(connection)
    for area_id, details in areas:
        write_audit(connection, AuditEntry(actor_id, action, f"area:{area_id}", now, details, area_id=area_id))


def record_own(session: Session, action: str, now: datetime, **details: Any) -> None:
    """The same in the name of the server itself, for what is done from the command line and at night."""
    record(session, system_caller(session, now).entry(action, None, now, **details))
