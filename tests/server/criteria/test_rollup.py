"""From villages to what lies above: sums of counts, the best and the worst case, and that parts add up to the whole."""

from hypothesis import given
from hypothesis import strategies as st

from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets
from server.criteria.rollup import Report, Rollup, add_up, facts_from_villages, holding_back, keyed, roll_up
from server.criteria.ruleset import MET, NOT_MET, UNKNOWN, Fact

RULES = load_rule_sets()
COMMUNE = RULES["qd50_2016_xa"]
POOR = frozenset({"ho_ngheo", "ho_can_ngheo"})


def report(total: int, poor: int, near: int, verdict: str = "met", standard: str | None = "qd59_2015") -> Report:
    counts: dict[str, int | None] = {"tong_ho": total, "ho_ngheo": poor, "ho_can_ngheo": near}
    return Report(counts, {"qd50_2016_thon": verdict}, standard, by_standard=POOR)


reports = st.one_of(
    st.none(),
    st.builds(
        Report,
        counts=st.fixed_dictionaries(
            {"tong_ho": st.one_of(st.none(), st.integers(0, 300)), "ho_ngheo": st.one_of(st.none(), st.integers(0, 99))}
        ),
        verdicts=st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["met", "not_met", "unknown"])),
        standard=st.sampled_from([None, "qd59_2015", "nd07_2021"]),
        approved=st.booleans(),
        by_standard=st.just(POOR),
    ),
)


def test_a_share_of_a_commune_is_a_share_of_sums_and_no_mean_of_shares() -> None:
    # 90 % of 10 households and 10 % of 90: 18 % of 100, not half
    facts, spans = facts_from_villages(COMMUNE, roll_up([report(10, 9, 0), report(90, 9, 0)]))
    assert (facts["tong_ho"], facts["ho_ngheo"], facts["tong_thon"]) == (100, 18, 2)
    assert spans == {}


def test_a_sum_is_no_sum_while_a_village_is_missing_or_counted_otherwise() -> None:
    for other in (None, report(90, 9, 0, standard="nd07_2021"), report(90, 9, 0, standard=None)):
        facts, _ = facts_from_villages(COMMUNE, roll_up([report(10, 9, 0), other]))
        assert facts["ho_ngheo"] is None
        assert facts["tong_ho"] == (None if other is None else 100)


def test_a_law_that_names_no_standard_takes_counts_by_whichever_they_were_made() -> None:
    past = RULES["ct135_2012_2015_xa"]
    facts, _ = facts_from_villages(past, roll_up([report(10, 9, 0, standard=None), report(90, 9, 1)]))
    assert (facts["tong_ho"], facts["ho_ngheo"], facts["ho_can_ngheo"]) == (100, 18, 1)


def test_with_villages_missing_the_share_is_answered_where_best_and_worst_case_agree() -> None:
    known: dict[str, Fact] = {"tong_ho": 100, "ho_ngheo": 40, "ho_can_ngheo": 30, "ho_dtts": 0}

    def judged(met: int, not_met: int, missing: int) -> tuple[str, object]:
        villages = [*[report(1, 0, 0)] * met, *[report(1, 0, 0, "not_met")] * not_met, *[None] * missing]
        facts, spans = facts_from_villages(COMMUNE, roll_up(villages))
        outcome = evaluate(COMMUNE, facts | known, spans=spans)
        return outcome.standing, {clause.id: clause.verdict for clause in outcome.clauses}["a"]

    assert judged(7, 13, 0)[1] == "met"
    assert judged(7, 12, 1)[1] == "met"
    assert judged(5, 10, 5)[1] == "unknown"
    assert judged(1, 18, 1)[1] == "not_met"


def test_villages_without_enough_evidence_are_missing_too() -> None:
    facts, spans = facts_from_villages(COMMUNE, roll_up([report(1, 0, 0), report(1, 0, 0, "unknown"), None]))
    assert facts["thon_dbkk"] is None
    assert spans["thon_dbkk"] == (1, 3)


