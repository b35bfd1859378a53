"""Rounds: dated review campaigns, and the decision to which of them a submission belongs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Round:
    """A campaign named by `slug` (the value in the form's list of rounds). Facts speak of the day `cutoff`, as of which
    areas and rules are taken; work goes on from `starts_on` up to and including `ends_on`."""

    slug: str
    name_vi: str
    name_en: str
    cutoff: date
    starts_on: date
    ends_on: date

    def contains(self, day: date) -> bool:
        """Whether the day lies in its window."""
        return self.starts_on <= day <= self.ends_on


def round_for(rounds: Iterable[Round], slug: str | None, day: date | None) -> Round | None:
    """The round of a submission: the one it names; else the one whose window contains its cut-off date `day` (of
    several the one whose own cut-off is nearest, then the later one); else none. A name nobody knows is as none."""
    known = tuple(rounds)
    for one in known:
        if slug is not None and one.slug == slug:
            return one
    if day is None:
        return None
    fitting = [one for one in known if one.contains(day)]
    nearest = sorted(fitting, key=lambda one: (abs((one.cutoff - day).days), -one.cutoff.toordinal(), one.slug))
    return nearest[0] if nearest else None
