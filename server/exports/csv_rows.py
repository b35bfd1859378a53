"""Rows as CSV for spreadsheets: UTF-8 with a byte order mark, so that they read Vietnamese, and no cell that they would
take for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet works out (OWASP, CSV Injection); an apostrophe makes it text."""
_MARK = "\ufeff"


def csv_rows(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The lines of a CSV, one at a time; None is an empty cell."""
    yield _MARK.encode() + _line(head)
    for row in rows:
        yield _line(row)


def _line(row: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(each) for each in row])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    text = str(value)
    # blanks before it do not keep a spreadsheet from it
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
