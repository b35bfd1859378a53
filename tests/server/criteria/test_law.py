"""The laws written out a second time, in fractions, and compared with their rule sets over random units; and what holds
of every rule set, whatever its law says."""

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.criteria.evaluate import Outcome, evaluate
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import UNKNOWN, Example, Fact, RuleSet
from tests.server.criteria.villages import any_facts, households, share, village

RULES = load_rule_sets()
SOUTHEAST, MEKONG = "dong_nam_bo", "dong_bang_song_cuu_long"
Facts = Mapping[str, Fact]
regions = st.sampled_from([None, "dong_bac", SOUTHEAST, MEKONG])


def said(answer: bool) -> str:
    return "met" if answer else "not_met"


def of(part: Fact, whole: Fact) -> Fraction:
    return Fraction(int(part or 0), int(whole or 0))


def percent(number: int) -> Fraction:
    return Fraction(number, 100)


NOTHING_BUILT: dict[str, Fact] = {
    "duong_truc_cung_hoa": False,
    "phong_mau_giao_kien_co": 0,
    "nha_van_hoa_khu_the_thao": False,
}


@pytest.mark.parametrize(
    ("facts", "hard", "completed"),
    [
        (village(ho_dtts=90, duong_truc_cung_hoa=False), "met", "met"),
        (village(ho_dtts=79, duong_truc_cung_hoa=False), "not_met", "met"),
        (village(ho_ngheo=34, ho_can_ngheo=32), "not_met", "not_met"),
        (village(ho_ngheo=20, ho_can_ngheo=20, **NOTHING_BUILT), "not_met", "not_met"),
        (village(tong_ho=20, ho_dtts=18, ho_ngheo=7, ho_can_ngheo=6), "met", "not_met"),
        (village(tong_ho=20, ho_dtts=18, ho_ngheo=7, ho_can_ngheo=5), "not_met", "met"),
        (village(tong_ho=20, ho_dtts=18, ho_ngheo=6, ho_can_ngheo=7), "not_met", "not_met"),
    ],
    ids=[
        "60%, minorities 90%, only the road missing: both",
        "the same with minorities 79%: completed only",
        "66% with 34% poor, all built: neither",
        "40%, nothing built: neither",
        "exactly 65% and 35%: hard only",
        "60% of 20 households, all built: completed only",
        "65% with 30% poor, all built: neither",
    ],
)
def test_a_village_can_be_hard_and_completed_or_neither(facts: dict[str, Fact], hard: str, completed: str) -> None:
    assert evaluate(RULES["qd50_2016_thon"], facts).verdict == hard
    assert evaluate(RULES["qd03_2019_thon"], facts).verdict == completed


@pytest.mark.parametrize(
    ("solid", "missing", "built"), [(4, True, False), (5, False, False), (6, False, True)], ids=["40%", "50%", "60%"]
)
def test_between_forty_and_sixty_percent_of_the_rooms_is_a_dead_band(solid: int, missing: bool, built: bool) -> None:
    facts = village(phong_mau_giao=10, phong_mau_giao_kien_co=solid)
    hard, completed = (verdicts(evaluate(RULES[name], facts)) for name in ("qd50_2016_thon", "qd03_2019_thon"))
    assert hard["k2.mau_giao"] == said(missing)
    assert completed["k2.mau_giao"] == completed["k3.mau_giao"] == said(built)


def verdicts(outcome: Outcome) -> dict[str, str]:
    return {clause.id: clause.verdict for clause in outcome.clauses}


@st.composite
def villages_of_2020(draw: st.DrawFn) -> dict[str, Fact]:
    total = draw(households())
    poor = draw(share(total, (12, 15, 20)))
    minority = draw(share(total, (15,)))
    return {
        "tong_ho": total,
        "ho_dtts": minority,
        "ho_ngheo": poor,
        "ho_ngheo_dtts": draw(st.one_of(share(poor, (60,), minority), st.integers(0, min(poor, minority, 35)))),
        "duong_den_xa_kho": draw(st.booleans()),
        "ho_dien_luoi": draw(share(total, (70, 100))),
    }


