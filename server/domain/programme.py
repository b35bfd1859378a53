"""Who is in a programme on a day: communes and villages that entered it, left it, or passed their place on.

What the register says of an area (Listing) and what became of the area in the tree together give its memberships. A
unit is in from the day of its entry until the day its exit takes effect; that day it is out. A unit that was merged is
no exit: whatever it went into has its place from then on, unless that has one already. A village is in by itself only
while its commune is not: when the commune comes in, the village's place goes over into the commune's. So on every day
and at each level: entered − exited − merged + inherited = remaining.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from server.domain.areas import AreaChange

COMMUNE, VILLAGE = "commune", "village"
LEVELS = (COMMUNE, VILLAGE)
BASES = ("kv_iii", "border", "atk", "dbkk_village")
"""Why a unit is in: a commune of area III, of the border, of the safety zone; a village in special difficulty."""
RECOGNISED, MERGED, STRUCK = "recognised", "merged", "struck"
EXITS = (RECOGNISED, MERGED, STRUCK)
"""How it ends: recognised as having finished; merged into others; taken off the list without having finished."""
ENTERED, INHERITED = "entered", "inherited"
SOURCED = ("verified", "recalled", "synthetic")
"""How well a row is known: read in its source, remembered, made up for demonstration."""

Parent = Callable[[str, date], str | None]
"""What an area lies right below on a day."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the register says of an area. `entered_on` None: its place is one that it inherited. `into`: own ids of what
    a merged unit went into; empty where the tree says so."""

    area_id: str
    level: str
    entered_on: date | None = None
    exit_kind: str | None = None
    exited_on: date | None = None
    into: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """A unit's time in a programme, from `since` up to, not including, `until` (None: open). `came`: entered or
    inherited, then `sources` are the areas it has it from. `ended`: one of EXITS, `into` where merged."""

    area_id: str
    level: str
    since: date
    came: str = ENTERED
    sources: tuple[str, ...] = ()
    until: date | None = None
    ended: str | None = None
    into: tuple[str, ...] = ()

    def holds_on(self, day: date) -> bool:
        """Whether the unit is in the programme on that day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Movement:
    """How the number of units of a level on a day comes about."""

    entered: int
    exited: int
    merged: int
    inherited: int

    @property
    def remaining(self) -> int:
        """What must be left."""
        return self.entered - self.exited - self.merged + self.inherited


@dataclass
class _Book:
    """Memberships while the days go by: those that are open by (level, area), and those that are over."""

    parent: Parent
    open: dict[tuple[str, str], Membership] = field(default_factory=dict)
    over: list[Membership] = field(default_factory=list)

    def end(self, level: str, area_id: str, day: date, how: tuple[str, tuple[str, ...]]) -> None:
        """Ends a place; what lasted no day at all was never one, but for the count it came and went."""
        held = self.open.pop((level, area_id), None)
        if held is not None:
            self.over.append(replace(held, until=day, ended=how[0], into=how[1]))

    def begin(self, level: str, area_id: str, day: date, came: str, sources: tuple[str, ...] = ()) -> None:
        """Gives a place to a unit that has none; one that has one and inherits another names both sources."""
        held = self.open.get((level, area_id))
        if held is None:
            self.open[level, area_id] = Membership(area_id, level, day, came, sources)
        elif sources and held.came == INHERITED:
            self.open[level, area_id] = replace(held, sources=tuple(dict.fromkeys((*held.sources, *sources))))

    def pass_on(self, area_id: str, heirs: Sequence[str], day: date) -> None:
        """A unit went into others: they have its place, at its own level."""
        for level in LEVELS:
            if (level, area_id) in self.open:
                self.end(level, area_id, day, (MERGED, tuple(heirs)))
                for heir in heirs:
                    self.begin(level, heir, day, INHERITED, (area_id,))

    def absorb(self, day: date) -> None:
        """Villages whose commune is in go over into it."""
        for level, area_id in list(self.open):
            above = self.parent(area_id, day) if level == VILLAGE else None
            if above is not None and (COMMUNE, above) in self.open:
                self.end(level, area_id, day, (MERGED, (above,)))


