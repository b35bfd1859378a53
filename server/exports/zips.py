"""A zip that is sent while it is made: nothing of it is held, however long its files are."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime
from typing import Protocol

PART = 1 << 16
COMPRESSOR = "_compressor"
"""Where a file that is written into an archive keeps what presses it."""
WAITING = 2
"""Parts that wait for being pressed; each is as long as a batch of rows makes it."""


def zip_stream(
    files: Iterable[tuple[str, Iterable[bytes]]], made: datetime, *, pressed: bool = True
) -> Iterator[bytes]:
    """The zip of these files, part by part as their bytes come. `made`: the time of the files in it; `pressed` False:
    they are stored as they are, as photos are better."""
    kept, begun = _Kept(), False
    method = zipfile.ZIP_DEFLATED if pressed else zipfile.ZIP_STORED
    with ThreadPoolExecutor(1) as beside, zipfile.ZipFile(kept, "w", method) as archive:
        for name, pieces in files:
            entry = zipfile.ZipInfo(name, made.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_STORED if name.startswith("media/") else method
            with archive.open(entry, "w", force_zip64=True) as file:
                if entry.compress_type != zipfile.ZIP_STORED:
                    # zipfile has no way to be given another; test_zips.py tells when it keeps it elsewhere
                    setattr(file, COMPRESSOR, PressedBeside(zlib.compressobj(wbits=-zlib.MAX_WBITS), beside))
                for number, piece in enumerate(pieces):
                    file.write(piece)
                    # who waits is told that it comes once the first rows are there
                    if len(kept.waiting) >= PART or (number == 1 and not begun):
                        begun = True
                        yield kept.take()
            if not begun:
                # a small file comes first and says that more does
                begun = True
                yield kept.take()
    yield kept.take()


class _Presses(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: int = ..., /) -> bytes: ...


class PressedBeside:
    """Presses in another thread what is given, while the next is made: zlib lets other threads work. It gives back what
    is ready of what was given before, in its order; never more than a few parts wait."""

    def __init__(self, press: _Presses, beside: Executor) -> None:
        self._press = press
        self._beside = beside
        self._asked: deque[Future[bytes]] = deque()

    def compress(self, data: bytes) -> bytes:
        """Takes a part; gives what is ready."""
        self._asked.append(self._beside.submit(self._press.compress, data))
        ready = []
        while self._asked and (len(self._asked) > WAITING or self._asked[0].done()):
            ready.append(self._asked.popleft().result())
        return b"".join(ready)

    def flush(self) -> bytes:
        """All the rest."""
        rest = [each.result() for each in self._asked]
        self._asked.clear()
        return b"".join([*rest, self._press.flush()])


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
