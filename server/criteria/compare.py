"""One unit in two rounds: what another law did to it ("đổi chuẩn"), apart from what changed in it ("đổi thực tế").

Between the two stands one more judgement: the facts of the earlier round under the law of the later one. From the
earlier standing to it, only the law is another; from it to the later standing, only the facts. Nothing is counted that
is not known on all three sides. And what-if: the same facts with another number in one clause, in a changed copy of the
law that is kept nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from server.criteria.evaluate import explain_setting, settle
from server.criteria.judge import Setting, Span
from server.criteria.ruleset import (
    CLASSIFIED,
    RULE_NOT_LOADED,
    UNKNOWN,
    Amount,
    Bound,
    Clause,
    Fact,
    Group,
    RuleSet,
    facts_under,
)

SAME, LAW, FACTS, BOTH, NOT_COMPARABLE = "same", "law", "facts", "both", "not_comparable"
KINDS = (SAME, LAW, FACTS, BOTH, NOT_COMPARABLE)
"""What became of a unit's standing: nothing; only the law turned it; only its facts; each of them; nobody can say."""
NO_REPORT, UNSETTLED, NOT_ASKED, NOT_LOADED = "no_report", "unsettled", "not_asked", "not_loaded"
REASONS = (NO_REPORT, UNSETTLED, NOT_ASKED, NOT_LOADED)
"""Why two rounds cannot be compared: nothing was sent in one of them; a standing is unknown; the earlier round does not
know what the later law asks; the conditions of a law have not been entered."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in one round by one rule set. `standing` as it is kept: a class, else a verdict. `facts` by name, more
    than the rule set asks where the round knows more. `standards`: the poverty standards by which its counts may have
    been taken. `reported`: whether anything was sent of it. `spans`: of counts not known, between what they lie."""

    facts: Mapping[str, Fact]
    standing: str
    standards: frozenset[str] = frozenset()
    reported: bool = True
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Laws:
    """The three judgements of one unit: the earlier law where it lay then, the later law where it lay then, and the
    later law where it lies later."""

    before: Setting
    between: Setting
    after: Setting


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact of the later law that is another in the later round; None where it is not known."""

    name: str
    before: Fact
    after: Fact


@dataclass(frozen=True, slots=True)
class Comparison:
    """`kind` is one of KINDS, `reason` one of REASONS where that is NOT_COMPARABLE. Three standings: before, the facts
    of before under the later law, after. `by_law` and `by_facts`: ids of clauses of the later law that turned."""

    kind: str
    before: str
    between: str
    after: str
    facts: tuple[FactChange, ...] = ()
    by_law: tuple[str, ...] = ()
    by_facts: tuple[str, ...] = ()
    reason: str | None = None


def carry(law: RuleSet, unit: Unit) -> dict[str, Fact]:
    """The facts of a unit as another law takes them: by name; a count of poor households only where every standard it
    may have been taken by is one that the law accepts. What the law does not ask is left aside."""
    accepted = bool(unit.standards) and unit.standards <= set(law.poverty_standards)
    known = facts_under(law, unit.facts, min(unit.standards) if accepted else None)
    return {name: known.get(name) for name in law.facts}


def _carried(laws: Laws, before: Unit) -> Mapping[str, Fact]:
    # what was judged by this very text needs no carrying over
    same = laws.before.rule_set.sha256 == laws.between.rule_set.sha256
    return before.facts if same else carry(laws.between.rule_set, before)


def standing_under(setting: Setting, facts: Mapping[str, Fact], spans: Mapping[str, Span] | None = None) -> str:
    """What a law says of facts, in one word: the class, else the verdict; RULE_NOT_LOADED."""
    if not setting.rule_set.roots:
        return RULE_NOT_LOADED
    checked = setting.check(facts)
    between = {name: span for name, span in (spans or {}).items() if name in checked and checked[name] is None}
    verdict, possible = settle(setting.rule_set, setting.judge(checked, between))
    return possible[0] if verdict == CLASSIFIED else verdict


def compare(before: Unit, after: Unit, laws: Laws) -> Comparison:
    """What became of a unit from one round to the other, and by what."""
    carried = _carried(laws, before)
    between = standing_under(laws.between, carried, before.spans)
    facts = _differences(laws.after, carried, after.facts)
    standings = (before.standing, between, after.standing)
    reason = _reason(before, after, standings)
    if reason is not None:
        return Comparison(NOT_COMPARABLE, *standings, facts=facts, reason=reason)
    by_law, by_facts = before.standing != between, between != after.standing
    kind = BOTH if by_law and by_facts else LAW if by_law else FACTS if by_facts else SAME
    return Comparison(
        kind,
        *standings,
        facts=facts,
        by_law=_turned_by_law(laws, before, carried) if by_law else (),
        by_facts=_turned((laws.between, carried), (laws.after, after.facts)) if by_facts else (),
    )


def _reason(before: Unit, after: Unit, standings: Sequence[str]) -> str | None:
    if RULE_NOT_LOADED in standings:
        return NOT_LOADED
    if (not before.reported and standings[0] == UNKNOWN) or (not after.reported and standings[2] == UNKNOWN):
        return NO_REPORT
    if UNKNOWN in (standings[0], standings[2]):
        return UNSETTLED
    return NOT_ASKED if standings[1] == UNKNOWN else None


def _differences(setting: Setting, before: Mapping[str, Fact], after: Mapping[str, Fact]) -> tuple[FactChange, ...]:
    one, other = setting.check(before), setting.check(after)
    return tuple(FactChange(name, one[name], other[name]) for name in one if one[name] != other[name])


def _turned_by_law(laws: Laws, before: Unit, carried: Mapping[str, Fact]) -> tuple[str, ...]:
    """Of the same law in another text or reading the tests that say another thing; of another law, whose clauses have
    no counterpart, the tests that its answer rests on."""
    if laws.before.rule_set.id == laws.between.rule_set.id:
        return _turned((laws.before, before.facts), (laws.between, carried))
    groups = {key for key, clause in laws.between.rule_set.clauses.items() if isinstance(clause.test, Group)}
    told = explain_setting(laws.between, carried, before.spans).clauses
    return tuple(clause.id for clause in told if clause.decisive and clause.id not in groups)


_Judged = tuple[Setting, Mapping[str, Fact]]


def _turned(one: _Judged, other: _Judged) -> tuple[str, ...]:
    """The tests, not the groups above them, that say another thing."""
    verdicts = [setting.judge(setting.check(facts)) for setting, facts in (one, other)]
    clauses = other[0].rule_set.clauses
    return tuple(
        key
        for key, clause in clauses.items()
        if not isinstance(clause.test, Group) and verdicts[0].get(key) != verdicts[1][key]
    )


def pair_rule_sets(before: Iterable[RuleSet], after: Iterable[RuleSet]) -> list[tuple[RuleSet, RuleSet]]:
    """Which rule set of a round goes with which of a later one: of the same kind of unit, purpose and sort of result,
    in the order of the later round. Itself where it is there, else each that answers the same question."""
    earlier = list(before)
    found = []
    for law in after:
        mates = [one for one in earlier if _question(one) == _question(law)]
        itself = [one for one in mates if one.id == law.id]
        found += [(one, law) for one in itself or mates]
    return found


def _question(law: RuleSet) -> tuple[str, str, str]:
    return law.unit_kind, law.purpose, law.result


def count_kinds(found: Iterable[Comparison]) -> dict[str, int]:
    """How many units of each of KINDS, in that order, zeros included."""
    counted = Counter(each.kind for each in found)
    return {kind: counted[kind] for kind in KINDS}


# another number


def find_bound(law: RuleSet, clause_id: str) -> Bound | None:
    """The bound of a clause about a number, as the law has it in general; None where it has none."""
    clause = law.clauses.get(clause_id)
    return clause.test.bound if clause is not None and isinstance(clause.test, Amount) else None


def with_number(law: RuleSet, clause_id: str, number: int) -> RuleSet:
    """A copy of the law with another number in the bound of one clause; the numbers that the law has for a region stay.
    It has no SHA-256: no text says so. A clause without a bound changes nothing."""
    tree = law.tree and _with_number(law.tree, clause_id, number)
    classes = tuple(replace(one, test=one.test and _with_number(one.test, clause_id, number)) for one in law.classes)
    return replace(law, tree=tree, classes=classes, sha256="")


def _with_number(clause: Clause, clause_id: str, number: int) -> Clause:
    test = clause.test
    if isinstance(test, Group):
        test = replace(
            test,
            children=tuple(_with_number(child, clause_id, number) for child in test.children),
            condition=test.condition and _with_number(test.condition, clause_id, number),
        )
    elif isinstance(test, Amount) and clause.id == clause_id:
        test = replace(test, bound=replace(test.bound, value=number))
    return replace(clause, test=test)


@dataclass(frozen=True, slots=True)
class Placed:
    """The facts of a unit as a round keeps them, and the region it lies in."""

    facts: Mapping[str, Fact]
    region: str | None = None
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class WhatIf:
    """Standings by unit, by the law as it is and with another number in it."""

    before: Mapping[str, str]
    after: Mapping[str, str]

    @cached_property
    def turned(self) -> tuple[str, ...]:
        """The units that would stand otherwise, in the order they were given."""
        return tuple(key for key, standing in self.before.items() if self.after[key] != standing)

    def count(self) -> dict[str, tuple[int, int]]:
        """By standing, how many units have it by the law as it is, and how many would."""
        one, other = Counter(self.before.values()), Counter(self.after.values())
        return {standing: (one[standing], other[standing]) for standing in (*one, *(other.keys() - one.keys()))}


def what_if(laws: tuple[RuleSet, RuleSet], units: Mapping[str, Placed], switches: Mapping[str, str]) -> WhatIf:
    """What a law and a changed copy of it say of the same units, as one office reads both."""
    found: list[dict[str, str]] = []
    for law in laws:
        settings = {region: Setting(law, region, switches) for region in {unit.region for unit in units.values()}}
        found.append(
            {key: standing_under(settings[unit.region], unit.facts, unit.spans) for key, unit in units.items()}
        )
    return WhatIf(found[0], found[1])
