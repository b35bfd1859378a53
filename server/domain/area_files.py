"""Rows of people's files as records: what the columns are called, and what may stand in them. Described in
docs/areas.md.

Days are calendar days, `2025-07-01` or `01/07/2025`; `valid_to` is the last day on which it holds. A list of others is
`06976 06979:part`: codes, each with `whole` (may be left out), `part_main` or `part`.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from server.domain.area_records import AreaRecord, Clash, FactRecord, Other, RowProblem
from server.domain.areas import EXTENTS, FLAGS, STATUSES
from server.domain.written_days import read_day

AREA_COLUMNS = (
    *("code", "name", "kind", "parent", "valid_from", "valid_to", "from", "into", "was"),
    *("border", "atk", "minority_mountainous", "region", "lat", "lon", "decree", "status", "source", "id", "key"),
)
"""Of a file of areas; `flag.<name>` adds a flag of one's own."""
FACT_COLUMNS = (
    *("area", "fact", "value", "decision_number", "decision_date", "authority"),
    *("valid_from", "valid_to", "status", "source"),
)
"""Of a file of classifications and other decided facts."""
CLASSIFICATIONS = {
    "khu_vuc": "KV I, II, III",
    "dac_biet_kho_khan": "ĐBKK",
    "bien_gioi": "xã biên giới",
    "atk": "xã ATK",
    "xa_dat_ntm": "xã đạt chuẩn NTM",
}
"""The facts that Việt Nam's programme speaks of; a file may name others."""
LONGEST = {"name": 255, "code": 32, "kind": 16, "fact": 64, "decision_number": 128, "authority": 255}
_YES = {"co", "có", "yes", "y", "true", "1", "x"}
_NO = {"khong", "không", "no", "n", "false", "0"}
_UNKNOWN = {"", "khong_ro", "không rõ", "unknown"}
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_YEARS = range(1800, 2200)
_ROMAN = {"i": 1, "ii": 2, "iii": 3}

Row = Mapping[str, str]
Made = TypeVar("Made")


def header_problems(columns: Sequence[str]) -> list[RowProblem]:
    """What is wrong with the first line: columns that nobody knows, or that must be there."""
    facts = is_of_facts(columns)
    known = {*FACT_COLUMNS} if facts else {*AREA_COLUMNS}
    needed = ("area", "fact", "value") if facts else ("name", "kind", "parent")
    odd = [each for each in columns if each and each not in known and (facts or not each.startswith("flag."))]
    missing = [each for each in needed if each not in columns]
    problems = []
    if odd:
        told = {"row": 1, "columns": ", ".join(odd), "known": ", ".join(sorted(known))}
        problems.append(RowProblem(1, "area.columns_unknown", told))
    if missing:
        problems.append(RowProblem(1, "area.columns_missing", {"row": 1, "columns": ", ".join(missing)}))
    return problems


def is_of_facts(columns: Iterable[str]) -> bool:
    """Whether a file is one of facts: it has a column `fact`."""
    return "fact" in columns


def read_areas(rows: Iterable[tuple[int, Row]], status: str, source: str) -> tuple[list[AreaRecord], list[RowProblem]]:
    """Records of a file of areas, by line; `status` and `source` of rows that name none."""
    return _read(rows, lambda number, row: _area(number, _filled(row, status, source)))


def read_facts(rows: Iterable[tuple[int, Row]], status: str, source: str) -> tuple[list[FactRecord], list[RowProblem]]:
    """Records of a file of facts."""
    return _read(rows, lambda number, row: _fact(number, _filled(row, status, source)))


def _filled(row: Row, status: str, source: str) -> Row:
    return {**row, "status": row.get("status") or status, "source": row.get("source") or source}


def _read(rows: Iterable[tuple[int, Row]], build: Callable[[int, Row], Made]) -> tuple[list[Made], list[RowProblem]]:
    found: list[Made] = []
    problems: list[RowProblem] = []
    for number, row in rows:
        if not any(row.values()):
            continue
        try:
            if row.get(""):
                raise Clash("area.too_many_cells", value=row[""])
            found.append(build(number, row))
        except Clash as clash:
            told = {"row": number, "name": row.get("name") or row.get("area") or "–", **clash.params}
            problems.append(RowProblem(number, clash.code, told))
    return found, problems


