"""What the columns of a form's tables mean: question by question its type, its label and its choices."""

from __future__ import annotations

from collections.abc import Iterator

from forms.definition import Field
from server.exports.answers import Source
from server.exports.flat import is_personal, label_of
from server.exports.sheets import Column, Sheet, Value, Word

COLUMNS = (
    Column("table", Word("table", "export.codebook.table")),
    Column("column", Word("column", "export.codebook.column")),
    Column("type", Word("type", "export.codebook.type")),
    Column("label", Word("label", "export.codebook.label")),
    Column("hint", Word("hint", "export.codebook.hint")),
    Column("choice", Word("choice", "export.codebook.choice")),
    Column("choice_label", Word("choice_label", "export.codebook.choice_label")),
)


def codebook_sheet(source: Source) -> Sheet:
    """A line for each question, and one for each of its choices."""
    return Sheet("codebook", Word("codebook", "export.codebook.title"), COLUMNS, _lines(source))


def _lines(source: Source) -> Iterator[list[Value]]:
    layout = source.layout
    for table in source.tables:
        for field, path in _questions(table.field, ""):
            if not layout.personal and is_personal(field):
                continue
            hint = label_of(field.hints, layout, "") or None
            label = label_of(field.labels, layout, field.name)
            yield [table.name or source.form_id, path, field.type, label, hint, None, None]
            for choice in field.choices:
                said = label_of(choice.labels, layout, choice.name)
                yield [table.name or source.form_id, path, field.type, label, None, choice.name, said]


def _questions(top: Field, above: str) -> Iterator[tuple[Field, str]]:
    for field in top.children:
        path = f"{above}-{field.name}" if above else field.name
        if field.kind == "group":
            yield from _questions(field, path)
        elif field.kind == "field":
            yield field, path
