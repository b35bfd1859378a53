"""Makes a home from a backup; nothing is there until everything has been checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from server.config import Config
from server.services.backup import FORMAT, MANIFEST, SECRET, Manifest, chunks_of, sync_folder
from server.services.home import open_home
from server.storage.blobs import FolderStore
from server.storage.snapshots import SQLITE_NAME, put_back

_SHA256 = re.compile(r"[0-9a-f]{64}")


class RestoreRefused(Exception):
    """This backup does not become a home here. `reason`: home_not_empty | not_a_backup | newer_format | damaged."""

    def __init__(self, reason: str, **params: object) -> None:
        super().__init__(reason, params)
        self.reason = reason
        self.params = params


@dataclass(frozen=True)
class Restored:
    """What was put back. `missing`: blobs that were lost already when the copy was made."""

    manifest: Manifest
    blobs: int
    missing: tuple[str, ...]


def restore(source: Path, config: Config) -> Restored:
    """Makes the data folder of `config` from the backup at `source`: read beside it, every hash checked, then renamed.

    On PostgreSQL the (empty) database of `config` is filled too. Raises RestoreRefused, SnapshotFailed, OSError.
    """
    home = config.home
    if home.exists() and any(home.iterdir()):
        raise RestoreRefused("home_not_empty", home=str(home))
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = home.parent / f".{home.name}.restoring-{os.getpid()}"
    draft.mkdir(mode=0o700)
    try:
        manifest, blobs = _unpack(source, draft)
        in_home = config.database_url == f"sqlite:///{home / SQLITE_NAME}"
        if manifest.database != SQLITE_NAME or not in_home:
            put_back(config.database_url, draft / manifest.database)
            (draft / manifest.database).unlink()
        _sync_tree(draft)
        draft.replace(home)
        sync_folder(home.parent)
        if config.blobs_url is not None:
            _into_bucket(config)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Restored(manifest, blobs, tuple(manifest.missing))


def _into_bucket(config: Config) -> None:
    """Files go where this server will look for them; none is removed before all are there."""
    store = open_home(config).blobs
    files = FolderStore(config.blobs_folder)
    for sha256, _ in files.list_hashes():
        store.put_file(files.path_of(sha256), sha256)
    shutil.rmtree(config.blobs_folder)


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    if content is None:
        raise RestoreRefused("not_a_backup", error=MANIFEST)
    try:
        found = json.load(content)
        if found["format"] > FORMAT:
            raise RestoreRefused("newer_format", format=found["format"], known=FORMAT)
        return Manifest(**found)
    except (ValueError, KeyError, TypeError) as error:
        raise RestoreRefused("not_a_backup", error=repr(error)) from error


def _unpack(source: Path, draft: Path) -> tuple[Manifest, int]:
    """Only what a backup of ours holds is written, under names of our own: a path in a tar may say anything."""
    seen: set[str] = set()
    try:
        with tarfile.open(source) as tar:
            manifest = _read_manifest(tar)
            wanted = _wanted(manifest)
            for entry in tar:
                if entry.name == MANIFEST:
                    continue
                content = tar.extractfile(entry) if entry.isreg() and entry.name in wanted else None
                if content is None:
                    raise RestoreRefused("damaged", name=entry.name)
                _keep(content, draft / _place(entry.name), wanted[entry.name])
                seen.add(entry.name)
    except (tarfile.TarError, EOFError) as error:
        raise RestoreRefused("damaged", name=str(error)) from error
    if manifest.beside:
        seen |= _unpack_beside(source.parent / "blobs", draft, manifest)
    if lost := sorted(set(wanted) - seen):
        raise RestoreRefused("damaged", name=lost[0])
    return manifest, sum(name.startswith("blobs/") for name in seen)


def _wanted(manifest: Manifest) -> dict[str, str]:
    """Every name that must be there, with its SHA-256."""
    wanted = {manifest.database: manifest.database_sha256}
    if manifest.secret is not None:
        wanted[SECRET] = manifest.secret
    missing = frozenset(manifest.missing)
    for sha256 in manifest.blobs:
        if not _SHA256.fullmatch(sha256):
            raise RestoreRefused("not_a_backup", error=sha256)
        if sha256 not in missing:
            wanted[f"blobs/{sha256}"] = sha256
    return wanted


def _place(name: str) -> Path:
    if not name.startswith("blobs/"):
        return Path(Path(name).name)
    sha256 = name.removeprefix("blobs/")
    return Path("blobs") / sha256[:2] / sha256


def _unpack_beside(pool: Path, draft: Path, manifest: Manifest) -> set[str]:
    seen = set()
    for name, sha256 in _wanted(manifest).items():
        source = pool / sha256[:2] / sha256
        if name.startswith("blobs/") and source.is_file():
            with source.open("rb") as content:
                _keep(content, draft / _place(name), sha256)
            seen.add(name)
    return seen


def _keep(content: IO[bytes], target: Path, sha256: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    made = hashlib.sha256()
    with target.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        for chunk in chunks_of(content):
            made.update(chunk)
            file.write(chunk)
    if made.hexdigest() != sha256:
        raise RestoreRefused("damaged", name=target.name)


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync_folder(path)  # the same call puts a file's bytes on disk
