"""What a check says that looks beyond one sheet: something to look into, with the reason and the values compared.

Never a verdict: nothing is refused, returned or left out because of it. What is compared with what, and from which
difference on it is told, stands in quality_rules.py; those figures are this product's own, not the law's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("identity", "sum", "jump", "outlier", "photo", "outside", "speed", "date", "count")
"""What does not fit: figures that belong together; the commune's sheet and its villages'; two rounds of a village; a
village and its neighbours; a picture that is elsewhere too; a place outside the commune; two places too far apart for
one phone; times and dates; how many sheets there are of something and what the village's sheet says of it."""
REASONS = {
    "at_most": False,
    "movement": False,
    "movement_start": True,
    "movement_end": True,
    "sum": True,
    "sum_already": True,
    "part_of_villages": True,
    "all_have": True,
    "jump_up": True,
    "jump_down": True,
    "lost": True,
    "outlier_high": True,
    "outlier_low": True,
    "photo_twice": False,
    "photo_elsewhere": True,
    "photo_in_many": True,
    "outside": False,
    "speed": True,
    "cutoff": False,
    "clock_ahead": False,
    "before_cutoff": False,
    "photo_old": False,
    "photo_late": False,
    "count": True,
}
"""Every reason, and whether it rests on other sheets than its own."""
SEVERITIES = ("warning", "info")
"""Worth a question before anybody approves; worth knowing. None is an error: a check of this kind never knows."""


@dataclass(frozen=True)
class QualityFinding:
    """One thing found of a sheet. `reason` is the rest of a message id; `own` are values of the sheet itself, `beside`
    those of `others` (submissions by number), shown only to who sees all of these. `about`: what makes it the same
    finding when it is worked out again."""

    kind: str
    severity: str
    reason: str
    own: Mapping[str, Any]
    beside: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[int, ...] = ()
    about: tuple[Any, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Hex; the same for what was found before, another one when what it is about changes."""
        told = json.dumps([self.kind, self.reason, *self.about], ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class Sheet:
    """A submission as checks read it: `values` by the name of the field, wherever its group is."""

    submission_id: int
    form: str
    area_id: str | None
    values: Mapping[str, Any]

    def whole(self, name: str) -> int | None:
        """A count as a whole number, a length in kilometres in metres; None where nobody knows it."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if name.endswith("_km"):
            return round(value * 1000)
        return value if isinstance(value, int) else None

    def text(self, name: str) -> str | None:
        """A text, or the name of a choice."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None


def values_of(answers: Mapping[str, Any] | None) -> dict[str, Any]:
    """The answers of all groups by name, those of repeats left out; of two of one name the first."""
    found: dict[str, Any] = {}
    for name, value in (answers or {}).items():
        below = values_of(value) if isinstance(value, Mapping) and "coordinates" not in value else {name: value}
        found = below | found
    return found
