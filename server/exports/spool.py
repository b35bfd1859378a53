"""Rows that wait in a file without a name until their own table has its turn: what was sent is read once, and nobody
holds it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

import orjson

HELD = 1 << 20
"""Bytes of a table that are kept in memory before they go to the disk."""


class Spool:
    """Rows of what JSON has: texts, numbers, nothing."""

    def __init__(self, open_files: ExitStack) -> None:
        file = tempfile.SpooledTemporaryFile(max_size=HELD)  # noqa: SIM115 - closed with all the others
        self._file: IO[bytes] = open_files.enter_context(file)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Takes rows."""
        self._file.writelines(json_line(list(row)) for row in rows)

    def read(self) -> Iterator[list[Any]]:
        """All that has come, once; then its room is free."""
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)
        self._file.close()


def json_line(value: Any) -> bytes:
    """A value as a line of JSON. Half of a pair is no character, and no file in UTF-8 holds it: it becomes `?`. A
    number that JSON does not have as its digits: a text."""
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError):
        return orjson.dumps(_clean(value), option=orjson.OPT_APPEND_NEWLINE)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return value
