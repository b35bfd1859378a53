"""A table of the people of a class, row by row, as it was pasted or comes from a workbook: names of columns in either
language, places by their names, and what cannot be used and why."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.domain.area_records import RowProblem
from server.domain.areas import match_key
from server.domain.resemblance import fold
from server.domain.training import AUDIENCES, ETHNICITIES, MEN, UNKNOWN, WOMEN, Trainee

COLUMNS = (
    "name",
    "birth_year",
    "sex",
    "ethnicity",
    "audience",
    "commune",
    "village",
    "represents",
    "household",
    "days",
)
"""In the order of the sign-in sheet, by which a table without a first line is read."""
MOST_ROWS, LONGEST_NAME = 2_000, 255
YEARS = range(1900, 2101)
MOST_HOUSEHOLDS, MOST_DAYS = 1500, 366
Row = Mapping[str, str]

_COLUMNS: Mapping[str, str] = {
    **{name: name for name in COLUMNS},
    **dict.fromkeys(("ho ten", "ho va ten", "ten", "ho_ten", "full name"), "name"),
    **dict.fromkeys(("nam sinh", "nam_sinh", "sinh nam", "birth year", "born"), "birth_year"),
    **dict.fromkeys(("gioi tinh", "gioi", "gioi_tinh", "gender"), "sex"),
    **dict.fromkeys(("dan toc", "dan_toc", "ethnic group"), "ethnicity"),
    **dict.fromkeys(("doi tuong", "doi_tuong", "chuc vu", "nhom"), "audience"),
    **dict.fromkeys(("xa", "phuong", "xa, phuong", "xa/phuong"), "commune"),
    **dict.fromkeys(("thon", "ban", "khu", "thon, ban", "thon/ban"), "village"),
    **dict.fromkeys(("dai dien ho", "dai dien", "ho ngheo, can ngheo", "dai_dien"), "represents"),
    **dict.fromkeys(("ho so", "so ho", "so_ho", "household number"), "household"),
    **dict.fromkeys(("so ngay", "so ngay hoc", "ngay hoc"), "days"),
}
_DATE = re.compile(r"(\d{4})-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](\d{4})")
"""A date of birth, of which the year is kept."""
_NUMBERS = frozenset(("tt", "stt", "so tt", "no", "no.", "#", "chu ky", "ky ten", "signature", "ghi chu"))
"""Columns of a sign-in sheet that are passed over."""
_SEXES = {**dict.fromkeys(("nam", "m", "man", "male"), MEN), **dict.fromkeys(("nu", "f", "woman", "female"), WOMEN)}
_ETHNIC = {
    **{each.replace("_", " "): each for each in ETHNICITIES},
    "san chay": "san_chi",
    "san diu": "san_diu",
    "": UNKNOWN,
}
_REPRESENTS = {
    **dict.fromkeys(("ho ngheo", "ngheo", "poor", "ho_ngheo", "n"), "ho_ngheo"),
    **dict.fromkeys(("ho can ngheo", "can ngheo", "near-poor", "ho_can_ngheo", "cn"), "ho_can_ngheo"),
    **dict.fromkeys(("", "khong", "no", "0", "-"), ""),
}
_AUDIENCES = {
    **{each: each for each in AUDIENCES},
    **{each.replace("_", " "): each for each in AUDIENCES},
    **dict.fromkeys(("lanh dao huyen", "lanh dao cap huyen"), "lanh_dao_huyen"),
    **dict.fromkeys(("lanh dao xa", "lanh dao cap xa", "chu tich", "pho chu tich"), "lanh_dao_xa"),
    **dict.fromkeys(("can bo tham muu", "can bo xa", "can bo", "cong chuc"), "tham_muu"),
    **dict.fromkeys(
        ("ban giam sat dau tu cua cong dong", "ban giam sat", "ban gsdtcd", "ban giam sat cong dong"), "ban_gscd"
    ),
    **dict.fromkeys(("truong thon", "pho thon", "truong thon, pho thon", "truong ban", "truong khu"), "truong_thon"),
    **dict.fromkeys(("cong tac vien giam ngheo", "cong tac vien"), "ctv_giam_ngheo"),
    **dict.fromkeys(("nguoi co uy tin", "uy tin"), "uy_tin"),
    **dict.fromkeys(
        ("ho ngheo", "ho can ngheo", "nguoi thuoc ho ngheo, ho can ngheo", "dai dien ho ngheo"), "ho_ngheo"
    ),
    **dict.fromkeys(("nguoi dan", "nguoi dan khac", "nong dan"), "nguoi_dan"),
}


@dataclass(frozen=True)
class PlaceNames:
    """The places that a table may name: own ids of communes by key, and of villages by their commune and key."""

    communes: Mapping[str, str]
    villages: Mapping[tuple[str, str], str]

    def find(self, commune: str, village: str) -> str | None:
        """The village, else the commune; None for nothing written. Raises LookupError for what is not there or, without
        the commune, is there more than once."""
        above = self.communes[place_key(commune)] if commune else None
        if not village:
            return above
        key = place_key(village)
        if above is not None:
            return self.villages[above, key]
        found = {area for (_, name), area in self.villages.items() if name == key}
        if len(found) != 1:
            raise LookupError(village)
        return found.pop()


_UNITS = ("thi tran", "dac khu", "xa", "phuong", "thon", "ban", "khu", "xom", "to dan pho", "to")


def place_key(name: str) -> str:
    """A name of a place without the word for its kind, spelled one way."""
    key, plain = match_key(name), fold(name).split()
    for unit in _UNITS:
        length = len(unit.split())
        if len(plain) > length and " ".join(plain[:length]) == unit:
            return " ".join(key.split()[length:])
    return key


def lines_of(text: str) -> tuple[tuple[str, ...], list[tuple[int, Row]]]:
    """What was pasted, as columns and rows with their line numbers. Cells are parted by tabs, as programs copy them, or
    by semicolons or commas; a single column is names alone. Without a line that names columns they are those of the
    sign-in sheet, in its order."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    parted = max("\t;,", key=first.count)
    # a name holds no tab: in a single column nothing is parted
    cells = list(csv.reader(io.StringIO(text), delimiter=parted if parted in first else "\t", quotechar='"'))
    filled = [(number, line) for number, line in enumerate(cells, start=1) if any(cell.strip() for cell in line)]
    if not filled:
        return (), []
    heading = tuple(cell.strip() for cell in filled[0][1])
    if any(column_of(cell) for cell in heading):
        columns, filled = heading, filled[1:]
    else:
        columns = COLUMNS[: max(len(line) for _, line in filled)]
    return columns, [(number, dict(zip(columns, line, strict=False))) for number, line in filled]


