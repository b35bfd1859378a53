"""Why an outcome is what it is: which facts would settle an unknown one, and what the least is that would turn it.

Both questions are one walk over the tree: the smallest sets of leaves that give the wished verdict. Leaves about the
same number are taken together (from 55% and below 65% is one interval; so is a share of the villages, or five of them),
and the change is counted exactly, in whole households or rooms. The whole is left as it is (the number of households),
unless it is itself a thing to change: fewer poor households, and the minority ones among them are a share of so many.
Where two numbers have a fact in common, each is counted for itself and the other stays as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from server.criteria.evaluate import HOUSEHOLD, Outcome
from server.criteria.judge import Setting, amount_of
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
    Verdict,
    YesNo,
)

_OPPOSITE = {"at_least": "less_than", "less_than": "at_least", "more_than": "at_most", "at_most": "more_than"}


@dataclass(frozen=True)
class Settling:
    """A smallest set of facts (and of open switches) that could settle an unknown outcome, and as what: met, not_met,
    or the id of a class. A fact named here is unknown, or contradicts another one and must be corrected."""

    facts: tuple[str, ...]
    switches: tuple[str, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One thing that would have to be otherwise, for the leaves `clauses`.

    kind "answer": the fact would have to be `answer`. kind "count": the sum of `facts` less `minus` would have to be
    `amount` `direction` (more | fewer) than `now`, in `unit`. kind "find_out": the facts are not known.
    """

    kind: str
    clauses: tuple[str, ...]
    facts: tuple[str, ...]
    minus: tuple[str, ...] = ()
    answer: bool | None = None
    amount: int = 0
    direction: str | None = None
    now: int | None = None
    unit: str | None = None

    @property
    def then(self) -> int:
        """What a count would be after it."""
        return (self.now or 0) + (self.amount if self.direction == "more" else -self.amount)


@dataclass(frozen=True)
class Way:
    """Changes that together are enough; none of them can be left out."""

    changes: tuple[Change, ...]

    @property
    def households(self) -> int:
        """Households counted over all its changes."""
        return sum(change.amount for change in self.changes if change.unit == HOUSEHOLD)


_Wish = frozenset[tuple[str, Verdict]]
"""Leaves by id, each with the verdict it must have."""


def what_would_settle(outcome: Outcome) -> tuple[Settling, ...]:
    """For an unknown outcome the smallest sets of facts that could settle it, fewest first; for any other none."""
    if outcome.verdict != UNKNOWN:
        return ()
    view = _View.of(outcome)
    goals = goals_of(outcome)
    found: dict[tuple[frozenset[str], frozenset[str]], set[str]] = {}
    for goal in goals:
        sets = {needs for wish in _wishes_for(outcome, goal, None) if (needs := view.open_facts(wish)) is not None}
        for needs in sets:
            if not any((other[0] | other[1]) < (needs[0] | needs[1]) for other in sets):
                found.setdefault(needs, set()).add(goal)
    order = list(outcome.rule_set.facts)
    settlings = (
        Settling(
            tuple(sorted(facts, key=order.index)),
            tuple(sorted(switches)),
            tuple(goal for goal in goals if goal in verdicts),
        )
        for (facts, switches), verdicts in found.items()
    )
    return tuple(sorted(settlings, key=lambda one: (len(one.facts) + len(one.switches), one.facts, one.switches)))


def goals_of(outcome: Outcome) -> tuple[str, ...]:
    """All that the rule set can say of a unit: met and not_met, or its classes."""
    classes = outcome.rule_set.classes
    return tuple(one.id for one in classes) if classes else (MET, NOT_MET)


def what_holds_back(outcome: Outcome) -> tuple[Way, ...]:
    """For an outcome that is not met the smallest sets of changes that would make it met, fewest changes first."""
    return what_would_change(outcome, MET) if outcome.verdict == NOT_MET else ()


