"""Reads each format of the answers as its users would, with programs of others: a table as rows by names of columns."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

Row = Mapping[str, Any]
Tables = Mapping[str, list[Row]]
FORM = ""
"""The form's own table; those of repeats are called as these."""


def read_csv(content: bytes) -> Tables:
    """Every CSV of a zip; what stands in `media/` is not read."""
    found: dict[str, list[Row]] = {}
    for name, text in _members(content, ".csv").items():
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
        stem = name.removesuffix(".csv")
        found[stem.partition("-")[2] if "-" in stem else FORM if not found else stem] = list(rows)
    return found


def read_xlsx(content: bytes) -> Tables:
    """Every sheet; openpyxl and calamine must see the same texts."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    other = load_workbook(io.BytesIO(content), read_only=True)
    found: dict[str, list[Row]] = {}
    for name in book.sheet_names:
        lines = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        seen = [list(line) for line in other[name].iter_rows(values_only=True)]
        for line, again in zip(lines, seen, strict=True):
            texts = [value for value in again if isinstance(value, str) and "_x" not in value]
            assert set(texts) <= {value for value in line if isinstance(value, str)}
        head = [str(cell) for cell in lines[0]]
        rows = [dict(zip(head, line, strict=True)) for line in lines[1:]]
        found[name if found else FORM] = rows
    return found


def read_geojson(content: bytes) -> Tables:
    """The features' properties, each with its geometry."""
    said = json.loads(content)
    assert said["type"] == "FeatureCollection"
    return {FORM: [{**each["properties"], "geometry": each["geometry"]} for each in said["features"]]}


def read_parquet(content: bytes) -> Tables:
    """Every table, by DuckDB, newest first."""
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
        for table in sorted(Path(folder).glob("*/table=*")):
            found[table.name.removeprefix("table=Submissions").removeprefix(".")] = read_folder(table)
    return found


def read_folder(table: Path) -> list[Row]:
    """The rows of a folder of Parquet files, with the columns that its name and those below it are."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        asked = connection.execute("SELECT * FROM read_parquet($1, hive_partitioning=true)", [f"{table}/**/*.parquet"])
        head = [each[0] for each in asked.description or ()]
        rows = [dict(zip(head, line, strict=True)) for line in asked.fetchall()]
    return [
        {name: value.astimezone(UTC) if hasattr(value, "astimezone") else value for name, value in row.items()}
        for row in rows
    ]


def read_media(content: bytes) -> Tables:
    """The lists that stand beside the files."""
    found: dict[str, list[Row]] = {}
    for name, text in _members(content, ".csv").items():
        found[name.removesuffix(".csv")] = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    return found


READERS: Mapping[str, Callable[[bytes], Tables]] = {
    "csv.zip": read_csv,
    "xlsx": read_xlsx,
    "geojson": read_geojson,
    "parquet.zip": read_parquet,
    "media.zip": read_media,
}
"""By the ending of the file."""


def all_bytes(content: bytes) -> bytes:
    """All that stands in a file, its own bytes and those of what is zipped in it; of Parquet what DuckDB reads."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [name.encode() + b"\n" + archive.read(name) for name in archive.namelist()]
        if any(name.endswith(".parquet") for name in archive.namelist()):
            parts.append(repr(read_parquet(content)).encode())
    return b"\n".join([content, *parts])


def _members(content: bytes, ending: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name.endswith(ending) and not name.startswith("media/")]
        return {name: archive.read(name) for name in names}
