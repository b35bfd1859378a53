"""When and where a picture was taken, as the camera wrote it into the file: EXIF DateTimeOriginal and GPS of a JPEG
(CIPA DC-008)."""

from __future__ import annotations

import struct
from datetime import datetime

HEAD_BYTES = 65_536
"""How much of a file has to be read: the segment stands at its beginning and is no longer."""
_EXIF_IFD, _TAKEN = 0x8769, 0x9003
_GPS_IFD, _NORTH, _LATITUDE, _EAST, _LONGITUDE = 0x8825, 1, 2, 3, 4
_ENTRY = 12


def taken_at(head: bytes) -> datetime | None:
    """The local time of the camera, without a zone; None where the file does not say it, or is no such file."""
    try:
        tiff = _find_exif(head)
        return None if tiff is None else _read(tiff)
    except (struct.error, ValueError):
        return None


def taken_where(head: bytes) -> tuple[float, float] | None:
    """(longitude, latitude) in degrees; None where the file does not say it, or is no such file."""
    try:
        tiff = _find_exif(head)
        return None if tiff is None else _read_place(tiff)
    except (struct.error, ValueError, ZeroDivisionError):
        return None


def _read_place(tiff: bytes) -> tuple[float, float] | None:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    below = _entry(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0], _GPS_IFD) if order else None
    if order is None or below is None:
        return None
    latitude, longitude = (_degrees(tiff, order, below, tags) for tags in ((_NORTH, _LATITUDE), (_EAST, _LONGITUDE)))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    # a camera that had no fix writes zeros
    return None if latitude == longitude == 0 else (longitude, latitude)


def _degrees(tiff: bytes, order: str, directory: int, tags: tuple[int, int]) -> float | None:
    """Degrees, minutes and seconds as three fractions; south and west are below zero."""
    side, place = (_entry(tiff, order, directory, tag) for tag in tags)
    if side is None or place is None:
        return None
    numbers = struct.unpack_from(order + "6I", tiff, place)
    degrees, minutes, seconds = (numbers[at] / numbers[at + 1] for at in (0, 2, 4))
    # the letter stands in the entry itself, as its first byte
    letter = struct.pack(order + "I", side)[:1]
    return float(degrees + minutes / 60 + seconds / 3600) * (-1 if letter in b"SW" else 1)


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
