"""Judging without reasons: every clause of a rule set from checked facts, as fast as a country's villages ask for.

A `Setting` is a rule set in a region with its switches chosen, turned once into tests. A fact that is not known makes a
clause unknown, and the unknown travels up by Kleene's rules: "all" fails as soon as one fails, "at least n" is met as
soon as n are. What depends on an unknown condition is answered only where both answers agree. So more knowledge can
turn unknown into met or not met, and never one of these into the other. Whole numbers only.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Literal

from server.criteria.ruleset import (
    MET,
    NOT_MET,
    UNKNOWN,
    Amount,
    Bound,
    Chosen,
    Clause,
    Fact,
    Group,
    Leaf,
    Located,
    RuleSet,
    Verdict,
    YesNo,
)

Reason = Literal["fact", "zero", "impossible", "choice"]
"""Why a test is unknown: a fact is not known; there is nothing to take a share of; the facts contradict each other
(more than the whole, less than nothing); nobody chose how the law is to be read."""
Found = tuple[Verdict, Reason | None]
Facts = Mapping[str, Fact]
Verdicts = dict[str, Verdict]
Span = tuple[int, int]
"""The least and the greatest a count can be, both included."""

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "at_least": operator.ge,
    "more_than": operator.gt,
    "at_most": operator.le,
    "less_than": operator.lt,
}
_MET: Found = (MET, None)
_NOT_MET: Found = (NOT_MET, None)
_NO_FACT: Found = (UNKNOWN, "fact")
_ZERO: Found = (UNKNOWN, "zero")
_IMPOSSIBLE: Found = (UNKNOWN, "impossible")
_Test = Callable[[Facts], Found]
_Join = Callable[[Verdicts], Verdict]


class Setting:
    """A rule set in a region, with switches chosen. A region without an exception is judged by the general numbers; an
    option that a switch does not have counts as its default."""

    def __init__(self, rule_set: RuleSet, region: str | None = None, switches: Mapping[str, str] | None = None) -> None:
        self.rule_set = rule_set
        self.region = region
        self.switches = dict(switches or {})
        leaves = [clause for clause in rule_set.clauses.values() if not isinstance(clause.test, Group)]
        self._tests: dict[str, _Test] = {clause.id: self._test(clause) for clause in leaves}
        self._items = tuple(self._tests.items())
        self._joins = tuple(_join(root) for root in rule_set.roots)
        self._types = tuple((name, bool if fact.type == "yesno" else int) for name, fact in rule_set.facts.items())

    def bound(self, clause: Clause) -> Bound:
        """The bound of a clause about a number, with the exception of the region where the law makes one."""
        assert isinstance(clause.test, Amount)
        exception = self.rule_set.regions.get(self.region) if self.region else None
        if exception is not None and clause.id in exception.bounds:
            return replace(clause.test.bound, value=exception.bounds[clause.id])
        return clause.test.bound

    def option(self, switch: str) -> str:
        """The chosen option of a switch; its default where none, or one it does not have, was chosen."""
        declared = self.rule_set.switches[switch]
        chosen = self.switches.get(switch, declared.default)
        return chosen if chosen in declared.options else declared.default

    def check(self, facts: Facts) -> dict[str, Fact]:
        """The declared facts only, each of its declared type; anything else (a negative count too) is unknown."""
        found: dict[str, Fact] = {}
        for name, kind in self._types:
            value = facts.get(name)
            # a yes is no count: True is an int for Python
            found[name] = value if type(value) is kind and (kind is bool or (value or 0) >= 0) else None
        return found

    def judge(self, facts: Facts, spans: Mapping[str, Span] | None = None) -> Verdicts:
        """Every clause by its id, from checked facts. `spans`: of counts that are not known, between
        which numbers they lie; a test is answered where all of these give the same answer."""
        verdicts = {key: test(facts)[0] for key, test in self._items}
        if spans:
            for key, verdict in verdicts.items():
                if verdict == UNKNOWN:
                    verdicts[key] = self._between(key, facts, spans)
        return self.join(verdicts)

    def join(self, leaves: Verdicts) -> Verdicts:
        """Writes every group into the verdicts of the leaves, and returns them."""
        for join in self._joins:
            join(leaves)
        return leaves

    def find(self, clause_id: str, facts: Facts) -> Found:
        """The verdict of a test, and for an unknown one why."""
        return self._tests[clause_id](facts)

    def _between(self, key: str, facts: Facts, spans: Mapping[str, Span]) -> Verdict:
        # a share and a count move one way with each of their facts: what the ends say, all between them say
        test = self.rule_set.clauses[key].test
        assert not isinstance(test, Group)
        open_facts = [name for name in test.facts if facts.get(name) is None]
        if not open_facts or any(name not in spans for name in open_facts):
            return UNKNOWN
        ends = product(*(_ends(test, name, spans[name]) for name in open_facts))
        answers = {self._tests[key]({**facts, **dict(zip(open_facts, chosen, strict=True))})[0] for chosen in ends}
        return answers.pop() if len(answers) == 1 else UNKNOWN

    def _test(self, clause: Clause) -> _Test:
        test = clause.test
        assert not isinstance(test, Group)
        if isinstance(test, Amount):
            return self._share(test, self.bound(clause)) if test.over else _count(test, self.bound(clause))
        if isinstance(test, YesNo):
            return _answer(test)
        found = self._fixed(test)
        return lambda _facts: found

    def _fixed(self, test: Located | Chosen) -> Found:
        if isinstance(test, Located):
            return _MET if self.region in test.regions else _NOT_MET
        verdict = test.verdicts[self.option(test.switch)]
        return (verdict, "choice" if verdict == UNKNOWN else None)

    def _share(self, test: Amount, bound: Bound) -> _Test:
        over, sum_up, holds = str(test.over), _sum(test), _comparing(bound)
        value, per = bound.value, bound.per
        nothing = test.zero.verdicts[self.option(test.zero.switch)] if test.zero else UNKNOWN
        of_nothing: Found = (nothing, "zero" if nothing == UNKNOWN else None)

        def judge(facts: Facts) -> Found:
            whole = facts[over]
            if whole == 0:
                return of_nothing
            amount = sum_up(facts)
            if whole is None or amount is None:
                return _NO_FACT
            if amount < 0 or amount > whole:
                return _IMPOSSIBLE
            return _MET if holds(amount * per, value * whole) else _NOT_MET

        return judge


def _ends(test: Leaf, name: str, span: Span) -> tuple[int, ...]:
    """The numbers that answer for all of a span. Of none there is no share, whatever is said then: shares begin at
    one."""
    least, most = span
    return (0, 1, most) if isinstance(test, Amount) and name == test.over and least == 0 < most else span


def amount_of(test: Amount, facts: Facts) -> int | None:
    """The number a test is about: what is counted, less what is taken off; None when a fact is not known."""
    return None if test.over is not None and facts.get(test.over) is None else _sum(test)(facts)


def _sum(test: Amount) -> Callable[[Facts], int | None]:
    of, minus = test.of, test.minus
    if len(of) == 1 and not minus:
        return _one(of[0])

    def sum_up(facts: Facts) -> int | None:
        total = 0
        for name in of:
            value = facts[name]
            if value is None:
                return None
            total += value
        for name in minus:
            value = facts[name]
            if value is None:
                return None
            total -= value
        return total

    return sum_up


def _one(name: str) -> Callable[[Facts], int | None]:
    return lambda facts: facts[name]


def _comparing(bound: Bound) -> Callable[[int, int], bool]:
    """How its two sides compare: as Bound.holds does, chosen once."""
    return _COMPARE[bound.comparison]


def _count(test: Amount, bound: Bound) -> _Test:
    sum_up, holds, value = _sum(test), _comparing(bound), bound.value

    def judge(facts: Facts) -> Found:
        amount = sum_up(facts)
        if amount is None:
            return _NO_FACT
        if amount < 0:
            return _IMPOSSIBLE
        return _MET if holds(amount, value) else _NOT_MET

    return judge


def _answer(test: YesNo) -> _Test:
    fact, expected = test.fact, test.expected

    def judge(facts: Facts) -> Found:
        answer = facts[fact]
        if answer is None:
            return _NO_FACT
        return _MET if answer is expected else _NOT_MET

    return judge


def _join(clause: Clause) -> _Join:
    """What writes the verdict of a clause, and of all groups below it, given the leaves."""
    key, group = clause.id, clause.test
    if not isinstance(group, Group):
        return lambda verdicts: verdicts[key]
    children = tuple(_join(child) for child in group.children)
    condition = _join(group.condition) if group.condition is not None else None

    if group.kind in ("all", "any"):
        return _plain(key, group, children)

    def judge(verdicts: Verdicts) -> Verdict:
        below = [child(verdicts) for child in children]
        verdicts[key] = found = weigh(group, below, condition(verdicts) if condition else None)
        return found

    return judge


def _plain(key: str, group: Group, children: tuple[_Join, ...]) -> _Join:
    """All, or any: one child that says the other thing decides; every child is written all the same."""
    decides, else_ = (NOT_MET, MET) if group.kind == "all" else (MET, NOT_MET)

    def judge(verdicts: Verdicts) -> Verdict:
        found = else_
        for child in children:
            verdict = child(verdicts)
            if verdict == decides:
                found = decides
            elif verdict == UNKNOWN and found != decides:
                found = UNKNOWN
        verdicts[key] = found
        return found

    return judge


def weigh(group: Group, below: list[Verdict], condition: Verdict | None) -> Verdict:
    """The verdict of a group, given those of its children and of its condition."""
    if group.kind == "case":
        if condition == UNKNOWN:
            return below[0] if below[0] == below[1] else UNKNOWN
        return below[0] if condition == MET else below[1]
    needed = needed_of(group, condition)
    found = enough(below, needed[0])
    return found if len(needed) == 1 or enough(below, needed[1]) == found else UNKNOWN


def needed_of(group: Group, condition: Verdict | None) -> tuple[int, ...]:
    """How many of the children are needed: two numbers where the condition that decides is not known."""
    if condition is None or group.needed_if is None:
        return (group.needed,)
    if condition == UNKNOWN:
        return (group.needed, group.needed_if)
    return (group.needed_if,) if condition == MET else (group.needed,)


def enough(verdicts: list[Verdict], needed: int) -> Verdict:
    """Whether so many are met, or can no longer be."""
    if verdicts.count(MET) >= needed:
        return MET
    return NOT_MET if len(verdicts) - verdicts.count(NOT_MET) < needed else UNKNOWN


def possible_classes(rule_set: RuleSet, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Of a rule set that gives a class, the ids of those the unit may have: one where it is known. The first class
    whose test is met is the unit's, so a class is possible while its own test may be met and none before it is."""
    found = []
    for one in rule_set.classes:
        verdict = MET if one.test is None else verdicts[one.test.id]
        if verdict != NOT_MET:
            found.append(one.id)
        if verdict == MET:
            break
    return tuple(found)
