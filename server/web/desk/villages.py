"""One village in a round: by each rule set the verdict, why, clause by clause, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.criteria.ruleset import RuleSet
from server.domain.errors import NotFound
from server.services.aggregate import STANDARD_FIELD, find_field
from server.services.contradictions import list_disagreements
from server.services.evidence import list_evidence
from server.services.verdicts import VerdictView
from server.storage.areas import FactView, find_path, list_facts
from server.storage.desk import SheetFilter, list_sheets
from server.storage.readings import find_answers, find_submission_by_id
from server.storage.rounds import RoundView
from server.web.context import current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.disputes import tell
from server.web.desk.field_reports import review_again
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.reasons import explain
from server.web.desk.rounds import find_round_of, rows_of
from server.web.desk.tally import VillageRow
from server.web.desk.words import own

MOST_SHEETS = 50


@dataclass(frozen=True)
class FactRow:
    """A fact the criteria read: what it is called, its value as counted, and from where. `set_aside`: it was answered
    under a poverty standard that the rule set does not accept, and counts as not known."""

    name: str
    label: str
    value: Any
    source: str
    set_aside: bool


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/villages/<area_id>")
def one_village(project_id: int, slug: str, area_id: str) -> str:
    """The village page."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    round_view = find_round_of(project_id, slug)
    row = next(iter(rows_of(caller, project_id, round_view, area_id)), None)
    if row is None or row.area.id != area_id:
        raise NotFound("http.not_found")
    session = current_session()
    path = find_path(session, area_id, round_view.cutoff)
    reasons = [found for view in row.verdicts.values() if (found := explain(view)) is not None]
    wanted = SheetFilter(project_id, caller.scope("submission.list", project_id), area_id)
    sheets = list_sheets(session, wanted, 0, MOST_SHEETS)
    disagreements = list_disagreements(session, round_view, wanted.scope, area_id).get(area_id, ())
    return show_page(
        "village.html",
        caller=caller,
        project=project,
        round=round_view,
        row=row,
        area=row.area,
        path=path,
        reasons=reasons,
        facts=_facts(row),
        attestation=_attestation(row, round_view),
        contradictions=[tell(each, row.verdicts) for each in disagreements],
        sheets=sheets,
        again=review_again(caller, project_id, area_id),
        evidence=next(iter(list_evidence(session, project_id, round_view, wanted.scope, area_id)), None),
    )


def _attestation(row: VillageRow, round_view: RoundView) -> tuple[str, FactView] | None:
    """(own | commune, the New Countryside fact that the village has itself or inherits)."""
    owners = [key for key in (row.area.id, row.area.parent_id) if key]
    facts = list_facts(current_session(), "xa_dat_ntm", round_view.cutoff, owners)
    if row.area.id in facts:
        return "own", facts[row.area.id]
    inherited = facts.get(row.area.parent_id or "")
    return ("commune", inherited) if inherited else None


def _facts(row: VillageRow) -> list[FactRow]:
    """Every fact that some rule set reads, each once, in their order."""
    answers = _answers(row)
    found: dict[str, FactRow] = {}
    for view in row.verdicts.values():
        for fact in _facts_of(view, answers):
            known = found.get(fact.name)
            if (
                known is None
                or (known.set_aside and not fact.set_aside)
                or (known.value is None and fact.value is not None)
            ):
                found[fact.name] = fact
    return list(found.values())


def _facts_of(view: VerdictView, answers: dict[str, Any]) -> list[FactRow]:
    rule_set = view.rule_set
    if rule_set is None:
        return []
    return [_fact(rule_set, name, view, answers) for name in rule_set.facts]


def _fact(rule_set: RuleSet, name: str, view: VerdictView, answers: dict[str, Any]) -> FactRow:
    declared = rule_set.facts[name]
    value = view.facts.get(name)
    answered = find_field(answers, declared.field or name) if declared.source == "form" else None
    refused = value is None and answered is not None and declared.by_poverty_standard
    set_aside = refused and find_field(answers, STANDARD_FIELD) not in rule_set.poverty_standards
    return FactRow(name, own(declared.labels), answered if set_aside else value, declared.source, set_aside)


def _answers(row: VillageRow) -> dict[str, Any]:
    if row.report is None:
        return {}
    submission = find_submission_by_id(current_session(), row.report.submission_id)
    return find_answers(current_session(), submission.current.id) if submission else {}
