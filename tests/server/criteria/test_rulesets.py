"""Every shipped rule set: loads, speaks both languages, names facts that exist, and judges its own worked villages."""

from importlib import resources
from pathlib import Path

import pytest

import forms
from server.criteria.evaluate import evaluate
from server.criteria.load import load_rule_sets
from server.criteria.ruleset import STATUSES, Example, RuleSet, list_clauses

RULES = load_rule_sets()
WORKED = [(rule_set, example) for rule_set in RULES.values() for example in rule_set.examples]


@pytest.mark.parametrize(("rule_set", "example"), WORKED, ids=[f"{rules.id}: {one.name}" for rules, one in WORKED])
def test_a_worked_village_comes_out_as_its_file_says(rule_set: RuleSet, example: Example) -> None:
    outcome = evaluate(rule_set, example.facts, region=example.region, switches=example.switches)
    assert outcome.verdict == example.verdict
    found = {clause.id: clause.verdict for clause in outcome.clauses}
    assert {clause_id: found[clause_id] for clause_id in example.clauses} == dict(example.clauses)


@pytest.mark.parametrize("rule_set", RULES.values(), ids=lambda rule_set: rule_set.id)
def test_worked_villages_show_every_verdict_and_every_region(rule_set: RuleSet) -> None:
    assert {example.verdict for example in rule_set.examples} == {"met", "not_met", "unknown"}
    assert {example.region for example in rule_set.examples} - {None} <= set(rule_set.regions)
    assert any(example.region for example in rule_set.examples) == bool(rule_set.regions)


@pytest.mark.parametrize("rule_set", RULES.values(), ids=lambda rule_set: rule_set.id)
def test_every_fact_is_a_field_of_the_form_it_names(rule_set: RuleSet) -> None:
    for fact in rule_set.facts.values():
        if fact.source == "area":
            assert fact.form is None
            continue
        survey = (Path(str(resources.files(forms))) / "library" / f"{fact.form}.md").read_text(encoding="utf-8")
        rows = [[cell.strip() for cell in line.split("|")] for line in survey.splitlines()]
        kinds = [row[2] for row in rows if len(row) > 3 and row[3] == fact.field]
        assert kinds, f"{fact.field} is not in {fact.form}"
        assert kinds[0] == ("integer" if fact.type == "count" else "select_one co_khong")


@pytest.mark.parametrize("rule_set", RULES.values(), ids=lambda rule_set: rule_set.id)
def test_every_clause_cites_its_place_its_status_and_its_source(rule_set: RuleSet) -> None:
    assert rule_set.tree is not None
    for clause in list_clauses(rule_set.tree):
        assert clause.article.startswith(rule_set.article)
        assert clause.status in STATUSES
        assert clause.source


def test_the_list_of_paragraph_three_that_nobody_read_says_so() -> None:
    tree = RULES["qd03_2019_thon"].tree
    assert tree is not None
    status = {clause.id: clause.status for clause in list_clauses(tree)}
    assert {status[name] for name in ("k3", "k3.dieu_kien", "k3.duong", "k3.mau_giao", "k3.nha_van_hoa")} == {
        "partly_read"
    }
    assert status["k2.duoi"] == "verified"


def test_to_meet_the_rule_of_entry_is_to_be_in_special_difficulty() -> None:
    entry = RULES["qd50_2016_thon"]
    assert entry.purpose == "entry"
    assert entry.outcomes["met"] == {
        "vi": "Thuộc diện thôn đặc biệt khó khăn",
        "en": "Is a village in special difficulty",
    }
