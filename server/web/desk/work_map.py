"""Maps without a ground: boundaries of communes, and a mark for each work with its condition, or for each production
model with what was decided."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.production import Model
from server.services.works import WorkLine

WIDE = 640.0
FEW = 12
"""So many works are named on the map; of more the names would lie on each other."""
MARGIN = 24.0
GOING_ON = "going_on"
"""How a model stands of which nothing was decided yet."""
LEAST = 0.02
"""Degrees that a map spans at least: one work alone would fill it."""


@dataclass(frozen=True)
class Mark:
    """A work or a model on the map: where, and how it stands. `condition`: of a work; None: nobody has looked yet."""

    x: float
    y: float
    id: str
    name: str
    state: str
    condition: int | None


@dataclass(frozen=True)
class Thing:
    """What a mark stands for."""

    id: str
    name: str
    state: str
    condition: int | None = None


@dataclass(frozen=True)
class WorkMap:
    """The size of the picture, the boundaries as paths by the names of their areas, marks, whether these are named on
    it, and how many have no position."""

    width: float
    height: float
    borders: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]
    named: bool
    unplaced: int


def draw_works(
    lines: Iterable[WorkLine], borders: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> WorkMap | None:
    """The map of these works; None where none has a position. `borders`: GeoJSON geometries by area."""
    things = [
        (line.state.work.place, Thing(line.state.work.id, line.state.work.name, line.state.state, line.state.condition))
        for line in lines
    ]
    return _draw(things, borders, names)


def draw_models(
    models: Iterable[Model], borders: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> WorkMap | None:
    """The same of production models; each is named by the number of its start sheet, and stands as was decided."""
    things = [(each.place, Thing(str(each.start.submission_id), each.name, each.repeat or GOING_ON)) for each in models]
    return _draw(things, borders, names)


def _draw(
    things: Sequence[tuple[tuple[float, float] | None, Thing]],
    borders: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
) -> WorkMap | None:
    placed = [(place, thing) for place, thing in things if place is not None]
    if not placed:
        return None
    rings = [(area_id, ring) for area_id, geometry in borders.items() for ring in _rings(geometry)]
    corners = [place for place, _ in placed] + [(each[0], each[1]) for _, ring in rings for each in ring]
    frame = _Frame(corners)
    paths: dict[str, list[str]] = {}
    for area_id, ring in rings:
        points = " L".join(f"{x} {y}" for x, y in (frame.place(each) for each in ring))
        paths.setdefault(area_id, []).append(f"M{points}Z")
    marks = tuple(
        Mark(*frame.place(place), thing.id, thing.name, thing.state, thing.condition) for place, thing in placed
    )
    found = tuple((names.get(area_id, ""), " ".join(parts)) for area_id, parts in paths.items())
    return WorkMap(frame.width, frame.height, found, marks, len(marks) <= FEW, len(things) - len(placed))


class _Frame:
    """Degrees into the picture: longitude as long as it is at that latitude."""

    def __init__(self, corners: Sequence[tuple[float, float]]) -> None:
        west, east = min(each[0] for each in corners), max(each[0] for each in corners)
        south, north = min(each[1] for each in corners), max(each[1] for each in corners)
        self._squeeze = math.cos(math.radians((south + north) / 2)) or 1.0
        across, up = max((east - west) * self._squeeze, LEAST), max(north - south, LEAST)
        self._scale = (WIDE - 2 * MARGIN) / max(across, up)
        self._west = (west + east) / 2 - across / self._squeeze / 2
        self._north = (south + north) / 2 + up / 2
        self.width = round(across * self._scale + 2 * MARGIN, 1)
        self.height = round(up * self._scale + 2 * MARGIN, 1)

    def place(self, corner: Sequence[float]) -> tuple[float, float]:
        """Where a corner stands in the picture."""
        x = MARGIN + (corner[0] - self._west) * self._squeeze * self._scale
        return round(x, 1), round(MARGIN + (self._north - corner[1]) * self._scale, 1)


def _rings(geometry: Mapping[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    if geometry["type"] == "Polygon":
        yield from geometry["coordinates"]
    if geometry["type"] == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon
