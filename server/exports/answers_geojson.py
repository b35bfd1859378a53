"""Answers as a map: a FeatureCollection (RFC 7946) of one place of the form, sent while it is made.

The place is a point, a line or an area, of the form itself or of a repeat, which has a feature for each of its rows.
What was sent without the place, or with one that could not be read, is left out, as in ODK Central; how many were is
said at the end. Altitudes stay as they were sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

from server.exports.answers import Given, Source
from server.exports.flat import PLACES, FlatColumn, FlatTable
from server.exports.headings import unlike
from server.exports.sheets import Word, plain, say_all, say_one, shown
from server.exports.spool import json_line

ENDING = "geojson"
KIND = "application/geo+json"
_FIRST, _KEY, _ABOVE = ("SubmissionDate", "ReviewState", "FormVersion"), "KEY", "PARENT_KEY"
_Point = Sequence[float]


def places_of(tables: Sequence[FlatTable]) -> dict[str, tuple[FlatTable, FlatColumn]]:
    """The places that a map can be made of, by their paths with slashes: those of the form first, then of repeats."""
    found: dict[str, tuple[FlatTable, FlatColumn]] = {}
    for table in tables:
        for column in table.columns:
            if column.field.type in PLACES:
                found.setdefault(column.field.path.split("/", 2)[2], (table, column))
    return found


def write(source: Source) -> Iterator[bytes]:
    """The collection, some hundred features at a time. Raises KeyError when the form has no such place."""
    places = places_of(source.tables)
    path = source.geo_field.strip("/") if source.geo_field else next(iter(places))
    table, column = places[path]
    features = _Features(source, table, column)
    yield _head(source, path)
    first = True
    for batch in source.batches():
        made = b",\n".join(json_line(each).rstrip() for given in batch for each in features.of(given))
        if made:
            yield made if first else b",\n" + made
            first = False
    yield b'\n],"left_out":%d}\n' % features.left_out


def _head(source: Source, path: str) -> bytes:
    """The members that stand beside the features: what the file is, and whether it is real."""
    about, translate = source.about, source.translate
    said: dict[str, object] = {
        "type": "FeatureCollection",
        "name": source.form_id,
        "title": say_one(translate, about.title),
        "fieldpath": path,
        "synthetic": any(isinstance(mark, Word) and mark.code == "synthetic" for mark in about.marks),
        "marks": say_all(translate, about.marks),
        "about": [
            {
                "name": label.code if isinstance(label, Word) else label,
                "label": say_one(translate, label),
                "value": plain(shown(translate, value)),
            }
            for label, value in about.lines
        ],
    }
    return json_line(said).rstrip()[:-1] + b',"features":[\n'


class _Features:
    """Makes features of what was sent."""

    def __init__(self, source: Source, table: FlatTable, column: FlatColumn) -> None:
        self.left_out = 0
        self._table = table
        self._inside = bool(table.way)
        self._look = _way_to(column)
        # the place itself is the feature; how exact it was stays beside the answers
        self._kept = [
            number
            for number, each in enumerate(table.columns)
            if each.field is not column.field or each.part == "Accuracy"
        ]
        context = [say_one(source.translate, each.title) for each in source.context]
        own = [*_FIRST, _ABOVE, _KEY] if self._inside else [*_FIRST, _KEY]
        self._names = [*own, *unlike([*(table.columns[number].name for number in self._kept), *context], own)]
        self._translate = source.translate

    def of(self, given: Given) -> Iterator[dict[str, Any]]:
        """The features of one submission."""
        for above, own, row in self._table.rows(given.key, given.answers):
            geometry = geometry_of(self._look(row))
            if geometry is None:
                self.left_out += 1
                continue
            cells = self._table.cells(row)
            first = [given.submission_date, given.state, given.form_version]
            context = [plain(shown(self._translate, each)) for each in given.context]
            keys = [above, own] if self._inside else [own]
            values = chain(first, keys, (cells[number] for number in self._kept), context)
            yield {
                "type": "Feature",
                "id": own,
                "geometry": geometry,
                "properties": dict(zip(self._names, values, strict=True)),
            }


def _way_to(column: FlatColumn) -> Callable[[Mapping[str, Any]], Any]:
    """Finds the answer in a row of its table."""
    steps: list[str] = []
    rest = column.path
    parts = column.field.path.split("/")
    # the table's own way is what is left of the path when the column's name is taken off it
    while rest:
        step = parts.pop()
        steps.insert(0, step)
        rest = rest[: -len(step)].removesuffix("-")

    def look(row: Mapping[str, Any]) -> Any:
        found: Any = row
        for step in steps:
            found = found.get(step) if type(found) is dict else None
        return found

    return look


def geometry_of(value: Any) -> dict[str, Any] | None:
    """A place as RFC 7946 wants it: an area closed and its outline counter-clockwise, a line of one point a point. None
    when there is no place, or none that could be read."""
    if type(value) is not dict or value.get("type") not in ("Point", "LineString", "Polygon"):
        return None
    kind, said = value["type"], value.get("coordinates") or []
    points = [said] if kind == "Point" else said[0] if kind == "Polygon" else said
    if not points or not all(_is_number(number) for point in points for number in point):
        return None
    if kind == "Polygon" and len({tuple(point[:2]) for point in points}) >= 3:
        return {"type": "Polygon", "coordinates": [_outline(points)]}
    if kind != "Point" and len(points) >= 2:
        return {"type": "LineString", "coordinates": points}
    return {"type": "Point", "coordinates": points[0]}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _outline(points: Sequence[_Point]) -> list[_Point]:
    ring = [*points] if points[0] == points[-1] else [*points, points[0]]
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    return ring if doubled >= 0 else ring[::-1]
