"""Verdicts as people and scripts read them: of every village in sight, reported or not, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.criteria.ruleset import NO_RULE_IN_FORCE, RuleSet
from server.domain.roles import ALL, Scope
from server.services.aggregate import Evidence, verdict_row
from server.services.lists import VILLAGE_KINDS
from server.services.rule_book import RuleBook, rule_book
from server.storage.areas import AreaView, find_area, list_facts
from server.storage.rounds import RoundView, list_rounds
from server.storage.sights import list_seen_areas
from server.storage.verdicts import VerdictKept, find_project_synthetic, list_kept


@dataclass(frozen=True, slots=True)
class VerdictView:
    """One area by one rule set in one round. `clauses` as kept (see services/aggregate.py), each with `submissions`:
    the instance ids it rests on. `rule_set` None: no rule was in force."""

    area: AreaView
    rule_set: RuleSet | None
    round: RoundView
    synthetic: bool
    verdict: str
    clauses: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    submission_id: int | None = None
    instance_id: str | None = None
    computed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which verdicts: an area (own id, or code as of the round's date) with all below it, a rule set, a round by its
    slug; None means all. `scope`: what the reader sees of what was sent; villages elsewhere are not among them."""

    area: str | None = None
    rule_set: str | None = None
    round_slug: str | None = None
    scope: Scope = ALL


def list_verdicts(session: Session, project_id: int, wanted: Wanted = Wanted()) -> list[VerdictView]:
    """Every village in sight by every rule set for villages in force on the round's cut-off date; where none is, one
    entry with `no_rule_in_force`. An area or round that is not there gives an empty list."""
    synthetic = find_project_synthetic(session, project_id)
    found: list[VerdictView] = []
    for round_view in list_rounds(session, project_id):
        if wanted.round_slug is None or round_view.slug == wanted.round_slug:
            found += _of_round(session, project_id, round_view, wanted, synthetic)
    return found


def _of_round(
    session: Session, project_id: int, round_view: RoundView, wanted: Wanted, synthetic: bool
) -> list[VerdictView]:
    villages = _villages(session, project_id, round_view.cutoff, wanted)
    rule_sets = _rule_sets(rule_book(session), round_view.cutoff, wanted.rule_set)
    only = villages[0].id if len(villages) == 1 else None
    kept = {(row.area_id, row.rule_set): row for row in list_kept(session, round_view.id, wanted.scope, only)}
    facts = list_facts(session, "xa_dat_ntm", round_view.cutoff)
    found = []
    for area in villages:
        if not rule_sets:
            found.append(VerdictView(area, None, round_view, synthetic or area.synthetic, NO_RULE_IN_FORCE))
        for rule_set in rule_sets:
            row = kept.get((area.id, rule_set.id))
            own = facts.get(area.id) or facts.get(area.parent_id or "")
            known = {"xa_dat_ntm": own.value.get("value") if own else None}
            flag = synthetic or area.synthetic or bool(own and own.synthetic)
            found.append(_view(area, rule_set, round_view, row, (known, flag)))
    return found


def _view(
    area: AreaView,
    rule_set: RuleSet,
    round_view: RoundView,
    row: VerdictKept | None,
    rest: tuple[dict[str, Any], bool],
) -> VerdictView:
    area_facts, synthetic = rest
    if row is None:
        # nobody reported yet: what decisions established may settle it all the same
        made = verdict_row(rule_set, Evidence(None, {}, area_facts, synthetic))
        clauses = [clause | {"submissions": []} for clause in made["clauses"]]
        return VerdictView(area, rule_set, round_view, synthetic, made["verdict"], clauses, made["facts"])
    instance_id = row.instance_id
    from_form = {name for name, declared in rule_set.facts.items() if declared.source == "form"}
    clauses = [
        clause
        | {"submissions": [instance_id] if instance_id and from_form.intersection(clause.get("facts", ())) else []}
        for clause in row.clauses
    ]
    return VerdictView(
        area=area,
        rule_set=rule_set,
        round=round_view,
        synthetic=synthetic,
        verdict=row.verdict,
        clauses=clauses,
        facts=row.facts,
        submission_id=row.submission_id,
        instance_id=instance_id,
        computed_at=row.computed_at,
    )


def _villages(session: Session, project_id: int, on: date, wanted: Wanted) -> list[AreaView]:
    top = find_area(session, wanted.area, on) if wanted.area is not None else None
    if wanted.area is not None and top is None:
        return []
    seen = list_seen_areas(session, project_id, on, wanted.scope, below=top.id if top else None)
    return [area for area in seen.values() if area.kind in VILLAGE_KINDS]


def _rule_sets(book: RuleBook, on: date, wanted: str | None) -> list[RuleSet]:
    return [rule_set for rule_set in book.on("village", on) if wanted is None or rule_set.id == wanted]
