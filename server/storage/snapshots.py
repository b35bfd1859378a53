"""A consistent copy of the database in one file, and such a file put back; writers go on meanwhile.

SQLite: `VACUUM INTO`, one read transaction. PostgreSQL 15 or newer: `pg_dump` in a snapshot of ours, `pg_restore`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from server.storage.blobs import Blob
from server.storage.schema import is_empty, revision_of

SQLITE_NAME, POSTGRES_NAME = "thonban.db", "database.dump"


class SnapshotFailed(Exception):
    """No copy could be made or put back. `reason` is a sentence for the operator: program_missing carries its name."""

    def __init__(self, reason: str, **params: object) -> None:
        super().__init__(reason, params)
        self.reason = reason
        self.params = params


@dataclass(frozen=True)
class Snapshot:
    """The file, the Alembic revision it is at, and the blobs its rows name: (SHA-256, bytes)."""

    path: Path
    revision: str | None
    blobs: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        """What the file is called inside a backup; it tells which database made it."""
        return self.path.name


def take_snapshot(url: str, folder: Path) -> Snapshot:
    """Copies the database at `url` into `folder`. Raises SnapshotFailed."""
    return _from_sqlite(url, folder) if url.startswith("sqlite") else _from_postgres(url, folder)


def put_back(url: str, snapshot: Path) -> None:
    """Fills an empty database at `url` from a snapshot file of the same kind. Raises SnapshotFailed."""
    wanted = SQLITE_NAME if url.startswith("sqlite") else POSTGRES_NAME
    if snapshot.name != wanted:
        raise SnapshotFailed("other_database", wanted=wanted, found=snapshot.name)
    if wanted == SQLITE_NAME:
        target = Path(make_url(url).database or "")
        if target.exists():
            raise SnapshotFailed("database_not_empty")
        shutil.copyfile(snapshot, target)
        return
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if not is_empty(connection):
            raise SnapshotFailed("database_not_empty")
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname", _libpq(url)]
    _run("pg_restore", [*options, str(snapshot)], make_url(url))


def _from_sqlite(url: str, folder: Path) -> Snapshot:
    target = folder / SQLITE_NAME
    source = make_url(url).database
    # read-only, so that copying a database that is not there does not make one
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None, timeout=60)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise SnapshotFailed("database_unreadable", error=str(error)) from error
    with closing(sqlite3.connect(f"file:{target}?mode=ro", uri=True)) as copy:
        blobs = tuple(copy.execute("SELECT sha256, size FROM blobs ORDER BY sha256"))
        row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    return Snapshot(target, row[0] if row else None, blobs)


def _from_postgres(url: str, folder: Path) -> Snapshot:
    target = folder / POSTGRES_NAME
    engine = create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        blobs = tuple((row.sha256, row.size) for row in connection.execute(select(Blob.sha256, Blob.size)))
        revision = revision_of(connection)
        exported = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        options = ["--format=custom", f"--snapshot={exported}", f"--file={target}", "--dbname", _libpq(url)]
        _run("pg_dump", options, make_url(url))
    return Snapshot(target, revision, tuple(sorted(blobs)))


def _libpq(url: str) -> str:
    # the password goes through the environment: arguments are seen by everybody on the machine
    plain = make_url(url).set(drivername="postgresql")
    return plain._replace(password=None).render_as_string(hide_password=False)


def _run(program: str, arguments: list[str], url: URL) -> None:
    found = shutil.which(program)
    if found is None:
        raise SnapshotFailed("program_missing", program=program)
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    ended = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise SnapshotFailed("program_failed", program=program, error=ended.stderr.strip()[-2000:])


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A folder for unfinished files on the same file system; it is gone afterwards."""
    draft = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
