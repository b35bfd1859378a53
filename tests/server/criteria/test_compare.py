"""One unit in two rounds: what the law did apart from what changed in it, and what another number would do."""

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.criteria.compare import (
    BOTH,
    FACTS,
    KINDS,
    LAW,
    NO_REPORT,
    NOT_ASKED,
    NOT_COMPARABLE,
    NOT_LOADED,
    SAME,
    UNSETTLED,
    Comparison,
    Laws,
    Placed,
    Unit,
    carry,
    compare,
    count_kinds,
    find_bound,
    pair_rule_sets,
    standing_under,
    what_if,
    with_number,
)
from server.criteria.judge import Setting
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import Fact, RuleSet, in_force
from tests.server.criteria.villages import any_facts, village

RULES = load_rule_sets()
ENTRY, COMPLETION, LATER = RULES["qd50_2016_thon"], RULES["qd03_2019_thon"], RULES["qd33_2020_thon"]
STRICTER = replace(with_number(ENTRY, "k1.tong", 70), sha256="other")
QD59, ND07 = frozenset({"qd59_2015"}), frozenset({"nd07_2021"})
VILLAGE_LAWS = [law for law in RULES.values() if law.unit_kind == "village" and law.roots]


def judged(law: RuleSet, facts: dict[str, Fact], standards: frozenset[str] = QD59) -> Unit:
    return Unit(facts, standing_under(Setting(law), facts), standards)


def between(before: RuleSet, after: RuleSet) -> Laws:
    return Laws(Setting(before), Setting(after), Setting(after))


def turned(before: tuple[RuleSet, dict[str, Fact]], after: tuple[RuleSet, dict[str, Fact]]) -> Comparison:
    return compare(judged(*before), judged(*after), between(before[0], after[0]))


POOR, LESS = village(ho_ngheo=40, ho_can_ngheo=27, ho_dtts=0), village(ho_ngheo=20, ho_can_ngheo=10, ho_dtts=0)


def test_the_same_facts_under_a_stricter_law_are_turned_by_the_law_alone() -> None:
    found = turned((ENTRY, POOR), (STRICTER, POOR))
    assert (found.kind, found.before, found.between, found.after) == (LAW, "met", "not_met", "not_met")
    assert (found.facts, found.by_law, found.by_facts) == ((), ("k1.tong",), ())


def test_other_facts_under_one_law_are_turned_by_the_facts_alone() -> None:
    found = turned((ENTRY, POOR), (ENTRY, LESS))
    assert (found.kind, found.before, found.between, found.after) == (FACTS, "met", "met", "not_met")
    assert [(each.name, each.before, each.after) for each in found.facts] == [
        ("ho_ngheo", 40, 20),
        ("ho_can_ngheo", 27, 10),
    ]
    assert "k1.tong" in found.by_facts
    assert found.by_law == ()


def test_where_the_law_takes_away_and_the_facts_give_back_both_turned_it() -> None:
    found = turned((ENTRY, POOR), (STRICTER, village(ho_ngheo=50, ho_can_ngheo=30, ho_dtts=0)))
    assert (found.kind, found.before, found.between, found.after) == (BOTH, "met", "not_met", "met")
    assert found.by_law
    assert found.by_facts


def test_a_changed_fact_that_turns_nothing_is_named_all_the_same() -> None:
    found = turned((ENTRY, POOR), (ENTRY, POOR | {"ho_ngheo": 45}))
    assert (found.kind, [each.name for each in found.facts]) == (SAME, ["ho_ngheo"])


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (Unit({}, "unknown", reported=False), judged(ENTRY, POOR), NO_REPORT),
        (judged(ENTRY, POOR), Unit({}, "unknown", reported=False), NO_REPORT),
        (judged(ENTRY, village(ho_ngheo=None, ho_can_ngheo=None, ho_dtts=None)), judged(ENTRY, POOR), UNSETTLED),
    ],
)
def test_what_is_not_known_in_a_round_is_not_compared(before: Unit, after: Unit, reason: str) -> None:
    found = compare(before, after, between(ENTRY, ENTRY))
    assert (found.kind, found.reason) == (NOT_COMPARABLE, reason)


def test_what_the_later_law_asks_and_nobody_asked_before_is_not_compared() -> None:
    after: dict[str, Fact] = {
        "tong_ho": 100,
        "ho_dtts": 90,
        "ho_ngheo": 60,
        "ho_ngheo_dtts": 60,
        "duong_den_xa_kho": True,
        "ho_dien_luoi": 10,
    }
    before = village(ho_dtts=90, ho_ngheo=17, ho_can_ngheo=50)
    found = compare(judged(ENTRY, before), judged(LATER, after, ND07), between(ENTRY, LATER))
    assert (found.kind, found.reason, found.between) == (NOT_COMPARABLE, NOT_ASKED, "unknown")


def test_a_law_nobody_entered_is_said_to_be_none() -> None:
    unread = RULES["nd272_2025_thon_dbkk"]
    found = compare(judged(LATER, {}), judged(unread, {}), between(LATER, unread))
    assert (found.kind, found.reason) == (NOT_COMPARABLE, NOT_LOADED)


