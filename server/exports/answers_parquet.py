"""Answers as Parquet files for DuckDB, Spark, pandas: typed columns, compressed with zstd, in a zip or a folder.

`form=ID/table=Submissions/month=2026-11/part-00000.parquet`, each repeat a table of its own
(`table=Submissions.member`); the month is that of `SubmissionDate`, in UTC. What does not fit the type of its column
stands as JSON in the row's column `_raw`, so that nothing is lost. Rows go through files of some ten thousand
submissions each; memory stays flat.
"""

from __future__ import annotations

import importlib
import math
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote

from server.exports.answers import SYSTEM_COLUMNS, Given, Source, system_cells
from server.exports.codebook import codebook_sheet
from server.exports.csv_rows import about_file, sheet_file
from server.exports.flat import FlatTable
from server.exports.headings import unlike
from server.exports.sheets import COUNT, DAY, DECIMAL, MOMENT, TEXT, plain, say_all, say_one, shown
from server.exports.spool import json_line
from server.exports.zips import zip_stream

ENDING = "parquet.zip"
KIND = "application/zip"
LACKS = ("duckdb", "analysis") if find_spec("duckdb") is None else None
"""The package that is missing here, and the extra that brings it."""
AT_ONCE = 50_000
"""Submissions in a file."""
RAW = "_raw"
_PART = 1 << 18
_MEMORY = "256MB"
_SMALLEST_BUFFER = 1 << 20
_INT64 = 1 << 63
_EXACT = 1 << 53
_SQL = {COUNT: "BIGINT", DECIMAL: "DOUBLE", DAY: "DATE", MOMENT: "TIMESTAMPTZ", TEXT: "VARCHAR"}
_READ_AS = {COUNT: "BIGINT", DECIMAL: "DOUBLE", DAY: "VARCHAR", MOMENT: "VARCHAR", TEXT: "VARCHAR"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_USUAL = re.compile(r"[^T]{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-](0\d|1[0-4]):[0-5]\d)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)")
_NUMBERS = frozenset({"AttachmentsPresent", "AttachmentsExpected", "Edits"})


class Part(NamedTuple):
    """A file that is whole: its name in the folder of all, and where it lies until whoever takes it removes it."""

    name: str
    path: Path


def write(source: Source) -> Iterator[bytes]:
    """A zip of all files, each sent as soon as it is whole."""
    with tempfile.TemporaryDirectory() as folder:
        yield from zip_stream(_pieces(write_parts(source, Path(folder))), source.made, pressed=False)


def _pieces(parts: Iterable[Part]) -> Iterator[tuple[str, Iterable[bytes]]]:
    for part in parts:
        with part.path.open("rb") as file:
            yield part.name, iter(lambda read=file.read: read(_PART), b"")  # type: ignore[misc]
        part.path.unlink()


def write_parts(source: Source, folder: Path) -> Iterator[Part]:
    """The files one after another, made in `folder`. What the answers are stands beside the tables, under names that
    readers of whole folders pass over."""
    home = form_folder(source.form_id)
    # first what is there at once: the rows of a month take a while, and who waits is to see that something comes
    sheets = [about_file(source.about, source.translate), sheet_file(codebook_sheet(source), source.translate)]
    for name, lines in sheets:
        path = folder / name
        with path.open("wb") as file:
            file.writelines(lines)
        yield Part(f"{home}/_{name}", path)
    with tempfile.TemporaryDirectory(dir=folder) as spill, _Writer(source, folder, Path(spill)) as writer:
        for month, given in _months(source):
            for part in writer.take(month, given):
                yield Part(f"{home}/{part.name}", part.path)
        for part in writer.flush():
            yield Part(f"{home}/{part.name}", part.path)


def form_folder(form_id: str) -> str:
    """The folder of a form: nothing in its name leads elsewhere, and readers turn it back."""
    return f"form={quote(form_id, safe=' ')}"


def _months(source: Source) -> Iterator[tuple[str, list[Given]]]:
    """What was sent, in runs of the same month."""
    for batch in source.batches():
        run: list[Given] = []
        month = ""
        for given in batch:
            if given.submission_date[:7] != month:
                if run:
                    yield month, run
                run, month = [], given.submission_date[:7]
            run.append(given)
        if run:
            yield month, run


class _Writer:
    """Gathers rows until there are enough of a month, and makes files of them."""

    def __init__(self, source: Source, folder: Path, spill: Path) -> None:
        form, *repeats = source.tables
        self._source = source
        self._target = folder / "part.parquet"
        self._about = _about(source)
        self._table, self._form = form, _Rows("Submissions", spill / "0", _form_columns(source))
        self._repeats = [
            (table, _Rows(f"Submissions.{table.name}", spill / str(number), _columns(table)))
            for number, table in enumerate(repeats, start=1)
        ]
        self._all = [self._form, *(rows for _, rows in self._repeats)]
        self._month = ""
        self._waiting = 0
        self._parts: Counter[str] = Counter()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        for rows in self._all:
            rows.close()

    def take(self, month: str, some: Sequence[Given]) -> Iterator[Part]:
        """Takes what was sent in a month; gives the files that are whole now."""
        if self._waiting and (month != self._month or self._waiting >= AT_ONCE):
            yield from self.flush()
        self._month = month
        self._waiting += len(some)
        # cells as they lie: lists and groups become text where columns of text are read
        translate, cells, add = self._source.translate, self._table.quick, self._form.add
        for given in some:
            context = [plain(shown(translate, value)) for value in given.context]
            first = [given.key, given.submission_date, *system_cells(given)]
            add([*first, *context, *cells(given.answers)])
            for table, rows in self._repeats:
                for above, own, row in table.rows(given.key, given.answers):
                    rows.add([above, own, *table.quick(row)])

    def flush(self) -> Iterator[Part]:
        """Makes files of what waits."""
        for rows in self._all:
            if rows.count:
                place = f"table={quote(rows.name, safe=' ')}/month={self._month}"
                name = f"{place}/part-{self._parts[place]:05d}.parquet"
                self._parts[place] += 1
                rows.write(self._target, self._about)
                yield Part(name, self._target)
        self._waiting = 0


class _Rows:
    """The rows of one table as lines of JSON in a file, until Parquet is made of them. `columns`: names and kinds."""

    def __init__(self, name: str, path: Path, columns: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.count = 0
        self._path = path
        self._file: IO[bytes] = path.open("wb")
        self._longest = 0
        self._kinds = [kind for _, kind in columns]
        self._names = unlike([name for name, _ in columns], [RAW], fold=True)
        self._keys = [f"c{number}" for number in range(len(columns))]
        self._typed = [(number, _FITS[kind]) for number, kind in enumerate(self._kinds) if kind in _FITS]

    def add(self, cells: list[Any]) -> None:
        """Takes a row; what does not fit its column is set beside it."""
        misfits: dict[str, Any] | None = None
        for number, fit in self._typed:
            value = cells[number]
            if value is not None:
                cells[number] = fitting = fit(value)
                if fitting is None:
                    misfits = (misfits or {}) | {self._names[number]: value}
        row = {key: value for key, value in zip(self._keys, cells, strict=True) if value is not None}
        if misfits:
            row[RAW] = json_line(misfits).decode().rstrip()
        line = json_line(row)
        self.count += 1
        self._longest = max(self._longest, len(line))
        self._file.write(line)

    def write(self, target: Path, about: str) -> None:
        """Makes a file of what has come, and begins anew."""
        self._file.close()
        read_as = [f"{key}: '{_READ_AS[kind]}'" for key, kind in zip(self._keys, self._kinds, strict=True)]
        named = zip(self._keys, self._kinds, self._names, strict=True)
        made = [f"CAST({key} AS {_SQL[kind]}) AS {_quoted(name)}" for key, kind, name in named]
        columns = ", ".join([*read_as, f"{RAW}: 'VARCHAR'"])
        most = max(_SMALLEST_BUFFER, 2 * self._longest)
        rows = (
            f"read_json({_literal(self._path)}, format='newline_delimited', "
            f"columns={{{columns}}}, maximum_object_size={most})"
        )
        form = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{about: {_literal(about)}}}"
        # older versions take no parameters here; names and texts are quoted
        query = f"COPY (SELECT {', '.join([*made, RAW])} FROM {rows}) TO {_literal(target)} ({form})"  # noqa: S608
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": _MEMORY,
            "temp_directory": str(self._path.parent),
        }
        # loaded when it is asked for: it takes thirty megabytes of a process that needs it once a month
        with importlib.import_module("duckdb").connect(":memory:", config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(query)
        self.count = self._longest = 0
        self._file = self._path.open("wb")

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()


def _form_columns(source: Source) -> list[tuple[str, str]]:
    """The keys first: what a column of answers is called never changes theirs."""
    system = [(name, COUNT if name in _NUMBERS else TEXT) for name in SYSTEM_COLUMNS]
    context = [(say_one(source.translate, each.title), each.kind) for each in source.context]
    answers = [(each.name, each.kind) for each in source.tables[0].columns]
    return [("KEY", TEXT), ("SubmissionDate", MOMENT), *system, *context, *answers]


def _columns(table: FlatTable) -> list[tuple[str, str]]:
    return [("PARENT_KEY", TEXT), ("KEY", TEXT), *((each.name, each.kind) for each in table.columns)]


def _about(source: Source) -> str:
    """What each file says of itself, in its own metadata."""
    about, translate = source.about, source.translate
    lines = [[say_one(translate, label), plain(shown(translate, value))] for label, value in about.lines]
    said = {"title": say_one(translate, about.title), "marks": say_all(translate, about.marks), "lines": lines}
    return json_line(said).decode().rstrip()


def _quoted(name: str) -> str:
    clean = name.encode("utf-8", "replace").decode().replace("\0", " ")
    return '"' + clean.replace('"', '""') + '"'


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _count(value: Any) -> int | None:
    return value if type(value) is int and -_INT64 <= value < _INT64 else None


def _decimal(value: Any) -> float | None:
    """A number as it was sent; a whole one that would lose digits is none."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    return float(value) if type(value) is int and -_EXACT <= value <= _EXACT else None


def _day(value: Any) -> str | None:
    return value if type(value) is str and _is_day(value) else None


@lru_cache(maxsize=1 << 15)
def _is_day(text: str) -> bool:
    """Days come again and again."""
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _moment(value: Any) -> str | None:
    """A moment as it stands, where DuckDB reads it so; else in UTC."""
    if type(value) is not str:
        return None
    if _USUAL.fullmatch(value) and _is_day(value[:10]):
        return value
    try:
        if not _MOMENT.fullmatch(value):
            return None
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


_FITS: dict[str, Callable[[Any], Any]] = {COUNT: _count, DECIMAL: _decimal, DAY: _day, MOMENT: _moment}
"""What a value becomes in a column of the kind; None: it does not fit."""
