"""Answers as a zip of CSV files, laid out as ODK Central has them: the form, a file for each repeat, and the files that
answers name in `media/`. What it is stands beside them in `about.csv`, and what questions and choices are called in
`codebook.csv` where labels were asked for.

What was sent is read once: rows of repeats wait in files without a name until the form's own file is whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

from server.exports.answers import SYSTEM_COLUMNS, Given, Source, system_cells
from server.exports.codebook import codebook_sheet
from server.exports.csv_rows import about_file, sheet_file
from server.exports.flat import FlatTable
from server.exports.lines import Lines
from server.exports.media import media_entries
from server.exports.sheets import say_one
from server.exports.zips import zip_stream

ENDING = "csv.zip"
KIND = "application/zip"
_PART = 1 << 16
_HELD = 1 << 20


def write(source: Source) -> Iterator[bytes]:
    """The zip, piece by piece."""
    with ExitStack() as open_files:
        yield from zip_stream(_files(source, open_files), source.made)


def write_one(source: Source) -> Iterator[bytes]:
    """The form's own file alone, without its repeats."""
    return _form_file(source, [])


def _files(source: Source, open_files: ExitStack) -> Iterator[tuple[str, Iterable[bytes]]]:
    _form, *repeats = source.tables
    waiting = [(table, _Waiting(open_files, source)) for table in repeats]
    yield f"{file_stem(source.form_id)}.csv", _form_file(source, waiting)
    for table, rows in waiting:
        head = _head_line([*(column.name for column in table.columns), "PARENT_KEY", "KEY"], source)
        yield f"{file_stem(source.form_id)}-{table.stem}.csv", rows.read(head)
    yield about_file(source.about, source.translate)
    if source.layout.labels != "none":
        yield sheet_file(codebook_sheet(source), source.translate)
    if source.media is not None:
        yield from media_entries(source.media(), "media/")


def file_stem(form_id: str) -> str:
    """A form's id as part of the name of a file: nothing that leads into another folder or ends a name."""
    return "".join("_" if each in '/\\:*?"<>|' or each < " " else each for each in form_id).strip(". ") or "form"


def form_head(source: Source) -> list[str]:
    """The columns of the form's own table."""
    named = source.layout.labels != "instead"
    said = [column.name if named else say_one(source.translate, column.title) for column in source.context]
    answers = [column.name for column in source.tables[0].columns]
    return ["SubmissionDate", *answers, "KEY", *SYSTEM_COLUMNS, *said]


def form_row(form: FlatTable, given: Given) -> list[Any]:
    """A submission under them."""
    return [given.submission_date, *form.quick(given.answers), given.key, *system_cells(given), *given.context]


def _form_file(source: Source, waiting: Sequence[tuple[FlatTable, _Waiting]]) -> Iterator[bytes]:
    form = source.tables[0]
    yield _head_line(form_head(source), source)
    lines = Lines(source.raw)
    for batch in source.batches():
        yield lines.of([form_row(form, given) for given in batch])
        for table, rows in waiting:
            rows.add(
                [
                    [*table.quick(row), above, own]
                    for given in batch
                    for above, own, row in table.rows(given.key, given.answers)
                ]
            )


def _head_line(head: Sequence[str], source: Source) -> bytes:
    mark = b"\xef\xbb\xbf" if source.mark else b""
    return mark + Lines(source.raw).of([head])


class _Waiting:
    """Lines of a repeat, until their file has its turn."""

    def __init__(self, open_files: ExitStack, source: Source) -> None:
        file = tempfile.SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115 - closed when it has been read, or all end
        self._file: IO[bytes] = open_files.enter_context(file)
        self._lines = Lines(source.raw)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Takes rows."""
        self._file.write(self._lines.of(rows))

    def read(self, head: bytes) -> Iterator[bytes]:
        """The file: its head, and what has come."""
        yield head
        self._file.seek(0)
        while part := self._file.read(_PART):
            yield part
        self._file.close()
