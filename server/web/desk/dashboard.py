"""The first page: who remains, what holds villages back, how ready each area is, training, works, missing evidence.

What was counted before stands in the page; what must be gathered comes as a part of its own when it is seen, each also
a page by itself for who has no scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from server.criteria.ruleset import RuleSet
from server.domain.errors import Forbidden
from server.domain.evidence import KINDS
from server.domain.programme import COMMUNE, LEVELS, VILLAGE
from server.domain.roles import Scope
from server.domain.works import CONDITIONS
from server.services.authenticate import Caller
from server.services.evidence import missing_evidence
from server.services.hold_back import COMPLETION, HeldBack, hold_back
from server.services.overview import Overview, overview, whole_of
from server.services.remain import Curve, count_remaining, read_curve
from server.services.round_law import law_of
from server.services.training import sum_training
from server.services.works import WorksAsked, sum_works
from server.storage.area_places import list_places
from server.storage.desk import SheetFilter, count_states
from server.storage.devices import count_alarms
from server.storage.programmes import ProgrammeView, list_programmes
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView, list_rounds
from server.web.answers import answer_features, answer_json
from server.web.context import current_session, date_asked
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, projects_of, show_page
from server.web.desk.rounds import LIVE_MOST, WAITING, RoundCard, cards_of, find_round_of
from server.web.desk.tally import Counts, counts_of
from server.web.desk.words import say

SHOWN = 8
"""Criteria on the first page; the page of a round's criteria has all."""
GOOD, BAD, OPEN = "good", "bad", "unknown"
PART_NAMES = "waiting, remaining, readiness, training, works, evidence"


@dataclass(frozen=True)
class Remaining:
    """How many communes and villages are in a programme on a day."""

    programme: ProgrammeView
    on: date
    communes: int
    villages: int


@dataclass(frozen=True)
class Section:
    """A project on the first page. `newest`: its latest round, with all `rounds` there are; `held`: the criteria that
    hold back the most villages; `alarms`: keys that were used from another phone."""

    project: ProjectView
    newest: RoundCard | None
    rounds: int
    alarms: int
    left: Remaining | None
    held: Sequence[HeldBack]
    may_open: bool


@dataclass(frozen=True)
class Ready:
    """An area with its villages by what the rules of completion say. `symbol`: how it is marked on the map."""

    id: str
    name: str
    url: str
    counts: Counts

    @property
    def symbol(self) -> str:
        """All its villages meet the criteria; some do not; of some it is not known."""
        if self.counts.not_met:
            return BAD
        return GOOD if self.counts.met and self.counts.met == self.counts.total else OPEN


@blueprint.get("/")
def home() -> str:
    """Each project that the reader sees: what remains, what holds it back, what waits."""
    caller = desk_caller()
    sections = [_section(caller, project) for project in projects_of(caller)]
    return show_page("home.html", caller=caller, sections=sections, shown=SHOWN)


def _section(caller: Caller, project: ProjectView) -> Section:
    session = current_session()
    rounds = list_rounds(session, project.id)
    scope = caller.scope("submission.list", project.id)
    newest = next(iter(cards_of(caller, project, rounds[:1])), None)
    reached = caller.reach("field_key.list", project.id)
    whole = whole_of(session, project.id, newest.round, scope) if newest else None
    return Section(
        project,
        newest,
        len(rounds),
        count_alarms(session, project.id, reached, caller.on) if reached else 0,
        _remaining(caller, project, rounds),
        hold_back(newest.rule_sets, whole) if newest and whole else (),
        caller.reach("round.create", project.id).everywhere,
    )


def _remaining(caller: Caller, project: ProjectView, rounds: Sequence[RoundView]) -> Remaining | None:
    """Who remains in the programme on the day of the newest round; None without a programme."""
    on = rounds[0].cutoff if rounds else caller.on
    programme = _programme(caller, project, on)
    if programme is None:
        return None
    counts = count_remaining(current_session(), programme, on, caller.scope("round.list", project.id))
    return Remaining(programme, on, counts[COMMUNE], counts[VILLAGE])


def _programme(caller: Caller, project: ProjectView, on: date) -> ProgrammeView | None:
    listed = list_programmes(current_session(), project.id) if caller.scope("round.list", project.id) else []
    return next((each for each in listed if each.valid_from <= on), next(iter(listed), None))


