"""Attachment bytes by SHA-256: in a folder of the home, or in object storage. File and folder are on disk before the
transaction that names them commits, so an acknowledged file is never lost; a file that no row names is swept later."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from sqlalchemy import BigInteger, String, delete, exists, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from server.storage.database import Base

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

try:
    import boto3
    from boto3.exceptions import Boto3Error
    from botocore.config import Config as BucketConfig
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the extra `country` is not installed; BucketStore says so when it is asked for
    boto3 = None  # type: ignore[assignment]

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


class BucketStore:
    """Objects `prefix/abcdef…` in a bucket. An object store answers a write only when it is safe."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket, self._prefix = _place_of(bucket)
        self._client = _client_of(bucket)

    def put(self, content: bytes) -> str:
        """Keeps `content`; returns its SHA-256 in hex. Written again it is young again."""
        sha256 = hashlib.sha256(content).hexdigest()
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + sha256, Body=content)
        return sha256

    def put_file(self, path: Path, sha256: str) -> None:
        """Keeps a copy of the file at `path` under the hash that the caller computed."""
        self._client.upload_file(str(path), self._bucket, self._prefix + sha256)

    def open(self, sha256: str) -> BinaryIO:
        """Raises FileNotFoundError when it is not here."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
        try:
            self._client.download_fileobj(self._bucket, self._prefix + sha256, file)
        except ClientError as error:
            file.close()
            raise FileNotFoundError(sha256) from error
        file.seek(0)
        return cast(BinaryIO, file)

    def has(self, sha256: str) -> bool:
        """Whether it is here."""
        return self._written(sha256) is not None

    def list_hashes(self) -> Iterator[tuple[str, float]]:
        """(SHA-256, seconds since the epoch when it was last written) of all."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                yield entry["Key"].removeprefix(self._prefix), entry["LastModified"].timestamp()

    def remove(self, sha256: str) -> None:
        """Removes it; nothing happens when it is not here."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + sha256)

    def remove_older(self, sha256: str, before: float) -> bool:
        """Removes it unless it was kept again since `before` (seconds since the epoch). Whether it was removed."""
        written = self._written(sha256)
        if written is None or written >= before:
            return False
        self.remove(sha256)
        return True

    def _written(self, sha256: str) -> float | None:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + sha256)
        except ClientError:
            return None
        return found["LastModified"].timestamp()


class BucketFolder:
    """Files by name below s3://bucket/prefix, for others to read. Raises ExtraMissing; `OSError` when it is away."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket, self._prefix = _place_of(bucket)
        self._client = _client_of(bucket)

    def put(self, name: str, path: Path) -> None:
        """Copies a file there; one of that name is replaced."""
        with _as_os_error(name):
            self._client.upload_file(str(path), self._bucket, self._prefix + name)

    def list_names(self, under: str) -> list[str]:
        """The names of all files below a folder."""
        with _as_os_error(under):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{under}/"
            )
            return [entry["Key"].removeprefix(self._prefix) for page in pages for entry in page.get("Contents", [])]

    def remove(self, name: str) -> None:
        """Removes it; nothing happens when it is not there."""
        with _as_os_error(name):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)


@contextmanager
def _as_os_error(name: str) -> Iterator[None]:
    """What an object store says it cannot do, as a folder says it."""
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise OSError(EIO, str(error), name) from error


def _place_of(bucket: Bucket) -> tuple[str, str]:
    """The name of a bucket, and what keys in it begin with."""
    parts = urlsplit(bucket.url)
    return parts.netloc, f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""


def _client_of(bucket: Bucket) -> S3Client:
    if boto3 is None:
        raise ExtraMissing("boto3", "country")
    return boto3.client(
        "s3",
        endpoint_url=bucket.endpoint,
        aws_access_key_id=bucket.key_id,
        aws_secret_access_key=bucket.secret,
        region_name=None if bucket.endpoint is None else "us-east-1",
        # object stores other than Amazon's do not all know the newer checksums
        config=BucketConfig(request_checksum_calculation="when_required"),
    )


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