def village_of_2020(facts: Facts, region: str | None) -> str:
    there = region == MEKONG
    poor, total, minority_poor = facts["ho_ngheo"], facts["tong_ho"], int(facts["ho_ngheo_dtts"] or 0)
    rate = of(poor, total)
    high, low = (percent(15), percent(12)) if there else (percent(20), percent(15))
    first = rate >= high or (there and minority_poor > 30)
    without_grid = 1 - of(facts["ho_dien_luoi"], total)
    second = low <= rate < high and (
        of(minority_poor, poor) > percent(60) or facts["duong_den_xa_kho"] is True or without_grid > percent(30)
    )
    return said(of(facts["ho_dtts"], total) >= percent(15) and (first or second))


@given(villages_of_2020(), regions)
def test_the_village_of_decision_33_2020(facts: Facts, region: str | None) -> None:
    assert evaluate(RULES["qd33_2020_thon"], facts, region=region).verdict == village_of_2020(facts, region)


@st.composite
def communes_of_2016(draw: st.DrawFn) -> dict[str, Fact]:
    total, all_villages = draw(households()), draw(st.integers(1, 40))
    both = draw(share(total, (14, 15, 30, 55, 65)))
    poor = draw(share(total, (35,), both))
    answers = ("duong_xa_nhua_hoa", "truong_chuan_quoc_gia", "y_te_dat_tieu_chi", "co_trung_tam_vhtt")
    return {
        "tong_thon": all_villages,
        "thon_dbkk": draw(share(all_villages, (0, 35, 100))),
        "tong_ho": total,
        "ho_ngheo": poor,
        "ho_can_ngheo": both - poor,
        "ho_dtts": draw(share(total, (60,))),
        "ho_nuoc_hvs": draw(share(total, (80,))),
        "ho_nha_tieu_hvs": draw(share(total, (60,))),
        **{name: draw(st.booleans()) for name in answers},
    }


def commune_of_2016(facts: Facts, region: str | None) -> str:
    total = facts["tong_ho"]
    poor = of(facts["ho_ngheo"], total)
    both = poor + of(facts["ho_can_ngheo"], total)
    high = percent(30) if region in (SOUTHEAST, MEKONG) else percent(55)
    a = of(facts["thon_dbkk"], facts["tong_thon"]) >= percent(35)
    b = both >= percent(65) and poor >= percent(35)
    conditions = [
        facts["duong_xa_nhua_hoa"] is False,
        facts["truong_chuan_quoc_gia"] is False,
        facts["y_te_dat_tieu_chi"] is False,
        facts["co_trung_tam_vhtt"] is False,
        1 - of(facts["ho_nuoc_hvs"], total) >= percent(20),
        1 - of(facts["ho_nha_tieu_hvs"], total) >= percent(40),
    ]
    c = both >= high and sum(conditions) >= (2 if of(facts["ho_dtts"], total) >= percent(60) else 3)
    # at least two of three, and a is one of them
    if a and sum([a, b, c]) >= 2:
        return "kv3"
    if both >= high or percent(15) <= both < high or (both < percent(15) and int(facts["thon_dbkk"] or 0) >= 1):
        return "kv2"
    return "kv1"


@given(communes_of_2016(), regions)
def test_the_commune_of_decision_50_2016(facts: Facts, region: str | None) -> None:
    assert evaluate(RULES["qd50_2016_xa"], facts, region=region).klass == commune_of_2016(facts, region)


@st.composite
def communes_of_2020(draw: st.DrawFn) -> dict[str, Fact]:
    total = draw(st.one_of(households(), st.just(1500)))
    poor = draw(share(total, (10, 12, 15, 20)))
    minority = draw(share(total, (15,)))
    readers, workers = draw(households()), draw(households())
    road = draw(st.one_of(st.sampled_from([0, 19999, 20000, 20001, 30000]), st.integers(0, 60000)))
    near_limit = [number for number in (149, 150, 151) if number <= min(poor, minority)] or [min(poor, minority)]
    return {
        "tong_ho": total,
        "ho_dtts": minority,
        "ho_ngheo": poor,
        "ho_ngheo_dtts": draw(st.one_of(share(poor, (60,), minority), st.sampled_from(near_limit))),
        "xa_dat_ntm": draw(st.booleans()),
        "dtts_15_60": readers,
        "dtts_15_60_chua_biet_chu": draw(share(readers, (20,))),
        "lao_dong_co_viec": workers,
        "lao_dong_chua_dao_tao": draw(share(workers, (80,))),
        "duong_huyen_xa_m": road,
        "duong_huyen_xa_chua_nhua_m": draw(share(road, (50,))),
    }


