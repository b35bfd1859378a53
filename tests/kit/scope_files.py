"""What stands in the files that answers are: workbooks and zips of tables are opened; nothing hides in them."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from werkzeug.test import TestResponse

from tests.kit.formats import read_parquet

ZIP = b"PK\x03\x04"
PRESSED = ".parquet"
_MADE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?|<v>\d{5}\.\d+</v>")
"""When a file was made, as it says in it: in words, and as spreadsheets count days."""


def text_of(answer: TestResponse) -> str:
    """All that can be read in an answer; of a zip the names of its members and what they hold."""
    content = answer.get_data()
    if not content.startswith(ZIP):
        return content.decode("utf-8", errors="replace")
    with zipfile.ZipFile(BytesIO(content)) as file:
        names = file.namelist()
        plain = [file.read(name) for name in names if not name.endswith(PRESSED)]
    parts = [*names, *(each.decode("utf-8", errors="replace") for each in plain)]
    if len(plain) < len(names):
        # what lies in columns is pressed, and is read as its users read it
        parts += [str(value) for rows in read_parquet(content).values() for row in rows for value in row.values()]
    return "\n".join(parts)


def steady_text_of(answer: TestResponse) -> str:
    """The same, of a file without the moment at which it was made."""
    text = text_of(answer)
    return _MADE.sub("…", text) if answer.get_data().startswith(ZIP) else text
