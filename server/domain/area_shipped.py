"""The area data that ships with the product, as records: the tree of 2019 with what became of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from server.domain.area_records import AreaRecord, Other
from server.domain.areas import kind_of_name, match_key
from server.domain.data_files import AreaRow, ChangeRow

DISTRICT_CODE_LENGTH = 3
TOP = "qn"
ENDING = ("whole", "part_main")
"""What ends a unit; a smaller part that goes over leaves it."""


def shipped_records(areas: Sequence[AreaRow], changes: Sequence[ChangeRow]) -> list[AreaRecord]:
    """Records of the units and of those that changes lead to. Days in the files are the last ones; here a version holds
    up to, not including, `valid_to`. A unit that went whole into one of the same code and name, which nothing else went
    into, is the same unit in another place."""
    return list(_Shipped(areas, changes).records())


@dataclass(frozen=True)
class _Dated:
    """A change whose day is known, between units (`origin`, `heir`: keys of the file's units, one for the same
    unit)."""

    row: ChangeRow
    on: date
    origin: str
    heir: str


class _Shipped:
    def __init__(self, areas: Sequence[AreaRow], changes: Sequence[ChangeRow]) -> None:
        self._areas = {area.key: area for area in areas}
        dated = sorted(((change.date, change) for change in changes if change.date), key=lambda each: each[0])
        same = self._same([change for _, change in dated])
        self._changes = [
            _Dated(change, day, same.get(change.from_key, change.from_key), same.get(change.to_key, change.to_key))
            for day, change in dated
        ]

    def records(self) -> Iterator[AreaRecord]:
        """Those of the tree, then those of successors."""
        for area in self._areas.values():
            yield from self._lives(area.key, _first(area))
        later = dict.fromkeys(each.heir for each in self._changes if each.heir and each.heir not in self._areas)
        for key in later:
            yield from self._lives(key, self._successor(key))

    def _same(self, changes: Sequence[ChangeRow]) -> dict[str, str]:
        into = Counter(change.to_key for change in changes)
        outof = Counter((change.from_key, change.date) for change in changes)
        named = {area.key: (area.code, match_key(area.name)) for area in self._areas.values()}
        same: dict[str, str] = {}
        for change in changes:
            is_new = change.to_key and change.to_key not in named
            if is_new:
                named[change.to_key] = (change.to_code, match_key(change.to_name))
            alone = into[change.to_key] == 1 and outof[change.from_key, change.date] == 1 and change.extent == "whole"
            if is_new and alone and named.get(change.from_key) == named[change.to_key]:
                same[change.to_key] = same.get(change.from_key, change.from_key)
        return same

    def _lives(self, key: str, record: AreaRecord) -> Iterator[AreaRecord]:
        """A unit from its first record to its end."""
        leaving = [each for each in self._changes if each.origin == key != each.heir]
        for step in (each for each in self._changes if each.origin == key == each.heir):
            yield replace(record, valid_to=step.on)
            parent = record.parent if step.row.to_key == step.row.from_key else self._parent(step.row.to_key)
            record = replace(
                record,
                name=step.row.to_name,
                kind=kind_of_name(step.row.to_name) or record.kind,
                parent=parent,
                valid_from=step.on,
                origins=(),
                decree=step.row.decree or None,
                status=step.row.status,
                source=step.row.source,
            )
        end = next((each.on for each in leaving if each.row.extent in ENDING), record.valid_to)
        into = [each for each in leaving if each.heir in self._areas and each.on == end]
        heirs = tuple(Other(each.heir, each.row.extent) for each in into)
        decree = (into[0].row.decree or None) if into else record.decree
        yield replace(record, valid_to=end, heirs=heirs, decree=decree)

    def _successor(self, key: str) -> AreaRecord:
        into = [each for each in self._changes if each.heir == key]
        change = into[0].row
        kind = "district" if len(change.to_code) == DISTRICT_CODE_LENGTH else kind_of_name(change.to_name)
        return AreaRecord(
            0,
            change.to_name,
            kind or "commune",
            change.to_code or None,
            self._parent(key),
            valid_from=into[0].on,
            key=key,
            origins=tuple(Other(each.origin, each.row.extent) for each in into),
            decree=change.decree or None,
            status=change.status,
            source=change.source,
        )

    def _parent(self, key: str) -> str:
        above = [each for each in self._areas if key.startswith(f"{each}-")]
        return max(above, key=len, default=TOP)


def _first(area: AreaRow) -> AreaRecord:
    return AreaRecord(
        0,
        area.name,
        area.kind,
        area.code or None,
        area.parent_key,
        valid_from=area.valid_from,
        valid_to=area.valid_to + timedelta(days=1) if area.valid_to else None,
        id=area.uuid,
        key=area.key,
        status=area.status,
        source=area.source,
        synthetic=area.status == "synthetic",
    )
