"""A round beside another, and another number tried in a law: what would be, never what is official."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import request

from server.criteria.compare import BOTH, FACTS, KINDS, LAW, NOT_COMPARABLE, SAME, find_bound
from server.criteria.evaluate import show_bound
from server.criteria.ruleset import MET, NOT_MET, UNKNOWN, Amount, Fact, RuleSet
from server.domain.areas import match_key
from server.domain.errors import DomainError
from server.services.authenticate import Caller
from server.services.compare import (
    Beside,
    Compared,
    Pair,
    Question,
    Row,
    Tried,
    compare_rounds,
    find_law,
    find_other_round,
    list_beside,
    try_number,
)
from server.services.round_law import law_of
from server.storage.areas import AreaView
from server.storage.rounds import RoundView, list_rounds
from server.storage.sights import list_seen_areas
from server.web.context import current_session, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.reasons import class_title
from server.web.desk.rounds import find_round_of
from server.web.desk.tally import Counts
from server.web.desk.words import number, own, say
from server.web.errors import refusal_of

PAGE = 50
FIRST_SHOWN = (LAW, FACTS, BOTH, NOT_COMPARABLE, SAME)
"""What is worth reading first."""


@dataclass(frozen=True)
class Chosen:
    """What the reader narrows the rows to; None is all. `rule`: of the later round; `commune`: an own id."""

    rule: str | None
    kind: str | None
    commune: str | None


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/compare")
def compare_round(project_id: int, slug: str) -> str:
    """A round beside another (`with`; else the one before): how many units turned and by what, then which."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    session, scope = current_session(), caller.scope("submission.list", project_id)
    others = [each for each in list_rounds(session, project_id) if each.id != round_view.id]
    if not others:
        return show_page("compare.html", caller=caller, project=project, round=round_view, found=None, others=())
    other = request.args.get("with") or find_other_round(session, project_id, slug).slug
    found = compare_rounds(session, project_id, (slug, other), scope)
    chosen = _chosen(found)
    pair = next((each for each in found.pairs if each.after.id == chosen.rule), None)
    communes = list_seen_areas(session, project_id, found.after.cutoff)
    kept = _kept(pair, chosen)
    page = whole("page", 1) or 1
    rows = kept[(page - 1) * PAGE : page * PAGE]
    return show_page(
        "compare.html",
        caller=caller,
        project=project,
        round=round_view,
        other=other,
        others=others,
        found=found,
        pair=pair,
        chosen=chosen,
        kinds=FIRST_SHOWN,
        steps=_steps(pair) if pair else (),
        communes=_communes(pair, communes),
        rows=rows,
        kept=len(kept),
        beside=_beside(found, rows, caller),
        page=page,
        pages=max(1, -(-len(kept) // PAGE)),
        fact_word=fact_word,
        value_word=value_word,
        standing_word=standing_word,
    )


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/what-if")
def what_if_round(project_id: int, slug: str) -> tuple[str, int]:
    """Another number in one clause (`rule`, `clause`, `number`): which areas would stand otherwise."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    laws = [law for law in _laws(round_view) if _numbers(law)]
    asked = request.args.get("rule")
    law = find_law(current_session(), round_view, asked) if asked else next(iter(laws), None)
    tried, error = None, None
    if law is not None and request.args.get("clause") and request.args.get("number"):
        try:
            tried = _tried(caller, round_view, law)
        except DomainError as refused:
            error = refusal_of(refused)
    page = show_page(
        "what_if.html",
        caller=caller,
        project=project,
        round=round_view,
        laws=laws,
        law=law,
        clauses=_numbers(law) if law else (),
        clause=request.args.get("clause"),
        number_asked=request.args.get("number", ""),
        tried=tried,
        error=error,
        standing_word=standing_word,
    )
    return page, error.status if error else 200


def _tried(caller: Caller, round_view: RoundView, law: RuleSet) -> Tried:
    question = Question(law.id, request.args.get("clause", ""), whole("number") or 0)
    scope = caller.scope("submission.list", round_view.project_id)
    return try_number(current_session(), round_view, question, scope)


def _laws(round_view: RoundView) -> list[RuleSet]:
    return list(law_of(current_session(), round_view))


def _numbers(law: RuleSet) -> list[tuple[str, str, str]]:
    """The clauses that ask a number: id, title, and what the law asks in general."""
    found = []
    for clause in law.clauses.values():
        bound = find_bound(law, clause.id)
        if bound is not None and isinstance(clause.test, Amount):
            found.append((clause.id, own(clause.title), show_bound(clause.test, bound)))
    return found


def standing_word(law: RuleSet, standing: str) -> str:
    """A standing in the words of the law's purpose, or the name of the class."""
    if standing in (MET, NOT_MET, UNKNOWN):
        return say(f"desk.verdict.{law.purpose}.{standing}")
    return class_title(law, standing).partition(" (")[0]


def fact_word(law: RuleSet, name: str) -> str:
    """What a fact is called."""
    return own(law.facts[name].labels) if name in law.facts else name


def value_word(value: Fact) -> str:
    """A number, yes, no, or not known."""
    if value is None:
        return say("desk.answer.unknown")
    if isinstance(value, bool):
        return say("desk.answer.yes" if value else "desk.answer.no")
    return number(value)


def _chosen(found: Compared) -> Chosen:
    rules = [pair.after.id for pair in found.pairs]
    rule, kind = request.args.get("rule"), request.args.get("what")
    return Chosen(
        rule=rule if rule in rules else next(iter(rules), None),
        kind=kind if kind in KINDS else None,
        commune=request.args.get("commune") or None,
    )


def _kept(pair: Pair | None, chosen: Chosen) -> list[Row]:
    if pair is None:
        return []
    kept = [
        row for row in pair.rows if chosen.kind in (None, row.kind) and chosen.commune in (None, row.area.parent_id)
    ]
    return sorted(kept, key=lambda row: FIRST_SHOWN.index(row.kind))


def _steps(pair: Pair) -> tuple[tuple[str, RuleSet, Counts], ...]:
    """The three judgements of the units that have one counterpart: before, between, after; each with its law."""
    told = [row.told for row in pair.rows if row.told is not None]
    return (
        ("before", pair.before, _counts(pair.before, [each.before for each in told])),
        ("between", pair.after, _counts(pair.after, [each.between for each in told])),
        ("after", pair.after, _counts(pair.after, [each.after for each in told])),
    )


def _counts(law: RuleSet, standings: Sequence[str]) -> Counts:
    counted = Counter(standings)
    other = len(standings) - sum(counted[each] for each in (MET, NOT_MET, UNKNOWN))
    return Counts(counted[MET], counted[NOT_MET], counted[UNKNOWN], other)


def _communes(pair: Pair | None, areas: dict[str, AreaView]) -> list[AreaView]:
    wanted = {row.area.parent_id for row in pair.rows} if pair and pair.unit == "village" else set()
    return sorted((area for key, area in areas.items() if key in wanted), key=lambda area: match_key(area.name))


def _beside(found: Compared, rows: Iterable[Row], caller: Caller) -> tuple[Beside, Beside]:
    session, scope = current_session(), caller.scope("submission.list", found.before.project_id)
    every = list(rows)
    return (
        list_beside(session, found.before, [row.earlier for row in every], scope),
        list_beside(session, found.after, [row.later for row in every], scope),
    )