def commune_of_2020(facts: Facts, region: str | None) -> str:
    there = region == MEKONG
    poor, minority_poor = facts["ho_ngheo"], int(facts["ho_ngheo_dtts"] or 0)
    rate = of(poor, facts["tong_ho"])
    high, low = (percent(15), percent(12)) if there else (percent(20), percent(15))
    first = rate >= high or (there and minority_poor > 150)
    road, unpaved = int(facts["duong_huyen_xa_m"] or 0), facts["duong_huyen_xa_chua_nhua_m"]
    second = low <= rate < high and (
        of(minority_poor, poor) > percent(60)
        or of(facts["dtts_15_60_chua_biet_chu"], facts["dtts_15_60"]) >= percent(20)
        or of(facts["lao_dong_chua_dao_tao"], facts["lao_dong_co_viec"]) > percent(80)
        or (road > 20_000 and of(unpaved, road) > percent(50))
    )
    if of(facts["ho_dtts"], facts["tong_ho"]) < percent(15):
        return "ngoai_pham_vi"
    if facts["xa_dat_ntm"] is False and (first or second):
        return "kv3"
    return "kv1" if rate < percent(10) or facts["xa_dat_ntm"] is True else "kv2"


@given(communes_of_2020(), regions)
def test_the_commune_of_decision_33_2020(facts: Facts, region: str | None) -> None:
    assert evaluate(RULES["qd33_2020_xa"], facts, region=region).klass == commune_of_2020(facts, region)


ATTESTED = ("ntm_2", "ntm_3", "ntm_4", "ntm_5", "ntm_6_1", "ntm_6_3", "ntm_8_3", "ntm_17_1", "y_te_dat_tieu_chi")
STANDING = ("xa_dat_ntm", "la_phuong_thi_tran", "xa_bien_gioi", "xa_atk", "xa_khu_vuc_iii")


@st.composite
def communes_of_2019(draw: st.DrawFn) -> dict[str, Fact]:
    total, heads, officials = draw(households()), draw(households()), draw(households())
    both = draw(share(total, (25, 35)))
    poor = draw(share(total, (15, 20), both))
    mostly = st.sampled_from([True, True, True, False])
    rarely = st.sampled_from([False, False, False, True])
    return {
        "tong_ho": total,
        "ho_ngheo": poor,
        "ho_can_ngheo": both - poor,
        "dai_dien_ho": heads,
        "dai_dien_ho_tap_huan": draw(share(heads, (15,))),
        "can_bo_co_so": officials,
        "can_bo_tap_huan": draw(share(officials, (50,))),
        **{name: draw(mostly) for name in ATTESTED},
        **{name: draw(rarely) for name in STANDING},
    }


def commune_of_2019(facts: Facts, region: str | None, reading: str) -> str:
    yes = {name for name, value in facts.items() if value is True}
    poor = of(facts["ho_ngheo"], facts["tong_ho"])
    both = poor + of(facts["ho_can_ngheo"], facts["tong_ho"])
    outside_area_iii = "xa_khu_vuc_iii" not in yes
    border = "xa_bien_gioi" in yes and (outside_area_iii or reading == "all_border_communes")
    strict = border or ("xa_atk" in yes and outside_area_iii) or region in (SOUTHEAST, MEKONG)
    sums, alone = (percent(25), percent(15)) if strict else (percent(35), percent(20))
    mandatory = both < sums and poor < alone and {"ntm_2", "ntm_5", "y_te_dat_tieu_chi"} <= yes
    heads, officials = of(facts["dai_dien_ho_tap_huan"], facts["dai_dien_ho"]), facts["can_bo_tap_huan"]
    flexible = [
        "ntm_3" in yes,
        "ntm_4" in yes,
        {"ntm_6_1", "ntm_6_3"} <= yes,
        "ntm_8_3" in yes,
        "ntm_17_1" in yes,
        heads > percent(15) and of(officials, facts["can_bo_co_so"]) > percent(50),
    ]
    done = bool(yes & {"xa_dat_ntm", "la_phuong_thi_tran"}) or (mandatory and sum(flexible) >= 2)
    return said(done)


