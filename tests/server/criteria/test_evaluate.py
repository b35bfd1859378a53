"""What Decisions 50/2016 and 03/2019 say of villages, and the laws that judging obeys."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.criteria.evaluate import Outcome, evaluate, percent
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import Fact, facts_under, in_force
from tests.server.criteria.villages import village

RULES = load_rule_sets()
ENTRY, COMPLETION = RULES["qd50_2016_thon"], RULES["qd03_2019_thon"]


def clauses(outcome: Outcome) -> dict[str, str]:
    return {clause.id: clause.verdict for clause in outcome.clauses}


@pytest.mark.parametrize(
    ("facts", "entry", "completion"),
    [
        (village(duong_truc_cung_hoa=False), "met", "met"),
        (village(ho_ngheo=34, ho_can_ngheo=32), "not_met", "not_met"),
        (
            village(
                ho_ngheo=20,
                ho_can_ngheo=20,
                duong_truc_cung_hoa=False,
                phong_mau_giao_kien_co=0,
                nha_van_hoa_khu_the_thao=False,
            ),
            "not_met",
            "not_met",
        ),
        (village(tong_ho=20, ho_dtts=0, ho_ngheo=7, ho_can_ngheo=6), "met", "not_met"),
    ],
    ids=["both true", "66% and all built: neither", "40% and nothing built: neither", "65% and 35% exactly"],
)
def test_entry_and_completion_are_different_tests(facts: dict[str, Fact], entry: str, completion: str) -> None:
    assert evaluate(ENTRY, facts).verdict == entry
    assert evaluate(COMPLETION, facts).verdict == completion


def test_half_of_the_rooms_solid_is_neither_missing_nor_met() -> None:
    half = village(phong_mau_giao_kien_co=1)
    assert clauses(evaluate(ENTRY, half))["k2.mau_giao"] == "not_met"
    assert clauses(evaluate(COMPLETION, half))["k2.mau_giao"] == "not_met"


@pytest.mark.parametrize(("minority", "verdict"), [(80, "met"), (79, "not_met"), (None, "unknown")])
def test_one_factor_is_enough_where_four_fifths_belong_to_minorities(minority: int | None, verdict: str) -> None:
    outcome = evaluate(ENTRY, village(ho_dtts=minority, duong_truc_cung_hoa=False))
    assert outcome.verdict == verdict
    assert {clause.id: clause.decisive for clause in outcome.clauses}["k2.dtts"]


def test_an_unknown_condition_does_not_matter_where_both_answers_agree() -> None:
    facts = village(ho_dtts=None, duong_truc_cung_hoa=False, nha_van_hoa_khu_the_thao=False)
    outcome = evaluate(ENTRY, facts)
    assert outcome.verdict == "met"
    assert not {clause.id: clause.decisive for clause in outcome.clauses}["k2.dtts"]


@pytest.mark.parametrize("region", ["dong_nam_bo", "dong_bang_song_cuu_long"])
def test_the_south_counts_from_thirty_percent(region: str) -> None:
    facts = village(ho_ngheo=10, ho_can_ngheo=20, duong_truc_cung_hoa=False)
    assert evaluate(ENTRY, facts).verdict == "not_met"
    assert evaluate(ENTRY, facts, region=region).verdict == "met"
    assert clauses(evaluate(COMPLETION, facts, region=region))["k2.tu"] == "met"
    thresholds = {clause.id: clause.threshold for clause in evaluate(COMPLETION, facts, region=region).clauses}
    assert thresholds["k3.duoi"] == "< 30%"


def test_a_region_without_an_exception_is_judged_by_the_general_numbers() -> None:
    assert evaluate(ENTRY, village(), region="dong_bac").clauses == evaluate(ENTRY, village()).clauses


@pytest.mark.parametrize(
    ("option", "entry", "completion"),
    [
        ("needs_review", "unknown", "unknown"),
        ("counts_as_missing", "met", "not_met"),
        ("counts_as_not_missing", "not_met", "met"),
        ("no such option", "unknown", "unknown"),
    ],
)
def test_a_village_without_a_nursery_class_is_a_switch(option: str, entry: str, completion: str) -> None:
    chosen = {"khong_co_lop_mau_giao": option, "of another law": "x"}
    without = village(phong_mau_giao=0, phong_mau_giao_kien_co=0, ho_dtts=0)
    assert evaluate(ENTRY, without | {"duong_truc_cung_hoa": False}, switches=chosen).verdict == entry
    assert evaluate(COMPLETION, without | {"nha_van_hoa_khu_the_thao": False}, switches=chosen).verdict == completion


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (village(tong_ho=None), "fact"),
        (village(tong_ho=0, ho_ngheo=0, ho_can_ngheo=0), "zero"),
        (village(ho_ngheo=80, ho_can_ngheo=30), "impossible"),
        (village(ho_ngheo=-1), "fact"),
        (village(ho_ngheo=True), "fact"),
    ],
    ids=["no total", "nobody lives there", "more poor than households", "negative", "a yes for a count"],
)
def test_what_cannot_be_judged_is_unknown_and_says_why(facts: dict[str, Fact], reason: str) -> None:
    share = next(clause for clause in evaluate(ENTRY, facts).clauses if clause.id == "k1.tong")
    assert (share.verdict, share.reason) == ("unknown", reason)


def test_a_clause_shows_its_number_its_threshold_and_its_source() -> None:
    outcome = evaluate(ENTRY, village(tong_ho=120, ho_ngheo=21, ho_can_ngheo=20))
    share = next(clause for clause in outcome.clauses if clause.id == "k1.tong")
    assert share.value == "41/120 (34,17%)"
    assert share.parts == {"numerator": 41, "denominator": 120, "percent": "34,17"}
    assert (share.threshold, share.kind, share.parent) == ("≥ 65%", "ratio", "k1")
    assert share.facts == ("ho_ngheo", "ho_can_ngheo", "tong_ho")
    assert (share.status, share.article) == ("verified", "Điều 2 tiêu chí 1")
    assert share.source
    assert set(share.title) == {"vi", "en"}


def test_a_share_just_below_a_threshold_never_shows_as_the_threshold() -> None:
    assert percent(973, 1497, 65) == "64,997"
    assert percent(13, 20, 65) == "65,00"
    assert percent(1, 3, 65) == "33,33"


def test_within_one_household_of_a_threshold_is_near() -> None:
    near = {clause.id: clause.near for clause in evaluate(ENTRY, village(ho_ngheo=34, ho_can_ngheo=32)).clauses}
    assert near["k1.tong"]
    assert near["k1.ngheo"]
    assert not near["k2.tong"]
    assert evaluate(COMPLETION, village(ho_ngheo=33, ho_can_ngheo=31)).near


def test_only_a_verdict_that_stands_on_read_clauses_is_verified() -> None:
    assert evaluate(COMPLETION, village()).verified
    below = evaluate(COMPLETION, village(ho_ngheo=20, ho_can_ngheo=20))
    assert below.verdict == "met"
    assert not below.verified
    # The list of khoản 3 does not matter to a village which is far above its bound.
    assert evaluate(COMPLETION, village(ho_ngheo=40, ho_can_ngheo=40)).verified
    assert not evaluate(ENTRY, {}).verified


def test_counts_by_another_poverty_standard_are_unknown() -> None:
    assert evaluate(ENTRY, facts_under(ENTRY, village(), "qd59_2015")).verdict == "not_met"
    for standard in ("nd07_2021", None):
        facts = facts_under(ENTRY, village(), standard)
        assert facts["ho_ngheo"] is None
        assert facts["tong_ho"] == 100
        assert evaluate(ENTRY, facts | {"duong_truc_cung_hoa": False}).verdict == "unknown"


def test_rule_sets_in_force_follow_the_date() -> None:
    def ids(kind: str, day: date) -> list[str]:
        return [rule_set.id for rule_set in in_force(RULES, kind, day)]

    scopes = ["nd272_2025_thon_dtts", "nd272_2025_thon_mien_nui"]
    assert ids("village", date(2011, 12, 31)) == []
    assert ids("village", date(2015, 12, 31)) == ["ct135_2012_2015_thon"]
    assert ids("village", date(2016, 12, 19)) == []
    assert ids("village", date(2016, 12, 20)) == ["qd50_2016_thon"]
    assert ids("village", date(2019, 3, 1)) == ["qd50_2016_thon", "qd03_2019_thon"]
    assert ids("village", date(2020, 12, 31)) == ["qd33_2020_thon", "qd03_2019_thon"]
    assert ids("village", date(2021, 1, 1)) == ["qd33_2020_thon"]
    assert ids("village", date(2025, 12, 1)) == ["nd272_2025_thon_dbkk", "qd33_2020_thon", *scopes]
    assert ids("village", date(2026, 1, 1)) == ["nd272_2025_thon_dbkk", *scopes]
    assert ids("commune", date(2019, 3, 1)) == ["qd50_2016_xa", "qd03_2019_xa"]
    assert ids("commune", date(2021, 1, 1)) == ["qd33_2020_xa"]
    assert ids("household", date(2021, 1, 1)) == []
    assert ids("household", date(2024, 1, 1)) == ["poverty_nd07_2021", "poverty_quang_ninh_2023"]


COUNTS = ("tong_ho", "ho_dtts", "ho_ngheo", "ho_can_ngheo", "phong_mau_giao", "phong_mau_giao_kien_co")
ANSWERS = ("duong_truc_cung_hoa", "nha_van_hoa_khu_the_thao", "thon_dat_ntm", "xa_dat_ntm")


@st.composite
def known_villages(draw: st.DrawFn) -> dict[str, Fact]:
    total = draw(st.integers(1, 60))
    poor = draw(st.integers(0, total))
    rooms = draw(st.integers(1, 5))
    counts: dict[str, Fact] = {
        "tong_ho": total,
        "ho_dtts": draw(st.integers(0, total)),
        "ho_ngheo": poor,
        "ho_can_ngheo": draw(st.integers(0, total - poor)),
        "phong_mau_giao": rooms,
        "phong_mau_giao_kien_co": draw(st.integers(0, rooms)),
    }
    return counts | {name: draw(st.booleans()) for name in ANSWERS}


@given(
    known_villages(), st.sets(st.sampled_from(COUNTS + ANSWERS)), st.sampled_from(["qd50_2016_thon", "qd03_2019_thon"])
)
def test_more_knowledge_never_turns_met_into_not_met(facts: dict[str, Fact], hidden: set[str], law: str) -> None:
    partly = evaluate(RULES[law], {name: None if name in hidden else value for name, value in facts.items()})
    wholly = evaluate(RULES[law], facts)
    assert wholly.verdict != "unknown"
    assert partly.verdict in ("unknown", wholly.verdict)
    for before, after in zip(partly.clauses, wholly.clauses, strict=True):
        assert before.verdict in ("unknown", after.verdict)


@given(known_villages())
def test_the_rules_agree_with_the_law_written_out_in_fractions(facts: dict[str, Fact]) -> None:
    total, poor, near = int(facts["tong_ho"] or 0), int(facts["ho_ngheo"] or 0), int(facts["ho_can_ngheo"] or 0)
    both = Fraction(poor + near, total)
    solid = Fraction(int(facts["phong_mau_giao_kien_co"] or 0), int(facts["phong_mau_giao"] or 1))
    road, house = facts["duong_truc_cung_hoa"], facts["nha_van_hoa_khu_the_thao"]
    missing = [not road, 1 - solid >= Fraction(3, 5), not house]
    needed = 1 if Fraction(int(facts["ho_dtts"] or 0), total) >= Fraction(4, 5) else 2
    poorest = both >= Fraction(13, 20) and Fraction(poor, total) >= Fraction(7, 20)
    hard = poorest or (both >= Fraction(11, 20) and sum(missing) >= needed)
    built = sum([bool(road), solid >= Fraction(3, 5), bool(house)])
    middle = Fraction(11, 20) <= both < Fraction(13, 20) and built >= 2
    attested = facts["xa_dat_ntm"] or facts["thon_dat_ntm"]
    done = attested or middle or (both < Fraction(11, 20) and built >= 1)
    assert evaluate(ENTRY, facts).verdict == ("met" if hard else "not_met")
    assert evaluate(COMPLETION, facts).verdict == ("met" if done else "not_met")
