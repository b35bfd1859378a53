"""Object storage: attachment bytes in a bucket, and files laid there for others to read. Loaded by who has a bucket
(`open_bucket` in blobs.py)."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from server.storage.blobs import Bucket, ExtraMissing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

try:
    import boto3
    from boto3.exceptions import Boto3Error
    from botocore.config import Config as BucketConfig
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the extra `country` is not installed; BucketStore says so when it is asked for
    boto3 = None  # type: ignore[assignment]


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
