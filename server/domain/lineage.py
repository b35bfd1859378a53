"""Where the villages of one day are on another: followed where they went over whole, and where not, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from server.domain.areas import AreaChange, list_successors

STAYED, RENAMED, MOVED, MERGED, SPLIT, IN_PART, GONE, NEW = (
    "stayed",
    "renamed",
    "moved",
    "merged",
    "split",
    "in_part",
    "gone",
    "new",
)
FOLLOWED = (STAYED, RENAMED, MOVED, MERGED)
"""It is one village on both days: as it was, by another name, elsewhere, or whole in one that others went into too."""
LOST = (SPLIT, IN_PART, GONE, NEW)
"""It has no one village to be held against: several, a part of one, none later, none before."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Where an area is later (None: in no single one), and how it came there: one of FOLLOWED or LOST."""

    area_id: str | None
    how: str


def follow(
    changes: Iterable[AreaChange], area_ids: Collection[str], later: Collection[str], between: tuple[date, date]
) -> dict[str, Followed]:
    """What became of the areas of an earlier day, by id. `later`: those that are there on the later day; `between`: the
    two days, the earlier first."""
    since, until = between
    steps: dict[str, list[AreaChange]] = {}
    for change in changes:
        if since < change.date <= until:
            steps.setdefault(change.from_area, []).append(change)
    into = Counter(to for frm, to in {(each.from_area, each.to_area) for some in steps.values() for each in some})
    into.subtract(Counter(frm for frm, some in steps.items() if any(each.to_area == frm for each in some)))
    there = frozenset(later)
    found = {}
    for area_id in area_ids:
        own = _own_steps(steps, area_id)
        became = list_successors(own, area_id, since, until)
        found[area_id] = _followed(area_id, became, own, there)
    return {area_id: _grown(area_id, one, into) for area_id, one in found.items()}


def _own_steps(steps: dict[str, list[AreaChange]], area_id: str) -> list[AreaChange]:
    """The changes that an area could have gone through, one after the other."""
    found: list[AreaChange] = []
    waiting, seen = [area_id], set[str]()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            found += steps.get(one, ())
            waiting += [change.to_area for change in steps.get(one, ())]
    return found


def _followed(area_id: str, became: dict[str, str], own: list[AreaChange], there: frozenset[str]) -> Followed:
    if list(became.values()) != ["whole"]:
        return Followed(None, SPLIT if len(became) > 1 or any(each.kind == "split" for each in own) else IN_PART)
    (target,) = became
    if target not in there:
        return Followed(None, GONE)
    kinds = {each.kind for each in own}
    if target != area_id:
        return Followed(target, RENAMED if kinds == {"renamed"} else MOVED if kinds <= {"renamed", "moved"} else MERGED)
    return Followed(target, MOVED if "moved" in kinds else RENAMED if "renamed" in kinds else STAYED)


def _grown(area_id: str, one: Followed, into: Counter[str]) -> Followed:
    """A village that others, or parts of them, went into is not what it was."""
    if one.area_id is None or one.how == MERGED:
        return one
    others = into[one.area_id] - (one.area_id != area_id)
    return Followed(one.area_id, MERGED) if others > 0 else one
