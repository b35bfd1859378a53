"""Every shipped rule set: loads, speaks both languages, names facts that exist, and judges its own worked units, which
hold each of its numbers in place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

import forms
from server.criteria.evaluate import Outcome, evaluate
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import (
    RULE_NOT_LOADED,
    STATUSES,
    Amount,
    Clause,
    Example,
    FactDeclaration,
    Group,
    Located,
    RuleSet,
    list_clauses,
)

RULES = load_rule_sets()
LOADED = [rule_set for rule_set in RULES.values() if rule_set.roots]
NOT_LOADED = [rule_set for rule_set in RULES.values() if not rule_set.roots]
WORKED = [(rule_set, example) for rule_set in LOADED for example in rule_set.examples]
LIBRARY = Path(str(resources.files(forms))) / "library"
NOT_AN_ARTICLE = ("Chưa rõ số điều", "Tiêu chí hoàn thành cấp thôn", "Tiêu chí hoàn thành cấp xã")
"""What stands in place of an article where the sources show none."""


def survey(form: str) -> list[list[str]]:
    text = (LIBRARY / f"{form}.md").read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]


def kind_of_field(form: str, field: str) -> str:
    kinds = [row[2] for row in survey(form) if len(row) > 3 and row[3] == field]
    assert kinds, f"{field} is not in {form}"
    return kinds[0]


def choices(form: str, name: str) -> set[str]:
    return {row[3] for row in survey(form) if len(row) > 3 and row[2] == name}


def expected(example: Example) -> dict[str, object]:
    return {"": example.verdict, **({"possible": example.possible} if example.possible else {}), **example.clauses}


def found(outcome: Outcome) -> dict[str, object]:
    return {"": outcome.standing, "possible": outcome.possible, **{one.id: one.verdict for one in outcome.clauses}}


def judge(rule_set: RuleSet, example: Example) -> Outcome:
    return evaluate(rule_set, example.facts, region=example.region, switches=example.switches)


@pytest.mark.parametrize(("rule_set", "example"), WORKED, ids=[f"{rules.id}: {one.name}" for rules, one in WORKED])
def test_a_worked_unit_comes_out_as_its_file_says(rule_set: RuleSet, example: Example) -> None:
    asked, outcome = expected(example), found(judge(rule_set, example))
    assert {key: outcome[key] for key in asked} == asked


@pytest.mark.parametrize("rule_set", LOADED, ids=lambda rule_set: rule_set.id)
def test_worked_units_show_every_outcome_and_every_region(rule_set: RuleSet) -> None:
    results = {one.id for one in rule_set.classes} or {"met", "not_met"}
    assert {example.verdict for example in rule_set.examples} == {*results, "unknown"}
    if rule_set.classes:
        assert any(example.possible for example in rule_set.examples)
    assert {example.region for example in rule_set.examples} - {None} == set(rule_set.regions)
    names = [example.name for example in rule_set.examples]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule_set", LOADED, ids=lambda rule_set: rule_set.id)
def test_worked_units_meet_and_miss_every_clause(rule_set: RuleSet) -> None:
    seen = {(clause.id, clause.verdict) for one in rule_set.examples for clause in judge(rule_set, one).clauses}
    once = [(key, verdict) for key in rule_set.clauses for verdict in ("met", "not_met") if (key, verdict) not in seen]
    assert once == []


@pytest.mark.parametrize("rule_set", LOADED, ids=lambda rule_set: rule_set.id)
def test_every_option_of_a_switch_is_worked_out(rule_set: RuleSet) -> None:
    chosen = {(name, option) for one in rule_set.examples for name, option in one.switches.items()}
    for name, switch in rule_set.switches.items():
        assert {(name, option) for option in switch.options if option != switch.default} <= chosen


def move(clause: Clause, clause_id: str, by: int) -> Clause:
    test = clause.test
    if isinstance(test, Group):
        below = tuple(move(child, clause_id, by) for child in test.children)
        condition = test.condition and move(test.condition, clause_id, by)
        return replace(clause, test=replace(test, children=below, condition=condition))
    if isinstance(test, Amount) and clause.id == clause_id:
        return replace(clause, test=replace(test, bound=replace(test.bound, value=test.bound.value + by)))
    return clause


def moved(rule_set: RuleSet, clause_id: str, by: int) -> RuleSet:
    """The rule set with the general number of one clause moved."""
    classes = tuple(replace(one, test=one.test and move(one.test, clause_id, by)) for one in rule_set.classes)
    return replace(rule_set, tree=rule_set.tree and move(rule_set.tree, clause_id, by), classes=classes)


def moved_in(rule_set: RuleSet, region: str, clause_id: str, by: int) -> RuleSet:
    """The rule set with the number that a region has for one clause moved."""
    there = rule_set.regions[region]
    bounds = {**there.bounds, clause_id: there.bounds[clause_id] + by}
    return replace(rule_set, regions={**rule_set.regions, region: replace(there, bounds=bounds)})


def wrong_numbers(rule_set: RuleSet) -> Iterator[tuple[str, RuleSet]]:
    for clause in rule_set.clauses.values():
        if isinstance(clause.test, Amount):
            for by in (-1, 1):
                yield f"{clause.id} {by:+}", moved(rule_set, clause.id, by)
    for name, region in rule_set.regions.items():
        for clause_id in region.bounds:
            for by in (-1, 1):
                yield f"{clause_id} {by:+} in {name}", moved_in(rule_set, name, clause_id, by)


@pytest.mark.parametrize("rule_set", LOADED, ids=lambda rule_set: rule_set.id)
def test_a_number_moved_by_one_contradicts_a_worked_unit(rule_set: RuleSet) -> None:
    unnoticed = []
    for name, wrong in wrong_numbers(rule_set):
        outcomes = [(expected(example), found(judge(wrong, example))) for example in rule_set.examples]
        if all(outcome[key] == value for asked, outcome in outcomes for key, value in asked.items()):
            unnoticed.append(name)
    assert unnoticed == []


@pytest.mark.parametrize("rule_set", NOT_LOADED, ids=lambda rule_set: rule_set.id)
def test_a_law_whose_numbers_were_not_found_has_none_and_says_so(rule_set: RuleSet) -> None:
    assert rule_set.id in ("nd272_2025_thon_dbkk", "nd272_2025_xa_khu_vuc")
    assert evaluate(rule_set, {}).verdict == RULE_NOT_LOADED
    assert any(note.status == "not_found" for note in rule_set.notes)
    assert rule_set.examples == ()


FACTS = [(rules, fact) for rules in RULES.values() for fact in rules.facts.values()]
FACT_IDS = [f"{rules.id}: {fact.name}" for rules, fact in FACTS]
each_fact = pytest.mark.parametrize(("rule_set", "fact"), FACTS, ids=FACT_IDS)


@each_fact
def test_a_fact_of_a_form_is_a_field_of_it(rule_set: RuleSet, fact: FactDeclaration) -> None:
    if fact.source != "form":
        return
    assert fact.form is not None
    kind = kind_of_field(fact.form, str(fact.field))
    if fact.answers is None:
        assert kind == ("integer" if fact.type == "count" else "select_one co_khong")
        return
    kept, name = kind.split(maxsplit=1)
    assert kept == "select_one"
    assert set(fact.answers) <= choices(fact.form, name)


@each_fact
def test_a_fact_of_the_villages_is_one_that_villages_have(rule_set: RuleSet, fact: FactDeclaration) -> None:
    if fact.villages is None:
        return
    assert rule_set.unit_kind == "commune"
    assert fact.type == "count"
    if fact.villages.met is not None:
        assert RULES[fact.villages.met].unit_kind == "village"
    if fact.villages.sum is not None:
        counted = [
            declared.unit
            for rules in RULES.values()
            for name, declared in rules.facts.items()
            if rules.unit_kind == "village" and name == fact.villages.sum
        ]
        if counted:
            assert set(counted) == {fact.unit}
        else:
            # no law about villages reads it, but their form asks for it
            assert kind_of_field("village_criteria", fact.villages.sum) == "integer"


@pytest.mark.parametrize("rule_set", RULES.values(), ids=lambda rule_set: rule_set.id)
def test_every_declared_fact_and_region_is_used(rule_set: RuleSet) -> None:
    tests = [clause.test for clause in rule_set.clauses.values()]
    used = {name for test in tests if not isinstance(test, Group) for name in test.facts}
    assert used == set(rule_set.facts)
    located = {name for test in tests if isinstance(test, Located) for name in test.regions}
    assert located | {name for name, region in rule_set.regions.items() if region.bounds} == set(rule_set.regions)


@pytest.mark.parametrize("rule_set", RULES.values(), ids=lambda rule_set: rule_set.id)
def test_poverty_standards_are_those_that_the_sheet_of_a_village_offers(rule_set: RuleSet) -> None:
    offered = choices("village_criteria", "chuan_ngheo") - {"khong_ro"}
    assert set(rule_set.poverty_standards) <= offered
    if rule_set.purpose == "poverty":
        assert rule_set.standard in offered
        assert rule_set.unit_kind == "household"


def test_every_poverty_standard_that_the_sheet_offers_has_its_rule_set() -> None:
    shipped = [rule_set.standard for rule_set in RULES.values() if rule_set.standard is not None]
    assert sorted(shipped) == sorted(choices("village_criteria", "chuan_ngheo") - {"khong_ro"})


@pytest.mark.parametrize("rule_set", LOADED, ids=lambda rule_set: rule_set.id)
def test_every_clause_cites_its_place_its_status_and_its_source(rule_set: RuleSet) -> None:
    for root in rule_set.roots:
        for clause in list_clauses(root):
            cited = re.match(r"Điều \d+", clause.article)
            assert cited is not None or clause.article in NOT_AN_ARTICLE
            assert (cited.group() if cited else clause.article) in rule_set.article.split(", ")
            assert clause.status in STATUSES
            assert clause.source


def statuses(rule_set: RuleSet) -> Mapping[str, str]:
    return {clause.id: clause.status for clause in rule_set.clauses.values()}


def test_the_list_of_paragraph_three_that_nobody_read_says_so() -> None:
    status = statuses(RULES["qd03_2019_thon"])
    assert {status[name] for name in ("k3", "k3.dieu_kien", "k3.duong", "k3.mau_giao", "k3.nha_van_hoa")} == {
        "partly_read"
    }
    assert status["k2.duoi"] == "verified"


def test_what_is_recalled_of_the_areas_of_2016_says_so() -> None:
    status = statuses(RULES["qd50_2016_xa"])
    assert [status[f"c.{number}"] for number in range(1, 7)] == ["verified"] * 3 + ["partly_read"] + ["recalled"] * 2
    assert {value for key, value in status.items() if key.startswith("kv2")} == {"recalled"}


def test_the_lines_of_2016_are_recalled_and_those_since_were_read() -> None:
    for rule_set in RULES.values():
        if rule_set.purpose == "poverty":
            recalled = rule_set.id == "poverty_qd59_2015"
            assert set(statuses(rule_set).values()) == {"recalled" if recalled else "verified"}


def test_to_meet_the_rule_of_entry_is_to_be_in_special_difficulty() -> None:
    for name in ("qd50_2016_thon", "qd33_2020_thon", "nd272_2025_thon_dbkk"):
        assert RULES[name].purpose == "entry"
        assert RULES[name].outcomes["met"] == {
            "vi": "Thuộc diện thôn đặc biệt khó khăn",
            "en": "Is a village in special difficulty",
        }


@pytest.mark.parametrize("kind", ["thon", "xa"])
def test_the_law_of_2020_follows_that_of_2016_without_a_day_between(kind: str) -> None:
    end = RULES[f"qd50_2016_{kind}"].in_force_to
    assert end is not None
    assert RULES[f"qd33_2020_{kind}"].in_force_from == end + timedelta(days=1)
