"""Boundaries and points of areas from GeoJSON, each held against the area that bears its code and name on a day.

Boundaries are simplified together, so that neighbours keep one line between them (Visvalingam–Whyatt on the coverage):
a corner goes whose triangle is smaller than the square of the tolerance. What is no valid polygon is mended where that
leaves its area as it was, and refused where it does not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
import shapely
from shapely.geometry import mapping, shape
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.area_records import RowProblem
from server.domain.area_times import Times
from server.domain.areas import match_key
from server.domain.errors import Unreadable
from server.domain.quality_places import metres_between
from server.services.record import write_of_areas, write_own
from server.storage.area_book import put_shapes, read_times
from server.storage.database import writing
from server.storage.quality import mark_all

METRES_OF_A_DEGREE = 111_320
GRID = 0.00001
"""Degrees, about a metre: what coordinates are rounded to."""
MENDED = 0.01
"""The share of its area by which a polygon may change when it is mended."""
CODES, NAMES = ("code", "ma"), ("fullName", "full_name", "name", "ten")
POLYGONS = ("Polygon", "MultiPolygon")


@dataclass
class ShapePlan:
    """What would be written: shapes by (area, kind); how many corners there were and are."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    corners: tuple[int, int] = (0, 0)

    @property
    def refused(self) -> bool:
        """Whether nothing may be loaded."""
        return bool(self.problems)

    def count(self, kind: str) -> int:
        """How many points, or boundaries."""
        return sum(row["kind"] == kind for row in self.rows)


@dataclass(frozen=True)
class Drawing:
    """A file of shapes: its bytes, where it is from, the day as of which codes and names are read, by how many metres
    it is simplified; `dry`: nothing is written."""

    content: bytes
    source: str
    on: date
    tolerance: float
    dry: bool = False


def import_shapes(session: Session, drawing: Drawing, now: datetime) -> ShapePlan:
    """Loads all features of a FeatureCollection, or none when one of them cannot be. A shape of the same area, kind and
    source that is here is replaced. Raises Unreadable."""
    features = _features(drawing.content)
    if drawing.dry:
        return _plan(session, drawing, features)
    with writing(session) as connection:
        plan = _plan(connection, drawing, features)
        if not plan.refused:
            put_shapes(connection, plan.rows)
            mark_all(connection)
            told = {"source": drawing.source, "points": plan.count("point"), "boundaries": plan.count("boundary")}
            write_own(connection, "area.shape.import", now, **told)
            drawn = sorted({row["area_id"] for row in plan.rows})
            write_of_areas(connection, "area.shape.update", now, ((area_id, {}) for area_id in drawn))
        session.commit()
    return plan


def metres_outside(geometry: Mapping[str, Any], point: tuple[float, float]) -> int:
    """How far a place (longitude, latitude) lies outside a boundary; 0 within it and on it."""
    border, place = shape(geometry), shapely.Point(point)
    if border.covers(place):
        return 0
    ends = list(shapely.shortest_line(border, place).coords)
    return metres_between((ends[0][0], ends[0][1]), (ends[-1][0], ends[-1][1]))


def _features(content: bytes) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Unreadable("area.not_geojson", error=str(error)) from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or not features or not all(isinstance(each, dict) for each in features):
        raise Unreadable("area.not_geojson", error="features")
    return features


def _plan(session: Session | Connection, drawing: Drawing, features: Sequence[dict[str, Any]]) -> ShapePlan:
    plan, finder, taken = ShapePlan(), _Finder(read_times(session), drawing.on), dict[tuple[str, str], int]()
    found: list[tuple[Times, Any]] = []
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") or {}
        code = next((str(properties[key]) for key in CODES if properties.get(key)), "")
        name = next((str(properties[key]) for key in NAMES if properties.get(key)), "")
        told = {"row": number, "name": name or "–", "value": code or "–", "day": drawing.on}
        area, wrong = finder.find(code, name)
        if area is None:
            plan.problems.append(RowProblem(number, wrong, told | {"found": finder.bearer(code)}))
            continue
        geometry, why = _read(feature.get("geometry"))
        if geometry is None:
            plan.problems.append(RowProblem(number, "area.not_a_boundary", told | {"why": why}))
            continue
        kind = "point" if geometry.geom_type == "Point" else "boundary"
        other = taken.setdefault((area.id, kind), number)
        if other != number:
            plan.problems.append(RowProblem(number, "area.matched_twice", told | {"other": other}))
            continue
        found.append((area, geometry))
    if not plan.refused:
        _fill(plan, found, drawing)
    return plan


