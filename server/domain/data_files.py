"""The area data shipped with the product, read from its CSV files. What the columns mean: `data/README.md`."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import TypeVar

from server.domain.programme_rows import UnitRecord, read_units

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One unit of the tree. `kind` is one of `areas.KINDS`; `parent_key` is None at the top.

    `status` is verified, partly_read, recalled, not_found or synthetic; `valid_to` is the last day, included.
    """

    key: str
    uuid: str
    name: str
    code: str
    kind: str
    parent_key: str | None
    valid_from: date | None
    valid_to: date | None
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What became of a unit. `date` is the first day of the new state; None and empty texts were not found.

    `extent` is whole, part, or part_main (the part that most of the unit went to).
    """

    from_key: str
    to_key: str
    to_code: str
    to_name: str
    date: date | None
    extent: str
    decree: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact of a commune that the phone does not ask. `value` is True, False, or None where it is not known."""

    commune_key: str
    fact: str
    value: bool | None
    decision_number: str
    decision_date: date | None
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """Something that was looked for and not found, or rests on memory: told to people in `vi` and `en`."""

    id: str
    vi: str
    en: str
    areas: tuple[str, ...]
    status: str


_YES_NO: dict[str, bool | None] = {"co": True, "khong": False, "khong_ro": None}


def list_areas() -> tuple[AreaRow, ...]:
    """The tree of Quảng Ninh on 30 June 2019, parents before their children."""
    return _rows("areas_quang_ninh_2019.csv", _area)


def list_demo_villages() -> tuple[AreaRow, ...]:
    """Villages for demonstration; their `parent_key` is the key of a commune of `list_areas`."""
    return _rows("villages_demo.csv", _area)


def list_changes() -> tuple[ChangeRow, ...]:
    """What became of the units of 2019, oldest change first as far as its date is known."""
    return _rows("area_changes_quang_ninh.csv", _change)


def list_demo_commune_facts() -> tuple[FactRow, ...]:
    """Invented New Countryside attestations of the communes that have demonstration villages."""
    return _rows("commune_facts_demo.csv", _fact)


def list_demo_units() -> tuple[UnitRecord, ...]:
    """The programme register of the demo: how many units, and what is known of two of them, as the press has it; which
    the others are is invented."""
    records, problems = read_units(enumerate(_lines("programme_units_demo.csv"), start=2))
    if problems:
        raise ValueError(f"programme_units_demo.csv: {problems[0]}")
    return tuple(records)


def list_gaps() -> tuple[GapRow, ...]:
    """What this data lacks, for a page that says so."""
    return _rows("gaps.csv", _gap)


def _rows(name: str, build: Callable[[dict[str, str]], Row]) -> tuple[Row, ...]:
    return tuple(build(line) for line in _lines(name))


def _lines(name: str) -> Iterator[dict[str, str]]:
    text = files("server.domain").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _area(line: dict[str, str]) -> AreaRow:
    return AreaRow(
        key=line["key"],
        uuid=line["uuid"],
        name=line["name"],
        code=line["code"],
        kind=line["kind"],
        parent_key=line["parent_key"] or None,
        valid_from=_day(line["valid_from"]),
        valid_to=_day(line["valid_to"]),
        status=line["status"],
        source=line["source"],
    )


def _change(line: dict[str, str]) -> ChangeRow:
    return ChangeRow(
        from_key=line["from_key"],
        to_key=line["to_key"],
        to_code=line["to_code"],
        to_name=line["to_name"],
        date=_day(line["date"]),
        extent=line["extent"],
        decree=line["decree"],
        status=line["status"],
        source=line["source"],
    )


def _fact(line: dict[str, str]) -> FactRow:
    return FactRow(
        commune_key=line["commune_key"],
        fact=line["fact"],
        value=_YES_NO[line["value"]],
        decision_number=line["decision_number"],
        decision_date=_day(line["decision_date"]),
        status=line["status"],
        note=line["note"],
    )


def _gap(line: dict[str, str]) -> GapRow:
    return GapRow(
        id=line["id"], vi=line["vi"], en=line["en"], areas=tuple(line["areas"].split()), status=line["status"]
    )
