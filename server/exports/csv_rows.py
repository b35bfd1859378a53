"""Rows as CSV for spreadsheets: UTF-8 with a byte order mark, so that they read Vietnamese, and no cell that they would
take for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from server.exports.sheets import About, Sheet, Translate, Word, say_all, say_one, shown
from server.exports.zips import zip_stream

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet works out (OWASP, CSV Injection); an apostrophe makes it text."""
_MARK = "\ufeff"
ABOUT_FILE = "about.csv"


def csv_rows(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The lines of a CSV, one at a time; None is an empty cell."""
    yield _MARK.encode() + _line(head)
    for row in rows:
        yield _line(row)


def csv_zip(sheets: Iterable[Sheet], about: About, translate: Translate, made: datetime) -> Iterator[bytes]:
    """A zip with a CSV for each table and one that says what its figures are (`about.csv`), part by part as the rows
    come. It stands beside the table and not in it: lines of notes above or below would be taken for rows. `made`: the
    time of the files in the zip."""
    yield from zip_stream(_files(sheets, about, translate), made)


def _files(sheets: Iterable[Sheet], about: About, translate: Translate) -> Iterator[tuple[str, Iterator[bytes]]]:
    for sheet in sheets:
        yield sheet_file(sheet, translate)
    yield about_file(about, translate)


def sheet_file(sheet: Sheet, translate: Translate) -> tuple[str, Iterator[bytes]]:
    """A table as a file: its name and its lines."""
    head = say_all(translate, (column.title for column in sheet.columns))
    return f"{sheet.name}.csv", csv_rows(head, ([shown(translate, each) for each in row] for row in sheet.rows))


def about_file(about: About, translate: Translate) -> tuple[str, Iterator[bytes]]:
    """What the figures are, as a file."""
    notes = [("", say_one(translate, mark)) for mark in about.marks]
    lines = [(say_one(translate, label), shown(translate, value)) for label, value in about.lines]
    title = (translate(Word("about", "table.about")), say_one(translate, about.title))
    return ABOUT_FILE, csv_rows(title, [*notes, *lines])


def _line(row: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(each) for each in row])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    # half of a pair is no character, and no file in UTF-8 holds it
    text = (value.isoformat() if isinstance(value, date) else str(value)).encode("utf-8", "replace").decode()
    # blanks before it do not keep a spreadsheet from it
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
