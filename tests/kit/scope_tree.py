"""Where an area lies on a day, worked out by hand from what is written of it: nothing of the product's own is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Version:
    """What an area was from `since` up to, not including, `until`."""

    name: str
    code: str
    kind: str
    parent: str | None
    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether it was so on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Change:
    """One area went into another, whole or in part."""

    source: str
    heir: str
    day: date
    extent: str


class Tree:
    """All areas with all that they were, and what became of them."""

    def __init__(self, versions: Mapping[str, Sequence[Version]], changes: Sequence[Change]) -> None:
        self.versions = versions
        self.changes = changes

    def version(self, area: str, day: date) -> Version | None:
        """What an area was on a day; None when it was not there."""
        return next((each for each in self.versions.get(area, ()) if each.holds(day)), None)

    def places(self, area: str, day: date) -> frozenset[str]:
        """In what an area lies on a day: itself while it is there, and what is above. One that ended lies in what it
        went into whole, and in what it lay in last; it holds nothing any more."""
        now = self.version(area, day)
        if now is not None:
            return frozenset({area}) | (self.places(now.parent, day) if now.parent else frozenset())
        over = [each for each in self.versions.get(area, ()) if each.until is not None and each.until <= day]
        if not over:
            return frozenset()
        last = max(over, key=lambda each: each.until or date.min)
        found = self.places(last.parent, day) if last.parent else frozenset()
        for change in self.changes:
            began = last.since or date.min
            if change.source == area and change.extent == "whole" and began < change.day <= day:
                found |= self.places(change.heir, day)
        return found

    def ever_above(self, area: str) -> frozenset[str]:
        """The area, all it ever lies in, and all that any of these went into."""
        found: set[str] = set()
        waiting = [area]
        while waiting:
            one = waiting.pop()
            if one in found:
                continue
            found.add(one)
            waiting += [each.parent for each in self.versions.get(one, ()) if each.parent]
            waiting += [change.heir for change in self.changes if change.source == one]
        return frozenset(found)
