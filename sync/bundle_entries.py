"""Finds what a zip holds, also one that was cut off or has flipped bits.

A zip says what it holds twice: before each file, and in a directory at its end. A file that was pulled out of a phone
too early has no directory, and a bad card may spoil either. So both are looked for by their signatures, wherever they
stand, and every place at which a name may begin is a candidate. Nothing is believed: who reads knows the size and the
SHA-256 of what should be there, and takes the candidate that has them. No name is ever a path, and no more is unpacked
than was announced.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sync.errors import BundleError

STORED, DEFLATED = 0, 8
MOST_ENTRIES = 40_000
"""Signatures in one file, of either kind."""
MOST_SPOTS = 8
"""Candidates for one name: more are an attack."""
BLOCK = 1 << 18

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL_SIGN, _CENTRAL_SIGN = b"PK\x03\x04", b"PK\x01\x02"
_SIGNS = re.compile(rb"PK(?:\x03\x04|\x01\x02)")
_LATER = 1 << 3
"""The flag of an entry whose checksum stands after it."""


class Cut(Exception):
    """The file ends before the entry does."""


class Broken(Exception):
    """What is there cannot be unpacked, or is not as long as announced."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the bytes of an entry may begin, and how they are packed. `crc` and `size`: of the unpacked bytes, as
    the zip says; None where it does not say it there."""

    offset: int
    method: int
    crc: int | None
    size: int | None


@dataclass(frozen=True)
class Entries:
    """The candidates of each name in their order, those that the directory names before the others; `first`: the one
    that stands at the very beginning; `sha256` of the whole file."""

    spots: dict[str, list[Spot]]
    first: tuple[str, Spot] | None
    sha256: str


def find_entries(file: BinaryIO) -> Entries:
    """Looks through a file once. Raises BundleError when it has nothing of a zip, or far too many entries."""
    local, central, sha256 = _signatures(file)
    if not local:
        raise BundleError("bundle.not_a_zip")
    spots: dict[str, list[Spot]] = {}
    for offset in central:
        _add(spots, _from_directory(file, offset))
    first = None
    for offset in local:
        found = _from_header(file, offset)
        _add(spots, found)
        first = found if offset == 0 else first
    return Entries(spots, first, sha256)


def unpack(file: BinaryIO, spot: Spot, size: int, *, exact: bool = True) -> Iterator[bytes]:
    """The bytes at a spot, in pieces; `size` of them, or with `exact` False up to so many. Raises Cut and Broken, maybe
    after some pieces."""
    file.seek(spot.offset)
    if spot.method == STORED:
        yield from _stored(file, size)
    elif spot.method == DEFLATED:
        yield from _deflated(file, size, exact)
    else:
        raise Broken


def _stored(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        block = file.read(min(BLOCK, size))
        if not block:
            raise Cut
        size -= len(block)
        yield block


def _deflated(file: BinaryIO, size: int, exact: bool) -> Iterator[bytes]:
    stream, waiting = zlib.decompressobj(-zlib.MAX_WBITS), b""
    while not stream.eof:
        waiting = waiting or file.read(BLOCK)
        if not waiting:
            raise Cut
        try:
            # one more than is left: a bomb is noticed, and never goes off
            block = stream.decompress(waiting, min(BLOCK, size + 1))
        except zlib.error as error:
            raise Broken from error
        waiting = stream.unconsumed_tail
        if len(block) > size:
            raise Broken
        size -= len(block)
        if block:
            yield block
    if exact and size:
        raise Broken


def _signatures(file: BinaryIO) -> tuple[list[int], list[int], str]:
    local: list[int] = []
    central: list[int] = []
    digest, kept, at = hashlib.sha256(), b"", 0
    file.seek(0)
    while block := file.read(BLOCK):
        digest.update(block)
        window = kept + block
        for found in _SIGNS.finditer(window):
            (local if found[0] == _LOCAL_SIGN else central).append(at - len(kept) + found.start())
        if len(local) + len(central) > MOST_ENTRIES:
            raise BundleError("bundle.too_many", {"most": MOST_ENTRIES})
        # a signature of four bytes that begins in this block and ends in the next
        kept = window[-3:]
        at += len(block)
    return local, central, digest.hexdigest()


def _from_header(file: BinaryIO, offset: int) -> tuple[str, Spot] | None:
    file.seek(offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size:
        return None
    _, _, flags, method, _, _, crc, _, size, name_length, extra_length = _LOCAL.unpack(head)
    name = _name(file.read(name_length))
    begin = offset + _LOCAL.size + name_length + extra_length
    said = (None, None) if flags & _LATER else (crc, size)
    return (name, Spot(begin, method, *said)) if name else None


def _from_directory(file: BinaryIO, offset: int) -> tuple[str, Spot] | None:
    file.seek(offset)
    head = file.read(_CENTRAL.size)
    if len(head) < _CENTRAL.size:
        return None
    fields = _CENTRAL.unpack(head)
    method, crc, size, name_length, header = fields[4], fields[7], fields[9], fields[10], fields[16]
    name = _name(file.read(name_length))
    file.seek(header)
    before = file.read(_LOCAL.size)
    if not name or len(before) < _LOCAL.size:
        return None
    lengths = _LOCAL.unpack(before)[-2:]
    return name, Spot(header + _LOCAL.size + sum(lengths), method, crc, size)


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _add(spots: dict[str, list[Spot]], found: tuple[str, Spot] | None) -> None:
    if found is None:
        return
    name, spot = found
    known = spots.setdefault(name, [])
    if spot not in known and len(known) < MOST_SPOTS:
        known.append(spot)