def what_would_change(outcome: Outcome, goal: str) -> tuple[Way, ...]:
    """The smallest sets of changes after which the outcome would be `goal` (met, not_met, or the id of a class); none
    where it is so already. Conditions on who lives there, and whole numbers such as all households, are taken as they
    are."""
    if not outcome.rule_set.roots or outcome.standing == goal:
        return ()
    view = _View.of(outcome)
    ways = [way for wish in _wishes_for(outcome, goal, view.leaves) if (way := view.way(wish)) is not None]
    best = {way for way in ways if not any(_dominates(other, way) for other in ways)}
    return tuple(sorted(best, key=lambda way: (len(way.changes), way.households, str(way))))


def _wishes_for(outcome: Outcome, goal: str, leaves: Mapping[str, Verdict] | None) -> set[_Wish]:
    """The sets of leaf verdicts with which the rule set would say `goal`. A class is wished for by its own test met and
    those of all classes before it not met."""
    rule_set = outcome.rule_set
    if rule_set.tree is not None:
        return _wishes(rule_set.tree, MET if goal == MET else NOT_MET, leaves)
    found: set[_Wish] = {frozenset()}
    for one in rule_set.classes:
        wished = MET if one.id == goal else NOT_MET
        if one.test is not None:
            found = {wish | more for wish in found for more in _wishes(one.test, wished, leaves)}
        if one.id == goal:
            return found
    return set()


def _dominates(other: Way, way: Way) -> bool:
    """Whether `other` asks for less: nothing that `way` does not ask for, and no more of anything."""
    if other == way:
        return False
    asked = {(change.kind, change.facts, change.minus, change.direction): change.amount for change in way.changes}
    keys = [(change.kind, change.facts, change.minus, change.direction) for change in other.changes]
    amounts = [change.amount for change in other.changes]
    least = all(key in asked and amount <= asked[key] for key, amount in zip(keys, amounts, strict=True))
    same = len(keys) == len(asked) and all(asked.get(key) == amount for key, amount in zip(keys, amounts, strict=True))
    return least and (not same or str(other) < str(way))


def _wishes(clause: Clause, goal: Verdict, leaves: Mapping[str, Verdict] | None) -> set[_Wish]:
    """The sets of leaf verdicts that give `clause` the verdict `goal`. With `leaves` the conditions of "n if" are taken
    as they stand there; without, they may come out either way."""
    group = clause.test
    if not isinstance(group, Group):
        return {frozenset({(clause.id, goal)})}
    below = [_wishes(child, goal, leaves) for child in group.children]
    if group.kind == "case":
        return _of_case(group, below, leaves)
    if group.condition is None or group.needed_if is None:
        return _choose(below, group.needed, goal)
    # The number that serves the goal whatever the condition may be.
    safe = (max if goal == MET else min)(group.needed, group.needed_if)
    if leaves is not None:
        condition = leaves[group.condition.id]
        needed = {MET: group.needed_if, NOT_MET: group.needed, UNKNOWN: safe}[condition]
        return _choose(below, needed, goal)
    found = _choose(below, safe, goal)
    for state, needed in ((MET, group.needed_if), (NOT_MET, group.needed)):
        for condition_wish in _wishes(group.condition, state, None):
            found |= {wish | condition_wish for wish in _choose(below, needed, goal)}
    return found


def _of_case(group: Group, below: list[set[_Wish]], leaves: Mapping[str, Verdict] | None) -> set[_Wish]:
    """The side that counts as the condition stands; both sides where it may come out either way."""
    assert group.condition is not None
    both = {one | other for one in below[0] for other in below[1]}
    if leaves is not None:
        return {MET: below[0], NOT_MET: below[1], UNKNOWN: both}[leaves[group.condition.id]]
    for state, side in ((MET, below[0]), (NOT_MET, below[1])):
        both |= {wish | condition for wish in side for condition in _wishes(group.condition, state, None)}
    return both


def _choose(below: list[set[_Wish]], needed: int, goal: Verdict) -> set[_Wish]:
    """Wishes for so many of the children as the goal takes: `needed` to be met, or enough of them not."""
    count = needed if goal == MET else len(below) - needed + 1
    return {
        frozenset().union(*chosen) for children in combinations(below, max(count, 0)) for chosen in product(*children)
    }


