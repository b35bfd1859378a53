"""The data types of an answer: whether a text can be read as one, and what it says.

Types are those of the XForm bind (ODK XForms specification, "Data types"). Reading is lenient where phones are: any
length of fractional seconds, offsets with or without a colon, points with two to four numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from forms.doubles import double_of
from forms.xpath.moments import find_moment, find_time
from forms.xpath.values import NAN, READERS, normalise_points, read_points, string_to_number

_MIDNIGHT = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def is_int(text: str) -> bool:
    """A whole number of 32 bits, as the integer question of a phone holds it."""
    if text.isdecimal() and len(text) < 10:
        return True
    return READERS["int"](text, _MIDNIGHT) != ""


def is_decimal(text: str) -> bool:
    """A finite number. Phones read NaN, Infinity and Java's own spellings (1f, 0x1p3) besides: no answer says so."""
    return READERS["decimal"](text, _MIDNIGHT) != ""


def is_date(text: str) -> bool:
    """A calendar date alone: with a time after it phones read nothing."""
    if len(text) == 10 and text.isascii():
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return True
    return "T" not in text and find_moment(text, dt.UTC) is not None


def is_date_time(text: str) -> bool:
    """A date, with a time of day or without."""
    return find_moment(text, dt.UTC) is not None


def is_time(text: str) -> bool:
    """A time of day."""
    return find_time(text, _MIDNIGHT) is not None


def is_geopoint(text: str) -> bool:
    """Latitude and longitude, perhaps altitude and accuracy. Phones take one number alone for a latitude at longitude
    0: we do not."""
    return ";" not in text and bool(read_points(text))


def is_geoline(text: str) -> bool:
    """Points separated by semicolons."""
    return bool(read_points(text))


def is_boolean(text: str) -> bool:
    """true, false, 1 or 0. Phones take anything else for false: we say that it is none."""
    return text.strip() in ("true", "false", "1", "0")


CHECKS: dict[str, Callable[[str], bool]] = {
    "int": is_int,
    "decimal": is_decimal,
    "date": is_date,
    "dateTime": is_date_time,
    "time": is_time,
    "geopoint": is_geopoint,
    "geotrace": is_geoline,
    "geoshape": is_geoline,
    "boolean": is_boolean,
}


def same_value(one: str, other: str) -> bool:
    """Whether two texts say the same: numbers and moments are compared by value, not by their spelling."""
    if one == other:
        return True
    left, right = _number(one), _number(other)
    if left == left and right == right:
        return abs(left - right) <= 1e-9 * max(1.0, abs(left), abs(right))
    if {one, other} in ({"1", "true"}, {"0", "false"}):
        return True
    earlier, later = find_moment(one, dt.UTC), find_moment(other, dt.UTC)
    if earlier is not None and later is not None:
        return earlier == later or (("T" not in one or "T" not in other) and _day(one) == _day(other))
    points = normalise_points(one)
    return bool(points) and points == normalise_points(other)


def _number(text: str) -> float:
    """The number that a text spells, with an exponent too ("9.3E-6", as phones write small and large ones)."""
    number = string_to_number(text)
    if number == number:
        return number
    found = double_of(text.strip())
    return NAN if found is None else found


def _day(text: str) -> str:
    return text.strip().partition("T")[0]


def geojson_of(kind: str, text: str) -> dict[str, object] | None:
    """A geo answer as GeoJSON (longitude first, RFC 7946); the accuracy in metres stands in ``properties``."""
    points: list[list[float]] = []
    accuracies: list[float | None] = []
    for part in text.split(";"):
        pieces = part.split()
        if not pieces:
            continue
        try:
            numbers = [float(piece) for piece in pieces]
        except ValueError:
            return None
        if not 2 <= len(numbers) <= 4:
            return None
        points.append([numbers[1], numbers[0], numbers[2] if len(numbers) > 2 else 0.0])
        accuracies.append(numbers[3] if len(numbers) > 3 else None)
    if not points:
        return None
    if kind == "geopoint":
        return {"type": "Point", "coordinates": points[0], "properties": {"accuracy": accuracies[0]}}
    if kind == "geotrace":
        return {"type": "LineString", "coordinates": points, "properties": {"accuracies": accuracies}}
    return {"type": "Polygon", "coordinates": [points], "properties": {"accuracies": accuracies}}