def _area(number: int, row: Row) -> AreaRecord:
    kind = _text(row, "kind", needed=True)
    if not _WORD.fullmatch(kind):
        raise Clash("area.not_a_word", column="kind", value=kind)
    last = _day(row, "valid_to")
    return AreaRecord(
        number,
        _text(row, "name", needed=True),
        kind,
        _text(row, "code") or None,
        _text(row, "parent") or None,
        valid_from=_day(row, "valid_from"),
        valid_to=last and last + timedelta(days=1),
        id=_id(row),
        key=_text(row, "key") or None,
        was=_text(row, "was") or None,
        origins=_others(row, "from"),
        heirs=_others(row, "into"),
        decree=_text(row, "decree") or None,
        status=_status(row),
        source=_text(row, "source"),
        flags=_flags(row),
        point=_point(row),
        synthetic=row.get("status") == "synthetic",
    )


def _fact(number: int, row: Row) -> FactRecord:
    name = _text(row, "fact", needed=True)
    if not _WORD.fullmatch(name):
        raise Clash("area.not_a_word", column="fact", value=name)
    last = _day(row, "valid_to")
    return FactRecord(
        number,
        _text(row, "area", needed=True),
        name,
        _value(row.get("value", "")),
        _text(row, "decision_number") or None,
        _day(row, "decision_date"),
        _text(row, "authority") or None,
        _day(row, "valid_from"),
        last and last + timedelta(days=1),
        _status(row),
        _text(row, "source"),
    )


def _text(row: Row, column: str, needed: bool = False) -> str:
    text = row.get(column, "").strip()
    if needed and not text:
        raise Clash("area.blank", column=column)
    if len(text) > LONGEST.get(column, 1000):
        raise Clash("area.too_long", column=column, most=LONGEST.get(column, 1000))
    if not text.isprintable():
        raise Clash("area.not_printable", column=column)
    return text


def _status(row: Row) -> str:
    status = _text(row, "status")
    if status not in STATUSES:
        raise Clash("area.not_one_of", column="status", value=status, known=", ".join(STATUSES))
    return status


def _day(row: Row, column: str) -> date | None:
    text = _text(row, column)
    if not text:
        return None
    made = read_day(text, _YEARS)
    if made is None:
        raise Clash("area.not_a_day", column=column, value=text)
    return made


def _id(row: Row) -> str | None:
    text = _text(row, "id")
    if not text:
        return None
    try:
        made = UUID(text)
    except ValueError:
        raise Clash("area.not_an_id", value=text) from None
    if made.version != 4 or str(made) != text:
        raise Clash("area.not_an_id", value=text)
    return text


def _others(row: Row, column: str) -> tuple[Other, ...]:
    found = []
    for each in _text(row, column).replace(",", " ").split():
        ref, _, extent = each.partition(":")
        if extent not in ("", *EXTENTS) or not ref:
            raise Clash("area.not_one_of", column=column, value=each, known=", ".join(EXTENTS))
        found.append(Other(ref, extent or "whole"))
    return tuple(found)


def _flags(row: Row) -> dict[str, object] | None:
    found: dict[str, object] = {}
    for column in row:
        name = column.removeprefix("flag.")
        if name not in FLAGS and name == column:
            continue
        text = _text(row, column)
        if text:
            found[name] = text if name == "region" or not _is_yes_or_no(text) else text.casefold() in _YES
            if name in FLAGS and name != "region" and not isinstance(found[name], bool):
                raise Clash("area.not_yes_or_no", column=column, value=text)
    return found or None


def _is_yes_or_no(text: str) -> bool:
    return text.casefold() in _YES | _NO


def _point(row: Row) -> tuple[float, float] | None:
    lon, lat = _number(row, "lon", 180), _number(row, "lat", 90)
    if (lon is None) != (lat is None):
        raise Clash("area.half_a_point")
    return None if lon is None or lat is None else (lon, lat)


def _number(row: Row, column: str, most: float) -> float | None:
    text = _text(row, column).replace(",", ".")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise Clash("area.not_a_number", column=column, value=text, most=most) from None
    if not math.isfinite(number) or abs(number) > most:
        raise Clash("area.not_a_number", column=column, value=text, most=most)
    return number


def _value(text: str) -> bool | int | str | None:
    word = text.strip().casefold()
    if word in _UNKNOWN:
        return None
    if word in _ROMAN:
        return _ROMAN[word]
    if word.isascii() and word.isdecimal() and len(word) < 10:
        return int(word)
    if word in _YES | _NO:
        return word in _YES
    return text.strip()
