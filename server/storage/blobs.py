"""Attachment bytes by SHA-256: in a folder of the home, or in object storage. File and folder are on disk before the
transaction that names them commits, so an acknowledged file is never lost; a file that no row names is swept later."""

from __future__ import annotations

import hashlib
import importlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from sqlalchemy import BigInteger, String, delete, exists, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from server.storage.database import Base

CHUNK = 1 << 18


class Blob(Base):
    """A blob that some row names. Size in bytes."""

    __tablename__ = "blobs"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class BlobStore(Protocol):
    """Where bytes lie. `put` returns only when they are safe."""

    def put(self, content: bytes) -> str:
        """Keeps `content`; returns its SHA-256 in hex."""

    def put_file(self, path: Path, sha256: str) -> None:
        """Keeps the file at `path` under the hash that the caller computed."""

    def open(self, sha256: str) -> BinaryIO:
        """Raises FileNotFoundError when it is not here."""

    def has(self, sha256: str) -> bool:
        """Whether it is here."""

    def list_hashes(self) -> Iterator[tuple[str, float]]:
        """(SHA-256, seconds since the epoch when it was last written) of all."""

    def remove(self, sha256: str) -> None:
        """Removes it; nothing happens when it is not here."""

    def remove_older(self, sha256: str, before: float) -> bool:
        """Removes it unless it was kept again since `before` (seconds since the epoch). Whether it was removed."""


class FolderStore:
    """A folder `root/ab/abcdef…`. Written beside, synced, renamed, folder synced."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.root.mkdir(parents=True, exist_ok=True)

    def path_of(self, sha256: str) -> Path:
        """Where the blob lies or would lie."""
        return self.root / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keeps `content`; returns its SHA-256 in hex."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._touch(sha256):
            with tempfile.NamedTemporaryFile(dir=self.root, delete=False) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._place(Path(file.name), sha256)
        return sha256

    def put_file(self, path: Path, sha256: str) -> None:
        """Keeps a copy of the file at `path` under the hash that the caller computed."""
        if self._touch(sha256):
            return
        with path.open("rb") as source, tempfile.NamedTemporaryFile(dir=self.root, delete=False) as file:
            while chunk := source.read(CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        self._place(Path(file.name), sha256)

    def _touch(self, sha256: str) -> bool:
        # a fresh time keeps the sweep from taking what an open transaction is about to name
        try:
            os.utime(self.path_of(sha256))
        except FileNotFoundError:
            return False
        return True

    def _place(self, written: Path, sha256: str) -> None:
        target = self.path_of(sha256)
        new_folder = not target.parent.is_dir()
        target.parent.mkdir(exist_ok=True)
        written.replace(target)
        _sync_folder(target.parent)
        if new_folder:
            _sync_folder(self.root)

    def open(self, sha256: str) -> BinaryIO:
        """Raises FileNotFoundError when it is not here."""
        return self.path_of(sha256).open("rb")

    def has(self, sha256: str) -> bool:
        """Whether it is here."""
        return self.path_of(sha256).is_file()

    def list_hashes(self) -> Iterator[tuple[str, float]]:
        """(SHA-256, seconds since the epoch when it was last written) of all."""
        for file in self.root.glob("??/*"):
            yield file.name, file.stat().st_mtime

    def remove(self, sha256: str) -> None:
        """Removes it; nothing happens when it is not here."""
        self.path_of(sha256).unlink(missing_ok=True)

    def remove_older(self, sha256: str, before: float) -> bool:
        """Removes it unless it was kept again since `before` (seconds since the epoch). Whether it was removed."""
        path = self.path_of(sha256)
        # set aside first: whoever keeps the same bytes from now on writes them anew, and whoever did so just now has
        # left a fresh time, so that nobody can believe a file to be here that is then removed
        aside = self.root / f"tmp-{sha256}"
        try:
            path.replace(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime >= before:
            aside.replace(path)
            return False
        aside.unlink()
        return True


class ExtraMissing(Exception):
    """A setting needs a package that is not installed. `package`: which; `extra`: what brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'thonban[{extra}]'")
        self.package = package
        self.extra = extra


@dataclass(frozen=True)
class Bucket:
    """Where an object store is: s3://bucket/prefix, its own address if it is not Amazon's, and who we are there."""

    url: str
    endpoint: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)


def open_bucket(bucket: Bucket) -> BlobStore:
    """Objects in a bucket as a store. Raises ExtraMissing. Its module is loaded here: what speaks to object stores
    takes ten megabytes of every process and a second of its start, and most homes are a folder."""
    buckets = importlib.import_module("server.storage.buckets")
    return cast(BlobStore, buckets.BucketStore(bucket))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def name_blob(connection: Connection, sha256: str, size: int, now: datetime) -> None:
    """Writes the row of a blob; nothing happens when it is there already."""
    values = {"sha256": sha256, "size": size, "created_at": now}
    if connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(Blob).values(**values).on_conflict_do_nothing())
    else:
        connection.execute(sqlite.insert(Blob).values(**values).on_conflict_do_nothing())


def list_named(connection: Connection) -> set[str]:
    """All hashes that a row names."""
    return set(connection.scalars(select(Blob.sha256)))


def forget_unneeded(connection: Connection, before: datetime) -> int:
    """Removes the rows of blobs, older than `before`, that no other row refers to; returns how many.

    On PostgreSQL whoever is about to name a blob waits, or is waited for; SQLite's gate does so already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE blobs IN SHARE ROW EXCLUSIVE MODE"))
    referring = [
        ~exists().where(column == Blob.sha256)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.column is Blob.__table__.c.sha256 for key in column.foreign_keys)
    ]
    return connection.execute(delete(Blob).where(Blob.created_at < before, *referring)).rowcount
