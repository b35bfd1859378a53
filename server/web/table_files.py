"""Tables as answers: a workbook, or a zip of CSV files, in the language of the request."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import IO

from flask import request
from werkzeug.wrappers import Response

from server.exports.csv_rows import csv_zip
from server.exports.sheets import About, Sheet
from server.exports.xlsx import write_xlsx
from server.table_words import translator
from server.web.context import choose_locale, today
from server.web.streams import streamed

XLSX, CSV = "xlsx", "csv.zip"
ENDINGS = (XLSX, CSV)
KINDS = {XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", CSV: "application/zip"}
_PART = 1 << 16
_HELD = 1 << 20
_NO_FILE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Book:
    """What goes into one file. `name`: of the file, without its ending."""

    name: str
    sheets: Iterable[Sheet]
    about: About


def answer_table(book: Book, ending: str) -> Response:
    """The file, one of ENDINGS. A CSV is sent as its rows are made; a workbook is made on disk before it is sent. The
    same figures on the same day make the same bytes."""
    translate, made = translator(choose_locale()), datetime.combine(today(), time())
    if ending == CSV:
        answer = streamed(csv_zip(book.sheets, book.about, translate, made), KINDS[CSV])
    else:
        file = tempfile.SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115 - closed when it has been sent
        try:
            write_xlsx(file, book.sheets, book.about, translate, made)
        except BaseException:
            file.close()
            raise
        size = file.tell()
        file.seek(0)
        answer = Response(_parts(file), content_type=KINDS[XLSX])
        answer.content_length = size
        # also where nobody reads it to the end: a reader who went away, the answer to a HEAD
        answer.call_on_close(file.close)
        if request.method == "HEAD":
            file.close()
    name = _NO_FILE.sub("-", book.name).strip("-") or "table"
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.{ending}")
    return answer


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part
