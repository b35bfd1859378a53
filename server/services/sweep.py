"""Removes what nothing needs any more: files that no row names, finished jobs, ended sessions, unfinished copies."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from server.services.home import LAID_DOWN, Home
from server.storage.accounts import forget_tokens
from server.storage.blobs import FolderStore, forget_unneeded, list_named
from server.storage.database import writing
from server.storage.jobs import forget_finished

SETTLED = timedelta(hours=24)
"""A file is written before the row that names it; what is younger than this is left alone."""
FINISHED = timedelta(days=7)


@dataclass(frozen=True)
class Swept:
    """How much was removed: rows of blobs that nothing refers to, files, finished jobs, unfinished files."""

    rows: int
    files: int
    jobs: int
    unfinished: int


def sweep(session: Session, home: Home, now: datetime) -> Swept:
    """Sweeps once. What an open request is about to name is safe: using a file again makes it young."""
    before = now - SETTLED
    with writing(session) as connection:
        rows = forget_unneeded(connection, before)
        jobs = forget_finished(connection, now - FINISHED)
        forget_tokens(connection, now - FINISHED)
        session.commit()
    files = 0
    for sha256 in list_orphans(session, home, now):
        files += home.blobs.remove_older(sha256, before.timestamp())
    return Swept(rows, files, jobs, _remove_unfinished(home, before))


def list_orphans(session: Session, home: Home, now: datetime) -> list[str]:
    """Files of the blob store, settled, that no row names."""
    before = (now - SETTLED).timestamp()
    found = [sha256 for sha256, written in home.blobs.list_hashes() if written < before]
    # asked after the listing: what was named in between is not taken
    named = list_named(session.connection()) if found else set()
    return [sha256 for sha256 in found if sha256 not in named]


def _remove_unfinished(home: Home, before: datetime) -> int:
    folders = [home.config.backups_folder]
    if isinstance(home.blobs, FolderStore):
        folders.append(home.blobs.root)
    found = [path for folder in folders for wanted in (".unfinished-*", "tmp*") for path in folder.glob(wanted)]
    removed = 0
    for path in [*found, *home.config.home.glob(f"{LAID_DOWN}*")]:
        if path.stat().st_mtime < before.timestamp():
            _remove(path)
            removed += 1
    return removed


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
