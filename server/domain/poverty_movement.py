"""How many households were poor at the start of a period and at its end, and what happened between: who left, who fell
back, who is newly poor. What is not known stays so, and the numbers are held against each other:
start − left + fell back + new = end (QĐ 24/2021/QĐ-TTg, the yearly summary)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.domain.areas import match_key

POOR, NEAR, NEITHER = "poor", "near_poor", "neither"
CLASSES = (POOR, NEAR)
FORM = "household_review"
_END = {"ho_ngheo": POOR, "ho_can_ngheo": NEAR, "khong_ngheo": NEITHER}
_START = {"dang_ngheo": POOR, "dang_can_ngheo": NEAR, "de_nghi": NEITHER}
"""Why a household is reviewed says what it was: it stands on the list, or asked to be looked at and does not."""
BALANCED, BROKEN, OPEN = "balanced", "broken", "open"
CHECKS = (BALANCED, BROKEN, OPEN)


@dataclass(frozen=True, slots=True)
class Household:
    """A household as reviewed. `key`: under which its head's name meets other spellings (None: nobody named); classes
    are of POOR, NEAR, NEITHER, or None where they are not known."""

    key: str | None
    start: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class Movement:
    """The households of one class in a period. `risen`: fell back or newly poor, and nobody can say which; `unclear`:
    reviewed households of which it is not known whether they moved. None: not known."""

    start: int | None = None
    left: int | None = None
    back: int | None = None
    new: int | None = None
    risen: int | None = None
    unclear: int | None = None
    end: int | None = None

    @property
    def difference(self) -> int | None:
        """By how many the end is not what the rest comes to; None while something is not known."""
        parts = (self.start, self.left, self.back, self.new, self.risen, self.end)
        if self.unclear or any(part is None for part in parts):
            return None
        start, left, back, new, risen, end = (part or 0 for part in parts)
        return end - (start - left + back + new + risen)

    @property
    def check(self) -> str:
        """One of CHECKS: it comes out, it does not, it cannot be told yet."""
        found = self.difference
        return OPEN if found is None else BALANCED if found == 0 else BROKEN


def read_household(answers: Mapping[str, Any]) -> Household:
    """A household from the answers of its sheet (forms/library/household_review.md). Who did not agree is nobody."""
    asked = answers.get("ho")
    own: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {}
    name = own.get("chu_ho")
    key = match_key(name) if isinstance(name, str) and name.strip() else None
    return Household(key, _START.get(str(own.get("ly_do"))), _END.get(str(answers.get("hang_ho"))))


def moved(
    klass: str, households: Collection[Household], earlier: Collection[Household], counts: tuple[int | None, int | None]
) -> Movement:
    """What became of a class. `earlier`: the households of all earlier rounds of the same villages, the latest round
    first; `counts`: what the villages counted at the start and at the end."""
    start, end = counts
    if not households:
        return Movement(start=start, end=end)
    last, ever = _last_of(earlier), _ever(klass, earlier)
    left = back = new = risen = unclear = 0
    for one in households:
        before = one.start or last.get(one.key or "")
        if before is None or one.end is None:
            unclear += 1
        elif before == klass and one.end != klass:
            left += 1
        elif before != klass and one.end == klass:
            if one.key in ever:
                back += 1
            elif earlier:
                new += 1
            else:
                risen += 1
    return Movement(start, left, back, new, risen, unclear, end)


def add_up(movements: Iterable[Movement]) -> Movement:
    """The sum over villages; what one of them does not know the sum does not know."""
    every = list(movements)
    names = ("start", "left", "back", "new", "risen", "unclear", "end")
    return Movement(**{name: _sum([getattr(each, name) for each in every]) for name in names})


def _sum(parts: Collection[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _last_of(earlier: Iterable[Household]) -> dict[str, str | None]:
    """By name the class at the end of the latest earlier round; of two of one name nothing is known."""
    every = [one for one in earlier if one.key]
    times = Counter(one.key for one in every)
    return {one.key: one.end for one in every if one.key and times[one.key] == 1}


def _ever(klass: str, earlier: Iterable[Household]) -> frozenset[str | None]:
    return frozenset(one.key for one in earlier if one.key and klass in (one.start, one.end))
