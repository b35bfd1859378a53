"""What would settle an unknown outcome, and what holds one back."""

from hypothesis import given
from hypothesis import strategies as st

from server.criteria.evaluate import evaluate
from server.criteria.explain import Change, Way, what_holds_back, what_would_change, what_would_settle
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import MET, NOT_MET, Fact
from tests.server.criteria.test_evaluate import ANSWERS, COUNTS, known_villages
from tests.server.criteria.villages import village

RULES = load_rule_sets()
ENTRY, COMPLETION = RULES["qd50_2016_thon"], RULES["qd03_2019_thon"]


def asked(ways: tuple[Way, ...]) -> set[tuple[tuple[object, ...], ...]]:
    def short(change: Change) -> tuple[object, ...]:
        if change.kind == "count":
            return (*change.facts, change.direction, change.amount)
        return (*change.facts, change.answer) if change.kind == "answer" else (*change.facts, "?")

    return {tuple(short(change) for change in way.changes) for way in ways}


def test_one_missing_fact_settles_it() -> None:
    outcome = evaluate(ENTRY, village(ho_dtts=None, duong_truc_cung_hoa=False))
    assert [(one.facts, one.verdicts) for one in what_would_settle(outcome)] == [(("ho_dtts",), ("met", "not_met"))]


def test_the_open_switch_is_named_where_no_fact_is_missing() -> None:
    outcome = evaluate(ENTRY, village(ho_dtts=0, duong_truc_cung_hoa=False, phong_mau_giao=0, phong_mau_giao_kien_co=0))
    assert [(one.facts, one.switches) for one in what_would_settle(outcome)] == [((), ("khong_co_lop_mau_giao",))]


def test_either_of_two_answers_can_settle_yes_and_both_are_needed_for_no() -> None:
    outcome = evaluate(COMPLETION, village(ho_ngheo=40, ho_can_ngheo=40, thon_dat_ntm=None, xa_dat_ntm=None))
    assert [(one.facts, one.verdicts) for one in what_would_settle(outcome)] == [
        (("thon_dat_ntm",), ("met",)),
        (("xa_dat_ntm",), ("met",)),
        (("thon_dat_ntm", "xa_dat_ntm"), ("not_met",)),
    ]


def test_facts_that_contradict_each_other_are_named_for_correction() -> None:
    outcome = evaluate(ENTRY, village(ho_ngheo=80, ho_can_ngheo=40, duong_truc_cung_hoa=False))
    assert outcome.verdict == "unknown"
    assert ("tong_ho", "ho_ngheo", "ho_can_ngheo") in [one.facts for one in what_would_settle(outcome)]


def test_what_is_known_needs_no_settling_and_what_is_met_is_not_held_back() -> None:
    outcome = evaluate(COMPLETION, village())
    assert outcome.verdict == "met"
    assert what_would_settle(outcome) == ()
    assert what_holds_back(outcome) == ()


def test_two_households_fewer_complete_a_village_where_all_is_built() -> None:
    outcome = evaluate(COMPLETION, village(ho_ngheo=34, ho_can_ngheo=32))
    assert asked(what_holds_back(outcome)) == {
        (("thon_dat_ntm", True),),
        (("xa_dat_ntm", True),),
        (("ho_ngheo", "ho_can_ngheo", "fewer", 2),),
    }


def test_a_missing_work_and_households_are_counted_together() -> None:
    outcome = evaluate(
        COMPLETION,
        village(ho_ngheo=40, ho_can_ngheo=30, duong_truc_cung_hoa=False, nha_van_hoa_khu_the_thao=False),
    )
    assert (("duong_truc_cung_hoa", True), ("ho_ngheo", "ho_can_ngheo", "fewer", 6)) in asked(what_holds_back(outcome))
    assert (("ho_ngheo", "ho_can_ngheo", "fewer", 16),) in asked(what_holds_back(outcome))


def test_what_would_take_a_village_off_the_hard_list() -> None:
    outcome = evaluate(ENTRY, village(duong_truc_cung_hoa=False))
    assert asked(what_would_change(outcome, "not_met")) == {
        (("duong_truc_cung_hoa", True),),
        (("ho_ngheo", "ho_can_ngheo", "fewer", 6),),
    }


def test_who_lives_there_is_never_a_thing_to_change() -> None:
    outcome = evaluate(ENTRY, village(ho_dtts=79, duong_truc_cung_hoa=False))
    assert not any("ho_dtts" in change.facts for way in what_holds_back(outcome) for change in way.changes)


