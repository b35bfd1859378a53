"""Answers as a workbook: a sheet for the form, one for each repeat, what the questions are, and what the file is.

A workbook is made on the disk, sheet after sheet, and sent when it is whole. Days are days, numbers are numbers; what
is text stays text, whatever digits it has. Times are those of Viet Nam, where a spreadsheet knows of no zones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta, timezone
from typing import Any

from server.exports.answers import SYSTEM_COLUMNS, Source, system_cells
from server.exports.codebook import codebook_sheet
from server.exports.flat import FlatTable
from server.exports.sheets import COUNT, DAY, DECIMAL, MOMENT, TEXT, Column, Sheet, Value
from server.exports.spool import Spool
from server.exports.xlsx import write_xlsx

ENDING = "xlsx"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
VIETNAM = timezone(timedelta(hours=7))
_PART = 1 << 18
_NUMBERS = frozenset({"AttachmentsPresent", "AttachmentsExpected", "Edits"})
# years and numbers of houses are whole numbers too, and have no points between their digits
_KINDS = {COUNT: DECIMAL}
_Read = tuple[int, Callable[[str], Value]]


def write(source: Source) -> Iterator[bytes]:
    """The workbook, part by part, once it is whole."""
    with tempfile.TemporaryFile() as file:
        with ExitStack() as open_files:
            sheets = _sheets(source, open_files)
            write_xlsx(file, sheets, source.about, source.translate, source.made)
        file.seek(0)
        while part := file.read(_PART):
            yield part


def _sheets(source: Source, open_files: ExitStack) -> Iterator[Sheet]:
    _form, *repeats = source.tables
    waiting = [(table, Spool(open_files)) for table in repeats]
    yield Sheet("form", source.form_id, _form_columns(source), _form_rows(source, waiting))
    for table, rows in waiting:
        columns = [*_columns(table), Column("PARENT_KEY", "PARENT_KEY"), Column("KEY", "KEY")]
        yield Sheet(table.stem, table.stem, columns, _typed(rows.read(), columns))
    yield codebook_sheet(source)


def _columns(table: FlatTable) -> list[Column]:
    return [Column(each.name, each.name, _KINDS.get(each.kind, each.kind)) for each in table.columns]


def _form_columns(source: Source) -> list[Column]:
    system = [Column(name, name, DECIMAL if name in _NUMBERS else TEXT) for name in SYSTEM_COLUMNS]
    context = [Column(each.name, each.title, _KINDS.get(each.kind, each.kind)) for each in source.context]
    first, key = Column("SubmissionDate", "SubmissionDate", MOMENT), Column("KEY", "KEY")
    return [first, *_columns(source.tables[0]), key, *system, *context]


def _form_rows(source: Source, waiting: Sequence[tuple[FlatTable, Spool]]) -> Iterator[list[Value]]:
    """The rows of the form's own sheet; those of repeats are set aside on the way."""
    form = source.tables[0]
    reads = _reads(_form_columns(source))
    for batch in source.batches():
        for given in batch:
            cells = [given.submission_date, *form.cells(given.answers), given.key, *system_cells(given), *given.context]
            yield _read(cells, reads)
        for table, rows in waiting:
            rows.add(
                [*table.cells(row), above, own]
                for given in batch
                for above, own, row in table.rows(given.key, given.answers)
            )


def _typed(rows: Iterator[list[Any]], columns: Sequence[Column]) -> Iterator[list[Value]]:
    reads = _reads(columns)
    for cells in rows:
        yield _read(cells, reads)


def _reads(columns: Sequence[Column]) -> list[_Read]:
    """Where days and moments stand, and how they are read."""
    how: dict[str, Callable[[str], Value]] = {DAY: _day, MOMENT: _moment}
    return [(number, how[column.kind]) for number, column in enumerate(columns) if column.kind in how]


def _read(cells: list[Any], reads: Sequence[_Read]) -> list[Value]:
    for number, read in reads:
        if type(cells[number]) is str:
            cells[number] = read(cells[number])
    return cells


def _day(text: str) -> Value:
    """A day; what is none stays what was sent."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _moment(text: str) -> Value:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(VIETNAM) if moment.tzinfo is not None else text
    except (ValueError, OverflowError):
        return text