@given(communes_of_2019(), regions, st.sampled_from(["all_border_communes", "not_area_iii"]))
def test_the_commune_of_decision_03_2019(facts: Facts, region: str | None, reading: str) -> None:
    outcome = evaluate(RULES["qd03_2019_xa"], facts, region=region, switches={"xa_bien_gioi_khu_vuc_iii": reading})
    assert outcome.verdict == commune_of_2019(facts, region, reading)


def worked_by_law(example: Example, name: str) -> str:
    if name == "qd03_2019_xa":
        # an example without a choice is one to which both readings give the same
        reading = example.switches.get("xa_bien_gioi_khu_vuc_iii", "not_area_iii")
        return commune_of_2019(example.facts, example.region, reading)
    written = {"qd33_2020_thon": village_of_2020, "qd50_2016_xa": commune_of_2016, "qd33_2020_xa": commune_of_2020}
    return written[name](example.facts, example.region)


@pytest.mark.parametrize("name", ["qd33_2020_thon", "qd50_2016_xa", "qd33_2020_xa", "qd03_2019_xa"])
def test_the_worked_units_of_a_file_come_out_so_by_the_law_written_out(name: str) -> None:
    known = [
        one
        for one in RULES[name].examples
        if one.verdict != UNKNOWN and set(one.facts) == set(RULES[name].facts) and None not in one.facts.values()
    ]
    assert len(known) >= 15
    assert {one.name: worked_by_law(one, name) for one in known} == {one.name: one.verdict for one in known}


@given(communes_of_2019(), regions)
def test_an_open_reading_is_answered_where_both_readings_agree(facts: Facts, region: str | None) -> None:
    law = RULES["qd03_2019_xa"]
    read = {
        evaluate(law, facts, region=region, switches={"xa_bien_gioi_khu_vuc_iii": reading}).verdict
        for reading in ("all_border_communes", "not_area_iii")
    }
    undecided = evaluate(law, facts, region=region).verdict
    assert undecided == (read.pop() if len(read) == 1 else UNKNOWN)


@st.composite
def households_of_a_standard(draw: st.DrawFn, lines: tuple[int, ...]) -> dict[str, Fact]:
    near = st.sampled_from([line + beside for line in lines for beside in (-1, 0, 1)])
    return {
        "thu_nhap": draw(st.one_of(near, st.integers(0, 4_000_000))),
        "so_thieu_hut": draw(st.integers(0, 12)),
        "thanh_thi": draw(st.booleans()),
    }


@pytest.mark.parametrize(
    ("standard", "rural", "urban"), [("quang_ninh_2023", 2_100_000, 2_600_000), ("nd351_2025", 2_200_000, 2_800_000)]
)
@given(data=st.data())
def test_a_household_under_one_line(data: st.DataObject, standard: str, rural: int, urban: int) -> None:
    facts = data.draw(households_of_a_standard((rural, urban)))
    under = int(facts["thu_nhap"] or 0) <= (urban if facts["thanh_thi"] else rural)
    deprived = int(facts["so_thieu_hut"] or 0) >= 3
    expected = ("ho_ngheo" if deprived else "ho_can_ngheo") if under else "khong_ngheo"
    assert evaluate(RULES[f"poverty_{standard}"], facts).klass == expected


@given(st.integers(0, 300), st.integers(0, 12), st.booleans())
def test_a_household_by_points(income: int, deprived: int, urban: bool) -> None:
    facts: dict[str, Fact] = {"diem_a": income, "diem_b": 10 * deprived, "thanh_thi": urban}
    under = income <= (175 if urban else 140)
    expected = ("ho_ngheo" if 10 * deprived >= 30 else "ho_can_ngheo") if under else "khong_ngheo"
    assert evaluate(RULES["poverty_nd07_2021"], facts).klass == expected


