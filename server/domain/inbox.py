"""The inbox of who reviews: which submissions wait for an office, in what order, and what changed about a village."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from server.domain.errors import Invalid
from server.domain.review import levels_on, rank_of

KEY_FIGURES = ("ho_ngheo", "ho_can_ngheo", "tong_ho", "ho_dtts")
"""Figures that tell most of a village; they stand before the others of a form, and have a short name of ours."""
MOST_FIGURES = 3
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def reached_before(level: str, day: date) -> tuple[int, ...]:
    """The ranks of offices whose word a submission may have when it waits for this one on that day (0: nobody's); ()
    where the office is no more. `awaited_level` of domain/review.py says the same of one submission."""
    names = [each.name for each in levels_on(day)]
    if level not in names:
        return ()
    place = names.index(level)
    below = rank_of(names[place - 1]) if place else 0
    return tuple(range(below, rank_of(level)))


@dataclass(frozen=True)
class Place:
    """A place in the order of an inbox: after the submission with this weight, round (None: in none), moment and
    number."""

    weight: int
    round_id: int | None
    since: datetime
    submission_id: int

    def write(self) -> str:
        """As it stands in an address."""
        micros = (self.since - _FIRST) // timedelta(microseconds=1)
        return f"{self.weight}-{self.round_id or 0}-{micros}-{self.submission_id}"


def read_place(text: str) -> Place:
    """A place from an address. Raises Invalid for anything that `write` did not make."""
    parts = text.split("-")
    if len(parts) != 4 or not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts):
        raise Invalid("inbox.place", value=text[:80])
    weight, round_id, micros, submission_id = (int(part) for part in parts)
    try:
        since = _FIRST + timedelta(microseconds=micros)
    except OverflowError as error:
        raise Invalid("inbox.place", value=text[:80]) from error
    if submission_id >= 2**63 or round_id >= 2**31 or weight >= 2**15:
        raise Invalid("inbox.place", value=text[:80])
    return Place(weight, round_id or None, since, submission_id)


@dataclass(frozen=True)
class FigureChange:
    """A figure that is another one than in the last round."""

    name: str
    before: int | float
    now: int | float


def changed_figures(
    names: Sequence[str], before: Mapping[str, Any], now: Mapping[str, Any], most: int = MOST_FIGURES
) -> tuple[FigureChange, ...]:
    """What changed of these figures, those that tell most first. `before` and `now`: the answers by name; what either
    does not answer is left out."""
    ranked = sorted(names, key=lambda name: KEY_FIGURES.index(name) if name in KEY_FIGURES else len(KEY_FIGURES))
    found = []
    for name in ranked:
        was, is_now = _number(before.get(name)), _number(now.get(name))
        if was is not None and is_now is not None and was != is_now:
            found.append(FigureChange(name, was, is_now))
    return tuple(found[:most])


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if isinstance(value, Decimal) else value
