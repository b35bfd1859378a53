"""XLSForms written in tests: rows as a person fills them in."""

from __future__ import annotations

import io
from collections.abc import Iterable

from openpyxl import Workbook

Row = dict[str, str]


def row(kind: str, name: str = "", label: str = "Nhãn", **cells: str) -> Row:
    """A row of the survey sheet; a cell is named by its column, `label__vi` stands for "label::vi"."""
    found = {"type": kind, "name": name, "label": "" if kind.startswith(("end", "calculate")) else label, **cells}
    return {column.replace("__", "::"): cell for column, cell in found.items() if cell}


def choices(list_name: str, *names: str, **columns: str) -> list[Row]:
    """The rows of one list; a name "a=Nhãn" brings its label."""
    found = []
    for each in names:
        name, _, label = each.partition("=")
        found.append({"list_name": list_name, "name": name, "label": label or name, **columns})
    return found


def markdown(survey: Iterable[Row], choices: Iterable[Row] = (), settings: Row | None = None) -> bytes:
    """A workbook as a Markdown table."""
    sheets = {"survey": list(survey), "choices": list(choices), "settings": [settings or {"version": "1"}]}
    return "\n".join(line for name, rows in sheets.items() if rows for line in _table(name, rows)).encode()


def xlsx(survey: Iterable[Row], choices: Iterable[Row] = (), settings: Row | None = None) -> bytes:
    """The same as an Excel workbook."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in (("survey", survey), ("choices", choices), ("settings", [settings or {"version": "1"}])):
        found = list(rows)
        if not found:
            continue
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for each in found for column in each))
        sheet.append(columns)
        for each in found:
            sheet.append([each.get(column) for column in columns])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _table(name: str, rows: list[Row]) -> Iterable[str]:
    columns = list(dict.fromkeys(column for each in rows for column in each))
    yield f"| {name} |"
    yield "| | " + " | ".join(columns) + " |"
    for each in rows:
        yield "| | " + " | ".join(each.get(column, "").replace("|", "\\|") for column in columns) + " |"
