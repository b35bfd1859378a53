"""Zips that are pressed in another thread while what goes into them is made."""

import io
import random
import threading
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from server.exports.zips import COMPRESSOR, WAITING, PressedBeside, zip_stream

MADE = datetime(2026, 1, 2)
PARTS = [random.Random(number).randbytes(50_000) + b"thon ban " * 20_000 for number in range(12)]


def test_zipfile_keeps_what_presses_where_ours_is_put() -> None:
    with (
        zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(zipfile.ZipInfo("a"), "w") as file,
    ):
        assert hasattr(file, COMPRESSOR)


def test_all_that_goes_in_comes_out() -> None:
    files = [("a.csv", PARTS), ("media/b.jpg", PARTS[:2]), ("empty.csv", []), ("c.csv", [b"", b"x"])]
    made = b"".join(zip_stream(((name, iter(parts)) for name, parts in files), MADE))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: b"".join(parts) for name, parts in files
        }
        kinds = {each.filename: each.compress_type for each in archive.infolist()}
        assert (kinds["a.csv"], kinds["media/b.jpg"]) == (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)
        assert archive.getinfo("a.csv").compress_size < sum(map(len, PARTS)) / 2


def test_no_more_than_a_few_parts_wait() -> None:
    going, most = threading.Event(), []

    class Slow:
        def compress(self, data: bytes, /) -> bytes:
            going.wait(10)
            return data

        def flush(self, mode: int = zlib.Z_FINISH, /) -> bytes:
            return b"."

    with ThreadPoolExecutor(1) as beside:
        pressed = PressedBeside(Slow(), beside)
        for number in range(WAITING):
            most.append(pressed.compress(b"%d" % number))
        assert b"".join(most) == b""
        threading.Timer(0.05, going.set).start()
        given = pressed.compress(b"x")
        assert given.startswith(b"0")
        assert given + pressed.flush() == b"".join(b"%d" % number for number in range(WAITING)) + b"x."


def test_what_breaks_while_it_is_made_is_told_and_leaves_no_thread() -> None:
    def breaking() -> Iterator[bytes]:
        yield PARTS[0]
        raise RuntimeError("gone")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="gone"):
        list(zip_stream([("a.csv", breaking())], MADE))
    cut = zip_stream([("a.csv", iter(PARTS))], MADE)
    assert next(cut)
    cut.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