def column_of(name: str) -> str | None:
    """Which column a first line means."""
    return _COLUMNS.get(" ".join(fold(name).split()))


def header_problems(columns: Sequence[str]) -> list[RowProblem]:
    """What is wrong with the first line: no names, one column twice, or columns that nobody knows."""
    known = [column_of(each) for each in columns]
    problems = []
    if "name" not in known:
        problems.append(RowProblem(1, "training.no_name_column", {"row": 1}))
    for each in COLUMNS:
        if known.count(each) > 1:
            problems.append(RowProblem(1, "training.column_twice", {"row": 1, "column": each}))
    odd = [each for each, means in zip(columns, known, strict=True) if means is None and each.strip()]
    odd = [each for each in odd if " ".join(fold(each).split()) not in _NUMBERS]
    if odd:
        problems.append(RowProblem(1, "training.column_unknown", {"row": 1, "columns": ", ".join(odd)}))
    return problems


def read_trainees(
    rows: Iterable[tuple[int, Row]], places: PlaceNames, audience: str | None
) -> tuple[list[Trainee], list[RowProblem]]:
    """The people of a table, and what is wrong with it, by line. `audience`: of whose rows say none. A line without
    anything in it is passed over; the same person on two lines is a problem."""
    found: dict[str, tuple[int, Trainee]] = {}
    problems: list[RowProblem] = []
    for number, row in rows:
        filled = dict.fromkeys(COLUMNS, "") | {
            means: " ".join(cell.split()) for name, cell in row.items() if (means := column_of(name))
        }
        whole_date = _DATE.fullmatch(filled["birth_year"])
        filled["birth_year"] = (whole_date[1] or whole_date[2]) if whole_date else filled["birth_year"]
        if not any(filled.values()):
            continue
        if len(found) + len(problems) >= MOST_ROWS:
            problems.append(RowProblem(number, "training.too_many", {"row": number, "most": MOST_ROWS}))
            break
        wrong = list(_problems(number, filled, places))
        if wrong:
            problems += wrong
            continue
        trainee = _trainee(filled, places, audience)
        known = found.setdefault(trainee.key, (number, trainee))
        if known[0] != number:
            told = {"row": number, "name": trainee.name, "other": known[0]}
            problems.append(RowProblem(number, "training.twice", told))
    return [each for _, each in found.values()], problems


def _problems(number: int, row: Row, places: PlaceNames) -> Iterator[RowProblem]:
    if not 0 < len(row["name"]) <= LONGEST_NAME or "\0" in row["name"]:
        yield RowProblem(number, "training.row_name", {"row": number, "most": LONGEST_NAME})
    for column, means in (("sex", _SEXES), ("audience", _AUDIENCES), ("represents", _REPRESENTS)):
        if row[column] and fold(row[column]) not in means:
            yield RowProblem(number, f"training.row_{column}", {"row": number, "value": row[column][:LONGEST_NAME]})
    for column, most in (
        ("birth_year", YEARS),
        ("household", range(1, MOST_HOUSEHOLDS + 1)),
        ("days", range(1, MOST_DAYS + 1)),
    ):
        if row[column] and _number(row[column], most) is None:
            told = {"row": number, "value": row[column][:LONGEST_NAME], "least": most[0], "most": most[-1]}
            yield RowProblem(number, f"training.row_{column}", told)
    try:
        places.find(row["commune"], row["village"])
    except LookupError:
        place = ", ".join(filter(None, (row["village"], row["commune"])))
        yield RowProblem(number, "training.row_place", {"row": number, "value": place[:LONGEST_NAME]})


def _trainee(row: Row, places: PlaceNames, audience: str | None) -> Trainee:
    ethnic = fold(row["ethnicity"])
    return Trainee(
        row["name"],
        _number(row["birth_year"], YEARS),
        _SEXES.get(fold(row["sex"])),
        _ETHNIC.get(ethnic, "khac"),
        _AUDIENCES.get(fold(row["audience"]), audience),
        places.find(row["commune"], row["village"]),
        _REPRESENTS.get(fold(row["represents"])) or None,
        _number(row["household"], range(1, MOST_HOUSEHOLDS + 1)),
        _number(row["days"], range(1, MOST_DAYS + 1)),
    )


def _number(text: str, within: range) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) in within else None
