"""What would change an outcome, under every shipped rule set: carried out, it does; anything less does not."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.criteria.evaluate import Outcome, evaluate
from server.criteria.explain import Change, goals_of, what_would_change
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import UNKNOWN, Amount, Fact, RuleSet
from tests.server.criteria.villages import any_facts

RULES = {key: rule_set for key, rule_set in load_rule_sets().items() if rule_set.roots}
Facts = dict[str, Fact]


def judged(outcome: Outcome, facts: Facts) -> str:
    return evaluate(outcome.rule_set, facts, region=outcome.region, switches=outcome.switches).standing


def carried_out(facts: Facts, changes: tuple[Change, ...], less: Change | None = None) -> Facts | None:
    """The facts after the changes: each number is what its change says, and one that no change names stays as it is.
    Of `less` one household (room, metre …) is left undone. None where there is no such village."""
    after = dict(facts)
    wanted: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    for change in changes:
        if change.kind == "answer":
            after[change.facts[0]] = change.answer
            continue
        wanted[change.facts, change.minus] = change.then + (change is less) * (1 if change.direction == "fewer" else -1)
    for (of, minus), number in wanted.items():
        if minus:  # so many of the whole are without it
            after[minus[0]] = int(after[of[0]] or 0) - number
        elif len(of) == 1:
            after[of[0]] = number
    for rest, of in (("ho_can_ngheo", ("ho_ngheo", "ho_can_ngheo")),):
        if {name for name, _ in wanted} & {of, of[:1]} and rest in facts:
            both = wanted.get((of, ()), sum(int(facts[name] or 0) for name in of))
            if (of[:1], ()) not in wanted:
                after[of[0]] = min(int(facts[of[0]] or 0), both)
            after[rest] = both - int(after[of[0]] or 0)
    return None if any(type(value) is int and value < 0 for value in after.values()) else after


def agreeing(rule_set: RuleSet, facts: Facts) -> Facts:
    """The facts, made to agree: there is something to take a share of, and no part is more than its whole."""
    amounts = [clause.test for clause in rule_set.clauses.values() if isinstance(clause.test, Amount)]
    parts = {amount.of for amount in amounts if not amount.minus}
    for amount in sorted(amounts, key=lambda one: ((one.over,) in parts, len(one.of))):
        if amount.over is None:
            continue
        left = facts[amount.over] = int(facts[amount.over] or 0) or 20
        for name in amount.minus or amount.of:
            facts[name] = min(int(facts[name] or 0), left)
            left -= int(facts[name] or 0)
    return facts


@pytest.mark.parametrize("law", sorted(RULES))
@given(data=st.data())
def test_a_way_carried_out_changes_the_outcome_and_nothing_less_does(law: str, data: st.DataObject) -> None:
    rule_set: RuleSet = RULES[law]
    facts = agreeing(rule_set, data.draw(any_facts(rule_set)))
    region = data.draw(st.sampled_from([None, *rule_set.regions]))
    switches = {key: data.draw(st.sampled_from(list(one.options))) for key, one in rule_set.switches.items()}
    outcome = evaluate(rule_set, facts, region=region, switches=switches)
    assume(outcome.standing != UNKNOWN)
    for goal in goals_of(outcome):
        for way in what_would_change(outcome, goal):
            told = (goal, way)
            after = carried_out(facts, way.changes)
            assert after is None or judged(outcome, after) == goal, told
            for left_out in way.changes:
                fewer = carried_out(facts, tuple(change for change in way.changes if change is not left_out))
                assert fewer is None or judged(outcome, fewer) != goal, (told, left_out)
                short = carried_out(facts, way.changes, left_out) if left_out.kind == "count" else None
                assert short is None or judged(outcome, short) != goal, (told, "one less", left_out)
