"""When a picture was taken, as the camera wrote it into the file: EXIF DateTimeOriginal of a JPEG (CIPA DC-008)."""

from __future__ import annotations

import struct
from datetime import datetime

HEAD_BYTES = 65_536
"""How much of a file has to be read: the segment stands at its beginning and is no longer."""
_EXIF_IFD, _TAKEN = 0x8769, 0x9003
_ENTRY = 12


def taken_at(head: bytes) -> datetime | None:
    """The local time of the camera, without a zone; None where the file does not say it, or is no such file."""
    try:
        tiff = _find_exif(head)
        return None if tiff is None else _read(tiff)
    except (struct.error, ValueError):
        return None


def _find_exif(head: bytes) -> bytes | None:
    if not head.startswith(b"\xff\xd8"):
        return None
    at = 2
    while head[at : at + 1] == b"\xff" and head[at + 1 : at + 2] not in (b"\xda", b""):
        marker, length = head[at + 1], struct.unpack_from(">H", head, at + 2)[0]
        if marker == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":
            return head[at + 10 : at + 2 + length]
        at += 2 + length
    return None


def _read(tiff: bytes) -> datetime | None:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    first = struct.unpack_from(order + "I", tiff, 4)[0]
    below = _entry(tiff, order, first, _EXIF_IFD)
    place = _entry(tiff, order, below, _TAKEN) if below is not None else None
    if place is None:
        return None
    return datetime.strptime(tiff[place : place + 19].decode("ascii", "replace"), "%Y:%m:%d %H:%M:%S")


def _entry(tiff: bytes, order: str, directory: int, wanted: int) -> int | None:
    """The value of an entry as an offset."""
    for number in range(struct.unpack_from(order + "H", tiff, directory)[0]):
        at = directory + 2 + number * _ENTRY
        tag, _, _, value = struct.unpack_from(order + "HHII", tiff, at)
        if tag == wanted:
            return int(value)
    return None
