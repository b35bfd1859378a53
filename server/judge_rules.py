"""Facts judged without a server: one JSON object a line, as `thonban rules judge` reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from server.criteria.evaluate import explain_setting
from server.criteria.judge import Setting
from server.criteria.report import outcome_json
from server.criteria.ruleset import Fact, RuleSet, facts_under

REGION, SWITCHES, STANDARD, ID = "region", "switches", "standard", "id"
"""What a line may hold besides facts: the region of the unit, switches chosen ({name: option}), the poverty standard
its counts were taken by (left out: one that the rule set accepts), and an id that is given back."""


class LineError(Exception):
    """A line that cannot be judged; the text says why."""


def judge_lines(rule_set: RuleSet, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """For each line `{verdict, class, possible, verified, near, clauses, changes}`, `id` where the line has one,
    `ignored`: names that the rule set does not declare, and `unusable`: facts that are no such thing (a text, a
    negative count) and were taken as not known. For one that cannot be read `{error}`. Empty lines are passed over."""
    settings: dict[str, Setting] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _judged(rule_set, _read(line), settings)
        except LineError as error:
            yield {"error": str(error), "line": number}


def _read(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line)
    except ValueError as error:
        raise LineError(f"no JSON: {error}") from error
    if not isinstance(read, dict):
        raise LineError("no JSON object")
    return read


def _judged(rule_set: RuleSet, line: Mapping[str, Any], settings: dict[str, Setting]) -> dict[str, Any]:
    region, switches = line.get(REGION), line.get(SWITCHES) or {}
    if not isinstance(region, str | None):
        raise LineError("region: a text or null")
    if not isinstance(switches, dict) or any(not isinstance(option, str) for option in switches.values()):
        raise LineError("switches: {name: option}")
    key = json.dumps([region, switches], sort_keys=True)
    setting = settings.get(key)
    if setting is None:
        setting = settings[key] = Setting(rule_set, region, switches)
    facts = {name: _fact(rule_set, name, line[name]) for name in rule_set.facts if name in line}
    unusable = [name for name, value in facts.items() if value is None and line[name] is not None]
    if STANDARD in line and STANDARD not in rule_set.facts:
        facts = facts_under(rule_set, facts, line[STANDARD])
    told = outcome_json(explain_setting(setting, facts))
    known = {*rule_set.facts, REGION, SWITCHES, STANDARD, ID}
    ignored = sorted(name for name in line if name not in known)
    if ID in line and ID not in rule_set.facts:
        told = {ID: line[ID]} | told
    return told | ({"ignored": ignored} if ignored else {}) | ({"unusable": unusable} if unusable else {})


def _fact(rule_set: RuleSet, name: str, value: object) -> Fact:
    """A fact of its declared type, or None. JSON knows no whole numbers: 3.0 is one, 3.5 is none."""
    if rule_set.facts[name].type == "yesno":
        return value if isinstance(value, bool) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
