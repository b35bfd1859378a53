"""Verdicts and their clauses as cells of tables: what was found, what the law asks, what it comes to, on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.criteria.report import list_clause_heads
from server.criteria.ruleset import Chosen, Group, Located, RuleSet
from server.exports.sheets import NO, YES, Value, Word
from server.services.verdicts import VerdictView
from server.storage.verdicts import APPROVED, NEWEST

SILENT = "silent"
BASES = {
    APPROVED: Word(APPROVED, "table.basis.approved"),
    NEWEST: Word(NEWEST, "table.basis.newest"),
    None: Word(SILENT, "table.basis.silent"),
}
"""What a verdict rests on: what was approved, what is newest and not approved, what decisions alone say."""
UNKNOWN_ANSWER = Word("unknown", "desk.answer.unknown")
_ANSWERS = {"yes": YES, "no": NO, "unknown": UNKNOWN_ANSWER}


def leaves_of(rule_set: RuleSet) -> list[dict[str, Any]]:
    """The clauses that ask something, not those that join others, in the order of the law (criteria/report.py)."""
    return [each for each in list_clause_heads(rule_set) if not isinstance(rule_set.clauses[each["id"]].test, Group)]


def verdict_word(rule_set: RuleSet | None, verdict: str, klass: str | None = None) -> Word:
    """What a rule set says, in the words of its purpose; of a class its name."""
    if rule_set is None:
        return Word(verdict, f"desk.verdict.{verdict}")
    if klass is not None:
        title = next((one.title for one in rule_set.classes if one.id == klass), {"vi": klass, "en": klass})
        return Word(klass, title)
    purposed = verdict in ("met", "not_met", "unknown")
    return Word(verdict, f"desk.verdict.{rule_set.purpose}.{verdict}" if purposed else f"desk.verdict.{verdict}")


def standing_of(view: VerdictView) -> Word:
    """The verdict of a view."""
    return verdict_word(view.rule_set, view.verdict, view.klass)


def clause_verdict(verdict: str) -> Word:
    """Met, not met, not known."""
    return Word(verdict, f"desk.verdict.{verdict}")


def found_in(rule_set: RuleSet, clause: Mapping[str, Any]) -> Value:
    """What was found, for reading: 41/120 (34,17%), yes, a region. None: nothing is known."""
    test = rule_set.clauses[clause["id"]].test if clause["id"] in rule_set.clauses else None
    value, parts = clause.get("value"), clause.get("parts") or {}
    if isinstance(test, Located):
        return _region(rule_set, str(value)) if value else None
    if isinstance(test, Chosen):
        option = rule_set.switches[test.switch].options.get(str(value))
        return Word(str(value), option) if option else None
    if clause.get("kind") == "yesno":
        return _ANSWERS.get(str(parts.get("answer")), value)
    if isinstance(value, str) and "," in value:
        return Word(value, {"vi": value, "en": value.replace(",", ".")})
    return None if value is None else str(value)


def asked_in(rule_set: RuleSet, clause: Mapping[str, Any]) -> Value:
    """What the law asks there: ≥ 65%, yes, a region."""
    test = rule_set.clauses[clause["id"]].test if clause["id"] in rule_set.clauses else None
    if isinstance(test, Located):
        names = [_region(rule_set, name).text for name in test.regions]
        titles = [name if isinstance(name, Mapping) else {"vi": name, "en": name} for name in names]
        every = {language: ", ".join(title[language] for title in titles) for language in ("vi", "en")}
        return Word("+".join(test.regions), every)
    if isinstance(test, Chosen):
        options = rule_set.switches[test.switch].options
        met = [option for option, verdict in test.verdicts.items() if verdict == "met"]
        titles = [options[option] for option in met]
        every = {language: ", ".join(title.get(language, "") for title in titles) for language in ("vi", "en")}
        return Word("+".join(met), every)
    threshold = str(clause.get("threshold") or "")
    return _ANSWERS.get(threshold, threshold) if clause.get("kind") == "yesno" else threshold or None


def numbers_in(clause: Mapping[str, Any]) -> tuple[Value, Value, Value]:
    """Numerator, denominator and percent of a share; of a count the first alone; else nothing."""
    parts, value = clause.get("parts") or {}, clause.get("value")
    if "numerator" in parts:
        percent = parts.get("percent")
        share = None if percent is None else float(str(percent).replace(",", "."))
        return _whole(parts["numerator"]), _whole(parts.get("denominator")), share
    if clause.get("kind") == "count" and value is not None:
        return _whole(value), None, None
    return None, None, None


def sources_of(rule_set: RuleSet, clause: Mapping[str, Any], view: VerdictView) -> Value:
    """What a clause rests on: the submission, a decision about the area, the villages below."""
    sources = {rule_set.facts[name].source for name in clause.get("facts", ()) if name in rule_set.facts}
    told: list[Word] = []
    if "form" in sources and view.instance_id:
        told.append(Word(view.instance_id, "table.source.form", {"instance": view.instance_id}))
    told += [Word(each, f"table.source.{each}") for each in ("area", "villages") if each in sources]
    if not told:
        return None
    return told[0] if len(told) == 1 else Word("+".join(one.code for one in told), _joined(told), told[0].params)


def _joined(told: list[Word]) -> str:
    names = [str(one.text).rpartition(".")[2] for one in told]
    return f"table.source.{'_'.join(names)}"


def _region(rule_set: RuleSet, name: str) -> Word:
    region = rule_set.regions.get(name)
    return Word(name, region.title if region else {"vi": name, "en": name})


def _whole(value: Any) -> Value:
    try:
        return None if value is None else int(str(value))
    except ValueError:
        return str(value)
