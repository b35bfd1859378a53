"""Rule sets and outcomes as JSON: what scripts read, the same from the command line and over the web."""

from collections.abc import Mapping
from typing import Any

from server.criteria.evaluate import ClauseResult, Outcome, kind_of, show_bound
from server.criteria.explain import Change, Settling, Way, goals_of, what_would_change, what_would_settle
from server.criteria.judge import Setting
from server.criteria.ruleset import (
    RULE_NOT_LOADED,
    UNKNOWN,
    Amount,
    Chosen,
    Clause,
    Example,
    Group,
    Located,
    RuleSet,
    YesNo,
)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """`verdict` (met | not_met | unknown | classified | rule_not_loaded), `class` (an id, or None), `possible` (ids of
    the classes it may be), `verified`, `near`, `clauses` (see `clause_json`), `changes` (see `changes_json`)."""
    return {
        "verdict": outcome.verdict,
        "class": outcome.klass,
        "possible": list(outcome.possible),
        "verified": outcome.verified,
        "near": outcome.near,
        "clauses": [clause_json(clause) for clause in outcome.clauses],
        "changes": changes_json(outcome),
    }


def clause_json(clause: ClauseResult) -> dict[str, Any]:
    """A clause as judged: what was found, what was asked, where it stands in the law. `status_before` only where two
    persons confirmed it."""
    found = {
        "id": clause.id,
        "parent": clause.parent,
        "role": clause.role,
        "kind": clause.kind,
        "verdict": clause.verdict,
        "value": clause.value,
        "parts": dict(clause.parts),
        "threshold": clause.threshold,
        "article": clause.article,
        "status": clause.status,
        "reason": clause.reason,
        "decisive": clause.decisive,
        "near": clause.near,
        "facts": list(clause.facts),
    }
    return found if clause.status_before is None else found | {"status_before": clause.status_before}


def changes_json(outcome: Outcome) -> list[dict[str, Any]]:
    """The smallest sets of changes that would give another result, least first. `goals`: what it would be then. Of an
    unknown outcome, the smallest sets of facts (and open switches) that could settle it, each as one change of kind
    find_out or choose."""
    if outcome.verdict == RULE_NOT_LOADED:
        return []
    if outcome.verdict == UNKNOWN:
        return [_settling(one) for one in what_would_settle(outcome)]
    found = [
        _way(way, goal)
        for goal in goals_of(outcome)
        if goal != outcome.standing
        for way in what_would_change(outcome, goal)
    ]
    return sorted(found, key=lambda way: (len(way["changes"]), way["households"]))


def _settling(one: Settling) -> dict[str, Any]:
    changes: list[dict[str, Any]] = []
    if one.facts:
        changes.append({"kind": "find_out", "facts": list(one.facts)})
    if one.switches:
        changes.append({"kind": "choose", "switches": list(one.switches)})
    return {"goals": list(one.verdicts), "households": 0, "changes": changes}


def _way(way: Way, goal: str) -> dict[str, Any]:
    return {"goals": [goal], "households": way.households, "changes": [_change(change) for change in way.changes]}


