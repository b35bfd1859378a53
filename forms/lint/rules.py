"""Where the rules of lint are entered, and what they yield.

A rule is a function from a form to remarks. Its code is a message id; its sentence and its remedy ("<code>.remedy")
stand in the catalogues, and docs/lint.md lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from forms.errors import Weight
from forms.lint.subject import Formula
from forms.lint.truth import Truth


@dataclass(frozen=True)
class Remark:
    """What a rule found at one place: a rule of a field, or a choice of a list. ``params``: what its sentence names.

    ``weight``: where it is another than the code's own.
    """

    path: str = ""
    rule: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    language: str = ""
    choice: tuple[str, str] | None = None
    weight: Weight | None = None


Check = Callable[[Truth], Iterator[Remark]]


@dataclass(frozen=True)
class Rule:
    """A code, how much it weighs, and the function that looks for it."""

    code: str
    weight: Weight
    check: Check


RULES: dict[str, Rule] = {}


def rule(code: str, weight: Weight) -> Callable[[Check], Check]:
    """Enter a rule under its code."""

    def enter(check: Check) -> Check:
        RULES[code] = Rule(code, weight, check)
        return check

    return enter


def at(formula: Formula, **params: object) -> Remark:
    """A remark on an expression; its text goes along."""
    said = {"source": shortened(formula.expression.source), **params}
    return Remark(formula.path, formula.rule, said, formula.language)


def shortened(text: str, most: int = 160) -> str:
    """A text as a sentence can hold it."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
