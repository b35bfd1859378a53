"""Verdicts as people and scripts read them: of every village or commune in sight, reported or not, by clause."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.criteria.evaluate import Outcome, explain_setting
from server.criteria.judge import Span
from server.criteria.ruleset import NO_RULE_IN_FORCE, UNKNOWN, RuleSet
from server.domain.roles import ALL, Scope
from server.domain.standing import Standing
from server.services.aggregate import Evidence, setting_of, verdict_row
from server.services.campaign import stand_all
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.services.round_law import law_of
from server.services.rule_book import rule_book
from server.storage.areas import AreaView, find_area
from server.storage.locks import SILENT, list_locked_kept
from server.storage.reach import list_below
from server.storage.rounds import RoundView, list_rounds
from server.storage.sights import list_seen_areas
from server.storage.verdicts import APPROVED, NEWEST, VerdictKept, find_project_synthetic, list_kept

FEW = 500
"""Areas whose verdicts are asked for by their ids; of more all those of the round are read."""
KINDS = {"village": VILLAGE_KINDS, "commune": COMMUNE_KINDS}
"""The kinds of areas that the law for a kind of unit speaks of."""


@dataclass(frozen=True, slots=True)
class VerdictView:
    """One area by one rule set in one round. `clauses` as kept (see criteria/report.py), each with `submissions`: the
    instance ids it rests on. `rule_set` None: no rule was in force. `basis`: whether it rests on what was approved or
    on what is newest; None where nobody reported. `provisional`: the view by what came since, where it differs."""

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
    klass: str | None = None
    region: str | None = None
    basis: str | None = None
    spans: dict[str, Span] = field(default_factory=dict)
    provisional: VerdictView | None = None

    @property
    def standing(self) -> str:
        """What is known in one word: the class, else the verdict."""
        return self.klass or self.verdict

    def outcome(self) -> Outcome | None:
        """The same with its reasons, worked out from the facts that were kept; None where no rule was in force."""
        if self.rule_set is None:
            return None
        return explain_setting(
            setting_of(self.rule_set, self.region, self.round.switches(self.rule_set.id)), self.facts, self.spans
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which verdicts: an area (own id, or code as of the round's date) with all below it, a rule set, a round by its
    slug; None means all. `scope`: what the reader sees of what was sent; areas elsewhere are not among them. `unit`:
    of villages or of communes."""

    area: str | None = None
    rule_set: str | None = None
    round_slug: str | None = None
    scope: Scope = ALL
    unit: str = "village"


def list_verdicts(session: Session, project_id: int, wanted: Wanted = Wanted()) -> list[VerdictView]:
    """Every village (or commune) in sight by every rule set for its kind in force on the round's cut-off date; where
    none is, one entry with `no_rule_in_force`. An area or round that is not there gives an empty list."""
    synthetic = find_project_synthetic(session, project_id)
    found: list[VerdictView] = []
    for round_view in list_rounds(session, project_id):
        if wanted.round_slug is None or round_view.slug == wanted.round_slug:
            found += _of_round(session, project_id, round_view, (wanted, synthetic))
    return found


def _of_round(
    session: Session, project_id: int, round_view: RoundView, asked: tuple[Wanted, bool]
) -> list[VerdictView]:
    wanted, synthetic = asked
    return _of_areas(session, round_view, _areas(session, project_id, round_view, wanted), (wanted, synthetic))


def verdicts_of(
    session: Session, round_view: RoundView, areas: Sequence[AreaView], scope: Scope, unit: str = "village"
) -> list[VerdictView]:
    """The same of these areas alone, which are in sight and lie in the round, in their order: a part of a long list."""
    synthetic = find_project_synthetic(session, round_view.project_id)
    return _of_areas(session, round_view, areas, (Wanted(scope=scope, unit=unit), synthetic))


