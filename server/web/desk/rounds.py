"""The rounds with their totals, and one round: communes and villages with their verdicts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.criteria.ruleset import RuleSet
from server.domain.areas import match_key
from server.domain.data_files import list_gaps
from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.lists import COMMUNE_KINDS
from server.services.overview import whole_of
from server.services.round_law import law_of
from server.services.verdicts import Wanted, list_verdicts
from server.storage.areas import AreaView
from server.storage.desk import list_reports
from server.storage.locks import find_lock
from server.storage.projects import ProjectView
from server.storage.rollups import count_pending
from server.storage.rounds import RoundView, list_rounds
from server.storage.sights import list_seen_areas
from server.storage.unplaced import count_unplaced
from server.web.context import current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.quality import count_open
from server.web.desk.tally import SHOWN, Counts, VillageRow, branches, count, counts_of, village_rows

LIVE_MOST = 1_000
"""Villages that are judged and counted while a page is made; of more the figures that were computed last are shown."""
WAITING = ("received", "hasIssues", "edited")
"""Review states in which a person has something to decide."""


@dataclass(frozen=True)
class RoundCard:
    """A round on the first page, with its counts by rule set id."""

    round: RoundView
    villages: int
    reported: int
    rule_sets: Sequence[RuleSet]
    counts: dict[str, Counts]


@dataclass(frozen=True)
class Filter:
    """What the reader narrows a round to; None and "" are all."""

    rule_set: str | None
    verdict: str | None
    commune: str | None
    text: str

    @property
    def active(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.verdict or self.commune or self.text)


@blueprint.get("/projects/<int:project_id>/rounds")
def all_rounds(project_id: int) -> str:
    """The rounds of a project with their totals, the latest first."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    return show_page(
        "rounds.html",
        caller=caller,
        project=project,
        cards=cards_of(caller, project, list_rounds(current_session(), project_id)),
        may_open=caller.reach("round.create", project_id).everywhere,
    )


@blueprint.get("/projects/<int:project_id>/rounds/<slug>")
def one_round(project_id: int, slug: str) -> Response | str:
    """The communes and villages of a round by district, with their verdicts by each rule set; of more villages than a
    page can hold, the areas to look into."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    round_view = find_round_of(project_id, slug)
    session = current_session()
    scope = caller.scope("submission.list", project_id)
    if whole_of(session, project_id, round_view, scope).villages > LIVE_MOST:
        return redirect(url_for("desk.round_areas", project_id=project_id, slug=slug))
    rows = rows_of(caller, project_id, round_view)
    rule_sets = law_of(session, round_view, "village")
    areas = list_seen_areas(session, project_id, round_view.cutoff)
    chosen = _filter(rule_sets)
    kept = [row for row in rows if _fits(row, chosen, areas)]
    return show_page(
        "round.html",
        caller=caller,
        project=project,
        round=round_view,
        rule_sets=rule_sets,
        counts=count(rows, rule_sets),
        total=len(rows),
        kept=len(kept),
        reported=sum(row.report is not None for row in rows),
        branches=branches(kept, areas, rule_sets),
        communes=_communes(rows, areas),
        empty_communes=_without_villages(caller, project_id, rows, areas),
        chosen=chosen,
        verdicts=SHOWN,
        gaps=list_gaps(),
        lock=find_lock(session, round_view.lock_id) if round_view.lock_id is not None else None,
        may_edit=caller.reach("round.update", project.id).everywhere,
        unplaced=count_unplaced(session, project_id, scope),
        odd=count_open(caller, project_id, round_view),
    )


def find_round_of(project_id: int, slug: str) -> RoundView:
    """A round of a project by its slug. Raises NotFound."""
    found = next((each for each in list_rounds(current_session(), project_id) if each.slug == slug), None)
    if found is None:
        raise NotFound("http.not_found")
    return found


def rows_of(caller: Caller, project_id: int, round_view: RoundView, area: str | None = None) -> list[VillageRow]:
    """The villages that the caller sees in a round, of one area or of all, with their verdicts."""
    session = current_session()
    scope = caller.scope("submission.list", project_id)
    views = list_verdicts(session, project_id, Wanted(area=area, round_slug=round_view.slug, scope=scope))
    return village_rows(views, list_reports(session, round_view.id, scope))


def cards_of(caller: Caller, project: ProjectView, rounds: Iterable[RoundView]) -> list[RoundCard]:
    """Rounds of a project with what the caller sees of them, counted."""
    cards = []
    scope = caller.scope("submission.list", project.id)
    for round_view in rounds:
        rule_sets = law_of(current_session(), round_view, "village")
        whole = whole_of(current_session(), project.id, round_view, scope)
        if whole.villages and (whole.villages > LIVE_MOST or not count_pending(current_session(), round_view.id)):
            counts = {one.id: counts_of(whole, one) for one in rule_sets}
            cards.append(RoundCard(round_view, whole.villages, whole.reported, rule_sets, counts))
            continue
        rows = rows_of(caller, project.id, round_view)
        reported = sum(row.report is not None for row in rows)
        cards.append(RoundCard(round_view, len(rows), reported, rule_sets, count(rows, rule_sets)))
    return cards


def _filter(rule_sets: Sequence[RuleSet]) -> Filter:
    asked = request.args
    known = [rule_set.id for rule_set in rule_sets]
    rule_set = asked.get("rule") if asked.get("rule") in known else (known[-1] if known else None)
    verdict = asked.get("verdict") if asked.get("verdict") in SHOWN else None
    return Filter(rule_set, verdict, asked.get("commune") or None, asked.get("q", "").strip()[:100])


def _fits(row: VillageRow, chosen: Filter, areas: dict[str, AreaView]) -> bool:
    if chosen.commune and row.area.parent_id != chosen.commune:
        return False
    if chosen.verdict and chosen.rule_set:
        view = row.verdicts.get(chosen.rule_set)
        if view is None or view.verdict != chosen.verdict:
            return False
    if not chosen.text:
        return True
    commune = areas.get(row.area.parent_id or "")
    names = [row.area.name, row.area.code or "", commune.name if commune else ""]
    return any(match_key(chosen.text) in match_key(name) or _bare(chosen.text) in _bare(name) for name in names)


def _bare(text: str) -> str:
    # who types without marks, as on an old phone, finds the village too
    letters = unicodedata.normalize("NFD", " ".join(text.casefold().split())).replace("đ", "d")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _communes(rows: Sequence[VillageRow], areas: dict[str, AreaView]) -> list[AreaView]:
    found = {row.area.parent_id: areas[row.area.parent_id] for row in rows if row.area.parent_id in areas}
    return sorted(found.values(), key=lambda area: match_key(area.name))


def _without_villages(
    caller: Caller, project_id: int, rows: Sequence[VillageRow], areas: dict[str, AreaView]
) -> list[AreaView]:
    known = {row.area.parent_id for row in rows}
    reach = caller.reach("area.list", project_id)
    if not reach.everywhere:
        return []
    return [area for area in areas.values() if area.kind in COMMUNE_KINDS and area.id not in known]
