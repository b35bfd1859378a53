"""Where files are laid for others to read: a folder, or a prefix of a bucket."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from server.storage.blobs import Bucket
from server.storage.buckets import BucketFolder


class Target(Protocol):
    """Files by names with slashes. What cannot be done is an OSError."""

    def put(self, name: str, path: Path) -> None:
        """Copies a file there; one of that name is replaced."""

    def list_names(self, under: str) -> list[str]:
        """The names of all files below a folder."""

    def remove(self, name: str) -> None:
        """Removes it; nothing happens when it is not there."""


class Folder:
    """Files in a folder, which is made when it is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, path: Path) -> None:
        """Copies a file there; one of that name is replaced at once, never in halves."""
        place = self._root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        waiting = place.with_name(f".{place.name}.new")
        shutil.copyfile(path, waiting)
        waiting.replace(place)

    def list_names(self, under: str) -> list[str]:
        """The names of all files below a folder."""
        return [path.relative_to(self._root).as_posix() for path in (self._root / under).rglob("*") if path.is_file()]

    def remove(self, name: str) -> None:
        """Removes it, and the folders that are empty then."""
        place = self._root / name
        place.unlink(missing_ok=True)
        for folder in place.parents:
            if folder == self._root or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()


def open_target(to: str, bucket: Bucket) -> Target:
    """`s3://bucket/prefix`, asked for with the endpoint and keys of `bucket`; or a folder. Raises ExtraMissing."""
    if to.startswith("s3://"):
        return BucketFolder(Bucket(to, bucket.endpoint, bucket.key_id, bucket.secret))
    return Folder(Path(to).expanduser())
