"""Homes without a web server: tables made by the revisions, first project, first administrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from server.config import Config
from server.services.home import Home, open_home
from server.services.prepare import prepare
from server.storage.blobs import name_blob
from server.storage.database import writing
from server.storage.migrate import upgrade
from server.storage.quarantine import Quarantined
from server.storage.schema import open_sessions

NIGHT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
ADMINISTRATOR = {"THONBAN_ADMIN_EMAIL": "admin@example.vn", "THONBAN_ADMIN_PASSWORD": "a-long-password"}


@dataclass(frozen=True)
class House:
    """A home and the sessions of its database."""

    home: Home
    sessions: sessionmaker[Session]

    def keeps(self, content: bytes, now: datetime = NIGHT, *, needed: bool = True) -> str:
        """Keeps a file, named by a row that something refers to if it is needed; its SHA-256."""
        sha256 = self.home.blobs.put(content)
        with self.sessions() as session, writing(session) as connection:
            name_blob(connection, sha256, len(content), now)
            if needed:
                values = {"actor_id": 1, "sha256": sha256, "size": len(content), "code": "test", "params": {}}
                connection.execute(Quarantined.__table__.insert().values(**values, created_at=now, times=1))
            session.commit()
        return sha256


def environment_of(folder: Path, database_url: str | None = None) -> dict[str, str]:
    """Settings for a home in `folder`; without a database address, the SQLite file in it."""
    made = {"THONBAN_HOME": str(folder), "THONBAN_MIN_FREE_BYTES": "0", **ADMINISTRATOR}
    return made | ({"THONBAN_DATABASE_URL": database_url} if database_url else {})


@contextmanager
def house_at(
    folder: Path, database_url: str | None = None, kind: str = "real", more: Mapping[str, str] | None = None
) -> Iterator[House]:
    """A prepared home; `more` settings."""
    home = open_home(Config.from_env(environment_of(folder, database_url) | dict(more or {})))
    upgrade(home.config.database_url)
    sessions = open_sessions(home.config.database_url)
    try:
        with sessions() as session:
            prepare(session, home, kind, 0, NIGHT)
        yield House(home, sessions)
    finally:
        sessions.kw["bind"].dispose()
