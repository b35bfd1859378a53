"""Tables whose rows come from units, some at a time: the villages or communes of a round, with where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.domain.areas import COMMUNE_KINDS
from server.domain.roles import ALL, Scope
from server.exports.sheets import Column, Said, Sheet, Value, Word
from server.services.verdicts import KINDS
from server.storage.area_views import list_these
from server.storage.areas import AreaView
from server.storage.projects import ProjectView
from server.storage.reach import list_below
from server.storage.rounds import RoundView
from server.storage.sights import Sought, list_seen_ids

AT_ONCE = 200
"""Units whose rows are made together: so many are in memory, whatever the length of the table."""
Row = Sequence[Value]
Key = tuple[RoundView, str]
"""A unit in a round, by its own id."""


@dataclass(frozen=True)
class Asked:
    """What of a round is wanted: as far as `scope` sees, and of one area (own id) with all below it or of all."""

    project: ProjectView
    round: RoundView
    scope: Scope
    area: AreaView | None = None


@dataclass(frozen=True)
class Listed:
    """A table that can be read whole or in part. `units`: what its rows are made of, in order; `rows_of`: the rows of
    some of them. `at_once`: so many of them make a page."""

    name: str
    title: Said
    columns: Sequence[Column]
    units: Sequence[Any]
    rows_of: Callable[[Sequence[Any]], Iterator[Row]]
    at_once: int = 50

    def sheet(self) -> Sheet:
        """All of it, made while it is read."""
        return Sheet(self.name, self.title, self.columns, self._all())

    def part(self, start: int, stop: int) -> list[Row]:
        """The rows of the units from `start` up to, not including, `stop`."""
        return list(self.rows_of(self.units[start:stop]))

    def _all(self) -> Iterator[Row]:
        for start in range(0, len(self.units), AT_ONCE):
            yield from self.rows_of(self.units[start : start + AT_ONCE])


def units_of(session: Session, asked: Asked, unit: str) -> list[Key]:
    """The villages or communes of a round that are asked for, by commune."""
    round_view = asked.round
    below = asked.area.id if asked.area else None
    sought = Sought(KINDS[unit], asked.scope, below)
    found = list_seen_ids(session, asked.project.id, round_view.cutoff, sought)
    if round_view.areas is not None:
        within = set(session.scalars(list_below(round_view.areas, round_view.cutoff)))
        found = [each for each in found if each in within]
    return [(round_view, each) for each in found]


PLACE_COLUMNS = (
    Column("province", Word("province", "table.place.province")),
    Column("district", Word("district", "table.place.district")),
    Column("commune_code", Word("commune_code", "table.place.commune_code")),
    Column("commune", Word("commune", "table.place.commune")),
)
VILLAGE_COLUMNS = (
    *PLACE_COLUMNS,
    Column("village_code", Word("village_code", "table.place.village_code")),
    Column("village", Word("village", "table.place.village")),
)


@dataclass
class Places:
    """Areas by id with their names as of the day of a round, and of those above, each asked for once."""

    session: Session
    on: date
    _known: dict[str, AreaView] = field(default_factory=dict)

    def list(self, ids: Sequence[str]) -> list[AreaView]:
        """These areas, in this order; one that was not there on the day is left out. They are taken to be in sight."""
        found = list_these(self.session, ALL, self.on, list(ids))
        self._learn({area.parent_id for area in found.values() if area.parent_id})
        return [found[each] for each in ids if each in found]

    def above(self, area: AreaView) -> dict[str, AreaView]:
        """What it lies in and itself, by kind; of communes of every kind as "commune"."""
        path: dict[str, AreaView] = {}
        here: AreaView | None = area
        while here is not None and len(path) < 16:
            path.setdefault("commune" if here.kind in COMMUNE_KINDS else here.kind, here)
            here = self._known.get(here.parent_id or "")
        return path

    def cells(self, area: AreaView) -> Row:
        """What PLACE_COLUMNS say of a commune, VILLAGE_COLUMNS of a village."""
        path = self.above(area)
        names = [path[kind].name if kind in path else None for kind in ("province", "district")]
        commune = path.get("commune")
        own = () if commune is area else (area.code, area.name)
        return (*names, commune.code if commune else None, commune.name if commune else None, *own)

    def _learn(self, wanted: set[str]) -> None:
        while missing := sorted(wanted - self._known.keys()):
            found: dict[str, AreaView] = {}
            for start in range(0, len(missing), 500):
                found |= list_these(self.session, ALL, self.on, missing[start : start + 500])
            self._known |= found
            wanted = {area.parent_id for area in found.values() if area.parent_id} - set(missing)
