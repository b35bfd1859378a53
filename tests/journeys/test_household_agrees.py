"""The class of a household that the phone shows is the one the rule set of its standard gives.

The lines stand twice, as a list in the form and as YAML on the server; so both are asked of many households, most of
them on or beside a line, some with facts that nobody knows.
"""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets
from tests.forms.test_household_review import ASKED, CHILD, HOUSE, INDICATORS, PARENT, said, sheet

LINES = {
    "qd59_2015": (700_000, 900_000, 1_000_000, 1_300_000),
    "nd07_2021": (140, 175),
    "quang_ninh_2023": (2_100_000, 2_600_000),
    "nd351_2025": (2_200_000, 2_800_000),
}
TWELVE = ("nd07_2021", "quang_ninh_2023")
KNOWN = {"co": True, "khong": False}
RULES = {rule_set.standard: rule_set for rule_set in load_rule_sets().values() if rule_set.purpose == "poverty"}


def households(standard: str, seed: int, number: int) -> Iterator[tuple[dict[str, object], int | None, int | None]]:
    """What is answered, and what it comes to: the points or the income, the deprivations."""
    pick = random.Random(seed)
    for _ in range(number):
        value = pick.choice((None, *(line + off for line in LINES[standard] for off in (-1, 0, 1))))
        count = pick.choice((None, 0, 2, 3, 4))
        answers: dict[str, object] = {"chuan_ngheo": standard, "thanh_thi": pick.choice(("co", "khong", "khong_ro"))}
        own = None if value is None else str(value)
        answers |= {"diem_a_giay": own} if standard == "nd07_2021" else {"diem_a_giay": None, "thu_nhap": own}
        if standard in TWELVE:
            deprived = pick.sample(INDICATORS[6:], 4 if count is None else count)
            answers |= dict.fromkeys((*HOUSE, *ASKED))
            answers |= {f"hoi_{name}": "co" if name in deprived else "khong" for name in INDICATORS[6:]}
            answers |= {f"hoi_{deprived[0]}": "khong_ro"} if count is None else {}
        else:
            answers |= dict.fromkeys((*HOUSE, *ASKED)) | {"so_thieu_hut_giay": None if count is None else str(count)}
        yield answers, value, count


@pytest.mark.parametrize("standard", sorted(LINES))
def test_the_class_on_the_phone_is_that_of_the_rule_set(standard: str) -> None:
    rules, seen = RULES[standard], Counter[str]()
    for answers, value, count in households(standard, 7, 60):
        xml = sheet(answers, (PARENT, CHILD))
        facts = {
            "diem_a": value,
            "thu_nhap": value,
            "so_thieu_hut": count,
            "diem_b": None if count is None else 10 * count,
            "thanh_thi": KNOWN.get(str(answers["thanh_thi"])),
        }
        found = evaluate(rules, {name: facts[name] for name in rules.facts})
        shown = said(xml, "hang_ho", "so_thieu_hut")
        assert shown == [found.klass or "chua_du", "" if count is None else str(count)], answers
        seen[shown[0]] += 1
    assert set(seen) == {"ho_ngheo", "ho_can_ngheo", "khong_ngheo", "chua_du"}, seen


def test_every_standard_of_a_household_is_compared() -> None:
    assert set(LINES) == set(RULES)