def _of_areas(
    session: Session, round_view: RoundView, areas: Sequence[AreaView], asked: tuple[Wanted, bool]
) -> list[VerdictView]:
    wanted, synthetic = asked
    book = rule_book(session)
    rule_sets = [one for one in law_of(session, round_view, wanted.unit) if wanted.rule_set in (None, one.id)]
    only = [area.id for area in areas] if len(areas) <= FEW else None
    kept: dict[tuple[str, str], dict[str, VerdictKept]] = {}
    for row in _kept_rows(session, round_view, wanted.scope, only):
        kept.setdefault((row.area_id, row.rule_set), {})[row.basis] = row
    silent = {area.id for area in areas if any((area.id, one.id) not in kept for one in rule_sets)}
    standings = stand_all(session, book, silent, round_view.cutoff)
    # of most areas decisions say the same
    said: dict[tuple[Any, ...], dict[str, Any]] = {}
    found = []
    for area in areas:
        flag = synthetic or area.synthetic
        if not rule_sets:
            found.append(VerdictView(area, None, round_view, flag, NO_RULE_IN_FORCE))
        for rule_set in rule_sets:
            rows = kept.get((area.id, rule_set.id))
            if rows:
                found.append(_view_of(VerdictView(area, rule_set, round_view, flag, UNKNOWN), rows))
            elif not round_view.is_locked:
                # an area that came into the tree since has no figure in a locked round
                standing = standings[area.id]
                facts = frozenset((name, type(value), value) for name, value in standing.facts.items())
                key = (rule_set.id, standing.region, facts)
                if key not in said:
                    said[key] = _said_alone(rule_set, round_view, standing)
                found.append(_silent(VerdictView(area, rule_set, round_view, flag, UNKNOWN), standing, said[key]))
    return found


def _kept_rows(
    session: Session, round_view: RoundView, scope: Scope, only: Collection[str] | None
) -> list[VerdictKept]:
    """What was kept of a round: as it stands, or as it stood when the round was locked."""
    if round_view.lock_id is not None:
        return list_locked_kept(session, round_view.lock_id, scope, only)
    return list_kept(session, round_view.id, scope, only)


def _view_of(empty: VerdictView, rows: dict[str, VerdictKept]) -> VerdictView:
    """The view by what was approved, with what came since beside it. Of a commune what was approved may leave open what
    all that was sent answers: then that speaks, and says that it is provisional."""
    approved, newest = rows.get(APPROVED), rows.get(NEWEST)
    first = approved or newest or rows.get(SILENT)
    assert first is not None
    if approved and newest and approved.verdict == UNKNOWN and empty.area.kind not in VILLAGE_KINDS:
        first = newest
    made = _filled(empty, first)
    if newest is not None and newest is not first:
        made = replace(made, provisional=_filled(empty, newest))
    return made


def _filled(empty: VerdictView, row: VerdictKept) -> VerdictView:
    instance_id = row.instance_id
    assert empty.rule_set is not None
    from_form = {name for name, declared in empty.rule_set.facts.items() if declared.source == "form"}
    clauses = [
        clause
        | {"submissions": [instance_id] if instance_id and from_form.intersection(clause.get("facts", ())) else []}
        for clause in row.clauses
    ]
    return replace(
        empty,
        synthetic=empty.synthetic or row.synthetic,
        verdict=row.verdict,
        clauses=clauses,
        facts=row.facts,
        submission_id=row.submission_id,
        instance_id=instance_id,
        computed_at=row.computed_at,
        klass=row.klass,
        region=row.region,
        basis=None if row.basis == SILENT else row.basis,
        spans={name: (int(span[0]), int(span[1])) for name, span in (row.spans or {}).items()},
    )


def _said_alone(rule_set: RuleSet, round_view: RoundView, standing: Standing) -> dict[str, Any]:
    """What decisions established may settle a verdict although nobody reported."""
    switches = round_view.switches(rule_set.id)
    return verdict_row(
        rule_set, Evidence(None, {}, standing.facts, standing.synthetic, standing.region, switches=switches)
    )


def _silent(empty: VerdictView, standing: Standing, made: Mapping[str, Any]) -> VerdictView:
    """The view of whom nobody reported yet: `made` by what decisions established."""
    return replace(
        empty,
        synthetic=empty.synthetic or standing.synthetic,
        verdict=made["verdict"],
        clauses=[clause | {"submissions": []} for clause in made["clauses"]],
        facts=dict(made["facts"]),
        klass=made["klass"],
        region=standing.region,
    )


def _areas(session: Session, project_id: int, round_view: RoundView, wanted: Wanted) -> list[AreaView]:
    on = round_view.cutoff
    top = find_area(session, wanted.area, on) if wanted.area is not None else None
    if wanted.area is not None and top is None:
        return []
    seen = list_seen_areas(session, project_id, on, wanted.scope, below=top.id if top else None)
    if round_view.areas is not None:
        within = set(session.scalars(list_below(round_view.areas, on)))
        seen = {area_id: area for area_id, area in seen.items() if area_id in within}
    kinds: Collection[str] = KINDS[wanted.unit]
    return [area for area in seen.values() if area.kind in kinds]
