"""Areas as dated data: what a unit was called, coded and part of on a day, and what became of it.

An area has an id of ours for ever. Official codes are not keys: after the reform of 1 July 2025 many are the codes of
other communes than before. All periods run from `valid_from` up to, not including, `valid_to`; None is open.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

KINDS = ("province", "district", "commune", "ward", "town", "special_zone", "village")
"""Kinds of units that Việt Nam's law speaks of, from the top; a tree may hold any other words. Districts exist for
dates before 2025-07-01 only; special zones (đặc khu) since then."""
COMMUNE_KINDS = ("commune", "ward", "town", "special_zone")
"""The kinds that Việt Nam's law has right above villages."""
EXTENTS = ("whole", "part_main", "part")
"""How much of an area went over: all of it; the part that most of it is; another part."""
CHANGES = ("merged", "split", "renamed", "moved")
"""What became of an area: it went into another; parts of it into several; it has another name; it lies elsewhere."""
STATUSES = ("verified", "partly_read", "recalled", "not_found", "synthetic", "unverified", "derived")
"""How well a thing is known: read in the text named, in a part of it, remembered, looked for in vain, made up; taken
from a source that nobody here compared with the decree; concluded from what became of the area above."""
FLAGS = ("border", "atk", "minority_mountainous", "region")
"""What the law asks of an area's place: border commune, safe zone (ATK), ethnic-minority and mountainous, and the
region that an exception is made for."""
_PREFIXES = {
    "tỉnh": "province",
    "huyện": "district",
    "quận": "district",
    "thị xã": "district",
    "thị trấn": "town",
    "phường": "ward",
    "xã": "commune",
    "đặc khu": "special_zone",
    "thôn": "village",
    "bản": "village",
}

_TONES = {"\u0300": "1", "\u0301": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}


@dataclass(frozen=True)
class Area:
    """Any unit of the tree, by its id (a UUID v4 as text)."""

    id: str


@dataclass(frozen=True)
class AreaVersion:
    """What an area was from `valid_from` on: `status` says how well that is known (verified, recalled, …), `source`
    by what."""

    area_id: str
    name: str
    code: str | None
    kind: str
    parent_id: str | None
    valid_from: date | None
    valid_to: date | None
    source: str
    status: str
    flags: Mapping[str, Any] | None = field(default=None, hash=False)

    def holds_on(self, day: date) -> bool:
        """Whether this version holds on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class AreaChange:
    """From `date` on, the whole or a part (`extent`) of one area is in another, by a decree. `kind` is one of
    `CHANGES`; an area that was renamed or moved may be its own successor."""

    from_area: str
    to_area: str
    date: date
    extent: str
    decree: str | None
    status: str
    kind: str = "merged"
    source: str | None = None


@dataclass(frozen=True)
class Hierarchy:
    """The tree as it stood on one day: versions by area id, and the ids of the children by parent id."""

    versions: Mapping[str, AreaVersion]
    children: Mapping[str, tuple[str, ...]]

    def ancestors(self, area_id: str) -> tuple[str, ...]:
        """The ids above an area, nearest first; empty for the top, and for an area that was not there that day."""
        found: list[str] = []
        version = self.versions.get(area_id)
        while version is not None and version.parent_id is not None and version.parent_id not in (area_id, *found):
            found.append(version.parent_id)
            version = self.versions.get(version.parent_id)
        return tuple(found)

    def path(self, area_id: str) -> tuple[str, ...]:
        """The area itself and what is above it, nearest first: what a grant is compared with."""
        return (area_id, *self.ancestors(area_id))

    def subtree(self, area_id: str) -> frozenset[str]:
        """The ids of the area and of everything below it."""
        found: set[str] = set()
        waiting = [area_id]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self.children.get(one, ()))
        return frozenset(found)


def hierarchy_on(versions: Iterable[AreaVersion], day: date) -> Hierarchy:
    """The tree on a day. Where two versions of one area hold (they should not), the one that began later counts."""
    holding: dict[str, AreaVersion] = {}
    for version in versions:
        other = holding.get(version.area_id)
        if version.holds_on(day) and (other is None or _began(other) <= _began(version)):
            holding[version.area_id] = version
    children: dict[str, list[AreaVersion]] = {}
    for version in holding.values():
        if version.parent_id is not None:
            children.setdefault(version.parent_id, []).append(version)
    ordered = {
        parent: tuple(
            child.area_id for child in sorted(below, key=lambda child: (match_key(child.name), child.area_id))
        )
        for parent, below in children.items()
    }
    return Hierarchy(holding, ordered)


def version_on(versions: Iterable[AreaVersion], day: date) -> AreaVersion | None:
    """Of the versions of one area the one that holds on that day."""
    holding = [version for version in versions if version.holds_on(day)]
    return max(holding, key=_began) if holding else None


def children_on(versions: Iterable[AreaVersion], parent_id: str, day: date) -> tuple[AreaVersion, ...]:
    """What lay directly below an area on that day, by name."""
    tree = hierarchy_on(versions, day)
    return tuple(tree.versions[child] for child in tree.children.get(parent_id, ()))


def ancestors_on(versions: Iterable[AreaVersion], area_id: str, day: date) -> tuple[AreaVersion, ...]:
    """What lay above an area on that day, nearest first."""
    tree = hierarchy_on(versions, day)
    return tuple(tree.versions[parent] for parent in tree.ancestors(area_id) if parent in tree.versions)


def subtree_on(versions: Iterable[AreaVersion], area_id: str, day: date) -> frozenset[str]:
    """The ids of the area and of all below it on that day."""
    return hierarchy_on(versions, day).subtree(area_id)


def list_successors(changes: Iterable[AreaChange], area_id: str, since: date, until: date) -> dict[str, str]:
    """Where an area of the day `since` is on the day `until`: ids with the extent, "whole" or "part". A part of a whole
    and the whole of a part are parts. The area itself, whole, where nothing changed."""
    steps = sorted((change for change in changes if since < change.date <= until), key=lambda change: change.date)
    found = {area_id: "whole"}
    for day in sorted({change.date for change in steps}):
        after: dict[str, str] = {}
        for place, extent in found.items():
            moved = [change for change in steps if change.date == day and change.from_area == place]
            targets = {change.to_area: change.extent for change in moved} or {place: "whole"}
            for target, part in targets.items():
                whole = extent == "whole" and part == "whole"
                after[target] = "whole" if whole or after.get(target) == "whole" else "part"
        found = after
    return found


def match_key(name: str) -> str:
    """A key under which two spellings of one name meet: letter case, spaces and hyphens, Unicode form, and the place of
    the tone mark (Hòa and Hoà) make no difference; the tone itself does. For comparing only, never for showing."""
    words = []
    for word in unicodedata.normalize("NFC", name).casefold().replace("-", " ").replace("–", " ").split():
        letters = unicodedata.normalize("NFD", word)
        tones = "".join(_TONES[letter] for letter in letters if letter in _TONES)
        words.append("".join(letter for letter in letters if letter not in _TONES) + tones)
    return " ".join(words)


def kind_of_name(name: str) -> str | None:
    """The kind that a Vietnamese name begins with (Xã, Phường, Đặc khu …); None where it says nothing. A "Thành phố"
    may be a province or a district, so that it says nothing either."""
    words = unicodedata.normalize("NFC", name).casefold()
    return next((kind for prefix, kind in _PREFIXES.items() if words.startswith(f"{prefix} ")), None)


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are of the same name."""
    return match_key(one) == match_key(other)


def _began(version: AreaVersion) -> date:
    return version.valid_from or date.min