def list_memberships(
    listings: Iterable[Listing], changes: Iterable[AreaChange], parent: Parent, moves: Iterable[date] = ()
) -> list[Membership]:
    """Every membership there ever was, by the day it began, then by area. `changes`: what became of areas; `moves`:
    further days on which an area came to lie elsewhere. The same in whatever order the listings come."""
    rows = sorted(listings, key=lambda each: (each.area_id, each.level))
    steps = list(_transfers(rows, changes))
    days = {day for each in rows for day in (each.entered_on, each.exited_on) if day is not None}
    book = _Book(parent)
    for day in sorted({*days, *(when for when, _, _ in steps), *moves}):
        for each in rows:
            if each.exited_on == day and each.exit_kind in (RECOGNISED, STRUCK):
                book.end(each.level, each.area_id, day, (str(each.exit_kind), ()))
        for when, area_id, heirs in steps:
            if when == day:
                book.pass_on(area_id, heirs, day)
        for each in rows:
            if each.entered_on == day:
                book.begin(each.level, each.area_id, day, ENTERED)
        book.absorb(day)
    return sorted((*book.over, *book.open.values()), key=lambda each: (each.since, each.level, each.area_id))


def _transfers(rows: Sequence[Listing], changes: Iterable[AreaChange]) -> Iterator[tuple[date, str, tuple[str, ...]]]:
    """(day, area, heirs): what the register says was merged, and what the tree says went wholly into others."""
    told = {(each.area_id, each.exited_on) for each in rows if each.exit_kind == MERGED and each.into}
    for each in rows:
        if each.exit_kind == MERGED and each.exited_on is not None and each.into:
            yield each.exited_on, each.area_id, each.into
    steps: dict[tuple[date, str], list[AreaChange]] = defaultdict(list)
    for change in changes:
        steps[change.date, change.from_area].append(change)
    for (day, area_id), some in sorted(steps.items()):
        heirs = heirs_of(area_id, some)
        if heirs and (area_id, day) not in told:
            yield day, area_id, heirs


def heirs_of(area_id: str, changes: Sequence[AreaChange]) -> tuple[str, ...]:
    """Who has the place of an area after what became of it on one day: what it went into whole, else what most of it
    went into, else each of its parts. Nobody, where the area itself is still there."""
    targets = {change.to_area: change.extent for change in changes}
    if area_id in targets:
        return ()
    for extent in ("whole", "part_main"):
        found = tuple(sorted(target for target, own in targets.items() if own == extent))
        if found:
            return found
    # a part went over; whether the rest is still there, the tree says by ending it: several parts are a split
    return tuple(sorted(targets)) if any(change.kind == "split" for change in changes) and len(targets) > 1 else ()


def remaining(memberships: Iterable[Membership], level: str, on: date) -> list[Membership]:
    """The units of a level that are in the programme on a day."""
    return [each for each in memberships if each.level == level and each.holds_on(on)]


def count_movement(memberships: Iterable[Membership], level: str, on: date) -> Movement:
    """How many came and went up to and including a day."""
    own = [each for each in memberships if each.level == level and each.since <= on]
    gone = [each for each in own if each.until is not None and each.until <= on]
    return Movement(
        entered=sum(each.came == ENTERED for each in own),
        exited=sum(each.ended in (RECOGNISED, STRUCK) for each in gone),
        merged=sum(each.ended == MERGED for each in gone),
        inherited=sum(each.came == INHERITED for each in own),
    )


def list_steps(memberships: Sequence[Membership]) -> list[tuple[date, Mapping[str, int]]]:
    """On each day on which something changed, how many units of each level are in: what a curve is drawn from."""
    days = sorted({day for each in memberships for day in (each.since, each.until) if day is not None})
    return [(day, {level: len(remaining(memberships, level, day)) for level in LEVELS}) for day in days]
