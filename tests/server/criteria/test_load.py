"""Reading rule sets is strict: every mistake names its file, its place, and what may stand there."""

import hashlib
import pickle
from datetime import date
from pathlib import Path

import pytest

from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets, read_rule_set
from server.criteria.ruleset import RULE_NOT_LOADED, FromVillages, RuleSetError

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


def test_every_mistake_of_a_file_is_named_at_once() -> None:
    wrong = LAW.replace("purpose: entry", "purpose: exit").replace("{vi: Một, en: One}", "{vi: Một}")
    wrong = wrong.replace("is: false", "is: khong").replace("type: yesno, source: area,", "type: yes, source: sea,")
    with pytest.raises(RuleSetError) as caught:
        read_rule_set(wrong, "luat_thu.yaml")
    # what clauses may name is known when the facts are: these are complained of first
    assert [error.key for error in caught.value.all] == ["purpose", "facts.co_duong.source"]
    wrong = wrong.replace("purpose: exit", "purpose: entry").replace(
        "type: yes, source: sea,", "type: yesno, source: area,"
    )
    with pytest.raises(RuleSetError) as caught:
        read_rule_set(wrong, "luat_thu.yaml")
    assert [error.key for error in caught.value.all] == ["test.any[0].title.en", "test.any[1].yesno.is"]


CLASSES = """
id: phan_loai
law: Luật thử
article: Điều 1
title: {vi: Thử, en: Trial}
in_force: {from: 2030-01-01}
purpose: entry
unit_kind: commune
result: class
outcomes:
  unknown: {vi: Chưa rõ, en: Unknown}
facts:
  ho: {type: count, unit: household, source: villages, villages: {sum: ho}, labels: {vi: Hộ, en: Households}}
  thon: {type: count, unit: village, source: villages, villages: {number: all}, labels: {vi: Thôn, en: Villages}}
  thon_kho: {type: count, unit: village, source: villages, villages: {met: luat_thu}, labels: {vi: Khó, en: Hard}}
  duong: {type: yesno, source: form, form: f, field: d, answers: {tot: false, xau: true}, labels: {vi: Đường, en: Road}}
switches:
  doc:
    title: {vi: Cách đọc, en: Reading}
    options: {rong: {vi: Rộng, en: Wide}, hep: {vi: Hẹp, en: Narrow}}
    default: rong
    reason: {vi: Vì, en: Because}
classes:
  - id: kv3
    title: {vi: Khu vực III, en: Area III}
    test:
      id: k3
      article: Điều 1
      status: verified
      source: không có
      title: {vi: Ba, en: Three}
      all:
        - {id: k3.hai_phan_ba, title: {vi: A, en: A}, ratio: {of: [thon_kho], over: thon, at_least: 2/3}}
        - id: k3.tuy
          title: {vi: B, en: B}
          case:
            when: {id: k3.o_mien, title: {vi: C, en: C}, region: [mien_nui]}
            then: {id: k3.duong, title: {vi: D, en: D}, yesno: {fact: duong, is: true}}
            else: {id: k3.doc, title: {vi: E, en: E}, choice: {switch: doc, then: {rong: met, hep: not_met}}}
  - id: kv2
    title: {vi: Khu vực II, en: Area II}
    test:
      id: k2
      article: Điều 1
      status: recalled
      source: không có
      title: {vi: Hai, en: Two}
      count: {of: [ho], at_least: 9}
  - {id: kv1, title: {vi: Khu vực I, en: Area I}, test: rest}
examples:
  - {name: hai phần ba, facts: {ho: 1, thon: 3, thon_kho: 2}, class: kv3}
  - {name: đọc hẹp, facts: {ho: 9, thon: 3, thon_kho: 2}, switches: {doc: hep}, class: kv2}
  - {name: vùng núi, region: mien_nui, facts: {ho: 1, thon: 3, thon_kho: 2, duong: false}, class: kv1}
  - {name: chưa rõ, facts: {ho: 1, thon: 3}, class: unknown, possible: [kv3, kv1]}
regions:
  mien_nui: {title: {vi: Núi, en: Mountains}, bounds: {k2: 5}}
"""


