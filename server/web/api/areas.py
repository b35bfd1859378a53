"""The area tree as of a day, as far as who asks sees it."""

from __future__ import annotations

from typing import Any

from flask import request

from server.services.area_lookup import MOST, list_areas_of, look_up, search_areas
from server.services.area_report import area_body, report_body
from server.services.area_scope import area_scope
from server.storage.areas import AreaView
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.areas import AreaListBody, AreaReportBody
from server.web.context import current_session, date_asked, whole
from server.web.wire import LIMIT, OFFSET, TEXT, Parameter, Wire, told

nouns = Nouns("areas", "The area tree, as of any day")

ON = Parameter(
    "on", "The day as of which the tree is asked about; without it today.", {"type": "string", "format": "date"}
)
PARENT = Parameter("parent", "Own id, or code as of the day: what lies right below that area.", TEXT)
WORDS = Parameter("q", "A part of a name, with Vietnamese marks or without, or the beginning of a code.", TEXT)


@nouns.view("GET /areas", SIGNED_IN, answer=AreaListBody(many=True))
@told(Wire(reads=(ON, PARENT, WORDS, LIMIT, OFFSET), refuses=(404,)))
def list_all(here: Here) -> list[dict[str, Any]]:
    """The areas right below `parent`, or the topmost ones that the caller sees; with `q` those of that name anywhere.
    At most 500; `limit` and `offset` narrow the list."""
    session, caller = current_session(), here.caller
    on, words, parent = date_asked("on") or caller.on, _text("q"), _text("parent")
    scope, page = area_scope(session, caller), (whole("offset") or 0, min(whole("limit") or MOST, MOST))
    if words:
        found = search_areas(session, scope, on, words, page)
        return [_listed(area, None) for area in found]
    found, below = list_areas_of(session, scope, on, parent or None, page)
    return [_listed(area, below.get(area.id, 0)) for area in found]


@nouns.view("GET /areas/<segment:area>", SIGNED_IN, answer=AreaReportBody())
@told(Wire(reads=(ON,), refuses=(404,)))
def get_one(here: Here, area: str) -> dict[str, Any]:
    """An area by own id, or by its code as of the day: what lies above and below it, its versions, what it came from
    and went into, classifications with their decisions, and where it lies. What the caller does not see is not found,
    and is left out where others are named; what is above their own areas is named."""
    session, caller = current_session(), here.caller
    return report_body(look_up(session, area, date_asked("on") or caller.on, area_scope(session, caller)))


def _text(name: str) -> str:
    return " ".join(request.args.get(name, "").replace("\0", "").split())


def _listed(area: AreaView, below: int | None) -> dict[str, Any]:
    return area_body(area) | {"parentId": area.parent_id, "children": below}
