"""What a table is before it is written: named and typed columns, rows, and what a reader must know to mean the same by
its figures. The formats (csv_rows.py, xlsx.py) write the same tables; pages and JSON show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

TEXT, COUNT, DECIMAL, DAY, MOMENT, YES_NO = "text", "count", "decimal", "day", "moment", "yesno"
"""Kinds of columns: what stands in them, and how a spreadsheet shows it. Codes are TEXT, whatever digits they have."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something said in the reader's language. `code`: the same for programs; `text`: a message id, with `params`, or
    a text that stands in both languages, such as a law's."""

    code: str
    text: str | Mapping[str, str]
    params: Mapping[str, object] = field(default_factory=dict)


Said = str | Word
Value = None | bool | int | float | str | date | datetime | Word
Translate = Callable[[Word], str]


@dataclass(frozen=True, slots=True)
class Column:
    """`name`: for programs, the same in every language; `title`: for people."""

    name: str
    title: Said
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `rows` are read once, each as long as `columns`."""

    name: str
    title: Said
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class About:
    """What stands beside the figures: labels and values, line by line; `marks`: what every printed page must say
    (provisional, synthetic)."""

    title: Said
    lines: Sequence[tuple[Said, Value]]
    marks: Sequence[Said] = ()


def say_all(translate: Translate, some: Iterable[Said]) -> list[str]:
    """Words and texts as texts."""
    return [say_one(translate, each) for each in some]


def say_one(translate: Translate, said: Said) -> str:
    """A word as a text; a text stays."""
    return translate(said) if isinstance(said, Word) else said


def shown(translate: Translate, value: Value) -> int | float | str | date | datetime | None:
    """A value as cells have it: words and yes and no are texts."""
    if isinstance(value, bool):
        return translate(YES if value else NO)
    return translate(value) if isinstance(value, Word) else value


def plain(value: Value) -> bool | int | float | str | None:
    """A value as programs have it: codes of words, dates as ISO 8601."""
    if isinstance(value, Word):
        return value.code
    return value.isoformat() if isinstance(value, date) else value


YES, NO = Word("yes", "table.yes"), Word("no", "table.no")


def with_rows(sheet: Sheet, rows: Iterable[Sequence[Value]]) -> Sheet:
    """The same table with other rows: a page of them."""
    return replace(sheet, rows=rows)
