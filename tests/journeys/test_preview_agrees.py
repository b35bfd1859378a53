"""What the phone shows a village head before sending is what the server finds after.

The previews are XPath in the form, the rule sets are YAML on the server; nothing connects them but the law. So they
are compared over many villages, most of them on or beside a threshold, some with facts that nobody knows.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from forms.calculate import fill
from forms.flatten import answers_of, find_answer
from forms.instance import read_instance
from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import RuleSet
from server.domain.data_files import list_demo_villages
from server.domain.demo_facts import Place, make_demo_sheet
from tests.kit.village_criteria import context, definition, vectors

PREVIEWS = {"qd50_2016_thon": "xem_truoc_50", "qd33_2020_thon": "xem_truoc_33", "qd03_2019_thon": "xem_truoc_03"}
SHOWN = {"met": "co", "not_met": "khong", "unknown": "chua_du"}
KNOWN = {"co": True, "khong": False, "khong_ro": None}
VILLAGES = {"QN-06853-01": "khong", "QN-06868-01": "co", "QN-06928-01": "khong_ro"}
"""Village → whether its commune meets the New Countryside standard, as `media/villages.csv` has it."""

Answers = Mapping[str, object]


def facts_for(rules: RuleSet, answers: Answers, xa_ntm: str) -> dict[str, int | bool | None]:
    """The facts of one sheet as a rule set may use them."""
    found: dict[str, int | bool | None] = {}
    for name, declared in rules.facts.items():
        value = xa_ntm if declared.source == "area" else answers.get(declared.field or name)
        if isinstance(value, str):
            value = declared.answers.get(value) if declared.answers else KNOWN[value]
        elif declared.by_poverty_standard and answers["chuan_ngheo"] not in rules.poverty_standards:
            value = None
        assert value is None or isinstance(value, int)
        found[name] = value
    return found


def preview_of(answers: Answers) -> dict[str, str]:
    """What the phone computes for these answers."""
    instance = read_instance(fill(definition(), answers, context(), instance_id="uuid:preview"))
    typed = answers_of(definition(), instance)
    return {name: str(find_answer(typed, f"/data/{name}")) for name in PREVIEWS.values()}


def villages(seed: int, number: int) -> Iterator[dict[str, object]]:
    """Invented sheets around the thresholds of the laws; about one fact in sixteen is not known."""
    pick = random.Random(seed)
    for _ in range(number):
        total = pick.choice((20, 40, 60, 100, pick.randint(1, 200), pick.randint(1, 200)))

        def near(percents: tuple[int, ...], total: int = total) -> int:
            return max(0, min(total, total * pick.choice(percents) // 100 + pick.choice((-1, 0, 0, 1))))

        both = near((15, 20, 40, 55, 55, 60, 65, 65, 70))
        poor = min(both, near((10, 15, 20, 30, 35, 35, 40)))
        minority = near((10, 15, 50, 80, 80, 100))
        rooms = pick.choice((0, 1, 2, 3, 5, 10))
        counts: dict[str, object] = {
            "tong_ho": total,
            "ho_dtts": minority,
            "ho_ngheo": poor,
            "ho_can_ngheo": both - poor,
            "ho_ngheo_dtts": max(0, min(poor, minority, poor * 60 // 100 + pick.choice((-1, 0, 1)))),
            "ho_dien_luoi": near((70, 70, 95)),
            "phong_mau_giao": rooms,
        }
        if rooms:
            counts["phong_mau_giao_kien_co"] = pick.randint(0, rooms)
        village = pick.choice(("QN-06868-01", "QN-06928-01", *["QN-06853-01"] * 5))
        yield {
            **{name: value for name, value in counts.items() if pick.random() > 0.06},
            "xa": village[3:8],
            "thon": village,
            "ky": "2019-06",
            "ngay_chot": "2019-06-30",
            "chuan_ngheo": pick.choice(("qd59_2015",) * 8 + ("nd07_2021", "khong_ro")),
            "duong_truc_cung_hoa": pick.choice(("co", "khong", "khong_ro", "co", "khong")),
            "duong_mua_mua": pick.choice(("di_duoc", "di_duoc", "rat_kho", "khong_co", "khong_ro")),
            "nha_van_hoa_khu_the_thao": pick.choice(("co", "khong", "khong_ro", "co", "khong")),
            "thon_dat_ntm": pick.choice(("khong",) * 6 + ("co", "khong_ro")),
            "song_di_dong": "tot",
        }


@cache
def shipped_rules() -> Mapping[str, RuleSet]:
    return load_rule_sets()


def compared_rules() -> list[RuleSet]:
    return [shipped_rules()[name] for name in PREVIEWS if name in shipped_rules()]


def test_both_laws_that_the_article_needs_are_compared() -> None:
    assert {"qd50_2016_thon", "qd03_2019_thon"} <= {rules.id for rules in compared_rules()}


@pytest.mark.parametrize("seed", range(8))
def test_the_preview_is_the_verdict_of_the_server(seed: int) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for answers in villages(seed, 50):
        preview = preview_of(answers)
        for rules in compared_rules():
            verdict = SHOWN[evaluate(rules, facts_for(rules, answers, VILLAGES[str(answers["thon"])])).verdict]
            seen[rules.id, verdict] += 1
            assert preview[PREVIEWS[rules.id]] == verdict, (rules.id, answers)
    assert {verdict for _, verdict in seen} == set(SHOWN.values())


@pytest.mark.parametrize("case", [case for case in vectors() if "preview" in case], ids=lambda case: str(case["file"]))
def test_the_preview_is_what_a_real_phone_showed(case: dict[str, object]) -> None:
    answers = case["answers"]
    assert isinstance(answers, dict)
    assert preview_of(answers) == case["preview"]


def test_the_demonstration_shows_every_verdict_of_both_laws() -> None:
    for name in ("qd50_2016_thon", "qd03_2019_thon"):
        rules = shipped_rules()[name]
        sheets = [make_demo_sheet(v.key, 2019, Place("06853", v.code, "2019-06")) for v in list_demo_villages()]
        verdicts = Counter(evaluate(rules, facts_for(rules, sheet.answers, "khong")).verdict for sheet in sheets)
        assert set(verdicts) == {"met", "not_met", "unknown"}
        assert min(verdicts.values()) >= 5, verdicts
