"""Areas and lengths on a sphere with the radius that phones use (6,378,100 m)."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TypeAlias

from forms.xpath.context import Context
from forms.xpath.functions.registry import function
from forms.xpath.values import Value, scalar_to_string, string_to_number, unpack, value_of

RADIUS = 6378100.0
Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees."""


def points_of(values: tuple[Value, ...], context: Context) -> list[Point]:
    """The points of traces ("lat lon alt acc;…"), of lists of geopoints, or of several such arguments."""
    points: list[Point] = []
    for value in values:
        if isinstance(value, list):
            texts = [scalar_to_string(value_of(node, context.now)) for node in value]
        else:
            texts = [scalar_to_string(unpack(value, context.now))]
        for text in texts:
            for part in text.split(";"):
                pieces = part.split()
                if len(pieces) < 2:
                    continue
                latitude, longitude = string_to_number(pieces[0]), string_to_number(pieces[1])
                if latitude == latitude and longitude == longitude:
                    points.append((latitude, longitude))
    return points


@function("area", "value*", returns="number", context=True)
def area(context: Context, *values: Value) -> float:
    """Square metres inside a shape, 0 for fewer than three points."""
    points = points_of(values, context)
    if len(points) < 3:
        return 0.0
    circumference = 2 * math.pi * RADIUS
    first_latitude, first_longitude = points[0]
    flat = [
        (
            (latitude - first_latitude) * circumference / 360.0,
            (longitude - first_longitude) * circumference * math.cos(math.radians(latitude)) / 360.0,
        )
        for latitude, longitude in points[1:]
    ]
    total = 0.0
    for (y1, x1), (y2, x2) in pairwise(flat):
        total += (y1 * x2 - x1 * y2) / 2
    return abs(total)


function("enclosed-area", "value*", returns="number", context=True)(area)


@function("distance", "value*", returns="number", context=True)
def distance(context: Context, *values: Value) -> float:
    """Metres along a trace or through several points, 0 for fewer than two."""
    points = points_of(values, context)
    total = 0.0
    for start, end in pairwise(points):
        total += _between(start, end)
    return total


def _between(start: Point, end: Point) -> float:
    # the spherical law of cosines: less exact than haversine for short ways, but what phones compute
    south, north = math.radians(start[0]), math.radians(end[0])
    turn = math.radians(start[1] - end[1])
    cosine = math.sin(south) * math.sin(north) + math.cos(south) * math.cos(north) * math.cos(turn)
    return RADIUS * math.acos(max(-1.0, min(1.0, cosine))) if start != end else 0.0


@function("geofence", "value value", returns="boolean", context=True)
def geofence(context: Context, point: Value, shape: Value) -> bool:
    """Whether a geopoint lies inside a geoshape (even-odd rule on degrees); false when either cannot be read."""
    where, corners = points_of((point,), context), points_of((shape,), context)
    if not where or len(corners) < 3:
        return False
    latitude, longitude = where[0]
    inside = False
    for (lat1, lon1), (lat2, lon2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (lon1 > longitude) != (lon2 > longitude):
            crossing = lat1 + (longitude - lon1) * (lat2 - lat1) / (lon2 - lon1)
            if latitude < crossing:
                inside = not inside
    return inside
