"""All of Việt Nam from the PyPI package vietnamadminunits (MIT): 63 provinces with districts and communes as they stood
on 30 June 2025, 34 provinces and 3,321 communes since 1 July 2025, and what became of each.

What it holds was compared with the text of a resolution for Quảng Ninh alone (see docs/areas.md); everything else is
`unverified`. A commune that went whole into one that nothing else went into, code and name the same, is the same area
under another parent; every other unit since 1 July 2025 is a new one, as the resolutions say. Points are the package's
own: centres found by its author, not surveyed.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from server.domain.area_records import AreaRecord, Other
from server.domain.areas import kind_of_name

PACKAGE = "vietnamadminunits"
REFORM = date(2025, 7, 1)
_VERIFIED = {"22": "Nghị quyết 1679/NQ-UBTVQH15 (16/06/2025)"}
"""By province the resolution whose text was read."""

_OLD = """SELECT province, provinceCode, provinceKey, provinceLat, provinceLon, district, districtCode, districtKey,
    districtLat, districtLon, ward, wardCode, wardKey, wardLat, wardLon FROM admin_units_legacy"""
_NEW = """SELECT province, provinceCode, provinceKey, provinceLat, provinceLon, ward, wardCode, wardKey, wardLat,
wardLon FROM admin_units"""


@dataclass(frozen=True)
class _Data:
    """The tables of the package; `provinces` and `communes`: by the key of a unit of today those that it was made of,
    with how much."""

    old: list[sqlite3.Row]
    new: list[sqlite3.Row]
    provinces: Mapping[str, list[str]]
    communes: Mapping[str, list[tuple[str, str]]]
    source: str


def read_records() -> list[AreaRecord]:
    """Every unit, provinces first. Raises LookupError when the package is not installed."""
    data = _read()
    return [*_provinces(data), *_districts(data), *_communes(data)]


def _read() -> _Data:
    # by its files: importing the package loads parsers of addresses that nobody needs here
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise LookupError(PACKAGE) from error
    folder = package.locate_file(f"{PACKAGE}/data")
    with closing(sqlite3.connect(f"file:{folder}/dataset.db?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        old, new = database.execute(_OLD).fetchall(), database.execute(_NEW).fetchall()
    converter = json.loads(Path(f"{folder}/converter_2025.json").read_text(encoding="utf-8"))
    return _Data(old, new, converter["DICT_PROVINCE"], _origins(converter), f"{PACKAGE} {package.version} (MIT)")


def _origins(converter: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for province, communes in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, origins in communes.items():
            found[f"{province}_{commune}"] += [(origin, "whole") for origin in origins]
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for origin, parts in divided.items():
            for part in parts:
                extent = "part_main" if part["isDefaultNewWard"] else "part"
                found[f"{province}_{part['newWardKey']}"].append((origin, extent))
    return found


def _provinces(data: _Data) -> Iterator[AreaRecord]:
    old = {row["provinceKey"]: row for row in data.old}
    new = {row["provinceKey"]: row for row in data.new}
    staying = {
        key for key, origins in data.provinces.items() if origins == [key] and _same(old[key], new[key], "province")
    }
    for key, row in old.items():
        until = None if key in staying else REFORM
        yield AreaRecord(
            0,
            row["province"],
            "province",
            row["provinceCode"],
            valid_to=until,
            source=data.source,
            point=_point(row, "province"),
        )
    for key, row in new.items():
        if key not in staying:
            yield AreaRecord(
                0,
                row["province"],
                "province",
                row["provinceCode"],
                valid_from=REFORM,
                origins=tuple(Other(old[origin]["provinceCode"]) for origin in data.provinces[key]),
                source=data.source,
                point=_point(row, "province"),
            )


def _districts(data: _Data) -> Iterator[AreaRecord]:
    for row in {row["districtCode"]: row for row in data.old}.values():
        yield AreaRecord(
            0,
            row["district"],
            "district",
            row["districtCode"],
            row["provinceCode"],
            valid_to=REFORM,
            source=data.source,
            point=_point(row, "district"),
        )


def _communes(data: _Data) -> Iterator[AreaRecord]:
    # a district without communes goes over itself
    old = {"_".join((row["provinceKey"], row["districtKey"], row["wardKey"] or "")): row for row in data.old}
    destinies: dict[str, int] = defaultdict(int)
    for origins in data.communes.values():
        for origin, _ in origins:
            destinies[origin] += 1
    for row in old.values():
        if row["wardCode"]:
            yield _commune(data, row, row["districtCode"], valid_to=REFORM)
    for row in data.new:
        origins = data.communes[f"{row['provinceKey']}_{row['wardKey']}"]
        first = old[origins[0][0]]
        stays = len(origins) == 1 and destinies[origins[0][0]] == 1 and _same(first, row, "ward")
        told = (
            ()
            if stays
            else tuple(Other(old[key]["wardCode"] or old[key]["districtCode"], extent) for key, extent in origins)
        )
        yield _commune(data, row, row["provinceCode"], valid_from=REFORM, origins=told)


def _commune(data: _Data, row: sqlite3.Row, parent: str, **more: Any) -> AreaRecord:
    decree = _VERIFIED.get(row["provinceCode"]) if more.get("valid_from") else None
    return AreaRecord(
        0,
        row["ward"],
        kind_of_name(row["ward"]) or "commune",
        row["wardCode"],
        parent,
        decree=decree,
        status="verified" if decree else "unverified",
        source=data.source,
        point=_point(row, "ward"),
        **more,
    )


def _same(one: sqlite3.Row, other: sqlite3.Row, level: str) -> bool:
    return bool(one[level] == other[level] and one[f"{level}Code"] == other[f"{level}Code"])


def _point(row: sqlite3.Row, level: str) -> tuple[float, float] | None:
    lon, lat = row[f"{level}Lon"], row[f"{level}Lat"]
    return None if lon is None or lat is None else (lon, lat)