def _change(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": change.kind, "facts": list(change.facts), "clauses": list(change.clauses)}
    if change.kind == "answer":
        found["answer"] = change.answer
    if change.kind == "count":
        found |= {
            "minus": list(change.minus),
            "amount": change.amount,
            "direction": change.direction,
            "now": change.now,
            "unit": change.unit,
        }
    return found


def rule_set_json(rule_set: RuleSet, *, whole: bool = False) -> dict[str, Any]:
    """What a rule set is; `whole` with its facts (with units), switches, regions, clauses (with status and citation),
    notes and worked units."""
    head: dict[str, Any] = {
        "id": rule_set.id,
        "law": rule_set.law,
        "article": rule_set.article,
        "title": dict(rule_set.title),
        "inForceFrom": rule_set.in_force_from.isoformat(),
        "inForceTo": rule_set.in_force_to and rule_set.in_force_to.isoformat(),
        "purpose": rule_set.purpose,
        "unitKind": rule_set.unit_kind,
        "result": rule_set.result,
        "loaded": bool(rule_set.roots),
        "povertyStandards": list(rule_set.poverty_standards),
        "standard": rule_set.standard,
        "sha256": rule_set.sha256,
    }
    if not whole:
        return head
    return head | {
        "outcomes": {verdict: dict(text) for verdict, text in rule_set.outcomes.items()},
        "classes": [
            {"id": one.id, "title": dict(one.title), "status": one.status, "test": one.test and one.test.id}
            for one in rule_set.classes
        ],
        "facts": _facts(rule_set),
        "switches": _switches(rule_set),
        "regions": {
            name: {"title": dict(region.title), "bounds": dict(region.bounds)}
            for name, region in rule_set.regions.items()
        },
        "clauses": list_clause_heads(rule_set),
        "notes": [{"text": dict(note.text), "status": note.status} for note in rule_set.notes],
        "examples": [_example(one) for one in rule_set.examples],
    }


def _example(one: Example) -> dict[str, Any]:
    return {
        "name": one.name,
        "facts": dict(one.facts),
        "region": one.region,
        "switches": dict(one.switches),
        "verdict": one.verdict,
        "possible": list(one.possible),
        "clauses": dict(one.clauses),
    }


def _facts(rule_set: RuleSet) -> dict[str, Any]:
    return {
        name: {
            "type": fact.type,
            "unit": fact.unit,
            "source": fact.source,
            "form": fact.form,
            "field": fact.field,
            "answers": fact.answers and dict(fact.answers),
            "villages": fact.villages and {"sum": fact.villages.sum, "met": fact.villages.met},
            "byPovertyStandard": fact.by_poverty_standard,
            "labels": dict(fact.labels),
        }
        for name, fact in rule_set.facts.items()
    }


def _switches(rule_set: RuleSet) -> dict[str, Any]:
    return {
        name: {
            "title": dict(switch.title),
            "options": {option: dict(text) for option, text in switch.options.items()},
            "default": switch.default,
            "reason": dict(switch.reason),
        }
        for name, switch in rule_set.switches.items()
    }


def list_clause_heads(rule_set: RuleSet) -> list[dict[str, Any]]:
    """Every clause with its place in the tree, its status and citation, and what it asks by the general numbers."""
    setting = Setting(rule_set)
    found: list[dict[str, Any]] = []

    def walk(clause: Clause, parent: str | None, role: str) -> None:
        test = clause.test
        found.append(
            {
                "id": clause.id,
                "parent": parent,
                "role": role,
                "kind": kind_of(test),
                "title": dict(clause.title),
                "note": clause.note and dict(clause.note),
                "article": clause.article,
                "status": clause.status,
                "statusBefore": clause.status_before,
                "source": clause.source,
                "facts": [] if isinstance(test, Group) else list(test.facts),
                "asks": _asks(clause, setting),
            }
        )
        if isinstance(test, Group):
            if test.condition is not None:
                walk(test.condition, clause.id, "condition")
            for child in test.children:
                walk(child, clause.id, "clause")

    for root in rule_set.roots:
        walk(root, None, "clause")
    return found


def _asks(clause: Clause, setting: Setting) -> Mapping[str, Any]:
    test = clause.test
    if isinstance(test, Amount):
        bound = setting.bound(clause)
        return {
            "of": list(test.of),
            "minus": list(test.minus),
            "over": test.over,
            "comparison": bound.comparison,
            "value": bound.value,
            "per": None if test.over is None else bound.per,
            "text": show_bound(test, bound),
        }
    if isinstance(test, YesNo):
        return {"fact": test.fact, "is": test.expected}
    if isinstance(test, Located):
        return {"regions": list(test.regions)}
    if isinstance(test, Chosen):
        return {"switch": test.switch, "then": dict(test.verdicts)}
    return {"needed": test.needed, "neededIf": test.needed_if, "of": len(test.children)}
