"""What holds villages back in a round: the criteria by how many villages, and of one criterion these villages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from server.criteria.ruleset import MET, NOT_MET, UNKNOWN
from server.domain.errors import NotFound
from server.domain.roles import Scope
from server.services.authenticate import Caller
from server.services.hold_back import HeldBack, find_criterion, hold_back
from server.services.overview import Overview, overview
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.storage.areas import AreaView
from server.storage.desk import name_areas
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView
from server.storage.verdicts import APPROVED
from server.web.context import current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.reasons import show_threshold, show_value
from server.web.desk.rounds import LIVE_MOST, find_round_of


@dataclass(frozen=True)
class Row:
    """A village that a criterion holds back, with what was found and what is asked."""

    area: AreaView
    commune: str
    verdict: str
    value: str
    threshold: str
    provisional: bool
    synthetic: bool


@dataclass(frozen=True)
class _Asked:
    caller: Caller
    project: ProjectView
    round: RoundView
    scope: Scope
    area: str | None


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/held-back")
def held_back(project_id: int, slug: str) -> str:
    """The criteria of a round, or of one (`criterion`) the areas to look into or the villages that it holds back."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    scope = caller.scope("submission.list", project_id)
    asked = _Asked(caller, project, round_view, scope, request.args.get("area") or None)
    seen = overview(current_session(), project_id, round_view, scope, asked.area)
    if seen is None and asked.area is not None:
        raise NotFound("http.not_found")
    chosen = _chosen(seen, request.args.get("criterion", "")) if seen else None
    many = seen is not None and seen.whole.villages > LIVE_MOST and bool(seen.lines)
    return show_page(
        "held_back.html",
        caller=caller,
        project=project,
        round=round_view,
        area=seen.top.area if seen and seen.top and asked.area else None,
        held=hold_back(seen.village_rules, seen.whole) if seen else (),
        chosen=chosen,
        below=_below(seen, chosen) if seen and chosen and many else (),
        rows=_rows(asked, chosen) if chosen and not many else (),
    )


def _chosen(seen: Overview, key: str) -> HeldBack | None:
    """The criterion that is asked for, with how many it holds back. Raises NotFound for one that there is not."""
    if not key:
        return None
    found = find_criterion(seen.village_rules, key)
    if found is None:
        raise NotFound("http.not_found")
    counts = seen.whole.clauses.get(key, {})
    return HeldBack(*found, counts.get(NOT_MET, 0), counts.get(UNKNOWN, 0))


def _below(seen: Overview, chosen: HeldBack) -> list[tuple[Any, int, int]]:
    """The areas in which it holds villages back, the most first."""
    found = []
    for line in seen.lines:
        counts = line.newest.clauses.get(chosen.key, {})
        if counts:
            found.append((line, counts.get(NOT_MET, 0), counts.get(UNKNOWN, 0)))
    return sorted(found, key=lambda each: (-each[1], -each[2], each[0].area.name))


def _rows(asked: _Asked, chosen: HeldBack) -> list[Row]:
    wanted = Wanted(asked.area, chosen.rule_set.id, asked.round.slug, asked.scope)
    held = []
    for view in list_verdicts(current_session(), asked.project.id, wanted):
        # as the numbers above are: what was approved, and where there is none what was sent last
        clause = _clause_of(view, chosen.clause.id)
        if clause is not None and view.submission_id is not None:
            held.append((view, clause))
    names = name_areas(current_session(), {view.area.parent_id for view, _ in held if view.area.parent_id})
    rows = [_row(view, chosen, names.get(view.area.parent_id or "", "")) for view, _ in held]
    return sorted(rows, key=lambda each: (each.verdict != NOT_MET, each.commune, each.area.name))


def _clause_of(view: VerdictView, clause_id: str) -> Mapping[str, Any] | None:
    if view.verdict == MET:
        return None
    said = (NOT_MET, UNKNOWN)
    return next((x for x in view.clauses if x["id"] == clause_id and x["decisive"] and x["verdict"] in said), None)


def _row(view: VerdictView, chosen: HeldBack, commune: str) -> Row:
    outcome = view.outcome()
    clause = next((each for each in outcome.clauses if each.id == chosen.clause.id), None) if outcome else None
    value = show_value(chosen.rule_set, clause) if clause else "—"
    threshold = show_threshold(chosen.rule_set, clause) if clause else "—"
    verdict = clause.verdict if clause else UNKNOWN
    return Row(view.area, commune, verdict, value, threshold, view.basis != APPROVED, view.synthetic)
