"""Tables as a workbook for Excel and its like: a sheet for each table, and one that says what its figures are.

Rows are written as they come and are held by nobody (constant memory). Nothing becomes a formula or a link: what is
text is written as text, so that `06979` keeps its nought and `=1+1` stays what somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any

from xlsxwriter import Workbook

from server.exports.sheets import (
    COUNT,
    DAY,
    DECIMAL,
    MOMENT,
    TEXT,
    YES_NO,
    About,
    Column,
    Sheet,
    Translate,
    Value,
    Word,
    say_all,
    say_one,
    shown,
)

LONGEST = 32_767
"""What a cell holds, in UTF-16 units; of a longer text the rest stands in a sheet of its own."""
MOST_ROWS = 1_048_576
"""What a sheet holds; more rows go on in another."""
EXACT = 10**15
"""Numbers from here on lose digits in a spreadsheet, and are written as text."""
FIRST_DAY = date(1900, 3, 1)
"""Before it, spreadsheets and calendars do not agree on days; such a day is written as text."""
_WIDTHS = {TEXT: 28, COUNT: 12, DECIMAL: 12, DAY: 12, MOMENT: 18, YES_NO: 10}
_NUMBERS = {COUNT: "#,##0", DECIMAL: "General", DAY: "dd/mm/yyyy", MOMENT: "dd/mm/yyyy hh:mm"}
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONG_COLUMNS = (
    Column("sheet", Word("sheet", "table.long.sheet")),
    Column("cell", Word("cell", "table.long.cell")),
    Column("part", Word("part", "table.long.part"), COUNT),
    Column("text", Word("text", "table.long.text")),
)


def write_xlsx(file: IO[bytes], sheets: Iterable[Sheet], about: About, translate: Translate, made: datetime) -> None:
    """Writes a workbook into a file. `made`: when, kept in its properties."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        book.set_properties({"title": say_one(translate, about.title), "created": made.replace(tzinfo=None)})
        writer = _Writer(book, translate, say_all(translate, about.marks))
        for sheet in sheets:
            writer.write(sheet)
        writer.write_about(about)


def write_template(
    file: IO[bytes], columns: Sequence[str], rows: Sequence[Sequence[str]], choices: Mapping[str, Sequence[str]]
) -> None:
    """Writes a workbook to be filled in: these columns as text, rows to follow, and lists to choose from below some."""
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("areas")
        # everything as text: codes keep their leading noughts
        text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        sheet.set_column(0, len(columns) - 1, 16, text)
        sheet.freeze_panes(1, 0)
        for number, line in enumerate([columns, *rows]):
            for column, value in enumerate(line):
                sheet.write_string(number, column, value, head if number == 0 else text)
        for name, listed in choices.items():
            column = columns.index(name)
            chosen = {"validate": "list", "source": list(listed), "error_type": "warning"}
            sheet.data_validation(1, column, 100_000, column, chosen)


@dataclass
class _Place:
    """Where the writer is: a sheet of the workbook, its name, and the next row in it."""

    sheet: Any
    name: str
    row: int = 0


