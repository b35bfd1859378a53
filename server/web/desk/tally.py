"""Verdicts of a round counted and put in the order of the tree: district, commune, village."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.criteria.rollup import Rollup
from server.criteria.ruleset import MET, NOT_MET, UNKNOWN, RuleSet
from server.domain.areas import match_key
from server.services.verdicts import VerdictView
from server.storage.areas import AreaView
from server.storage.desk import Report

SHOWN = (MET, NOT_MET, UNKNOWN)


@dataclass(frozen=True)
class Counts:
    """How many villages have each verdict by one rule set; `other`: no rule in force, or one that is not loaded."""

    met: int = 0
    not_met: int = 0
    unknown: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All villages counted."""
        return self.met + self.not_met + self.unknown + self.other


@dataclass
class VillageRow:
    """One village with its verdict by rule set id, and the submission they rest on. `synthetic`: its numbers are
    invented."""

    area: AreaView
    verdicts: dict[str, VerdictView] = field(default_factory=dict)
    report: Report | None = None
    synthetic: bool = False


@dataclass
class Branch:
    """A commune with its villages, or a district with its communes, and the counts by rule set id."""

    area: AreaView | None
    counts: dict[str, Counts]
    communes: list[Branch] = field(default_factory=list)
    villages: list[VillageRow] = field(default_factory=list)


def village_rows(views: Iterable[VerdictView], reports: Mapping[int, Report]) -> list[VillageRow]:
    """One row for each village, in the order of the views."""
    rows: dict[str, VillageRow] = {}
    for view in views:
        row = rows.setdefault(view.area.id, VillageRow(view.area))
        row.synthetic |= view.synthetic
        if view.rule_set is not None:
            row.verdicts[view.rule_set.id] = view
        if view.submission_id is not None:
            row.report = reports.get(view.submission_id)
    return list(rows.values())


def count(rows: Iterable[VillageRow], rule_sets: Sequence[RuleSet]) -> dict[str, Counts]:
    """How many of the villages have each verdict, by rule set id."""
    every = list(rows)
    found = {}
    for rule_set in rule_sets:
        kinds = Counter(row.verdicts[rule_set.id].verdict for row in every if rule_set.id in row.verdicts)
        other = kinds.total() - sum(kinds[verdict] for verdict in SHOWN)
        found[rule_set.id] = Counts(kinds[MET], kinds[NOT_MET], kinds[UNKNOWN], other)
    return found


def counts_of(rollup: Rollup, rule_set: RuleSet) -> Counts:
    """The same from numbers that were computed before, of villages or of communes; villages that did not report are
    without enough evidence."""
    kept = dict(rollup.verdicts.get(rule_set.id, {}))
    missing = rollup.villages - sum(kept.values()) if rule_set.unit_kind == "village" else 0
    return Counts(kept.pop(MET, 0), kept.pop(NOT_MET, 0), kept.pop(UNKNOWN, 0) + missing, sum(kept.values()))


def branches(rows: Sequence[VillageRow], areas: Mapping[str, AreaView], rule_sets: Sequence[RuleSet]) -> list[Branch]:
    """The villages by district and commune, each by name. What lies in no known commune comes last."""
    by_commune: dict[str | None, list[VillageRow]] = {}
    for row in rows:
        by_commune.setdefault(row.area.parent_id, []).append(row)
    by_district: dict[str | None, list[Branch]] = {}
    for commune_id, villages in by_commune.items():
        commune = areas.get(commune_id or "")
        villages.sort(key=lambda row: (row.area.code or "", match_key(row.area.name)))
        branch = Branch(commune, count(villages, rule_sets), villages=villages)
        by_district.setdefault(commune.parent_id if commune else None, []).append(branch)
    found = []
    for district_id, communes in by_district.items():
        communes.sort(key=_by_name)
        every = [row for branch in communes for row in branch.villages]
        found.append(Branch(areas.get(district_id or ""), count(every, rule_sets), communes=communes))
    return sorted(found, key=_by_name)


def _by_name(branch: Branch) -> tuple[bool, str]:
    return (branch.area is None, match_key(branch.area.name) if branch.area else "")
