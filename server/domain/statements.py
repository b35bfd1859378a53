"""Statements: what a printed page says, in one way of writing it, and how it stands beside what is so now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

FORMAT = 1
"""How the content of a statement is built; a later release may read older ones."""
SHOWN = 16
"""Hex digits of the digest that stand on the paper and on the page that checks it: 64 bits."""
STANDS, FIGURES, STATUS, VERDICT, GONE, NEW = "stands", "figures", "status", "verdict", "gone", "new"
FATES = (STANDS, FIGURES, STATUS, VERDICT, GONE, NEW)
"""What became of a line: as printed; other figures with the same result; more or less provisional; another result; its
rule set no longer counts; a rule set that did not count then."""


def write_content(content: Mapping[str, Any]) -> str:
    """The content as canonical JSON: keys in order, no spaces, text as it is."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_text(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Compared:
    """A line of a statement beside what is so now. `printed` and `now` are lines (see services/statements.py); None:
    it was not there, or is not there any more."""

    fate: str
    printed: Mapping[str, Any] | None
    now: Mapping[str, Any] | None


def compare_lines(printed: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> tuple[Compared, ...]:
    """Each printed line, then those that are new, with what became of it."""
    today = {line["ruleSet"]: line for line in now}
    found = [_compare(line, today.pop(line["ruleSet"], None)) for line in printed]
    return (*found, *(Compared(NEW, None, line) for line in today.values()))


def _compare(printed: Mapping[str, Any], now: Mapping[str, Any] | None) -> Compared:
    if now is None:
        return Compared(GONE, printed, None)
    if (printed["verdict"], printed["class"]) != (now["verdict"], now["class"]):
        return Compared(VERDICT, printed, now)
    if (printed["approved"], printed["verified"]) != (now["approved"], now["verified"]):
        return Compared(STATUS, printed, now)
    same = printed["figures"] == now["figures"] and printed["evidence"] == now["evidence"]
    return Compared(STANDS if same else FIGURES, printed, now)


def still_stands(compared: Sequence[Compared]) -> bool:
    """Whether every result is as printed, and as sure as then."""
    return all(each.fate in (STANDS, FIGURES) for each in compared)
