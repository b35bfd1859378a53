"""How far the villages of a round have come: the numbers of the coverage board."""

from __future__ import annotations

from typing import Any

from server.domain.coverage import STATES, Counts
from server.domain.errors import NotFound
from server.services.coverage import VillageLine
from server.storage.rounds import RoundView, list_rounds
from server.web.answers import moment
from server.web.api.nouns import Here, Nouns
from server.web.api.rounds import ROUND
from server.web.api.schemas.coverage import CoverageBody, call_body
from server.web.context import current_session
from server.web.coverage_asked import coverage_of
from server.web.wire import Parameter, Wire, told

nouns = Nouns("coverage", "How far the villages of a round have come")
AREA = Parameter("area", "An area by its own id, or by its code as of the round's date, with all that lies below it.")


@nouns.view(f"GET {ROUND}/coverage", "submission.list", answer=CoverageBody())
@told(Wire(reads=(AREA,)))
def get_coverage(here: Here, slug: str) -> dict[str, Any]:
    """Of all villages that the caller sees, or of one area's, how many are in which state: not heard from, phone alive,
    partly received, in review at which office, returned, approved; and the areas right below, or the villages of a
    commune one by one, with their last calls for who sees whom to call there. Nobody in a village is named."""
    round_view = find_round_by_slug(here, slug)
    asked, board = coverage_of(here.caller, here.project, round_view)
    return {
        **_counts(board.whole),
        "round": round_view.slug,
        "endsOn": round_view.ends_on,
        "on": asked.today,
        "area": board.top,
        "areas": [{"area": line.area, **_counts(line.counts)} for line in board.lines],
        "each": [_village(line) for line in board.villages],
    }


def find_round_by_slug(here: Here, slug: str) -> RoundView:
    """The round of the project that the path names. Raises NotFound."""
    rounds = list_rounds(current_session(), here.project.id)
    round_view = next((each for each in rounds if each.slug == slug), None)
    if round_view is None:
        raise NotFound("round.unknown", slug=slug)
    return round_view


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "villages": counts.villages,
        "sent": counts.sent,
        "late": counts.late,
        "states": {state: counts.of(state) for state in STATES},
    }


def _village(line: VillageLine) -> dict[str, Any]:
    kept = line.kept
    return {
        "area": line.area,
        "state": line.state,
        "late": line.late,
        "submission": kept.submission_id if kept else None,
        "filesExpected": kept.expected if kept else None,
        "filesMissing": kept.missing if kept else None,
        "receivedAt": moment(kept.came_at) if kept else None,
        "heardAt": moment(line.heard_at),
        "lastCall": call_body(line.call) if line.call is not None else None,
        "callTurn": line.turn,
    }
