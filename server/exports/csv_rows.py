"""Rows as CSV for spreadsheets: UTF-8 with a byte order mark, so that they read Vietnamese, and no cell that they would
take for a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from server.exports.sheets import About, Sheet, Translate, Word, say_all, say_one, shown

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet works out (OWASP, CSV Injection); an apostrophe makes it text."""
_MARK = "\ufeff"
_PART = 1 << 16
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
    kept = _Kept()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in _files(sheets, about, translate):
            entry = zipfile.ZipInfo(name, made.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for line in lines:
                    file.write(line)
                    if len(kept.waiting) >= _PART:
                        yield kept.take()
    yield kept.take()


def _files(sheets: Iterable[Sheet], about: About, translate: Translate) -> Iterator[tuple[str, Iterator[bytes]]]:
    for sheet in sheets:
        head = say_all(translate, (column.title for column in sheet.columns))
        yield f"{sheet.name}.csv", csv_rows(head, ([shown(translate, each) for each in row] for row in sheet.rows))
    notes = [("", say_one(translate, mark)) for mark in about.marks]
    lines = [(say_one(translate, label), shown(translate, value)) for label, value in about.lines]
    title = (translate(Word("about", "table.about")), say_one(translate, about.title))
    yield ABOUT_FILE, csv_rows(title, [*notes, *lines])


class _Kept(io.RawIOBase):
    """What a zip writes into that is sent on as it grows; nobody goes back in it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some: object) -> int:
        assert isinstance(some, bytes | bytearray | memoryview)
        self.waiting += some
        return len(some)

    def take(self) -> bytes:
        """What has come since."""
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


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
