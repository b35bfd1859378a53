"""Workbooks: that one is one and unpacks to a bearable size, before it is opened; where in it what stands, after."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from forms.errors import ConversionError

Row = Mapping[str, object]

MAX_UNPACKED = 200_000_000
MAX_ENTRIES = 5_000
_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_container(content: bytes, kind: str) -> None:
    """Refuse what is not a workbook of its kind.

    :raises ConversionError: ``conversion.not_xlsx``, ``.corrupt``, ``.zip_bomb`` (``bytes``, ``limit``), ``.not_xls``,
        ``.not_utf8`` or ``.empty``.
    """
    if not content.strip():
        raise ConversionError("conversion.empty")
    if kind == "xlsx":
        _check_zip(content)
    elif kind == "xls":
        if not content.startswith(_XLS):
            raise ConversionError("conversion.not_xls")
    else:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            raise ConversionError("conversion.not_utf8") from None


def _check_zip(content: bytes) -> None:
    if not content.startswith(b"PK"):
        raise ConversionError("conversion.not_xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_sizes(archive, entries)
            names = {entry.filename for entry in entries}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as fault:
        raise ConversionError("conversion.corrupt", {"detail": str(fault)}) from None
    if "[Content_Types].xml" not in names:
        raise ConversionError("conversion.not_xlsx")


def _check_sizes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    declared = sum(entry.file_size for entry in entries)
    if declared > MAX_UNPACKED or len(entries) > MAX_ENTRIES:
        raise ConversionError("conversion.zip_bomb", {"bytes": declared, "limit": MAX_UNPACKED})
    unpacked = 0
    for entry in entries:
        # zipfile stops at the declared size and then compares checksums: a lie about the size is a corrupt file
        with archive.open(entry) as stream:
            while piece := stream.read(1 << 16):
                unpacked += len(piece)
                if unpacked > MAX_UNPACKED:
                    raise ConversionError("conversion.zip_bomb", {"bytes": unpacked, "limit": MAX_UNPACKED})


class Place(NamedTuple):
    """A cell as people look for it: the sheet, the row (1 is the header), the header of the column."""

    sheet: str | None = None
    row: int | None = None
    column: str | None = None


# What a rule of a field is called in the first row of a sheet (XLSForm documentation, "aliases" of pyxform).
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "relevant": ("relevant", "relevance", "bind::relevant"),
    "required": ("required", "bind::required"),
    "constraint": ("constraint", "bind::constraint"),
    "calculation": ("calculation", "calculate", "bind::calculate"),
    "readonly": ("readonly", "read_only", "bind::readonly"),
    "repeat_count": ("repeat_count", "count", "jr:count", "control::jr:count"),
    "label": ("label", "caption"),
    "name": ("name", "value", "tag"),
    "type": ("type", "command"),
    "appearance": ("appearance", "control::appearance"),
    "constraint_message": ("constraint_message", "constraining_message", "bind::jr:constraintmsg", "jr:constraintmsg"),
    "required_message": ("required_message", "requiredmsg", "bind::jr:requiredmsg", "jr:requiredmsg"),
}
_MADE_BY_PYXFORM = ("_count", "_other")


@dataclass(frozen=True)
class Sheets:
    """Where the parts of a form stand in its workbook.

    ``fields``: row of each field by its path below the root, "group/field". ``choices``: row of each choice by list and
    name. ``headers``: by sheet, the columns as they are written.
    """

    fields: Mapping[str, int] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def place(self, path: str, rule: str = "", language: str = "") -> Place:
        """The cell of a field's rule ("relevant", "label", …), nothing when the path is not known. A path may also be
        the id that pyxform gives to the text of a choice, "list-0"."""
        if not path.startswith("/"):
            list_name, _, number = path.rpartition("-")
            return self._nth_choice(list_name, int(number)) if number.isdecimal() else Place()
        steps = path.split("/")
        below = "/".join(steps[2:])
        row = self._row(below, steps[-1])
        if row is not None:
            counts = below not in self.fields and below.endswith("_count")
            return Place("survey", row, self._column("survey", "repeat_count" if counts else rule, language))
        if "meta" in steps:
            if "entity" in path:
                return Place("entities", 2)
            return Place("settings", 2, self._column("settings", "instance_name"))
        return Place()

    def _nth_choice(self, list_name: str, number: int) -> Place:
        rows = list(self.choices.get(list_name, {}).values())
        return Place("choices", rows[number] if number < len(rows) else None, self._column("choices", "label"))

    def _row(self, below: str, name: str) -> int | None:
        known = self.fields.get(below) or self.fields.get(below.removeprefix("meta/"))
        for ending in _MADE_BY_PYXFORM:
            known = known or (self.fields.get(below.removesuffix(ending)) if name.endswith(ending) else None)
        return known

    def choice(self, list_name: str, name: str, rule: str = "name", language: str = "") -> Place:
        """The cell of a choice; of the first of its list when the name is not there."""
        rows = self.choices.get(list_name)
        if not rows:
            return Place("choices")
        row = rows.get(name, min(rows.values()))
        return Place("choices", row, self._column("choices", rule, language))

    def _column(self, sheet: str, rule: str, language: str = "") -> str | None:
        wanted = _HEADERS.get(rule, (rule,))
        plain: str | None = None
        for header in self.headers.get(sheet, ()):
            said = header.strip().lower().replace(" ", "_")
            if said in wanted and plain is None:
                plain = header
            for name in wanted:
                spoken = said.removeprefix(name).lstrip(":")
                if language and said.startswith(f"{name}:") and spoken == language.lower().replace(" ", "_"):
                    return header
        return plain


def find_places(book: Mapping[str, object]) -> Sheets:
    """Where what stands. ``book``: by sheet its rows without the header, and "<sheet>_header" with the header alone."""
    return Sheets(
        fields=rows_by_path(_rows(book, "survey")),
        choices=_rows_of_choices(_rows(book, "choices")),
        headers={sheet: _header(book, sheet) for sheet in ("survey", "choices", "settings")},
    )


def _rows(book: Mapping[str, object], sheet: str) -> Iterable[Row]:
    rows = book.get(sheet)
    return rows if isinstance(rows, list | tuple) else ()


def _header(book: Mapping[str, object], sheet: str) -> tuple[str, ...]:
    rows = _rows(book, f"{sheet}_header")
    return tuple(str(name) for row in rows for name in row)


def _rows_of_choices(choices: Iterable[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row, cells in enumerate(choices, 2):
        said = _plain(cells)
        list_name, name = said.get("list_name", ""), said.get("name", said.get("value", ""))
        if list_name:
            found.setdefault(list_name, {}).setdefault(name, row)
    return found


def rows_by_path(survey: Iterable[Row]) -> dict[str, int]:
    """The row (1 is the header) of each field, by its path below the root, "group/field"."""
    found: dict[str, int] = {}
    above: list[str] = []
    for row, cells in enumerate(survey, 2):
        said = _plain(cells)
        kind = said.get("type", "").lower().replace("_", " ")
        name = said.get("name", "")
        if kind.startswith("end ") and kind.split()[1] in ("group", "repeat"):
            del above[-1:]
        elif name:
            found.setdefault("/".join([*above, name]), row)
        if kind.startswith("begin ") and kind.split()[1] in ("group", "repeat"):
            above.append(name)
    return found


def _plain(cells: Row) -> dict[str, str]:
    """The cells of a row by their header in small letters."""
    return {key.strip().lower().replace(" ", "_"): str(value or "").strip() for key, value in cells.items()}
