"""Judging a unit by a rule set with the reasons: every clause with its number, its threshold and its source.

What a clause comes to is decided in `judge.py`; here the same is written out for people. Titles of an outcome say what
"met" means: for a rule of entry, that the unit is extremely difficult.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from server.criteria.judge import (
    Setting,
    Span,
    Verdicts,
    amount_of,
    enough,
    needed_of,
    possible_classes,
    weigh,
)
from server.criteria.ruleset import (
    CLASSIFIED,
    MET,
    RULE_NOT_LOADED,
    SIGNS,
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
    Text,
    Verdict,
    YesNo,
)

HOUSEHOLD = "household"


class ClauseResult(NamedTuple):
    """A clause as judged. `parent` is the id of the clause above; `role` is "condition" for what decides which or how
    many are enough, else "clause"; `kind` all | any | at_least | case | ratio | count | yesno | region | choice.

    `value` is for reading ("41/120 (34,17%)", "2/3", "yes"), `parts` the same in pieces: numerator, denominator,
    percent; or met, unknown, of, needed. `threshold` e.g. "≥ 65%", "≥ 2", "no". `reason` says why an unknown is one:
    fact | zero | impossible | choice | below. `decisive`: the verdict of the whole rests on it. `near`: within one
    household of its threshold.
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
    status_before: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a rule set says of one unit. `verdict` is met | not_met | unknown of a test; CLASSIFIED or unknown of a
    class, with the ids of the classes still `possible` (one where it is known); or RULE_NOT_LOADED. `verified`: it
    stands on clauses whose text was read, whatever the others may say; only then may it be called official. `near`: a
    decisive clause is within one household of its threshold. `spans`: of facts not known, between which they lie."""

    rule_set: RuleSet
    verdict: str
    clauses: tuple[ClauseResult, ...]
    facts: Mapping[str, Fact]
    region: str | None
    switches: Mapping[str, str]
    verified: bool
    near: bool
    possible: tuple[str, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)

    @property
    def klass(self) -> str | None:
        """The class, where the rule set gives one and it is known."""
        return self.possible[0] if self.verdict == CLASSIFIED else None

    @property
    def standing(self) -> str:
        """What is known in one word: the class, else the verdict."""
        return self.klass or self.verdict


def evaluate(
    rule_set: RuleSet,
    facts: Mapping[str, Fact],
    *,
    region: str | None = None,
    switches: Mapping[str, str] | None = None,
    spans: Mapping[str, Span] | None = None,
) -> Outcome:
    """Judge one unit. Facts that the rule set does not declare are left aside; negative counts and values of another
    type are taken as unknown; nothing is raised for what people answered. A region without an exception is judged by
    the general numbers. `spans`: for counts that are not known, the least and the greatest they can be."""
    return explain_setting(Setting(rule_set, region, switches), facts, spans)


def explain_setting(setting: Setting, facts: Mapping[str, Fact], spans: Mapping[str, Span] | None = None) -> Outcome:
    """The same for a setting that is at hand: one serves for all units of a region."""
    rule_set = setting.rule_set
    checked = setting.check(facts)
    if not rule_set.roots:
        return Outcome(rule_set, RULE_NOT_LOADED, (), checked, setting.region, setting.switches, False, False)
    open_spans = {name: span for name, span in (spans or {}).items() if name in checked and checked[name] is None}
    verdicts = setting.judge(checked, open_spans)
    standing, possible = settle(rule_set, verdicts)
    walk = _Walk(setting, checked, verdicts, _carriers(rule_set, verdicts), [])
    for root in rule_set.roots:
        _collect(walk, root, None, "clause")
    read = rule_set.read_leaves
    as_read = setting.join(
        {
            key: verdict if key in read else UNKNOWN
            for key, verdict in verdicts.items()
            if not isinstance(rule_set.clauses[key].test, Group)
        }
    )
    return Outcome(
        rule_set=rule_set,
        verdict=standing,
        clauses=tuple(walk.results),
        facts=checked,
        region=setting.region,
        switches=setting.switches,
        verified=_is_verified(rule_set, (standing, possible), as_read),
        near=any(result.near and result.decisive for result in walk.results),
        possible=possible,
        spans=open_spans,
    )


def _is_verified(rule_set: RuleSet, found: tuple[str, tuple[str, ...]], as_read: Verdicts) -> bool:
    """Whether the same comes out of the clauses alone whose text was read; of a class also whether it was read to be
    one."""
    standing, possible = found
    unread = {one.id for one in rule_set.classes if one.status != "verified"}
    return standing != UNKNOWN and not unread.intersection(possible) and settle(rule_set, as_read) == found


def settle(rule_set: RuleSet, verdicts: Mapping[str, Verdict]) -> tuple[str, tuple[str, ...]]:
    """The verdict of the whole, and of a class those possible, from every clause by its id."""
    if rule_set.tree is not None:
        return verdicts[rule_set.tree.id], ()
    possible = possible_classes(rule_set, verdicts)
    return (CLASSIFIED if len(possible) == 1 else UNKNOWN), possible


def _carriers(rule_set: RuleSet, verdicts: Verdicts) -> frozenset[str]:
    """The clauses that the result rests on. A class rests on its own test and on those of the classes before it."""
    if rule_set.tree is not None:
        return _decisive(rule_set.tree, verdicts)
    carried: frozenset[str] = frozenset()
    open_ones = len(possible_classes(rule_set, verdicts)) > 1
    for one in rule_set.classes:
        if one.test is None:
            break
        if not open_ones or verdicts[one.test.id] == UNKNOWN:
            carried |= _decisive(one.test, verdicts)
        if verdicts[one.test.id] == MET:
            break
    return carried


def _decisive(clause: Clause, verdicts: Mapping[str, Verdict]) -> frozenset[str]:
    """The clauses that carry the verdict of `clause`: those which agree with it, down to the leaves; the condition too,
    where the other answer to it would have given another result or it is not known."""
    group = clause.test
    carried = frozenset({clause.id})
    if not isinstance(group, Group):
        return carried
    below = [verdicts[child.id] for child in group.children]
    matters = _condition_matters(group, below)
    for place, child in enumerate(group.children):
        counts = group.kind != "case" or _counts(group, place, verdicts, matters)
        if counts and verdicts[child.id] == verdicts[clause.id]:
            carried |= _decisive(child, verdicts)
    if group.condition is not None and matters:
        carried |= _decisive(group.condition, verdicts)
    return carried


def _condition_matters(group: Group, below: list[Verdict]) -> bool:
    if group.condition is None:
        return False
    if group.kind == "case":
        return below[0] != below[1] or below[0] == UNKNOWN
    return enough(below, group.needed) != enough(below, group.needed_if or group.needed)


def _counts(group: Group, place: int, verdicts: Mapping[str, Verdict], matters: bool) -> bool:
    """Whether a side of a case counts: both do where the condition cannot matter."""
    assert group.condition is not None
    condition = verdicts[group.condition.id]
    return not matters or condition == UNKNOWN or (condition == MET) is (place == 0)


@dataclass(frozen=True)
class _Walk:
    setting: Setting
    facts: Mapping[str, Fact]
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
    reason: str | None
    if isinstance(test, Group):
        value, parts, threshold = _show_group(test, walk.verdicts)
        reason = "below" if verdict == UNKNOWN else None
    else:
        value, parts, threshold = _show_leaf(clause, test, walk)
        reason = walk.setting.find(clause.id, walk.facts)[1] if verdict == UNKNOWN else None
    return ClauseResult(
        id=clause.id,
        parent=parent,
        role=role,
        kind=kind_of(test),
        verdict=verdict,
        value=value,
        parts=parts,
        threshold=threshold,
        article=clause.article,
        status=clause.status,
        source=clause.source,
        title=clause.title,
        note=clause.note,
        facts=() if isinstance(test, Group) else test.facts,
        reason=reason,
        decisive=clause.id in walk.decisive,
        near=_is_near(clause, walk),
        status_before=clause.status_before,
    )


def kind_of(test: Leaf | Group) -> str:
    """all | any | at_least | case | ratio | count | yesno | region | choice."""
    if isinstance(test, Group):
        return test.kind
    if isinstance(test, Amount):
        return "count" if test.over is None else "ratio"
    return "yesno" if isinstance(test, YesNo) else "region" if isinstance(test, Located) else "choice"


_Shown = tuple[str | int | None, dict[str, int | str], str]


def _show_group(group: Group, judged: Mapping[str, Verdict]) -> _Shown:
    condition = judged[group.condition.id] if group.condition is not None else None
    verdicts = [judged[child.id] for child in group.children]
    if group.kind == "case":
        found = weigh(group, verdicts, condition)
        parts: dict[str, int | str] = {"met": int(found == MET), "unknown": int(found == UNKNOWN), "of": 1, "needed": 1}
        return f"{parts['met']}/1", parts, "≥ 1/1"
    needed = sorted(needed_of(group, condition))
    parts = {
        "met": verdicts.count(MET),
        "unknown": verdicts.count(UNKNOWN),
        "of": len(verdicts),
        "needed": "–".join(str(number) for number in needed) if len(needed) > 1 else needed[0],
    }
    return f"{parts['met']}/{parts['of']}", parts, f"≥ {parts['needed']}/{parts['of']}"


def _show_leaf(clause: Clause, test: Leaf, walk: _Walk) -> _Shown:
    if isinstance(test, YesNo):
        answer = walk.facts.get(test.fact)
        shown = None if answer is None else _yes_no(bool(answer))
        return shown, {} if shown is None else {"answer": shown}, _yes_no(test.expected)
    if isinstance(test, Located):
        return walk.setting.region, {}, " | ".join(test.regions)
    if isinstance(test, Chosen):
        return walk.setting.option(test.switch), {}, " | ".join(o for o, v in test.verdicts.items() if v == MET)
    return _show_amount(test, walk.setting.bound(clause), walk.facts)


def _show_amount(test: Amount, bound: Bound, facts: Mapping[str, Fact]) -> _Shown:
    threshold = show_bound(test, bound)
    amount = amount_of(test, facts)
    if amount is None:
        return None, {}, threshold
    if test.over is None:
        return amount, {"amount": amount}, threshold
    whole = facts[test.over] or 0
    parts: dict[str, int | str] = {"numerator": amount, "denominator": whole}
    if whole == 0 or not 0 <= amount <= whole:
        return f"{amount}/{whole}", parts, threshold
    parts["percent"] = percent(amount, whole, bound.value if bound.per == 100 else -1)
    return f"{amount}/{whole} ({parts['percent']}%)", parts, threshold


def show_bound(test: Amount, bound: Bound) -> str:
    """What a test of a number asks: ≥ 65%, ≥ 2/3, > 30."""
    share = "" if test.over is None else "%" if bound.per == 100 else f"/{bound.per}"
    return f"{SIGNS[bound.comparison]} {bound.value}{share}"


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


def _is_near(clause: Clause, walk: _Walk) -> bool:
    test = clause.test
    if not isinstance(test, Amount) or walk.setting.rule_set.facts[test.of[0]].unit != HOUSEHOLD:
        return False
    amount, bound = amount_of(test, walk.facts), walk.setting.bound(clause)
    if amount is None:
        return False
    if test.over is None:
        return abs(amount - bound.value) <= 1
    whole = walk.facts.get(test.over) or 0
    return whole != 0 and abs(amount * bound.per - bound.value * whole) <= bound.per
