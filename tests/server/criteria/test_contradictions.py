"""Where those who speak of one village disagree, and whether a verdict turns on it."""

from hypothesis import given

from server.criteria.contradictions import Contradiction, Told, find_contradictions
from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import Fact
from tests.server.criteria.test_evaluate import known_villages
from tests.server.criteria.villages import village

RULES = load_rule_sets()
ENTRY, COMPLETION = RULES["qd50_2016_thon"], RULES["qd03_2019_thon"]


def told(source: int, **facts: Fact) -> Told:
    found = village(**facts)
    return Told(source, {each.id: evaluate(each, found) for each in (ENTRY, COMPLETION)})


def said(found: tuple[Contradiction, ...]) -> dict[str, dict[Fact, tuple[int, ...]]]:
    return {one.fact: {each.value: each.sources for each in one.values} for one in found}


def turned(found: tuple[Contradiction, ...]) -> dict[str, set[tuple[str, str, bool]]]:
    return {one.fact: {(turn.rule_set, turn.standing, turn.alone) for turn in one.turns} for one in found}


def test_those_who_agree_contradict_nothing() -> None:
    assert find_contradictions([told(1), told(2)], 1) == ()


def test_each_value_names_who_says_it() -> None:
    found = find_contradictions([told(3, ho_ngheo=31), told(2), told(1)], 1)
    assert said(found) == {"ho_ngheo": {31: (3,), 30: (2, 1)}}


def test_what_is_not_known_contradicts_nothing() -> None:
    assert find_contradictions([told(1, ho_ngheo=None), told(2)], 1) == ()


def test_a_fact_that_no_rule_set_reads_is_left_aside() -> None:
    assert find_contradictions([told(1, song_di_dong=1), told(2, song_di_dong=2)], 1) == ()


def test_a_contradiction_that_decides_says_which_verdict_it_turns() -> None:
    # 60 of 100 poor and near-poor is below the 65 of which the law of completion asks to be below
    found = find_contradictions([told(1), told(2, ho_can_ngheo=40)], 1)
    assert turned(found) == {"ho_can_ngheo": {(COMPLETION.id, "not_met", True)}}


def test_one_that_decides_nothing_turns_nothing() -> None:
    found = find_contradictions([told(1, ho_ngheo=5, ho_can_ngheo=0), told(2, ho_ngheo=6, ho_can_ngheo=0)], 1)
    assert turned(found) == {"ho_ngheo": set()}


def test_two_that_decide_only_together_say_so() -> None:
    found = find_contradictions([told(1), told(2, ho_ngheo=33, ho_can_ngheo=33)], 1)
    assert turned(found)["ho_ngheo"] == {(COMPLETION.id, "not_met", False)}
    assert turned(found)["ho_can_ngheo"] == {(COMPLETION.id, "not_met", False)}


@given(known_villages(), known_villages())
def test_the_order_of_the_sources_changes_nothing_but_their_order(one: dict[str, Fact], other: dict[str, Fact]) -> None:
    first, second = (Told(key, {ENTRY.id: evaluate(ENTRY, facts)}) for key, facts in ((1, one), (2, other)))
    ahead, behind = find_contradictions([first, second], 1), find_contradictions([second, first], 1)
    assert turned(ahead) == turned(behind)
    assert {key: set(values) for key, values in said(ahead).items()} == {
        key: set(values) for key, values in said(behind).items()
    }
    if first.outcomes[ENTRY.id].standing != second.outcomes[ENTRY.id].standing:
        assert any(each.turns for each in ahead)
