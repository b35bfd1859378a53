"""Calls to villages that have to act in a round: what came of each, for who sees whom to call there."""

from __future__ import annotations

from typing import Any

from server.domain.calls import NewCall
from server.services.calls import VERB, list_in_sight, list_of_village, take_back, write_call
from server.services.coverage import Asked
from server.web.api.coverage import AREA, find_round_by_slug
from server.web.api.nouns import Here, Nouns
from server.web.api.rounds import ROUND
from server.web.api.schemas.coverage import CallBody, NewCallBody, call_body
from server.web.context import current_session, now, whole
from server.web.coverage_asked import MINE, asked_of, narrowed_of
from server.web.wire import LIMIT, OFFSET, Parameter, Wire, told

nouns = Nouns("calls", "Calls to villages that have to act in a round")
CALLS = f"{ROUND}/villages/<area_id>/calls"
WHOSE = Parameter("calls", "`mine`: those of the caller alone.", {"type": "string", "enum": [MINE]}, MINE)
MOST = 1000


@nouns.view(f"GET {ROUND}/calls", VERB, answer=CallBody(many=True))
@told(Wire(reads=(AREA, WHOSE, LIMIT, OFFSET)))
def list_calls_in_sight(here: Here, slug: str) -> list[dict[str, Any]]:
    """The calls of a round to villages in sight, newest first, a thousand at most at once. What was taken back is not
    among them."""
    first, most = whole("offset") or 0, whole("limit")
    asked = narrowed_of(here.caller, here.project, find_round_by_slug(here, slug))
    found = list_in_sight(current_session(), asked, first, MOST if most is None else min(most, MOST))
    return [call_body(each) for each in found]


@nouns.view(f"GET {CALLS}", VERB, answer=CallBody(many=True))
def list_village_calls(here: Here, slug: str, area_id: str) -> list[dict[str, Any]]:
    """The calls of a round to a village, newest first."""
    return [call_body(each) for each in list_of_village(current_session(), _asked(here, slug), area_id)]


@nouns.view(f"POST {CALLS}", VERB, body=NewCallBody, answer=CallBody())
def call_village(here: Here, body: dict[str, Any], slug: str, area_id: str) -> dict[str, Any]:
    """Writes down what came of a call to a village of the round, of now and by the caller."""
    said = NewCall(body["outcome"], body["sends_on"], body["text"])
    return call_body(write_call(current_session(), here.caller, (_asked(here, slug), area_id), said, now()))


@nouns.view(f"POST {CALLS}/<int:call_id>/undo", VERB, answer=CallBody())
def take_call_back(here: Here, slug: str, area_id: str, call_id: int) -> dict[str, Any]:
    """Takes the caller's own last call to a village back, within ten minutes; it is listed no more."""
    return call_body(take_back(current_session(), here.caller, (_asked(here, slug), area_id), call_id, now()))


def _asked(here: Here, slug: str) -> Asked:
    return asked_of(here.caller, here.project, find_round_by_slug(here, slug))
