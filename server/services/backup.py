"""Copies a home into one file while it works: the database, every file that its rows name, the secret.

Phones delete what the server has acknowledged, so that this copy may be the only one. Layout of the tar (plain, or gzip
where the name ends in .gz or .tgz): `manifest.json` first, then the database, `secret.key`, `blobs/<sha256>`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from gzip import GzipFile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from server.services.home import Home
from server.storage.blobs import CHUNK, BlobStore, FolderStore
from server.storage.snapshots import Snapshot, beside, take_snapshot

FORMAT = 1
MANIFEST, SECRET = "manifest.json", "secret.key"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    `blobs` maps SHA-256 to bytes; `missing` are blobs that a row names and nobody has; `beside`: the blobs lie in a
    folder `blobs` beside the file instead of in it; `secret` is the secret's SHA-256, None when it
    comes from the environment and is not in the copy.
    """

    format: int
    program: str
    made_at: str
    revision: str | None
    database: str
    database_sha256: str
    secret: str | None
    fingerprint: str
    blobs: dict[str, int]
    missing: list[str]
    beside: bool = False


def backup(home: Home, target: Path, now: datetime, *, blobs_beside: bool = False) -> Manifest:
    """Writes the copy to `target` (mode 0600), which appears only when it is whole and on disk; returns what it holds.

    Raises SnapshotFailed, and OSError when it cannot be written.
    """
    target = target.absolute()
    with beside(target.parent) as draft:
        snapshot = take_snapshot(home.config.database_url, draft)
        manifest = _manifest(home, snapshot, now, blobs_beside=blobs_beside)
        unfinished = draft / "backup"
        with unfinished.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            _write(file, home, (target, snapshot, manifest))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
        sync_folder(target.parent)
    return manifest


def _manifest(home: Home, snapshot: Snapshot, now: datetime, *, blobs_beside: bool) -> Manifest:
    kept = _kept_secret(home)
    in_bucket = blobs_beside and not isinstance(home.blobs, FolderStore)
    blobs = {} if in_bucket else dict(snapshot.blobs)
    return Manifest(
        format=FORMAT,
        program=version("thonban"),
        made_at=now.isoformat(),
        revision=snapshot.revision,
        database=snapshot.name,
        database_sha256=hash_of(snapshot.path),
        secret=None if kept is None else hashlib.sha256(kept).hexdigest(),
        fingerprint=home.fingerprint,
        blobs=blobs,
        missing=[sha256 for sha256 in blobs if not home.blobs.has(sha256)],
        beside=blobs_beside,
    )


def _write(file: Any, home: Home, what: tuple[Path, Snapshot, Manifest]) -> None:
    target, snapshot, manifest = what
    whole: AbstractContextManager[Any] = nullcontext(file)
    if target.suffix in (".gz", ".tgz"):
        # photos are squeezed already; the fastest level takes what there is in the database
        whole = GzipFile(fileobj=file, mode="wb", compresslevel=1)
    with whole as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        _add(tar, MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False).encode())
        tar.add(snapshot.path, snapshot.name, filter=_plain)
        kept = _kept_secret(home)
        if kept is not None:
            _add(tar, SECRET, kept)
        if not manifest.beside:
            _add_blobs(tar, home.blobs, manifest)


def _add_blobs(tar: tarfile.TarFile, blobs: BlobStore, manifest: Manifest) -> None:
    missing = frozenset(manifest.missing)
    for sha256, size in manifest.blobs.items():
        if sha256 not in missing:
            with blobs.open(sha256) as content:
                tar.addfile(_entry(f"blobs/{sha256}", size), content)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _kept_secret(home: Home) -> bytes | None:
    """The secret that lies in the home; None when the server is given another one from outside."""
    try:
        kept = (home.config.home / SECRET).read_bytes()
    except FileNotFoundError:
        return None
    return kept if kept.strip() == home.secret else None


def hash_of(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    made = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in chunks_of(file):
            made.update(chunk)
    return made.hexdigest()


def chunks_of(file: Any) -> Iterable[bytes]:
    """The bytes of an open file, piece by piece."""
    while chunk := file.read(CHUNK):
        yield chunk


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