@given(st.lists(reports, max_size=12), st.integers(0, 12))
def test_the_parts_add_up_to_the_whole(villages: list[Report | None], cut: int) -> None:
    assert add_up([roll_up(villages[:cut]), roll_up(villages[cut:])]) == roll_up(villages)
    assert add_up([Rollup(), roll_up(villages)]) == roll_up(villages)


@given(st.lists(reports, max_size=8).flatmap(lambda listed: st.tuples(st.just(listed), st.permutations(listed))))
def test_the_order_of_villages_does_not_matter(pair: tuple[list[Report | None], list[Report | None]]) -> None:
    assert roll_up(pair[0]) == roll_up(pair[1])


@given(st.lists(reports, min_size=1, max_size=8), st.integers(0, 7))
def test_who_reports_later_never_turns_what_was_known(villages: list[Report | None], place: int) -> None:
    silent = [None if index == place else each for index, each in enumerate(villages)]
    before, after = (facts_from_villages(COMMUNE, roll_up(each)) for each in (silent, villages))
    for name, value in before[0].items():
        if value is not None:
            assert after[0][name] == value
        elif name in before[1]:
            low, high = before[1][name]
            then = after[0][name]
            least, most = (then, then) if then is not None else after[1][name]
            assert low <= int(least) <= int(most) <= high


def test_the_published_totals_come_out_of_their_units() -> None:
    """Decision 582/QĐ-TTg of 2017 for Quảng Ninh and the country, Decision 861/QĐ-TTg of 2021: units listed one by one,
    added up over districts of any size."""
    for areas, villages in (
        ((17, 32, 64), (154, 54, 0)),
        ((1_935, 2_018, 1_313), (15_779, 4_397, 0)),
        ((1_551, 210, 1_673), (0, 0, 0)),
    ):
        units: list[Rollup] = []
        for klass, (communes, hard) in enumerate(zip(areas, villages, strict=True)):
            for number in range(communes):
                of_this = hard // communes + (number < hard % communes)
                below = [Report({}, {"thon": "met"})] * of_this
                units.append(add_up([roll_up(below), Rollup(verdicts={"xa": {f"kv{3 - klass}": 1}})]))
        districts = [add_up(units[start : start + 13]) for start in range(0, len(units), 13)]
        whole = add_up(districts)
        assert tuple(whole.verdicts["xa"].get(f"kv{number}", 0) for number in (3, 2, 1)) == areas
        assert sum(whole.verdicts["xa"].values()) == sum(areas)
        assert whole.verdicts.get("thon", {}).get("met", 0) == sum(villages) == whole.villages
    assert 17 + 32 + 64 == 113
    assert 154 + 54 == 208
    assert 1_935 + 2_018 + 1_313 == 5_266
    assert 15_779 + 4_397 == 20_176
    assert keyed("ho_ngheo", None) == "ho_ngheo@"


CLAUSES = [
    {"id": "thon", "parent": None, "decisive": True, "verdict": NOT_MET},
    {"id": "k1", "parent": "thon", "decisive": True, "verdict": NOT_MET},
    {"id": "k1.ngheo", "parent": "k1", "decisive": True, "verdict": NOT_MET},
    {"id": "k1.dtts", "parent": "k1", "decisive": False, "verdict": NOT_MET},
    {"id": "k2", "parent": "thon", "decisive": True, "verdict": UNKNOWN},
    {"id": "k3", "parent": "thon", "decisive": True, "verdict": MET},
]


def test_a_village_is_held_back_by_the_last_criteria_on_which_its_verdict_hangs() -> None:
    assert holding_back("luat", CLAUSES) == {"luat/k1.ngheo": NOT_MET, "luat/k2": UNKNOWN}


def test_criteria_are_counted_and_added_up_by_how_many_villages_they_hold_back() -> None:
    held = Report({}, {"luat": NOT_MET}, clauses=holding_back("luat", CLAUSES))
    free = Report({}, {"luat": MET})
    one, other = roll_up([held, free, None]), roll_up([held])
    assert one.clauses == {"luat/k1.ngheo": {NOT_MET: 1}, "luat/k2": {UNKNOWN: 1}}
    assert add_up([one, other]).clauses == {"luat/k1.ngheo": {NOT_MET: 2}, "luat/k2": {UNKNOWN: 2}}
