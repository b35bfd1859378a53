"""Tables that people bring and take away: CSV as their programs write it, workbooks (.xlsx, .xls, .ods), and
templates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from server.domain.area_files import AREA_COLUMNS
from server.domain.areas import KINDS, STATUSES
from server.domain.errors import Unreadable
from server.exports.xlsx import write_template

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
EXAMPLES: tuple[Mapping[str, str], ...] = (
    {"code": "QN-06979-01", "name": "Thôn mẫu 01", "kind": "village", "parent": "06979", "valid_from": "2025-07-01"}
    | {"border": "khong", "lat": "21.27", "lon": "107.13", "status": "synthetic", "source": "dòng mẫu, hãy xóa"},
    {"name": "Thôn mẫu 02", "kind": "village", "parent": "06979", "status": "synthetic", "source": "dòng mẫu, hãy xóa"},
)
VILLAGE_COLUMNS = tuple(each for each in AREA_COLUMNS if each not in ("id", "key", "was"))


@dataclass(frozen=True)
class Table:
    """The first line of a file, and its rows with the numbers of their lines."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_table(content: bytes, ending: str) -> Table:
    """A file by how its name ends. Raises Unreadable."""
    lines = read_workbook(content) if ending in WORKBOOKS else _csv(content)
    first = next(lines, None)
    if first is None or not any(first):
        raise Unreadable("area.empty_file")
    columns = tuple(name.strip().casefold() for name in first)
    rows = ((number, _named(columns, line)) for number, line in enumerate(lines, start=2))
    return Table(columns, tuple(rows))


def make_template(ending: str) -> bytes:
    """A file with the columns and two rows to follow, as CSV or (.xlsx) as a workbook with lists to choose from."""
    rows = [[each.get(column, "") for column in VILLAGE_COLUMNS] for each in EXAMPLES]
    if ending != ".xlsx":
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([VILLAGE_COLUMNS, *rows])
        # the mark by which Excel knows UTF-8
        return b"\xef\xbb\xbf" + text.getvalue().encode()
    file = io.BytesIO()
    write_template(file, VILLAGE_COLUMNS, rows, {"kind": KINDS, "status": STATUSES})
    return file.getvalue()


def _named(columns: Sequence[str], line: Sequence[str]) -> Mapping[str, str]:
    """Cells by their columns; what stands in none, by no name."""
    odd = [*line[len(columns) :], *(cell for name, cell in zip(columns, line, strict=False) if not name)]
    return dict(zip(columns, line, strict=False)) | {"": " ".join(filter(None, odd))}


def _csv(content: bytes) -> Iterator[Sequence[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("area.not_utf8") from error
    if "\0" in text:
        raise Unreadable("area.not_utf8")
    first = text.partition("\n")[0]
    # where a comma is written in numbers, programs part columns by semicolons
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Unreadable("area.not_a_table", error=str(error)) from error


def read_workbook(content: bytes) -> Iterator[Sequence[str]]:
    """The lines of the first sheet of a workbook, all as text. Raises Unreadable."""
    try:
        rows = (
            CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        )
    except (CalamineError, OSError) as error:
        raise Unreadable("area.not_a_workbook", error=str(error)) from error
    return ([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