@dataclass(frozen=True)
class _View:
    """The outcome, opened up: every clause, its verdict, and the setting it was judged in."""

    setting: Setting
    facts: Mapping[str, Fact]
    clauses: Mapping[str, Clause]
    leaves: Mapping[str, Verdict]

    @classmethod
    def of(cls, outcome: Outcome) -> "_View":
        setting = Setting(outcome.rule_set, outcome.region, outcome.switches)
        return cls(setting, outcome.facts, outcome.rule_set.clauses, setting.judge(outcome.facts, outcome.spans))

    def open_facts(self, wish: _Wish) -> tuple[frozenset[str], frozenset[str]] | None:
        """The facts and the switches that must be learnt for the wish; None where a known leaf stands against it."""
        facts: set[str] = set()
        switches: set[str] = set()
        for clause_id, goal in wish:
            if self.leaves[clause_id] not in (goal, UNKNOWN):
                return None
            if self.leaves[clause_id] == goal:
                continue
            clause = self.clauses[clause_id]
            test, reason = clause.test, self.setting.find(clause_id, self.facts)[1]
            assert not isinstance(test, Group)
            if reason == "zero" and isinstance(test, Amount) and test.zero is not None:
                switches.add(test.zero.switch)
            elif isinstance(test, Chosen):
                switches.add(test.switch)
            else:
                unknown = {name for name in test.facts if self.facts[name] is None}
                facts |= unknown or set(test.facts)
        feasible = self._answers(wish) is not None and _fits(
            {number: self._interval(number, wish, self.facts) for number in self._numbers(wish)}
        )
        return (frozenset(facts), frozenset(switches)) if feasible else None

    def way(self, wish: _Wish) -> Way | None:
        """The changes that make the wish true; None where no change of counts or answers can."""
        answers = self._answers(wish)
        if answers is None or self._fixed_against(wish):
            return None
        changes = self._found_out(wish)
        for fact, (answer, leaves) in answers.items():
            if self.facts[fact] is not None and self.facts[fact] is not answer:
                changes.append(Change("answer", leaves, (fact,), answer=answer))
        counts = self._counts(wish)
        return None if counts is None else Way((*changes, *counts))

    def _fixed_against(self, wish: _Wish) -> bool:
        """Whether the wish asks for another region, or for another reading of the law: no change of facts."""
        return any(
            self.leaves[key] != goal and not isinstance(self.clauses[key].test, Amount | YesNo) for key, goal in wish
        )

    def _found_out(self, wish: _Wish) -> list[Change]:
        unknown: dict[tuple[str, ...], list[str]] = {}
        for clause_id, _ in sorted(wish):
            test = self.clauses[clause_id].test
            if self.leaves[clause_id] == UNKNOWN and not isinstance(test, Group):
                unknown.setdefault(test.facts, []).append(clause_id)
        return [Change("find_out", tuple(leaves), facts) for facts, leaves in unknown.items()]

    def _answers(self, wish: _Wish) -> dict[str, tuple[bool, tuple[str, ...]]] | None:
        """The answer each yes-or-no fact must have, with the leaves that ask for it; None where two ask otherwise."""
        found: dict[str, tuple[bool, tuple[str, ...]]] = {}
        for clause_id, goal in sorted(wish):
            test = self.clauses[clause_id].test
            if isinstance(test, YesNo):
                answer = test.expected is (goal == MET)
                before = found.get(test.fact, (answer, ()))
                if before[0] is not answer:
                    return None
                found[test.fact] = (answer, (*before[1], clause_id))
        return found

    def _counts(self, wish: _Wish) -> list[Change] | None:
        """The least change of each number that is known, so that every leaf about it is as wished; None where no change
        does it. A share is of the whole as it is after the changes."""
        after, changes = dict(self.facts), []
        intervals: dict[_Number, _Interval] = {}
        for number in self._numbers(wish):
            intervals[number] = low, high = self._interval(number, wish, after)
            leaves = self._about(number, wish)
            now = amount_of(self._amount(leaves[0]), self.facts)
            if now is None or low <= now <= high:
                continue
            if any((over := self._amount(leaf).over) is not None and not after[over] for leaf in leaves):
                return None
            turned = tuple(leaf for leaf, goal in sorted(wish) if leaf in leaves and self.leaves[leaf] != goal)
            amount, direction = (low - now, "more") if now < low else (now - high, "fewer")
            unit = self.setting.rule_set.facts[number[0][0]].unit
            changes.append(Change("count", turned or leaves, *number, None, amount, direction, now, unit))
            if len(number[0]) == 1 and not number[1]:
                after[number[0][0]] = low if now < low else high
        return [change for change in changes if not _covered(change, changes)] if _fits(intervals) else None

    def _numbers(self, wish: _Wish) -> list["_Number"]:
        """The numbers that the wish speaks of; one that is the whole of another comes before it."""
        amounts = [test for key, _ in sorted(wish) if isinstance(test := self.clauses[key].test, Amount)]
        wholes = {amount.over for amount in amounts}
        numbers = dict.fromkeys((amount.of, amount.minus) for amount in amounts)
        return sorted(numbers, key=lambda number: bool(number[1]) or not wholes.issuperset(number[0]))

    def _about(self, number: "_Number", wish: _Wish) -> tuple[str, ...]:
        tests = {key: self.clauses[key].test for key, _ in sorted(wish)}
        return tuple(key for key, test in tests.items() if isinstance(test, Amount) and (test.of, test.minus) == number)

    def _amount(self, clause_id: str) -> Amount:
        test = self.clauses[clause_id].test
        assert isinstance(test, Amount)
        return test

    def _interval(self, number: "_Number", wish: _Wish, facts: Mapping[str, Fact]) -> "_Interval":
        """The least and the greatest amount that fits every leaf of the wish about a number."""
        goals = dict(wish)
        bounds: dict[str | None, list[Bound]] = {}
        for clause_id in self._about(number, wish):
            bound = self.setting.bound(self.clauses[clause_id])
            wished = bound if goals[clause_id] == MET else Bound(_OPPOSITE[bound.comparison], bound.value, bound.per)
            bounds.setdefault(self._amount(clause_id).over, []).append(wished)
        found = [_between((*number, over), wished, facts) for over, wished in bounds.items()]
        return max(low for low, _ in found), min(high for _, high in found)


