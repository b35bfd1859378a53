"""The copies that a home keeps of itself: seven days and four weeks back.

They guard against what people and programs do to a database; against a lost disk only a backup elsewhere does. Files of
answers never change, so that they are linked, not copied: a folder `blobs` beside the copies holds each once. Files in
a bucket stay there and are not part of a night's copy; whoever has a bucket lets it keep versions.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from server.domain.errors import Unavailable
from server.services.backup import MANIFEST, Manifest, backup
from server.services.home import Home
from server.storage.blobs import FolderStore

DAYS, WEEKS = 7, 4
_STAMP = "%Y%m%dT%H%M%SZ"


def keep_copy(home: Home, now: datetime) -> Path:
    """Makes a copy of the home in its backups folder and removes those past their time; returns the new file.

    Raises Unavailable when the disk is nearly full, SnapshotFailed when the database cannot be copied.
    """
    if home.is_full:
        raise Unavailable("storage.disk_full")
    folder = home.config.backups_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"thonban-{now.astimezone(UTC).strftime(_STAMP)}.tar.gz"
    manifest = backup(home, target, now, blobs_beside=True)
    _link_blobs(home, folder / "blobs", manifest)
    kept = list_copies(folder)
    for old in set(kept) - to_keep(kept):
        old.unlink()
    _drop_unnamed(folder)
    return target


def list_copies(folder: Path) -> list[Path]:
    """The copies in a backups folder, newest first."""
    return sorted(folder.glob("thonban-*.tar.gz"), reverse=True)


def to_keep(copies: Sequence[Path]) -> set[Path]:
    """Of copies, newest first: the newest of each of the last seven days that have one, and of the last four weeks."""
    days: dict[object, Path] = {}
    weeks: dict[object, Path] = {}
    for copy in copies:
        made = datetime.strptime(copy.name, f"thonban-{_STAMP}.tar.gz").replace(tzinfo=UTC)
        days.setdefault(made.date(), copy)
        weeks.setdefault(made.isocalendar()[:2], copy)
    return {*list(days.values())[:DAYS], *list(weeks.values())[:WEEKS]}


def _link_blobs(home: Home, pool: Path, manifest: Manifest) -> None:
    kept = FolderStore(pool)
    if not isinstance(home.blobs, FolderStore):
        return
    for sha256 in manifest.blobs:
        target = kept.path_of(sha256)
        if target.exists() or sha256 in manifest.missing:
            continue
        target.parent.mkdir(exist_ok=True)
        _link(home.blobs.path_of(sha256), target)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _drop_unnamed(folder: Path) -> None:
    named: set[str] = set()
    for copy in list_copies(folder):
        with tarfile.open(copy) as tar:
            manifest = tar.extractfile(MANIFEST)
            named |= set(json.load(manifest)["blobs"]) if manifest else set()
    kept = FolderStore(folder / "blobs")
    for sha256, _ in list(kept.list_hashes()):
        if sha256 not in named:
            kept.remove(sha256)
