"""Judging a unit by a rule set: whole numbers only, three values, every clause with its number and its source.

A fact that is not known makes a clause unknown, and the unknown travels up by Kleene's rules: "all" fails as soon as
one fails, "at least n" is met as soon as n are. What depends on an unknown condition is answered only where both
answers agree. So more knowledge can turn unknown into met or not met, and never one of these into the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from server.criteria.ruleset import (
    MET,
    NOT_MET,
    RULE_NOT_LOADED,
    SIGNS,
    UNKNOWN,
    Amount,
    Bound,
    Clause,
    Fact,
    Group,
    RuleSet,
    Text,
    Verdict,
    YesNo,
)

HOUSEHOLD = "household"


class ClauseResult(NamedTuple):
    """A clause as judged. `parent` is the id of the clause above; `role` is "condition" for what decides how many are
    enough, else "clause"; `kind` all | any | at_least | ratio | count | yesno.

    `value` is for reading ("41/120 (34,17%)", "2/3", "yes"), `parts` the same in pieces: numerator, denominator,
    percent; or met, unknown, of, needed. `threshold` e.g. "≥ 65%", "≥ 2", "no". `reason` says why an unknown is one:
    fact | zero | impossible | below. `decisive`: the verdict of the whole rests on it. `near`: within one household of
    its threshold.
    """

    id: str
    parent: str | None
    role: str
    kind: str
    verdict: Verdict
    value: str | int | None
    parts: Mapping[str, int | str]
    threshold: str
    article: str
    status: str
    source: str
    title: Text
    note: Text | None
    facts: tuple[str, ...]
    reason: str | None
    decisive: bool
    near: bool


@dataclass(frozen=True)
class Outcome:
    """What a rule set says of one unit. `verdict` is met | not_met | unknown, or RULE_NOT_LOADED. `verified`: the
    verdict stands on clauses whose text was read, whatever the others may say; only then may it be called official.
    `near`: a decisive clause is within one household of its threshold."""

    rule_set: RuleSet
    verdict: str
    clauses: tuple[ClauseResult, ...]
    facts: Mapping[str, Fact]
    region: str | None
    switches: Mapping[str, str]
    verified: bool
    near: bool


@dataclass(frozen=True)
class Setting:
    """What a tree is judged in: facts that were checked, the region, and the chosen switches."""

    rule_set: RuleSet
    facts: Mapping[str, Fact]
    region: str | None = None
    switches: Mapping[str, str] = field(default_factory=dict)
    _amounts: dict[int, int | None] = field(default_factory=dict, repr=False, compare=False)

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

    def amount(self, test: Amount) -> int | None:
        """The number a test is about: what is counted, less what is taken off; None when a fact is not known."""
        # asked three times for each clause: to judge it, to show it, to see how near it is
        key = id(test)
        if key not in self._amounts:
            self._amounts[key] = self._summed(test)
        return self._amounts[key]

    def _summed(self, test: Amount) -> int | None:
        facts, total = self.facts, 0
        if test.over is not None and facts.get(test.over) is None:
            return None
        for sign, names in ((1, test.of), (-1, test.minus)):
            for name in names:
                value = facts.get(name)
                if value is None:
                    return None
                total += sign * value
        return total


def evaluate(
    rule_set: RuleSet,
    facts: Mapping[str, Fact],
    *,
    region: str | None = None,
    switches: Mapping[str, str] | None = None,
) -> Outcome:
    """Judge one unit. Facts that the rule set does not declare are left aside; negative counts and values of another
    type are taken as unknown; nothing is raised for what people answered. A region without an exception is judged by
    the general numbers. Titles of the outcome say what "met" means: for a rule of entry, that the unit is extremely
    difficult."""
    setting = Setting(rule_set, checked(rule_set, facts), region, dict(switches or {}))
    if rule_set.tree is None:
        return Outcome(rule_set, RULE_NOT_LOADED, (), setting.facts, region, setting.switches, False, False)
    known = judge_leaves(rule_set.tree, setting)
    verdicts = dict(known)
    verdict = _judge_groups(rule_set.tree, verdicts)
    results: list[ClauseResult] = []
    walk = _Walk(setting, verdicts, _decisive(rule_set.tree, verdicts), results)
    _collect(walk, rule_set.tree, None, "clause")
    read = rule_set.read_leaves
    settled = judge(rule_set.tree, {key: leaf if key in read else UNKNOWN for key, leaf in known.items()})
    return Outcome(
        rule_set=rule_set,
        verdict=verdict,
        clauses=tuple(results),
        facts=setting.facts,
        region=region,
        switches=setting.switches,
        verified=verdict != UNKNOWN and settled == verdict,
        near=any(result.near and result.decisive for result in results),
    )


def checked(rule_set: RuleSet, facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """The declared facts only, each of its declared type; anything else is unknown."""
    found: dict[str, Fact] = {}
    for name, declaration in rule_set.facts.items():
        value = facts.get(name)
        fits = isinstance(value, bool) == (declaration.type == "yesno")
        found[name] = value if value is not None and fits and (isinstance(value, bool) or value >= 0) else None
    return found


def judge(clause: Clause, leaves: Mapping[str, Verdict]) -> Verdict:
    """The verdict of a clause, given those of the leaves below it by id."""
    return _judge_groups(clause, dict(leaves))


def _judge_groups(clause: Clause, verdicts: dict[str, Verdict]) -> Verdict:
    """`verdicts` holds the leaves; every group on the way is written into it."""
    group = clause.test
    if isinstance(group, Group):
        own = [_judge_groups(child, verdicts) for child in group.children]
        if group.condition is not None:
            _judge_groups(group.condition, verdicts)
        answers = {_enough(own, needed) for needed in _needed(group, verdicts)}
        verdicts[clause.id] = answers.pop() if len(answers) == 1 else UNKNOWN
    return verdicts[clause.id]


def judge_leaves(tree: Clause, setting: Setting) -> dict[str, Verdict]:
    """Every leaf of the tree by id, conditions among them."""
    group = tree.test
    if not isinstance(group, Group):
        return {tree.id: judge_leaf(tree, setting)[0]}
    below = (*group.children, *((group.condition,) if group.condition else ()))
    return {key: verdict for child in below for key, verdict in judge_leaves(child, setting).items()}


def judge_leaf(clause: Clause, setting: Setting) -> tuple[Verdict, str | None]:
    """The verdict of a leaf, and for an unknown one why: fact (not known), zero (nothing to take a share of), or
    impossible (more than the whole, or less than nothing: the facts contradict each other)."""
    test = clause.test
    if isinstance(test, YesNo):
        answer = setting.facts.get(test.fact)
        return (UNKNOWN, "fact") if answer is None else (_verdict(answer is test.expected), None)
    assert isinstance(test, Amount)
    if test.over is not None and setting.facts.get(test.over) == 0:
        verdict = test.zero.verdicts[setting.option(test.zero.switch)] if test.zero else UNKNOWN
        return verdict, "zero" if verdict == UNKNOWN else None
    amount = setting.amount(test)
    if amount is None:
        return UNKNOWN, "fact"
    whole = 100 if test.over is None else setting.facts[test.over] or 0
    if amount < 0 or (test.over is not None and amount > whole):
        return UNKNOWN, "impossible"
    return _verdict(setting.bound(clause).holds(amount, whole)), None


def _verdict(holds: bool) -> Verdict:
    return MET if holds else NOT_MET


def _needed(group: Group, verdicts: Mapping[str, Verdict]) -> tuple[int, ...]:
    if group.condition is None or group.needed_if is None:
        return (group.needed,)
    condition = verdicts[group.condition.id]
    if condition == UNKNOWN:
        return (group.needed, group.needed_if)
    return (group.needed_if,) if condition == MET else (group.needed,)


def _enough(verdicts: list[Verdict], needed: int) -> Verdict:
    if verdicts.count(MET) >= needed:
        return MET
    return NOT_MET if len(verdicts) - verdicts.count(NOT_MET) < needed else UNKNOWN


def _decisive(clause: Clause, verdicts: Mapping[str, Verdict]) -> frozenset[str]:
    """The clauses that carry the verdict of `clause`: those which agree with it, down to the leaves; the condition too,
    where the other number of conditions would have given another answer or the answer is not known."""
    group = clause.test
    carried = frozenset({clause.id})
    if not isinstance(group, Group):
        return carried
    for child in group.children:
        if verdicts[child.id] == verdicts[clause.id]:
            carried |= _decisive(child, verdicts)
    if group.condition is not None and group.needed_if is not None:
        own = [verdicts[child.id] for child in group.children]
        if _enough(own, group.needed) != _enough(own, group.needed_if):
            carried |= _decisive(group.condition, verdicts)
    return carried


@dataclass(frozen=True)
class _Walk:
    setting: Setting
    verdicts: Mapping[str, Verdict]
    decisive: frozenset[str]
    results: list[ClauseResult]


def _collect(walk: _Walk, clause: Clause, parent: str | None, role: str) -> None:
    group = clause.test
    walk.results.append(_result(walk, clause, parent, role))
    if isinstance(group, Group):
        if group.condition is not None:
            _collect(walk, group.condition, clause.id, "condition")
        for child in group.children:
            _collect(walk, child, clause.id, "clause")


def _result(walk: _Walk, clause: Clause, parent: str | None, role: str) -> ClauseResult:
    test = clause.test
    verdict = walk.verdicts[clause.id]
    kind: str
    facts: tuple[str, ...] = ()
    if isinstance(test, Group):
        kind = test.kind
        value, parts, threshold = _show_group(test, walk.verdicts)
        reason = "below" if verdict == UNKNOWN else None
    else:
        kind = "yesno" if isinstance(test, YesNo) else "count" if test.over is None else "ratio"
        facts = test.facts
        reason = judge_leaf(clause, walk.setting)[1]
        value, parts, threshold = _show_leaf(clause, walk.setting)
    return ClauseResult(
        id=clause.id,
        parent=parent,
        role=role,
        kind=kind,
        verdict=verdict,
        value=value,
        parts=parts,
        threshold=threshold,
        article=clause.article,
        status=clause.status,
        source=clause.source,
        title=clause.title,
        note=clause.note,
        facts=facts,
        reason=reason,
        decisive=clause.id in walk.decisive,
        near=_is_near(clause, walk.setting),
    )


_Shown = tuple[str | int | None, dict[str, int | str], str]


def _show_group(group: Group, judged: Mapping[str, Verdict]) -> _Shown:
    verdicts = [judged[child.id] for child in group.children]
    needed = sorted(_needed(group, judged))
    parts: dict[str, int | str] = {
        "met": verdicts.count(MET),
        "unknown": verdicts.count(UNKNOWN),
        "of": len(verdicts),
        "needed": "–".join(str(number) for number in needed) if len(needed) > 1 else needed[0],
    }
    return f"{parts['met']}/{parts['of']}", parts, f"≥ {parts['needed']}/{parts['of']}"


def _show_leaf(clause: Clause, setting: Setting) -> _Shown:
    test = clause.test
    if isinstance(test, YesNo):
        answer = setting.facts.get(test.fact)
        shown = None if answer is None else _yes_no(bool(answer))
        return shown, {} if shown is None else {"answer": shown}, _yes_no(test.expected)
    assert isinstance(test, Amount)
    bound = setting.bound(clause)
    threshold = f"{SIGNS[bound.comparison]} {bound.value}{'' if test.over is None else '%'}"
    amount = setting.amount(test)
    if amount is None:
        return None, {}, threshold
    if test.over is None:
        return amount, {"amount": amount}, threshold
    whole = setting.facts[test.over] or 0
    parts: dict[str, int | str] = {"numerator": amount, "denominator": whole}
    if whole == 0 or not 0 <= amount <= whole:
        return f"{amount}/{whole}", parts, threshold
    parts["percent"] = percent(amount, whole, bound.value)
    return f"{amount}/{whole} ({parts['percent']}%)", parts, threshold


def percent(amount: int, whole: int, threshold: int) -> str:
    """The share in percent with a decimal comma and two decimals, rounded half up; with more decimals where two would
    show the threshold itself although the share is not exactly that ("64,997")."""
    for digits in range(2, 9):
        scale = 10**digits
        rounded = (2 * amount * 100 * scale + whole) // (2 * whole)
        if rounded != threshold * scale or amount * 100 == threshold * whole:
            break
    return f"{rounded // scale},{rounded % scale:0{digits}d}"


def _yes_no(answer: bool) -> str:
    return "yes" if answer else "no"


def _is_near(clause: Clause, setting: Setting) -> bool:
    test = clause.test
    if not isinstance(test, Amount) or setting.rule_set.facts[test.of[0]].unit != HOUSEHOLD:
        return False
    amount = setting.amount(test)
    whole = 100 if test.over is None else setting.facts.get(test.over) or 0
    if amount is None or whole == 0:
        return False
    return abs(amount * 100 - setting.bound(clause).value * whole) <= 100