_Number = tuple[tuple[str, ...], tuple[str, ...]]
"""What is summed, and what is taken off."""
_Interval = tuple[int, int]


def _fits(intervals: Mapping[_Number, _Interval]) -> bool:
    """Whether numbers can be so together: no part has to be more than the sum that it is in."""
    return all(low <= high for low, high in intervals.values()) and all(
        low <= high
        for (of, minus), (low, _) in intervals.items()
        for (others, off), (_, high) in intervals.items()
        if not minus and not off and set(of) < set(others)
    )


def _covered(change: Change, changes: Iterable[Change]) -> bool:
    """Whether another change brings this one with it: a sum that falls to five leaves no part above five, and a part
    that rises to six leaves no sum below it."""
    if change.minus:
        return False
    return any(
        (change.direction == "fewer" and set(change.facts) < set(other.facts) and other.then <= change.then)
        or (change.direction == "more" and set(other.facts) < set(change.facts) and other.then >= change.then)
        for other in changes
        if not other.minus
    )


def _between(share: "_Share", bounds: Iterable[Bound], facts: Mapping[str, Fact]) -> _Interval:
    """The least and the greatest amount within all bounds."""
    of, minus, over = share
    whole = 1 if over is None else facts[over]
    known = bool(whole)
    # Where nothing is known of the whole, only wishes that contradict each other as percentages are ruled out.
    whole = whole or 30_000
    counted = [facts[name] or 0 for name in of]
    partly = any(facts[name] is None for name in of) and not minus and known
    low, high = (sum(counted) if partly else 0), (whole if over is not None else 10**9)
    for bound in bounds:
        exact, rest = (bound.value, 0) if over is None else divmod(bound.value * whole, bound.per)
        if bound.comparison == "at_least":
            low = max(low, exact + (rest > 0))
        elif bound.comparison == "more_than":
            low = max(low, exact + 1)
        elif bound.comparison == "at_most":
            high = min(high, exact)
        else:
            high = min(high, exact - (rest == 0))
    return low, high


_Share = tuple[tuple[str, ...], tuple[str, ...], str | None]
"""What is summed, what is taken off, and the fact it is a share of (None: a plain count)."""
