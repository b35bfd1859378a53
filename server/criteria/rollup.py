"""From villages to what lies above them: sums of counts, never means of percentages; and a commune's facts from these.

A sum is known only where every village is: with some missing it is not a smaller number but no number. How many
villages meet a rule set is known between two numbers then: at least those that do, at most those and all not known.
Adding up is associative: a province is the sum of its communes, and of its villages.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.criteria.judge import Span
from server.criteria.ruleset import MET, NOT_MET, UNKNOWN, Fact, RuleSet

NOT_REPORTED = "none"
"""In the place of a verdict: nobody reported of the village."""


@dataclass(frozen=True, slots=True)
class Report:
    """What speaks for a village: its counts by name, the poverty standard they were taken by, its verdict by rule set
    id, and whether it was approved. `by_standard`: the names that mean something only under that standard. `clauses`:
    the criteria on which its verdict hangs, as `clause_key` names them, with what each says."""

    counts: Mapping[str, int | None]
    verdicts: Mapping[str, str]
    standard: str | None = None
    approved: bool = False
    by_standard: frozenset[str] = frozenset()
    clauses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollup:
    """`villages` in all, of how many something was `reported`, how many of these `approved`. `sums`: by name (of counts
    under a poverty standard "name@standard") the sum, and of how many villages it is. `verdicts`: by rule set id how
    many villages have each verdict; those that did not report are not counted there. `clauses`: by criterion how many
    villages it holds back, as not met or for want of evidence."""

    villages: int = 0
    reported: int = 0
    approved: int = 0
    sums: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    verdicts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    clauses: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def verdict_counts(self, rule_set_id: str) -> dict[str, int]:
        """How many villages have each verdict by one rule set, with those that did not report."""
        counts = dict(self.verdicts.get(rule_set_id, {}))
        return counts | {NOT_REPORTED: self.villages - sum(counts.values())}


def roll_up(reports: Iterable[Report | None]) -> Rollup:
    """One village each; None: nobody reported of it."""
    villages = reported = approved = 0
    sums: dict[str, tuple[int, int]] = {}
    verdicts: dict[str, Counter[str]] = {}
    clauses: dict[str, Counter[str]] = {}
    for report in reports:
        villages += 1
        if report is None:
            continue
        reported += 1
        approved += report.approved
        for name, value in report.counts.items():
            if value is not None:
                key = keyed(name, report.standard) if name in report.by_standard else name
                before = sums.get(key, (0, 0))
                sums[key] = (before[0] + value, before[1] + 1)
        for rule_set_id, verdict in report.verdicts.items():
            verdicts.setdefault(rule_set_id, Counter())[verdict] += 1
        for key, verdict in report.clauses.items():
            clauses.setdefault(key, Counter())[verdict] += 1
    return Rollup(villages, reported, approved, sums, _plain(verdicts), _plain(clauses))


def add_up(parts: Iterable[Rollup]) -> Rollup:
    """The whole of several parts that have no village in common."""
    villages = reported = approved = 0
    sums: dict[str, tuple[int, int]] = {}
    verdicts: dict[str, Counter[str]] = {}
    clauses: dict[str, Counter[str]] = {}
    for part in parts:
        villages += part.villages
        reported += part.reported
        approved += part.approved
        for key, (total, known) in part.sums.items():
            before = sums.get(key, (0, 0))
            sums[key] = (before[0] + total, before[1] + known)
        for rule_set_id, counts in part.verdicts.items():
            verdicts.setdefault(rule_set_id, Counter()).update(counts)
        for key, counts in part.clauses.items():
            clauses.setdefault(key, Counter()).update(counts)
    return Rollup(villages, reported, approved, sums, _plain(verdicts), _plain(clauses))


def _plain(counted: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(counts) for name, counts in counted.items()}


def clause_key(rule_set_id: str, clause_id: str) -> str:
    """The name of a criterion of a rule set."""
    return f"{rule_set_id}/{clause_id}"


def holding_back(rule_set_id: str, clauses: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The criteria that keep a village from meeting a rule set, not met or not known, from its clauses as
    criteria/report.py writes them: those without others below them on which the verdict hangs."""
    listed = list(clauses)
    above = {each["parent"] for each in listed}
    return {
        clause_key(rule_set_id, each["id"]): each["verdict"]
        for each in listed
        if each["decisive"] and each["id"] not in above and each["verdict"] in (NOT_MET, UNKNOWN)
    }


def keyed(name: str, standard: str | None) -> str:
    """The name of a sum of counts that were taken by a poverty standard."""
    return f"{name}@{standard or ''}"


def facts_from_villages(rule_set: RuleSet, rollup: Rollup) -> tuple[dict[str, Fact], dict[str, Span]]:
    """The facts of a commune that follow from its villages, and for those that are known only between two numbers
    these. A sum under a poverty standard is known where all its villages used one that the rule set accepts."""
    facts: dict[str, Fact] = {}
    spans: dict[str, Span] = {}
    for name, declared in rule_set.facts.items():
        made = declared.villages
        if made is None:
            continue
        if made.sum is not None:
            facts[name] = _sum_of(rule_set, rollup, (made.sum, declared.by_poverty_standard))
        elif made.met is not None:
            counts = rollup.verdict_counts(made.met)
            low = counts.get(MET, 0)
            high = rollup.villages - counts.get(NOT_MET, 0)
            facts[name] = low if low == high else None
            if low != high:
                spans[name] = (low, high)
        else:
            facts[name] = rollup.villages
    return facts, spans


def _sum_of(rule_set: RuleSet, rollup: Rollup, what: tuple[str, bool]) -> int | None:
    name, by_standard = what
    accepted = {keyed(name, standard) for standard in rule_set.poverty_standards}
    # a rule set that binds its counts to no standard takes them by whichever they were counted
    keys = [key for key in rollup.sums if (key in accepted if by_standard else key.partition("@")[0] == name)]
    total = sum(rollup.sums.get(key, (0, 0))[0] for key in keys)
    known = sum(rollup.sums.get(key, (0, 0))[1] for key in keys)
    return total if rollup.villages and known == rollup.villages else None


def missing_of(rollup: Rollup, rule_set_id: str) -> int:
    """Of how many villages it is not known whether they meet a rule set: not reported, or not enough evidence."""
    counts = rollup.verdict_counts(rule_set_id)
    return counts[NOT_REPORTED] + counts.get(UNKNOWN, 0)
