"""What differs between two versions of a form, as a value, and how much it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Weight = Literal["loses answers", "changes meaning", "harmless"]
LOSES: Weight = "loses answers"
MEANING: Weight = "changes meaning"
HARMLESS: Weight = "harmless"
WEIGHTS: tuple[Weight, ...] = (LOSES, MEANING, HARMLESS)

KINDS = (
    "title", "language-added", "language-removed", "entity",
    "added", "removed", "renamed", "moved", "order",
    "type", "control", "repeat-to-group", "group-to-repeat",
    "choice-added", "choice-removed", "choice-renamed", "choice-label",
    "choice-columns", "choice-file", "choice-filter",
    "required", "constraint", "relevance", "calculation", "set-value", "repeat-count", "range",
    "label", "hint", "message", "appearance", "readonly", "default",
)  # fmt: skip
"""Every kind of change; forms/compare.py says what each means."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a new version makes different.

    ``old``, ``new``: paths in the two versions, None where there is none. ``before``, ``after``: what stood there, a
    rule with its fields as ``${name}``. ``likeness``: of a guess, from 0 to 1; None when nothing was guessed.
    """

    kind: str
    old: str | None
    new: str | None
    weight: Weight
    before: str | None = None
    after: str | None = None
    likeness: float | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The change under these names; what is None or empty is left out."""
        said = {name: getattr(self, name) for name in ("kind", "old", "new", "weight", "before", "after", "likeness")}
        shown = {name: value for name, value in said.items() if value is not None}
        return shown | ({"params": dict(self.params)} if self.params else {})