def test_a_file_may_give_classes_with_cases_regions_readings_and_fractions() -> None:
    rule_set = read_rule_set(CLASSES, "phan_loai.yaml")
    assert [one.id for one in rule_set.classes] == ["kv3", "kv2", "kv1"]
    assert rule_set.facts["thon_kho"].villages == FromVillages(sum=None, met="luat_thu")
    assert rule_set.facts["duong"].answers == {"tot": False, "xau": True}
    outcome = evaluate(rule_set, {"ho": 1, "thon": 3, "thon_kho": 2})
    assert (outcome.verdict, outcome.klass, outcome.possible) == ("classified", "kv3", ("kv3",))
    shown = {clause.id: (clause.kind, clause.threshold) for clause in outcome.clauses}
    assert shown["k3.hai_phan_ba"] == ("ratio", "≥ 2/3")
    assert shown["k3.o_mien"] == ("region", "mien_nui")
    assert shown["k3.doc"] == ("choice", "rong")
    assert pickle.loads(pickle.dumps(rule_set)) == rule_set


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("test: rest}", "test: {}}", "rest_stands_last", "classes[2].test"),
        ("- id: kv3", "- id: kv2", "clause_stands_twice", "classes"),
        ("at_least: 2/3", "at_least: 3/2", "wrong_type", "classes[0].test.all[0].ratio.at_least"),
        ("at_least: 9", "at_least: 2/3", "wrong_type", "classes[1].test.count.at_least"),
        ("villages: {number: all}", "villages: {number: some}", "not_allowed", "facts.thon.villages.number"),
        ("villages: {sum: ho}", "villages: {sum: ho, met: a}", "one_test", "facts.ho.villages"),
        ("answers: {tot: false,", "answers: {tot: no thing,", "wrong_type", "facts.duong.answers.tot"),
        (
            "then: {rong: met, hep",
            "then: {rong: met, xa",
            "unknown_key",
            "classes[0].test.all[1].case.else.choice.then.xa",
        ),
        ("class: kv2}", "class: kv9}", "not_allowed", "examples[1].class"),
        ("class: kv2}", "class: kv1}", "example_differs", "examples[1] (đọc hẹp)"),
        ("possible: [kv3, kv1]", "possible: [kv3, kv2]", "example_differs", "examples[3] (chưa rõ) possible"),
        ("result: class", "result: test", "missing_key", "outcomes.met"),
        ("purpose: entry", "purpose: poverty", "missing_key", "standard"),
        ("villages: {sum: ho},", "villages: {sum: ho}, by_poverty_standard: true,", "missing_key", "facts.ho"),
    ],
)
def test_a_mistake_among_classes_names_its_place(old: str, new: str, code: str, key: str) -> None:
    assert old in CLASSES
    with pytest.raises(RuleSetError) as caught:
        read_rule_set(CLASSES.replace(old, new, 1), "phan_loai.yaml")
    assert (caught.value.code, caught.value.key) == (f"ruleset.{code}", key)


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


def test_a_fact_of_a_form_may_be_left_to_the_area_and_no_other_may() -> None:
    shipped = load_rule_sets()["qd03_2019_xa"]
    left = {name for name, fact in shipped.facts.items() if fact.or_area}
    assert left == {"dai_dien_ho", "dai_dien_ho_tap_huan", "can_bo_co_so", "can_bo_tap_huan"}
    assert read_rule_set(LAW.replace("field: so_ho,", "field: so_ho, or_area: true,"), "x.yaml").facts["so_ho"].or_area
    with pytest.raises(RuleSetError, match="or_area"):
        read_rule_set(LAW.replace("source: area,", "source: area, or_area: true,"), "x.yaml")