def applied(facts: dict[str, Fact], change: Change, amount: int) -> dict[str, Fact] | None:
    """The facts after a change, of a count by `amount`; None where the village has too few to move."""
    if change.kind == "answer":
        return facts | {change.facts[0]: change.answer}
    step = amount if change.direction == "more" else -amount
    if change.minus:
        moves = {change.minus[0]: -step}
    elif change.facts == ("ho_ngheo",):
        # A poor household that is poor no longer is near-poor, and the other way round: the sum stays.
        moves = {"ho_ngheo": step, "ho_can_ngheo": -step}
    elif change.facts == ("ho_ngheo", "ho_can_ngheo"):
        near = max(step, -int(facts["ho_can_ngheo"] or 0))
        moves = {"ho_can_ngheo": near, "ho_ngheo": step - near}
    else:
        moves = {change.facts[0]: step}
    moved: dict[str, Fact] = {name: int(facts[name] or 0) + by for name, by in moves.items()}
    return facts | moved if all(int(value or 0) >= 0 for value in moved.values()) else None


@given(known_villages(), st.sampled_from(["qd50_2016_thon", "qd03_2019_thon"]))
def test_a_single_change_is_enough_and_one_household_less_is_not(facts: dict[str, Fact], law: str) -> None:
    outcome = evaluate(RULES[law], facts)
    goal = NOT_MET if outcome.verdict == MET else MET
    for way in what_would_change(outcome, goal):
        change = way.changes[0]
        after = applied(facts, change, change.amount)
        if len(way.changes) > 1 or after is None:
            continue
        assert evaluate(RULES[law], after).verdict == goal
        short = applied(facts, change, change.amount - 1) if change.kind == "count" else None
        if short is not None:
            assert evaluate(RULES[law], short).verdict == outcome.verdict


def applied_together(facts: dict[str, Fact], changes: tuple[Change, ...]) -> dict[str, Fact] | None:
    """The facts after several changes; poor and near-poor move so that each share is what its change says."""
    after = dict(facts)
    steps = {
        change.facts: (change.amount if change.direction == "more" else -change.amount)
        for change in changes
        if change.kind == "count" and not change.minus and change.facts[0] == "ho_ngheo"
    }
    poor = int(facts["ho_ngheo"] or 0) + steps.get(("ho_ngheo",), 0)
    both = int(facts["ho_ngheo"] or 0) + int(facts["ho_can_ngheo"] or 0) + steps.get(("ho_ngheo", "ho_can_ngheo"), 0)
    if steps:
        if ("ho_ngheo",) not in steps:
            poor = min(poor, both)
        if not 0 <= poor <= both:
            return None
        after |= {"ho_ngheo": poor, "ho_can_ngheo": both - poor}
    for change in changes:
        if change.kind == "answer":
            after[change.facts[0]] = change.answer
        elif change.minus or change.facts[0] != "ho_ngheo":
            moved = applied(after, change, change.amount)
            if moved is None:
                return None
            after = moved
    return after


@given(known_villages(), st.sampled_from(["qd50_2016_thon", "qd03_2019_thon"]))
def test_a_set_of_changes_is_enough_and_none_of_them_can_be_left_out(facts: dict[str, Fact], law: str) -> None:
    outcome = evaluate(RULES[law], facts)
    goal = NOT_MET if outcome.verdict == MET else MET
    for way in what_would_change(outcome, goal):
        after = applied_together(facts, way.changes)
        if after is None:
            continue
        assert evaluate(RULES[law], after).verdict == goal
        for left_out in way.changes:
            rest = tuple(change for change in way.changes if change is not left_out)
            fewer = applied_together(facts, rest)
            if fewer is not None and not {"ho_ngheo"} & set(left_out.facts):
                assert evaluate(RULES[law], fewer).verdict != goal


@given(
    known_villages(), st.sets(st.sampled_from(COUNTS + ANSWERS)), st.sampled_from(["qd50_2016_thon", "qd03_2019_thon"])
)
def test_an_unknown_outcome_always_names_what_would_settle_it(
    facts: dict[str, Fact], hidden: set[str], law: str
) -> None:
    partly = evaluate(RULES[law], {name: None if name in hidden else value for name, value in facts.items()})
    settlings = what_would_settle(partly)
    assert bool(settlings) == (partly.verdict == "unknown")
    assert all(set(one.facts) <= hidden for one in settlings)
