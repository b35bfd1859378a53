"""Areas and lengths on a sphere with the radius that phones use (6,378,100 m), and what lies in what."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import TypeAlias

from forms.xpath.context import Context
from forms.xpath.functions.registry import function
from forms.xpath.stops import single, stop
from forms.xpath.values import NAN, Node, Value, scalar_to_string, value_of

RADIUS = 6378100.0
Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees."""
LONGEST = 5_000
"""How many points a shape may have to be looked through for crossings."""
_NUMBER = re.compile(r"([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))[fFdD]?\Z", re.ASCII)


def _point(text: str) -> Point:
    """A geopoint. As on phones an empty one lies at 0, 0, and a number alone is a latitude at longitude 0."""
    pieces = [piece.strip() for piece in text.split(" ") if piece]
    found = [_NUMBER.match(piece) for piece in pieces]
    if len(pieces) > 4:
        stop("not-a-shape")
    numbers = [float(each[1].replace("Infinity", "inf")) if each is not None else stop("not-a-shape") for each in found]
    latitude, longitude = (*numbers, 0.0, 0.0)[:2]
    return latitude, longitude


def _trace(text: str) -> list[Point]:
    parts = text.split(";")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return [_point(part) for part in parts] if parts != [""] or not text else []


def _texts(nodes: Iterable[Node], context: Context) -> list[str]:
    return [scalar_to_string(value_of(node, context.now)) for node in nodes]


def _points_of_nodes(value: Value, context: Context) -> list[Point]:
    """The points of a field with a trace, or of several geopoints. Anything but nodes stops a phone."""
    if not isinstance(value, list):
        stop("not-nodes")
    texts = _texts(value, context)
    return _trace(texts[0]) if len(texts) == 1 else [_point(text) for text in texts]


@function("area", "value", returns="number", context=True)
def area(context: Context, shape: Value) -> float:
    """Square metres inside a shape (a field, or the geopoints of a repeat), 0 for fewer than three points."""
    points = _points_of_nodes(shape, context)
    if len(points) < 3:
        return 0.0
    circumference = 2 * math.pi * RADIUS
    first_latitude, first_longitude = points[0]
    flat = [
        (
            (latitude - first_latitude) * circumference / 360.0,
            (longitude - first_longitude) * circumference * _cosine(latitude) / 360.0,
        )
        for latitude, longitude in points[1:]
    ]
    total = 0.0
    for (y1, x1), (y2, x2) in pairwise(flat):
        total += (y1 * x2 - x1 * y2) / 2
    return abs(total)


def _cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees)) if math.isfinite(degrees) else NAN


function("enclosed-area", "value", returns="number", context=True)(area)


@function("distance", "value value*", returns="number", context=True)
def distance(context: Context, *values: Value) -> float:
    """Metres along a trace (a field or a text), or through several points; 0 for fewer than two."""
    first = values[0]
    if len(values) > 1:
        points = [_point(scalar_to_string(single(value, context))) for value in values]
    elif isinstance(first, str):
        points = _trace(first)
    else:
        points = _points_of_nodes(first, context)
    return sum((_between(start, end) for start, end in pairwise(points)), 0.0)


def _between(start: Point, end: Point) -> float:
    if not all(map(math.isfinite, (*start, *end))):
        return NAN
    # the spherical law of cosines: less exact than haversine for short ways, but what phones compute
    south, north = math.radians(start[0]), math.radians(end[0])
    turn = math.radians(start[1] - end[1])
    cosine = math.sin(south) * math.sin(north) + math.cos(south) * math.cos(north) * math.cos(turn)
    return RADIUS * math.acos(cosine) if -1.0 <= cosine <= 1.0 else NAN


@function("geofence", "string value", returns="boolean", context=True)
def geofence(context: Context, point: str, shape: Value) -> bool:
    """Whether a geopoint lies inside a geoshape (even-odd rule on degrees); a trace is not closed."""
    (latitude, longitude), corners = _point(point), _points_of_nodes(shape, context)
    inside = False
    for (lat1, lon1), (lat2, lon2) in pairwise(corners):
        if (lat2 > latitude) != (lat1 > latitude):
            inside ^= longitude < (lon1 - lon2) * (latitude - lat2) / (lat1 - lat2) + lon2
    return inside


@function("intersects", "value", returns="boolean", context=True)
def intersects(context: Context, shape: Value) -> bool:
    """Whether a trace or a shape crosses itself. Newer than JavaRosa 5.1, which does not know it."""
    points = _trace(shape) if isinstance(shape, str) else _points_of_nodes(shape, context)
    if len(points) > LONGEST:
        stop("too-large")
    lines = list(pairwise(points))
    closed = len(points) > 2 and points[0] == points[-1]
    for (place, one), (other_place, other) in combinations(enumerate(lines), 2):
        beside = other_place - place == 1 or (closed and place == 0 and other_place == len(lines) - 1)
        if not beside and _cross(one, other):
            return True
    return False


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (start, end), (from_, to) = one, other
    turns = [_turn(start, end, from_), _turn(start, end, to), _turn(from_, to, start), _turn(from_, to, end)]
    return (turns[0] > 0) != (turns[1] > 0) and (turns[2] > 0) != (turns[3] > 0)


def _turn(start: Point, end: Point, third: Point) -> float:
    return (end[0] - start[0]) * (third[1] - start[1]) - (end[1] - start[1]) * (third[0] - start[0])