@blueprint.get(
    "/projects/<int:project_id>/dashboard/<any(waiting, remaining, readiness, training, works, evidence):part>"
)
def dashboard_part(project_id: int, part: str) -> str:
    """One part of the first page, as htmx asks for it when it is seen; else a page with that part alone."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    round_view = next(iter(list_rounds(current_session(), project_id)), None)
    bare = request.headers.get("HX-Request") == "true"
    values = PARTS[part](caller, project, round_view)
    return show_page(
        "dashboard_part.html", caller=caller, project=project, round=round_view, part=part, bare=bare, **values
    )


def _waiting_part(caller: Caller, project: ProjectView, round_view: RoundView | None) -> dict[str, Any]:
    counts = count_states(current_session(), SheetFilter(project.id, _sheets(caller, project)))
    waiting = sum(counts.get(state, 0) for state in WAITING)
    return {"waiting": waiting, "settled": {name: n for name, n in counts.items() if name not in WAITING and n}}


def _remaining_part(caller: Caller, project: ProjectView, round_view: RoundView | None) -> dict[str, Any]:
    if not caller.scope("round.list", project.id):
        raise Forbidden("auth.forbidden")
    on = round_view.cutoff if round_view else caller.on
    programme = _programme(caller, project, on)
    steps: Curve = _steps(caller, project, programme) if programme else []
    return {"programme": programme, "on": on, "steps": steps, "levels": LEVELS}


def _steps(caller: Caller, project: ProjectView, programme: ProgrammeView) -> Curve:
    return read_curve(current_session(), programme, caller.scope("round.list", project.id))


@blueprint.get("/projects/<int:project_id>/programme/curve.json")
def programme_curve(project_id: int) -> Response:
    """How many communes and villages were in the programme on each day of a change, for a chart."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    if not caller.scope("round.list", project_id):
        raise Forbidden("auth.forbidden")
    programme = _programme(caller, project, date_asked("on") or caller.on)
    steps: Curve = _steps(caller, project, programme) if programme else []
    series = [
        {"name": say(f"desk.programme.level.{level}"), "values": [n[level] for _, n in steps]} for level in LEVELS
    ]
    return answer_json({"x": [day.isoformat() for day, _ in steps], "series": series})


def _readiness_part(caller: Caller, project: ProjectView, round_view: RoundView | None) -> dict[str, Any]:
    seen, rule_set = _seen(caller, project, round_view)
    ready = _ready(caller, project, round_view, (seen, rule_set)) if seen and rule_set and round_view else []
    places = list_places(current_session(), [each.id for each in ready], round_view.cutoff) if round_view else {}
    return {"ready": ready, "rule_set": rule_set, "seen": seen, "placed": len(places)}


def _seen(caller: Caller, project: ProjectView, round_view: RoundView | None) -> tuple[Overview | None, RuleSet | None]:
    if round_view is None:
        return None, None
    seen = overview(current_session(), project.id, round_view, caller.scope("submission.list", project.id))
    rules = law_of(current_session(), round_view, "village")
    return seen, next((one for one in rules if one.purpose == COMPLETION), None)


def _ready(caller: Caller, project: ProjectView, round_view: RoundView, what: tuple[Overview, RuleSet]) -> list[Ready]:
    """The areas right below what the reader sees, the least ready first."""
    seen, rule_set = what
    lines = seen.lines or ((seen.top,) if seen.top else ())
    found = [
        Ready(
            line.area.id,
            line.area.name,
            url_for("desk.round_area", project_id=project.id, slug=round_view.slug, area_id=line.area.id),
            counts_of(line.newest, rule_set),
        )
        for line in lines
        if line.newest.villages
    ]
    return sorted(found, key=lambda each: (-each.counts.not_met, -each.counts.unknown, each.name))


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/readiness.geojson")
def readiness_features(project_id: int, slug: str) -> Response:
    """The areas right below what the reader sees, with how ready their villages are, for a map."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    seen, rule_set = _seen(caller, project, round_view)
    ready = _ready(caller, project, round_view, (seen, rule_set)) if seen and rule_set else []
    places = list_places(current_session(), [each.id for each in ready], round_view.cutoff)
    return answer_features({"type": "FeatureCollection", "features": list(_features(ready, places))})


def _features(ready: Sequence[Ready], places: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in ready:
        if each.id in places:
            counts = each.counts
            note = say("desk.tally.completion", met=counts.met, not_met=counts.not_met, unknown=counts.unknown)
            told = {"name": each.name, "state": say(f"desk.ready.{each.symbol}"), "note": note}
            properties = told | {"symbol": each.symbol, "href": each.url}
            yield {"type": "Feature", "geometry": places[each.id], "properties": properties}


def _training_part(caller: Caller, project: ProjectView, round_view: RoundView | None) -> dict[str, Any]:
    scope = _sheets(caller, project)
    return {"sums": sum_training(current_session(), project.id, scope)}


def _works_part(caller: Caller, project: ProjectView, round_view: RoundView | None) -> dict[str, Any]:
    asked = WorksAsked(project, _sheets(caller, project), caller.on)
    return {"sums": sum_works(current_session(), asked), "conditions": CONDITIONS}


def _evidence_part(caller: Caller, project: ProjectView, round_view: RoundView | None) -> dict[str, Any]:
    scope, session = _sheets(caller, project), current_session()
    if round_view is None:
        return {"whole": None, "counts": None, "kinds": KINDS}
    whole = whole_of(session, project.id, round_view, scope)
    few = whole.villages <= LIVE_MOST
    counts = missing_evidence(session, project.id, round_view, scope) if few else None
    return {"whole": whole, "counts": counts, "kinds": KINDS}


def _sheets(caller: Caller, project: ProjectView) -> Scope:
    scope = caller.scope("submission.list", project.id)
    if not scope:
        raise Forbidden("auth.forbidden")
    return scope


PARTS: Mapping[str, Callable[[Caller, ProjectView, RoundView | None], dict[str, Any]]] = {
    "waiting": _waiting_part,
    "remaining": _remaining_part,
    "readiness": _readiness_part,
    "training": _training_part,
    "works": _works_part,
    "evidence": _evidence_part,
}