@dataclass
class _Writer:
    book: Any
    translate: Translate
    marks: list[str]
    names: set[str] = field(default_factory=set)
    formats: dict[tuple[str, bool], Any] = field(default_factory=dict)
    long: _Place | None = None

    def write(self, table: Sheet) -> None:
        """A table, on as many sheets as it takes."""
        title = say_one(self.translate, table.title)
        place = self._open(title, table.columns)
        for row in table.rows:
            if place.row == MOST_ROWS:
                self._close(place, len(table.columns))
                place = self._open(title, table.columns)
            for column, (value, kind) in enumerate(zip(row, table.columns, strict=True)):
                self._cell(place, column, value, kind.kind)
            place.row += 1
        self._close(place, len(table.columns))

    def write_about(self, about: About) -> None:
        """What a reader must know, two columns; what must not be overlooked stands above it."""
        place = self._sheet(say_one(self.translate, Word("about", "table.about")))
        place.sheet.set_column(0, 0, 34)
        place.sheet.set_column(1, 1, 90)
        heading = self.book.add_format({"bold": True, "font_size": 13})
        for text in (say_one(self.translate, about.title), *self.marks):
            place.sheet.write_string(place.row, 0, text[:LONGEST], heading)
            place.row += 1
        for label, value in about.lines:
            place.sheet.write_string(place.row, 0, say_one(self.translate, label), self._format("head", True))
            self._cell(place, 1, value, _kind_of(value), wrapped=True)
            place.row += 1

    def _open(self, title: str, columns: Sequence[Column]) -> _Place:
        place = self._sheet(title)
        sheet = place.sheet
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        # an ampersand is a command in a header
        header = " · ".join((title, *self.marks)).replace("&", "&&")[:240]
        sheet.set_header(f"&L{header}")
        sheet.set_footer("&R&P/&N")
        for number, column in enumerate(columns):
            sheet.set_column(number, number, _WIDTHS[column.kind], self._format(column.kind, False))
            said = say_one(self.translate, column.title)
            self._text(place, number, said, self._format("head", True))
        place.row = 1
        return place

    def _close(self, place: _Place, columns: int) -> None:
        if columns and place.row > 1:
            place.sheet.autofilter(0, 0, place.row - 1, columns - 1)

    def _sheet(self, title: str) -> _Place:
        name = self._name(title)
        return _Place(self.book.add_worksheet(name), name)

    def _name(self, title: str) -> str:
        """As Excel takes it: at most 31 UTF-16 units, without some marks, each once whatever the case."""
        plain = _NO_NAME.sub(" ", title).strip(" '") or "Sheet"
        number = 1
        while True:
            ending = f" ({number})" if number > 1 else ""
            name = _cut(plain, 31 - len(ending)).rstrip(" '") + ending
            if name.casefold() not in self.names and name.casefold() != "history":
                self.names.add(name.casefold())
                return name
            number += 1

    def _format(self, kind: str, wrapped: bool) -> Any:
        found = self.formats.get((kind, wrapped))
        if found is None:
            asked: dict[str, Any] = {"valign": "top", "num_format": _NUMBERS.get(kind, "@")}
            asked |= {"text_wrap": True} if wrapped else {}
            asked |= {"bold": True, "bottom": 1, "bg_color": "#E8EEF1"} if kind == "head" else {}
            found = self.formats[kind, wrapped] = self.book.add_format(asked)
        return found

    def _cell(self, place: _Place, column: int, value: Value, kind: str, wrapped: bool = False) -> None:
        if value is None:
            return
        if type(value) is str:
            # most cells by far
            self._text(place, column, value, self._format(TEXT, wrapped or "\n" in value))
            return
        cell = shown(self.translate, value)
        if cell is None:
            return
        if isinstance(cell, datetime) and cell.date() >= FIRST_DAY:
            own = self._format(MOMENT, wrapped)
            place.sheet.write_datetime(place.row, column, cell.replace(tzinfo=None, microsecond=0), own)
        elif isinstance(cell, date) and not isinstance(cell, datetime) and cell >= FIRST_DAY:
            place.sheet.write_datetime(place.row, column, cell, self._format(DAY, wrapped))
        elif isinstance(cell, int | float) and kind != TEXT and abs(cell) < EXACT:
            # one that is no number is not smaller than anything, and is text
            own = self._format(kind if kind in _NUMBERS else DECIMAL, wrapped)
            place.sheet.write_number(place.row, column, cell, own)
        else:
            text = cell.isoformat() if isinstance(cell, date) else str(cell)
            self._text(place, column, text, self._format(TEXT, wrapped or "\n" in text))

    def _text(self, place: _Place, column: int, text: str, own: Any) -> None:
        # half of a pair is no character, and no file in UTF-8 holds it
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        if 2 * len(text) > LONGEST and _units(text) > LONGEST:
            text = self._set_apart(place, column, text)
        if text.startswith("<r>") and text.endswith("</r>"):
            # what looks like the library's own marks would be taken for them; in pieces it is text
            place.sheet.write_rich_string(place.row, column, text[:1], text[1:2], text[2:], own)
        else:
            place.sheet.write_string(place.row, column, text, own)

    def _set_apart(self, place: _Place, column: int, text: str) -> str:
        """Writes a long text whole into its own sheet, in parts; what is left in the cell says where it is."""
        if self.long is None:
            self.long = self._open(self.translate(Word("long", "table.long.title")), _LONG_COLUMNS)
        there = self.long
        first = there.row + 1
        cell = f"{_letters(column)}{place.row + 1}"
        rest, number = text, 1
        while rest:
            part = _cut(rest, LONGEST)
            values: tuple[Value, ...] = (place.name, cell, number, part)
            for at, (value, own) in enumerate(zip(values, _LONG_COLUMNS, strict=True)):
                self._cell(there, at, value, own.kind)
            there.row += 1
            rest, number = rest[len(part) :], number + 1
        note = self.translate(Word("cut", "table.long.cut", {"sheet": there.name, "row": first}))
        return _cut(text, LONGEST - _units(note) - 2) + "… " + note


def _kind_of(value: Value) -> str:
    return COUNT if isinstance(value, int) and not isinstance(value, bool) else TEXT


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _cut(text: str, units: int) -> str:
    """As much of a text as so many UTF-16 units hold, no character in halves."""
    if _units(text) <= units:
        return text
    cut = text[:units]
    while _units(cut) > units:
        cut = cut[: units - (_units(cut) - len(cut))] if _units(cut) - len(cut) > 1 else cut[:-1]
    return cut


def _letters(column: int) -> str:
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