def _fill(plan: ShapePlan, found: Sequence[tuple[Times, Any]], drawing: Drawing) -> None:
    polygons = [(area, geometry) for area, geometry in found if geometry.geom_type != "Point"]
    simpler = _simplified([geometry for _, geometry in polygons], drawing.tolerance)
    corners = [sum(shapely.get_num_coordinates(each) for each in some) for some in ([g for _, g in polygons], simpler)]
    plan.corners = (int(corners[0]), int(corners[1]))
    points = [(area, geometry) for area, geometry in found if geometry.geom_type == "Point"]
    for area, geometry in (*zip((area for area, _ in polygons), simpler, strict=True), *points):
        span = area.on(drawing.on)
        plan.rows.append(
            {
                "area_id": area.id,
                "kind": "point" if geometry.geom_type == "Point" else "boundary",
                "geometry": orjson.loads(orjson.dumps(mapping(geometry))),
                "valid_from": None if span is None or area.begin == date.min else area.begin,
                "valid_to": None if span is None or area.end == date.max else area.end,
                "status": "unverified",
                "source": drawing.source,
            }
        )


def _read(geometry: Any) -> tuple[Any, str]:
    """A point or a valid polygon within the world; else None, and why."""
    try:
        made = shapely.force_2d(shape(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None, "geometry"
    if made.is_empty or made.geom_type not in ("Point", *POLYGONS):
        return None, made.geom_type
    west, south, east, north = made.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None, "WGS 84"
    if made.geom_type == "Point" or made.is_valid:
        return made, ""
    why, mended = shapely.is_valid_reason(made), _polygons_of(shapely.make_valid(made))
    if mended.is_empty or abs(mended.area - made.area) > MENDED * abs(made.area):
        return None, why
    return mended, ""


def _simplified(polygons: Sequence[Any], tolerance: float) -> list[Any]:
    if not polygons:
        return []
    latitude = math.radians(sum(each.centroid.y for each in polygons) / len(polygons))
    scale = (math.cos(latitude) * METRES_OF_A_DEGREE, METRES_OF_A_DEGREE)
    flat = [shapely.transform(each, lambda corners: corners * scale) for each in polygons]
    simple = shapely.coverage_simplify(flat, tolerance) if tolerance > 0 else flat
    found = []
    for each, before in zip(simple, polygons, strict=True):
        back = shapely.set_precision(shapely.transform(each, lambda corners: corners / scale), GRID)
        back = back if back.is_valid else shapely.make_valid(back)
        kept = _polygons_of(back)
        # an islet smaller than the tolerance stays rather than its area going without a boundary
        found.append(before if kept.is_empty else kept)
    return found


def _polygons_of(geometry: Any) -> Any:
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in POLYGONS]
    return shapely.union_all(parts) if len(parts) != 1 else parts[0]


class _Finder:
    """Areas by code, else by name, as of a day. A name may leave out what kind of unit it is (Xã, Phường)."""

    def __init__(self, areas: Sequence[Times], on: date) -> None:
        self._by_code: dict[str, list[Times]] = defaultdict(list)
        self._by_name: dict[str, list[Times]] = defaultdict(list)
        self._on = on
        for area in areas:
            span = area.on(on)
            if span is None:
                continue
            if span.code:
                self._by_code[span.code].append(area)
            for key in _keys(span.name):
                self._by_name[key].append(area)

    def find(self, code: str, name: str) -> tuple[Times | None, str]:
        """The one area, or the message id of why there is none."""
        bearing = self._by_code.get(code, [])
        if len(bearing) == 1:
            if name and not set(_keys(self._name(bearing[0]))) & set(_keys(name)):
                return None, "area.other_name"
            return bearing[0], ""
        named = self._by_name.get(match_key(name), []) if name else []
        return (named[0], "") if len(named) == 1 else (None, "area.no_match")

    def bearer(self, code: str) -> str:
        """The name of what bears a code."""
        return ", ".join(self._name(area) for area in self._by_code.get(code, ())) or "–"

    def _name(self, area: Times) -> str:
        span = area.on(self._on)
        return span.name if span else ""


def _keys(name: str) -> Iterator[str]:
    words = name.split()
    for begin in range(min(3, len(words))):
        yield match_key(" ".join(words[begin:]))
