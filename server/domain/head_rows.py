"""A table of village heads, row by row: what is written in it, what cannot be used and why.

The header (row 1) names the columns, in Vietnamese or English, in any order; other columns are passed over.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from forms.errors import Problem
from server.domain.areas import match_key
from server.domain.errors import TooLarge, Unreadable

Value = TypeVar("Value")

MOST_ROWS = 10_000
MOST_BYTES = 8_000_000
LONGEST_NAME = 255
LANGUAGES = {"vi": "vi", "tieng viet": "vi", "viet": "vi", "en": "en", "english": "en", "tieng anh": "en"}
COLUMNS = {
    "area": ("area", "area id", "code", "thon", "khu vuc", "ma", "ma thon"),
    "name": ("name", "ho ten", "ho va ten", "ten", "truong thon"),
    "phone": ("phone", "dien thoai", "so dien thoai", "sdt"),
    "language": ("language", "ngon ngu"),
    "from": ("from", "valid from", "tu ngay"),
    "to": ("to", "valid to", "den ngay", "den het ngay"),
}
"""The columns by every name that their header may bear, in lower case and without marks."""
NEEDED = ("area", "name")
_DELIMITERS = (",", ";", "\t")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# mobile numbers have nine digits after the zero since 2018, fixed lines ten; a spreadsheet drops the zero
_HERE = re.compile(r"(?:\+84|0084|0)?([35789]\d{8}|2\d{9})")
_ABROAD = re.compile(r"\+[1-9]\d{7,14}")
_SPELLED = re.compile(r"[\s.()\-]")
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


@dataclass(frozen=True, slots=True)
class HeadRow:
    """One person: `area` as it was written, `phone` as +84…, `valid_to` the day after the last day."""

    row: int
    area: str
    name: str
    phone: str | None
    language: str
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def name_key(self) -> str:
        """Under which two spellings of one name meet."""
        return match_key(self.name)


@dataclass(frozen=True)
class HeadTable:
    """A table as it was read; `passed_over`: headers that say nothing here."""

    rows: tuple[HeadRow, ...]
    problems: tuple[Problem, ...]
    passed_over: tuple[str, ...]


def read_csv(content: bytes) -> list[list[str]]:
    """The cells of a CSV file: UTF-8, or UTF-16 with its mark; commas, semicolons or tabs. Raises Unreadable, and
    TooLarge past 8 MB."""
    if len(content) > MOST_BYTES:
        raise TooLarge("heads.too_large", most=MOST_BYTES // 1_000_000)
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("heads.encoding") from error
    if "\x00" in text:  # UTF-16 without its mark
        raise Unreadable("heads.encoding")
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise Unreadable("heads.csv", line=reader.line_num) from error


def read_heads(cells: Sequence[Sequence[str]], today: date) -> HeadTable:
    """The people of a table. Raises Unreadable when it has no header or nobody below it, TooLarge past 10,000 rows."""
    if not cells or not any(text.strip() for text in cells[0]):
        raise Unreadable("heads.empty")
    places, problems = _places(cells[0])
    found = [(number, row) for number, row in enumerate(cells[1:], start=2) if any(text.strip() for text in row)]
    if len(found) > MOST_ROWS:
        raise TooLarge("heads.too_many", most=MOST_ROWS, found=len(found))
    if not found:
        raise Unreadable("heads.empty")
    passed_over = tuple(
        text.strip() for place, text in enumerate(cells[0]) if text.strip() and place not in places.values()
    )
    if problems:
        return HeadTable((), tuple(problems), passed_over)
    rows = []
    for number, row in found:
        given = {name: row[place].strip() if place < len(row) else "" for name, place in places.items()}
        read = _Reading(number, given)
        rows.append(read.row(today))
        problems += read.problems
    return HeadTable(tuple(row for row in rows if row is not None), tuple(problems), passed_over)


def find_doubles(rows: Iterable[tuple[HeadRow, str]]) -> Iterator[Problem]:
    """The same person for the same area twice in one table; each row comes with the id of its area."""
    first: dict[tuple[str, str], int] = {}
    for row, area_id in rows:
        other = first.setdefault((row.name_key, area_id), row.row)
        if other != row.row:
            yield problem(row.row, "name", "heads.doubled", name=row.name, other=other)


def problem(row: int, column: str | None, message: str, **params: object) -> Problem:
    """A fault of one row; its remedy is the message id with `_remedy` behind it. Days are told as they are written
    here."""
    told = {key: f"{value:%d/%m/%Y}" if isinstance(value, date) else value for key, value in params.items()}
    return Problem(None, row, message, f"{message}_remedy", told, column)


def bare(text: str) -> str:
    """Lower case, without marks, as it is typed on an old phone: for finding, never for showing."""
    letters = unicodedata.normalize("NFD", " ".join(text.casefold().replace("_", " ").split())).replace("đ", "d")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def phone_of(text: str) -> str | None:
    """A telephone number as +84…, or as it is abroad; None when it is none."""
    plain = _SPELLED.sub("", text)
    here = _HERE.fullmatch(plain)
    if here is not None:
        return f"+84{here[1]}"
    return plain if _ABROAD.fullmatch(plain) and not plain.startswith("+84") else None


def day_of(text: str) -> date | None:
    """2026-12-31 or 31/12/2026; None when it is no day."""
    written = _DAY.fullmatch(text)
    try:
        return date(int(written[3]), int(written[2]), int(written[1])) if written else date.fromisoformat(text)
    except ValueError:
        return None


def _places(header: Sequence[str]) -> tuple[dict[str, int], list[Problem]]:
    places: dict[str, int] = {}
    problems = []
    for place, text in enumerate(header):
        name = next((name for name, spellings in COLUMNS.items() if bare(text.strip()) in spellings), None)
        if name is None:
            continue
        if name in places:
            problems.append(problem(1, text.strip(), "heads.column_twice", value=text.strip()))
        places.setdefault(name, place)
    problems += [problem(1, None, "heads.column_missing", value=name) for name in NEEDED if name not in places]
    return places, problems


class _Reading:
    """One row while it is read; collects what is wrong with it."""

    def __init__(self, number: int, given: dict[str, str]) -> None:
        self._number = number
        self._given = given
        self.problems: list[Problem] = []

    def row(self, today: date) -> HeadRow | None:
        """The row; None when something is wrong with it."""
        name = unicodedata.normalize("NFC", " ".join(self._given["name"].split()))
        if not name:
            self._wrong("name", "heads.no_name")
        elif len(name) > LONGEST_NAME or not name.isprintable():
            self._wrong("name", "heads.name", most=LONGEST_NAME)
        if not self._given["area"]:
            self._wrong("area", "heads.no_area")
        phone = self._read("phone", phone_of, "heads.phone")
        language = self._read("language", lambda text: LANGUAGES.get(bare(text)), "heads.language") or "vi"
        since, last = self._read("from", day_of, "heads.day"), self._read("to", day_of, "heads.day")
        if since is not None and last is not None and last < since:
            self._wrong("to", "heads.days_swapped", since=since, last=last)
        elif last is not None and last < today:
            self._wrong("to", "heads.over", last=last)
        if self.problems:
            return None
        until = last + timedelta(days=1) if last is not None and last < date.max else None
        return HeadRow(self._number, self._given["area"], name, phone, language, since, until)

    def _read(self, column: str, read: Callable[[str], Value | None], message: str) -> Value | None:
        text = self._given.get(column, "")
        value = read(text) if text else None
        if text and value is None:
            self._wrong(column, message, value=text)
        return value

    def _wrong(self, column: str, message: str, **params: object) -> None:
        self.problems.append(problem(self._number, column, message, **params))
