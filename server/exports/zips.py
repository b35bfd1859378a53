"""A zip that is sent while it is made: nothing of it is held, however long its files are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

PART = 1 << 16


def zip_stream(
    files: Iterable[tuple[str, Iterable[bytes]]], made: datetime, *, pressed: bool = True
) -> Iterator[bytes]:
    """The zip of these files, part by part as their bytes come. `made`: the time of the files in it; `pressed` False:
    they are stored as they are, as photos are better."""
    kept = _Kept()
    method = zipfile.ZIP_DEFLATED if pressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(kept, "w", method) as archive:
        for name, pieces in files:
            entry = zipfile.ZipInfo(name, made.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_STORED if name.startswith("media/") else method
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if len(kept.waiting) >= PART:
                        yield kept.take()
    yield kept.take()


class _Kept(io.RawIOBase):
    """What a zip writes into that is sent on as it grows; nobody goes back in it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some: object) -> int:
        assert isinstance(some, bytes | bytearray | memoryview)
        self.waiting += some
        return len(some)

    def take(self) -> bytes:
        """What has come since."""
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken
