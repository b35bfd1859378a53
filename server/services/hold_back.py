"""Which criteria keep villages in the programme, and how many each: from what was counted when they reported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.criteria.rollup import Rollup, clause_key
from server.criteria.ruleset import NOT_MET, UNKNOWN, Clause, Group, RuleSet

COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A criterion with the villages that it holds back: so many do not meet it, of so many it is not known."""

    rule_set: RuleSet
    clause: Clause
    not_met: int
    unknown: int

    @property
    def key(self) -> str:
        """Its name in a query."""
        return clause_key(self.rule_set.id, self.clause.id)


def hold_back(rule_sets: Iterable[RuleSet], whole: Rollup) -> list[HeldBack]:
    """The criteria of completion, those that hold back the most villages first; those that hold back none are left
    out."""
    found = [
        HeldBack(rule_set, clause, counts.get(NOT_MET, 0), counts.get(UNKNOWN, 0))
        for rule_set in rule_sets
        if rule_set.purpose == COMPLETION
        for clause in criteria_of(rule_set)
        if (counts := whole.clauses.get(clause_key(rule_set.id, clause.id)))
    ]
    return sorted(found, key=lambda each: (-each.not_met, -each.unknown, each.key))


def criteria_of(rule_set: RuleSet) -> list[Clause]:
    """The clauses of a rule set that have none below them."""
    return [clause for clause in rule_set.clauses.values() if not isinstance(clause.test, Group)]


def find_criterion(rule_sets: Sequence[RuleSet], key: str) -> tuple[RuleSet, Clause] | None:
    """A criterion of completion by its name in a query."""
    for rule_set in rule_sets:
        for clause in criteria_of(rule_set):
            if rule_set.purpose == COMPLETION and clause_key(rule_set.id, clause.id) == key:
                return rule_set, clause
    return None