def test_poor_households_count_only_under_a_standard_that_the_other_law_accepts() -> None:
    assert carry(LATER, judged(ENTRY, POOR, QD59))["ho_ngheo"] == 40
    assert carry(ENTRY, Unit(POOR, "met", ND07))["ho_ngheo"] is None
    assert carry(ENTRY, Unit(POOR, "met", QD59 | ND07))["ho_ngheo"] is None
    assert carry(ENTRY, Unit(POOR, "met"))["ho_ngheo"] is None
    assert carry(ENTRY, Unit(POOR, "met", ND07))["tong_ho"] == 100
    assert "xa_dat_ntm" not in carry(ENTRY, judged(ENTRY, POOR))


def test_entry_goes_with_entry_and_completion_with_completion() -> None:
    in_2019, in_2021, in_2026 = (in_force(RULES, "village", date(year, 6, 30)) for year in (2019, 2021, 2026))
    assert pair_rule_sets(in_2019, in_2019) == [(ENTRY, ENTRY), (COMPLETION, COMPLETION)]
    assert pair_rule_sets(in_2019, in_2021) == [(ENTRY, LATER)]
    assert {(one.id, other.id) for one, other in pair_rule_sets(in_2021, in_2026)} == {
        (LATER.id, "nd272_2025_thon_dbkk")
    }
    assert pair_rule_sets([], in_2019) == []


@given(st.data())
def test_comparing_a_round_with_itself_changes_nothing(data: st.DataObject) -> None:
    law = data.draw(st.sampled_from(VILLAGE_LAWS))
    facts = data.draw(any_facts(law))
    unknown = data.draw(st.sets(st.sampled_from(sorted(facts))))
    known = {name: None if name in unknown else value for name, value in facts.items()}
    found = turned((law, known), (law, known))
    assert found.kind in (SAME, NOT_COMPARABLE)
    assert (found.kind == SAME) == (found.before != "unknown")
    assert (found.facts, found.by_law, found.by_facts) == ((), (), ())


@given(st.data())
def test_the_kind_says_which_of_the_two_steps_turned_it(data: st.DataObject) -> None:
    one, other = data.draw(any_facts(ENTRY)), data.draw(any_facts(ENTRY))
    found = turned((ENTRY, one), (STRICTER, other))
    law, facts = found.before != found.between, found.between != found.after
    if found.kind != NOT_COMPARABLE:
        assert (
            found.kind
            == {(False, False): SAME, (True, False): LAW, (False, True): FACTS, (True, True): BOTH}[(law, facts)]
        )
        assert bool(found.by_law) == law
        assert bool(found.by_facts) == facts
        assert not facts or found.facts


@given(st.lists(st.tuples(any_facts(ENTRY), any_facts(ENTRY)), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_units_does_not_matter(
    pairs: list[tuple[dict[str, Fact], dict[str, Fact]]], shuffle: random.Random
) -> None:
    found = [turned((ENTRY, one), (STRICTER, other)) for one, other in pairs]
    counted = count_kinds(found)
    shuffle.shuffle(found)
    assert count_kinds(found) == counted
    assert tuple(counted) == KINDS
    assert sum(counted.values()) == len(pairs)


@given(st.data())
def test_the_number_of_the_law_itself_changes_nothing(data: st.DataObject) -> None:
    law = data.draw(st.sampled_from(VILLAGE_LAWS))
    clause_id = data.draw(st.sampled_from([key for key in law.clauses if find_bound(law, key)]))
    regions = st.sampled_from([None, *law.regions])
    drawn = data.draw(st.lists(st.tuples(any_facts(law), regions), min_size=1, max_size=5))
    units = {str(number): Placed(*each) for number, each in enumerate(drawn)}
    bound = find_bound(law, clause_id)
    assert bound is not None
    found = what_if((law, with_number(law, clause_id, bound.value)), units, {})
    assert found.turned == ()
    assert all(one == other for one, other in found.count().values())


def test_another_number_turns_those_between_and_leaves_the_law_as_it_was() -> None:
    units = {name: Placed(facts) for name, facts in (("poor", POOR), ("less", LESS))}
    found = what_if((ENTRY, with_number(ENTRY, "k1.tong", 70)), units, {})
    assert found.turned == ("poor",)
    assert found.count() == {"met": (1, 0), "not_met": (1, 2)}
    assert find_bound(ENTRY, "k1.tong") == find_bound(RULES["qd50_2016_thon"], "k1.tong")
    assert with_number(ENTRY, "k1.tong", 70).sha256 == ""


def test_the_number_of_a_region_stays_and_only_numbers_have_a_bound() -> None:
    changed = with_number(ENTRY, "k2.tong", 99)
    assert Setting(changed, "dong_nam_bo").bound(changed.clauses["k2.tong"]).value == 30
    assert Setting(changed).bound(changed.clauses["k2.tong"]).value == 99
    assert find_bound(ENTRY, "k2.duong") is None
    assert find_bound(ENTRY, "no.such") is None
    assert with_number(ENTRY, "k2.duong", 3).tree == ENTRY.tree
