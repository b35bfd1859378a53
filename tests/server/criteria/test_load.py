"""Reading rule sets is strict: every mistake names its file, its place, and what may stand there."""

import hashlib
import pickle
from datetime import date
from pathlib import Path

import pytest

from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets, read_rule_set
from server.criteria.ruleset import RULE_NOT_LOADED, RuleSetError

LAW = """
id: luat_thu
law: Luật thử
article: Điều 1
title: {vi: Thử, en: Trial}
in_force: {from: 2030-01-01}
purpose: entry
unit_kind: village
outcomes:
  met: {vi: Có, en: Is}
  not_met: {vi: Không, en: Is not}
  unknown: {vi: Chưa rõ, en: Unknown}
poverty_standards: [chuan_thu]
facts:
  so_ho: {type: count, unit: household, source: form, form: f, field: so_ho, labels: {vi: Hộ, en: Households}}
  co_duong: {type: yesno, source: area, labels: {vi: Đường, en: Road}}
switches:
  khong_ho:
    title: {vi: Không có hộ, en: No household}
    options: {a: {vi: A, en: A}, b: {vi: B, en: B}}
    default: a
    reason: {vi: Vì, en: Because}
regions:
  mien: {title: {vi: Miền, en: Region}, bounds: {c1: 20}}
test:
  id: goc
  article: Điều 1
  status: recalled
  source: không có
  title: {vi: Gốc, en: Root}
  any:
    - {id: c1, title: {vi: Một, en: One}, count: {of: [so_ho], more_than: 30}}
    - {id: c2, title: {vi: Hai, en: Two}, yesno: {fact: co_duong, is: false}}
examples:
  - {name: nhiều hộ, facts: {so_ho: 31}, verdict: met, clauses: {c2: unknown}}
  - {name: ở miền, region: mien, facts: {so_ho: 21, co_duong: true}, verdict: met}
"""


def test_a_file_says_all_that_a_rule_set_is() -> None:
    rule_set = read_rule_set(LAW, "luat_thu.yaml")
    assert rule_set.sha256 == hashlib.sha256(LAW.encode()).hexdigest()
    assert (rule_set.in_force_from, rule_set.in_force_to) == (date(2030, 1, 1), None)
    outcome = evaluate(rule_set, {"so_ho": 30, "co_duong": True})
    assert outcome.verdict == "not_met"
    assert not outcome.verified
    assert {clause.id: (clause.value, clause.threshold, clause.near) for clause in outcome.clauses}["c1"] == (
        30,
        "> 30",
        True,
    )
    assert pickle.loads(pickle.dumps(rule_set)) == rule_set


@pytest.mark.parametrize(
    ("old", "new", "code", "key", "remedy"),
    [
        ("purpose: entry", "purpose: exit", "not_allowed", "purpose", "entry | completion"),
        ("purpose: entry", "purpos: entry", "unknown_key", "purpos", "purpose"),
        ("law: Luật thử", "", "missing_key", "law", "law: …"),
        ("law: Luật thử", "law: 7", "wrong_type", "law", "text"),
        ("law: Luật thử", "law: a\nlaw: b", "not_yaml", "line 4", "law: stands twice"),
        ("law: Luật thử", "law: [", "not_yaml", "line 5", "expected"),
        ("{from: 2030-01-01}", "{from: soon}", "wrong_type", "in_force.from", "2016-12-20"),
        ("{from: 2030-01-01}", "{from: 2030-01-01, to: 2029-01-01}", "ends_before_it_begins", "in_force.to", "2030"),
        ("more_than: 30", "more_than: 30.5", "wrong_type", "test.any[0].count.more_than", "0, 1, 2"),
        ("more_than: 30", "more_than: 30, at_most: 40", "one_comparison", "test.any[0].count", "at_least"),
        ("of: [so_ho]", "of: [ho]", "not_allowed", "test.any[0].count.of[0]", "so_ho"),
        ("of: [so_ho]", "of: [co_duong]", "not_allowed", "test.any[0].count.of[0]", "so_ho"),
        ("is: false", "is: khong", "wrong_type", "test.any[1].yesno.is", "true | false"),
        ("id: c2,", "id: c1,", "clause_stands_twice", "test", "c1"),
        ("bounds: {c1: 20}", "bounds: {c2: 20}", "unknown_clause", "regions.mien.bounds.c2", "c1"),
        ("default: a", "default: c", "not_allowed", "switches.khong_ho.default", "a | b"),
        ("title: {vi: Một, en: One}", "title: {vi: Một}", "missing_key", "test.any[0].title.en", "en"),
        ("status: recalled", "status: sure", "not_allowed", "test.status", "verified | partly_read"),
        ("status: recalled", "", "missing_key", "test.status", "status"),
        ("facts: {so_ho: 31}", "facts: {ho: 31}", "unknown_fact", "examples[0].facts.ho", "so_ho | co_duong"),
        ("{c2: unknown}", "{c9: unknown}", "unknown_clause", "examples[0].clauses.c9", "goc | c1 | c2"),
        ("facts: {so_ho: 31}", "facts: {so_ho: 30}", "example_differs", "examples[0] (nhiều hộ)", "met ≠ unknown"),
        ("region: mien", "region: bien", "not_allowed", "examples[1].region", "mien"),
        ("type: count, unit: household,", "type: count,", "missing_key", "facts.so_ho.unit", "unit"),
        ("  any:", "  all: []\n  any:", "one_test", "test", "all | any"),
    ],
)
def test_a_mistake_names_its_place_and_what_may_stand_there(
    old: str, new: str, code: str, key: str, remedy: str
) -> None:
    assert old in LAW
    with pytest.raises(RuleSetError) as caught:
        read_rule_set(LAW.replace(old, new, 1), "luat_thu.yaml")
    error = caught.value
    assert (error.file, error.code, error.key) == ("luat_thu.yaml", f"ruleset.{code}", key)
    assert remedy in error.remedy
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_what_is_not_a_table_of_keys_is_no_rule_set() -> None:
    for text in ("", "- a", "text", "a: !!python/object:os.system x", "a: &a [*a]", "a: " + "[" * 5000):
        with pytest.raises(RuleSetError):
            read_rule_set(text, "x.yaml")


def test_a_law_whose_conditions_nobody_entered_says_so() -> None:
    text = LAW[: LAW.index("regions:")] + "test: not_loaded\n"
    outcome = evaluate(read_rule_set(text, "luat_thu.yaml"), {"so_ho": 40})
    assert outcome.verdict == RULE_NOT_LOADED
    assert outcome.clauses == ()


def test_an_extra_file_adds_a_law_beside_the_shipped_ones(tmp_path: Path) -> None:
    path = tmp_path / "luat_thu.yaml"
    path.write_text(LAW, encoding="utf-8")
    assert set(load_rule_sets([path])) == {*load_rule_sets(), "luat_thu"}
    other = tmp_path / "other.yaml"
    other.write_text(LAW, encoding="utf-8")
    with pytest.raises(RuleSetError, match=r"luat_thu\.yaml"):
        load_rule_sets([other])
    with pytest.raises(RuleSetError, match="not_readable"):
        load_rule_sets([tmp_path / "none.yaml"])
