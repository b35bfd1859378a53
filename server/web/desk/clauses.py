"""What a clause of the law asks, in words: for the page of a rule set, and for the reasons of a verdict."""

from __future__ import annotations

from server.criteria.evaluate import ClauseResult, show_bound
from server.criteria.judge import Setting
from server.criteria.ruleset import MET, Amount, Chosen, Clause, FactDeclaration, Group, Located, RuleSet, YesNo
from server.web.desk.words import own, say

UNITS = (
    "household",
    "room",
    "person",
    "village",
    "commune",
    "hectare",
    "metre",
    "point",
    "indicator",
    "đồng/người/tháng",
    "thing",
)
"""Units that have a word here; a rule set may bring others, which are shown as they stand."""


def unit_name(unit: str | None) -> str:
    """What is counted: households, rooms."""
    known = unit or "thing"
    return say(f"desk.unit.{known}") if known in UNITS else known


def asked_of(setting: Setting, clause: Clause) -> str:
    """What a clause asks by the general numbers: (A + B) / C ≥ 65%; 2 of 3; yes."""
    rule_set, test = setting.rule_set, clause.test
    if isinstance(test, Group):
        return _asked_of_group(test)
    if isinstance(test, Amount):
        return _asked_amount(setting, clause, test)
    if isinstance(test, YesNo):
        answer = say(f"desk.answer.{'yes' if test.expected else 'no'}")
        return f"{own(rule_set.facts[test.fact].labels)}: {answer}"
    if isinstance(test, Located):
        return say("desk.law.located", regions=region_names(rule_set, test))
    return say(
        "desk.law.by_switch", switch=own(rule_set.switches[test.switch].title), option=chosen_names(rule_set, test)
    )


def _asked_of_group(group: Group) -> str:
    if group.kind == "case":
        return say("desk.clause.case")
    asked = needed_words(group.kind, group.needed, len(group.children))
    if group.condition is None or group.needed_if is None:
        return asked
    fewer = needed_words(group.kind, group.needed_if, len(group.children))
    return say("desk.law.needed_if", needed=asked, condition=own(group.condition.title), fewer=fewer)


def _asked_amount(setting: Setting, clause: Clause, test: Amount) -> str:
    facts = setting.rule_set.facts
    counted = " + ".join(own(facts[name].labels) for name in test.of)
    if test.minus:
        counted += " − " + " − ".join(own(facts[name].labels) for name in test.minus)
    bound = show_bound(test, setting.bound(clause))
    if test.over is None:
        return f"{counted} {bound}"
    if len(test.of) + len(test.minus) > 1:
        counted = f"({counted})"
    asked = f"{counted} / {own(facts[test.over].labels)} {bound}"
    if test.zero is None:
        return asked
    switch = own(setting.rule_set.switches[test.zero.switch].title)
    return f"{asked}; {say('desk.law.zero', over=own(facts[test.over].labels), switch=switch)}"


def needed_words(kind: str, needed: int | str, of: int | str) -> str:
    """All 3; 1 of 3; 2 of 3."""
    if kind == "all":
        return say("desk.clause.all", of=of)
    return say("desk.clause.any", of=of) if needed == 1 else say("desk.clause.needs", needed=needed, of=of)


def region_names(rule_set: RuleSet, test: Located) -> str:
    """The regions that a clause names."""
    return ", ".join(_region(rule_set, name) for name in test.regions)


def _region(rule_set: RuleSet, name: str) -> str:
    return own(rule_set.regions[name].title) if name in rule_set.regions else name


def chosen_names(rule_set: RuleSet, test: Chosen) -> str:
    """The options of a switch by which a clause is met."""
    options = rule_set.switches[test.switch].options
    return ", ".join(own(options[option]) for option, verdict in test.verdicts.items() if verdict == MET)


def show_place(rule_set: RuleSet, clause: ClauseResult) -> tuple[str, str] | None:
    """Of a clause about a region or a reading of the law: what is so, and what it asks; None for every other."""
    test = rule_set.clauses[clause.id].test
    if isinstance(test, Located):
        return _region(rule_set, str(clause.value)) if clause.value else "—", region_names(rule_set, test)
    if isinstance(test, Chosen):
        options = rule_set.switches[test.switch].options
        return own(options.get(str(clause.value))) or "—", chosen_names(rule_set, test)
    return None


def source_of(fact: FactDeclaration) -> str:
    """Where a fact comes from: a field of a form, a decision about the area, the villages of a commune."""
    if fact.source == "form":
        told = say("desk.law.from_form", form=fact.form, field=fact.field)
        return f"{told}; {say('desk.law.or_area', fact=fact.name)}" if fact.or_area else told
    if fact.source == "area" or fact.villages is None:
        return say("desk.law.from_area")
    if fact.villages.sum is not None:
        return say("desk.law.from_sum", fact=fact.villages.sum)
    if fact.villages.met is not None:
        return say("desk.law.from_met", rule_set=fact.villages.met)
    return say("desk.law.from_number")


def exceptions_of(rule_set: RuleSet) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """For each region of which the law says otherwise: its name, and of each such clause the title, what is asked there
    and what elsewhere."""
    general, found = Setting(rule_set), []
    for name, region in rule_set.regions.items():
        there, rows = Setting(rule_set, name), []
        for clause_id in region.bounds:
            clause = rule_set.clauses[clause_id]
            if isinstance(clause.test, Amount):
                here, elsewhere = (show_bound(clause.test, each.bound(clause)) for each in (there, general))
                rows.append((own(clause.title), here, elsewhere))
        found.append((own(region.title), rows))
    return found