@given(households_of_a_standard((700_000, 1_000_000, 900_000, 1_300_000)))
def test_a_household_of_the_years_from_2016(facts: dict[str, Fact]) -> None:
    income, deprived = int(facts["thu_nhap"] or 0), int(facts["so_thieu_hut"] or 0)
    low, high = (900_000, 1_300_000) if facts["thanh_thi"] else (700_000, 1_000_000)
    poor = income <= low or (low < income <= high and deprived >= 3)
    expected = "ho_ngheo" if poor else "ho_can_ngheo" if low < income <= high and deprived < 3 else "khong_ngheo"
    assert evaluate(RULES["poverty_qd59_2015"], facts).klass == expected


LOADED = [rule_set for rule_set in RULES.values() if rule_set.roots]
of_every_law = pytest.mark.parametrize("rule_set", LOADED, ids=lambda rule_set: rule_set.id)


@st.composite
def judged(draw: st.DrawFn, rule_set: RuleSet) -> tuple[dict[str, Fact], str | None, Mapping[str, str]]:
    region = draw(st.sampled_from([None, *rule_set.regions]))
    chosen = {name: draw(st.sampled_from(sorted(switch.options))) for name, switch in rule_set.switches.items()}
    return draw(any_facts(rule_set)), region, chosen


def agree(partly: Outcome, wholly: Outcome) -> None:
    for before, after in zip(partly.clauses, wholly.clauses, strict=True):
        assert before.verdict in (UNKNOWN, after.verdict), before.id
    assert partly.standing in (UNKNOWN, wholly.standing)
    assert set(partly.possible) >= set(wholly.possible)


@of_every_law
@given(data=st.data())
def test_to_know_less_never_gives_another_answer(data: st.DataObject, rule_set: RuleSet) -> None:
    facts, region, chosen = data.draw(judged(rule_set))
    hidden = data.draw(st.sets(st.sampled_from(sorted(facts))))
    known = {name: None if name in hidden else value for name, value in facts.items()}
    wholly = evaluate(rule_set, facts, region=region, switches=chosen)
    agree(evaluate(rule_set, known, region=region, switches=chosen), wholly)


@of_every_law
@given(data=st.data())
def test_to_know_between_which_numbers_a_count_lies_never_gives_another_answer(
    data: st.DataObject, rule_set: RuleSet
) -> None:
    facts, region, chosen = data.draw(judged(rule_set))
    counts = sorted(name for name, fact in rule_set.facts.items() if fact.type == "count")
    hidden = data.draw(st.sets(st.sampled_from(counts)))
    known = {name: None if name in hidden else value for name, value in facts.items()}
    spans = {}
    for name in sorted(hidden):
        value = int(facts[name] or 0)
        spans[name] = (value - data.draw(st.integers(0, min(value, 15))), value + data.draw(st.integers(0, 15)))
    wholly = evaluate(rule_set, facts, region=region, switches=chosen)
    narrowed = evaluate(rule_set, known, region=region, switches=chosen, spans=spans)
    agree(narrowed, wholly)
    agree(evaluate(rule_set, known, region=region, switches=chosen), narrowed)


@of_every_law
def test_of_a_unit_of_which_nothing_is_known_nothing_is_said(rule_set: RuleSet) -> None:
    outcome = evaluate(rule_set, {})
    assert outcome.standing == UNKNOWN
    assert outcome.possible == tuple(one.id for one in rule_set.classes)
    assert not outcome.verified


def test_a_whole_that_may_be_none_says_nothing_of_the_numbers_between() -> None:
    law = RULES["qd50_2016_thon"]
    facts: dict[str, Fact] = {"phong_mau_giao": None, "phong_mau_giao_kien_co": 2}
    chosen = {"khong_co_lop_mau_giao": "counts_as_not_missing"}

    def verdict(least: int, most: int) -> str:
        found = evaluate(law, facts, switches=chosen, spans={"phong_mau_giao": (least, most)})
        return next(clause.verdict for clause in found.clauses if clause.id == "k2.mau_giao")

    # none at all, or two of two: nothing is missing; two of one is impossible
    assert verdict(0, 2) == UNKNOWN
    assert verdict(2, 2) == "not_met"
    assert verdict(0, 0) == "not_met"
