"""The area tree: browse it as of a day, find a unit as one types, and one unit with what it came from and became."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from server.domain.areas import KINDS
from server.domain.roles import ALL
from server.services.area_lookup import fold, list_areas_of, look_up, search_areas
from server.services.area_scope import area_scope
from server.storage.area_views import ShapeView, list_these
from server.web.context import current_session, date_asked
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.desk.words import say

MOST_FOUND = 60
MAP_WIDTH = 320.0
MARGIN = 8.0


@dataclass(frozen=True)
class Sketch:
    """A boundary and a point as SVG: the size of the picture, the path of the boundary, where the point is."""

    width: float
    height: float
    path: str
    point: tuple[float, float] | None


@blueprint.get("/areas")
def areas() -> str:
    """The topmost areas that somebody sees, or those whose name holds what is typed."""
    caller = desk_caller()
    session, on = current_session(), date_asked("on") or caller.on
    scope, words = area_scope(session, caller), " ".join(request.args.get("q", "").replace("\0", "").split())
    below: Any = {}
    if fold(words):
        found = search_areas(session, scope, on, words, (0, MOST_FOUND + 1))
    else:
        found, below = list_areas_of(session, scope, on, None)
    # the way up from one's own areas may be named
    parents = list_these(session, ALL, on, sorted({each.parent_id for each in found if each.parent_id}))
    return show_page(
        "areas.html",
        caller=caller,
        parents=parents,
        kind=kind_name,
        found=found[:MOST_FOUND],
        below=below,
        on=on,
        words=words,
        more=len(found) > MOST_FOUND,
    )


@blueprint.get("/areas/<segment:area>")
def one_area(area: str) -> str:
    """One unit as of a day."""
    caller = desk_caller()
    session, on = current_session(), date_asked("on") or caller.on
    scope = area_scope(session, caller)
    report = look_up(session, area, on, scope)
    _, below = list_areas_of(session, scope, on, report.id)
    # what is above one's own areas is named, and cannot be opened
    seen = list_these(session, scope, on, [each.id for each in report.above])
    return show_page(
        "area.html",
        caller=caller,
        report=report,
        below=below,
        seen=seen,
        on=on,
        sketch=sketch_of(report.shapes),
        kind=kind_name,
    )


def kind_name(kind: str) -> str:
    """What a kind of units is called; the word itself where Việt Nam's law has none."""
    return say(f"desk.areakind.{kind}") if kind in KINDS else kind


def sketch_of(shapes: Sequence[ShapeView]) -> Sketch | None:
    """A small map without a ground: degrees of longitude as long as they are at that latitude."""
    rings = [ring for shape in shapes for ring in _rings(shape.geometry)]
    point = next((shape.geometry["coordinates"] for shape in shapes if shape.kind == "point"), None)
    corners = [corner for ring in rings for corner in ring] or ([point] if point else [])
    if not corners:
        return None
    west, east = min(corner[0] for corner in corners), max(corner[0] for corner in corners)
    south, north = min(corner[1] for corner in corners), max(corner[1] for corner in corners)
    squeeze = math.cos(math.radians((south + north) / 2))
    span = max((east - west) * squeeze, north - south) or 1.0
    scale = (MAP_WIDTH - 2 * MARGIN) / span

    def place(corner: Sequence[float]) -> tuple[float, float]:
        return (
            round(MARGIN + (corner[0] - west) * squeeze * scale, 1),
            round(MARGIN + (north - corner[1]) * scale, 1),
        )

    path = " ".join("M" + " L".join(f"{x} {y}" for x, y in map(place, ring)) + "Z" for ring in rings)
    return Sketch(
        round((east - west) * squeeze * scale + 2 * MARGIN, 1),
        round((north - south) * scale + 2 * MARGIN, 1),
        path,
        place(point) if point else None,
    )


def _rings(geometry: dict[str, Any]) -> Iterator[list[list[float]]]:
    if geometry["type"] == "Polygon":
        yield from geometry["coordinates"]
    if geometry["type"] == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon
