"""Which area lies in which, and when: worked out of dated versions and of what became of areas that ended.

What somebody may see is asked as of today, of things that may be years old. So an area is somewhere for ever: while it
is in being, in what its version names; once it ended, in the area that it went into whole, and in what it lay in last,
so that a province keeps what was written of its districts, and a merged commune's papers come to its successor. An area
that went over in parts comes to nobody but to what it lay in. An ended area holds nothing any more: what lay in it has
gone on, and a grant in it reaches nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.domain.areas import AreaChange, AreaVersion

FIRST = date.min
LAST = date.max
"""The first and the last day there is: what an open end stands for."""


@dataclass(frozen=True, slots=True)
class Within:
    """`descendant_id` lies in `ancestor_id`, or is it (`distance` 0), from `valid_from` up to, not including,
    `valid_to`. `distance`: steps upwards, the least there were in that time."""

    ancestor_id: str
    descendant_id: str
    valid_from: date
    valid_to: date
    distance: int


@dataclass(frozen=True, slots=True)
class _Stay:
    """From `since` up to `until` an area lies in `path`: itself while it is in being, then what is above, nearest
    first."""

    since: date
    until: date
    path: tuple[str, ...]


class Tree:
    """All versions of all areas and what became of them, to be asked where an area lies at any time."""

    def __init__(self, versions: Iterable[AreaVersion], changes: Iterable[AreaChange]) -> None:
        self._versions: dict[str, list[AreaVersion]] = defaultdict(list)
        self._children: dict[str, set[str]] = defaultdict(set)
        self._successors: dict[str, list[AreaChange]] = defaultdict(list)
        self._heirs_of: dict[str, set[str]] = defaultdict(set)
        self._known: dict[str, tuple[_Stay, ...]] = {}
        for version in versions:
            self._versions[version.area_id].append(version)
            if version.parent_id is not None:
                self._children[version.parent_id].add(version.area_id)
        for own in self._versions.values():
            own.sort(key=lambda version: version.valid_from or FIRST)
        for change in changes:
            if change.extent == "whole" and change.from_area != change.to_area:
                self._successors[change.from_area].append(change)
                self._heirs_of[change.to_area].add(change.from_area)

    def rows(self, area_ids: Iterable[str] | None = None) -> list[Within]:
        """A row for each pair and time, of all areas or of these."""
        found: list[Within] = []
        for area_id in self._downwards() if area_ids is None else area_ids:
            found += _merged(area_id, self._stays(area_id, ()))
        return found

    def _downwards(self) -> dict[str, None]:
        # parents before their children: what is known of a parent is not worked out again for each child
        ordered: dict[str, None] = {}
        waiting = [area_id for area_id, own in self._versions.items() if any(each.parent_id is None for each in own)]
        for area_id in (*waiting, *self._versions):
            storey = [area_id]
            while storey:
                fresh = [each for each in storey if each in self._versions and each not in ordered]
                ordered |= dict.fromkeys(fresh)
                storey = [child for each in fresh for child in sorted(self._children.get(each, ()))]
        return ordered

    def touched_by(self, area_ids: Iterable[str]) -> frozenset[str]:
        """These areas and all whose place hangs on theirs: what lay or lies below them, and what went into them."""
        found: set[str] = set()
        waiting = list(area_ids)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self._children.get(one, ()))
                waiting.extend(self._heirs_of.get(one, ()))
        return frozenset(found)

    def _stays(self, area_id: str, asked: tuple[str, ...]) -> tuple[_Stay, ...]:
        known = self._known.get(area_id)
        if known is not None:
            return known
        if area_id in asked:  # a circle that nobody should have written: it ends here
            return ()
        above = (*asked, area_id)
        stays: list[_Stay] = []
        reached = None
        for version in self._versions.get(area_id, ()):
            since, until = version.valid_from or FIRST, version.valid_to or LAST
            if reached is not None and reached < since:
                stays += self._afterwards(area_id, reached, since, above)
            since = since if reached is None else max(since, reached)
            if since < until:
                stays += self._above(version.parent_id, (area_id,), (since, until), above)
                reached = until
        if reached is not None and reached < LAST:
            stays += self._afterwards(area_id, reached, LAST, above)
        if not asked:
            self._known[area_id] = tuple(stays)
        return tuple(stays)

    def _above(
        self, parent_id: str | None, own: tuple[str, ...], time: tuple[date, date], asked: tuple[str, ...]
    ) -> list[_Stay]:
        """Where what lies in a parent is in that time; where the parent is not known, in itself alone."""
        since, until = time
        stays: list[_Stay] = []
        reached = since
        for stay in self._stays(parent_id, asked) if parent_id is not None else ():
            begin, end = max(since, stay.since), min(until, stay.until)
            if begin < end:
                if reached < begin and own:
                    stays.append(_Stay(reached, begin, own))
                stays.append(_Stay(begin, end, (*own, *(above for above in stay.path if above not in own))))
                reached = end
        if reached < until and own:
            stays.append(_Stay(reached, until, own))
        return stays

    def _afterwards(self, area_id: str, since: date, until: date, asked: tuple[str, ...]) -> list[_Stay]:
        """Where an area that ended is kept: in its whole successor, and in what it lay in last."""
        last = max(
            (version for version in self._versions[area_id] if (version.valid_to or LAST) <= since),
            key=lambda version: version.valid_to or LAST,
        )
        heirs = [
            change.to_area
            for change in self._successors.get(area_id, ())
            if change.date <= since and (last.valid_from or FIRST) < change.date
        ]
        stays: list[_Stay] = []
        for place in (*heirs, last.parent_id):
            stays += self._above(place, (), (since, until), asked)
        return stays


def _merged(area_id: str, stays: Sequence[_Stay]) -> list[Within]:
    """One row for each time without a break that an area lies in another."""
    times: dict[str, list[tuple[date, date, int]]] = defaultdict(list)
    for stay in stays:
        offset = 0 if stay.path[:1] == (area_id,) else 1
        for distance, ancestor in enumerate(stay.path, start=offset):
            times[ancestor].append((stay.since, stay.until, distance))
    found = []
    for ancestor, spans in times.items():
        spans.sort()
        since, until, distance = spans[0]
        for begin, end, steps in spans[1:]:
            if begin <= until:
                until, distance = max(until, end), min(distance, steps)
            else:
                found.append(Within(ancestor, area_id, since, until, distance))
                since, until, distance = begin, end, steps
        found.append(Within(ancestor, area_id, since, until, distance))
    return found


def paths_on(rows: Iterable[Within], day: date) -> Mapping[str, tuple[str, ...]]:
    """What each area lies in on a day, itself first, then nearest first."""
    above: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        if row.valid_from <= day < row.valid_to:
            above[row.descendant_id].append((row.distance, row.ancestor_id))
    return {area_id: tuple(ancestor for _, ancestor in sorted(found)) for area_id, found in above.items()}
