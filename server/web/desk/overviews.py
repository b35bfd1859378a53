"""A round seen from above: a country, a province, a district or a commune, with what lies right below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.criteria.rollup import Rollup
from server.criteria.ruleset import RuleSet
from server.domain.errors import NotFound
from server.domain.roles import Scope
from server.services.authenticate import Caller
from server.services.overview import Line, Overview, is_commune, overview
from server.services.verdicts import Wanted, list_verdicts
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView
from server.web.context import current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.quality import count_open
from server.web.desk.reasons import class_title, explain
from server.web.desk.rounds import find_round_of, rows_of
from server.web.desk.tally import counts_of
from server.web.desk.words import number

SUMS = ("tong_ho", "ho_ngheo", "ho_can_ngheo", "ho_dtts")


@dataclass(frozen=True)
class Figure:
    """A sum over villages: what it is a sum of, under which poverty standard, and of how many villages it is."""

    name: str
    standard: str | None
    total: int
    known: int
    villages: int


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/areas")
def round_areas(project_id: int, slug: str) -> str:
    """The round from the top of what the reader sees."""
    return _page(*_asked(project_id, slug), None)


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/areas/<area_id>")
def round_area(project_id: int, slug: str, area_id: str) -> str:
    """One area in a round."""
    return _page(*_asked(project_id, slug), area_id)


_Asked = tuple[Caller, ProjectView, RoundView]


def _asked(project_id: int, slug: str) -> _Asked:
    caller = desk_caller()
    return caller, project_of(caller, project_id), find_round_of(project_id, slug)


def _page(caller: Caller, project: ProjectView, round_view: RoundView, area_id: str | None) -> str:
    scope = caller.scope("submission.list", project.id)
    seen = overview(current_session(), project.id, round_view, scope, area_id)
    if seen is None:
        raise NotFound("http.not_found")
    commune = seen.top is not None and is_commune(seen.top.area)
    return show_page(
        "round_area.html",
        caller=caller,
        project=project,
        round=round_view,
        seen=seen,
        area=seen.top.area if seen.top else None,
        commune=commune,
        reasons=_reasons(project, round_view, (seen, scope)) if commune else (),
        rows=rows_of(caller, project.id, round_view, seen.top.area.id) if commune and seen.top else (),
        figures=figures(seen.whole),
        counts=lambda line, rule_set: counts_of(rollup_of(line), rule_set),
        classes=classes_of,
        odd=count_open(caller, project.id, round_view, seen.top.area.id if seen.top else None),
    )


def _reasons(project: ProjectView, round_view: RoundView, what: tuple[Overview, Scope]) -> list[object]:
    seen, scope = what
    if seen.top is None:
        return []
    wanted = Wanted(area=seen.top.area.id, round_slug=round_view.slug, scope=scope, unit="commune")
    views = list_verdicts(current_session(), project.id, wanted)
    return [found for view in views if (found := explain(view)) is not None]


def rollup_of(line: Line | Rollup) -> Rollup:
    """The numbers of a line: all that was sent."""
    return line.newest if isinstance(line, Line) else line


def classes_of(line: Line | Rollup, rule_set: RuleSet) -> str:
    """How many communes the law puts into each class: "KV III: 3 · KV II: 1 · chưa đủ bằng chứng: 2"."""
    rollup = rollup_of(line)
    kept: Mapping[str, int] = rollup.verdicts.get(rule_set.id, {})
    named = [one.id for one in rule_set.classes if kept.get(one.id)]
    others = sorted(kept.keys() - set(named))
    titles = {each: class_title(rule_set, each).partition(" (")[0] for each in (*named, *others)}
    return " · ".join(f"{title}: {number(kept[each])}" for each, title in titles.items()) or "—"


def figures(rollup: Rollup) -> list[Figure]:
    """The sums that people ask for, with their completeness."""
    found = []
    for key, (total, known) in sorted(rollup.sums.items()):
        name, _, standard = key.partition("@")
        if name in SUMS:
            found.append(Figure(name, standard or None, total, known, rollup.villages))
    return sorted(found, key=lambda each: (SUMS.index(each.name), each.standard or ""))
