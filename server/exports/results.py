"""The answers of a form as tables for people: a column for each question under its label, choices by their labels, a
place in columns of its own; each repeat is a table, its rows numbered within what was sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from forms.definition import Field, FormDefinition
from server.exports.sheets import COUNT, DAY, DECIMAL, MOMENT, TEXT, YES_NO, Column, Said, Value, Word

Lookup = Callable[[str, str], Said | None]
"""(file name of a list, name of its row) → what the row is called; None when it is not known."""
_KINDS = {"int": COUNT, "decimal": DECIMAL, "date": DAY, "dateTime": MOMENT, "boolean": YES_NO}
_POINT = ("latitude", "longitude", "accuracy")
_NEVER = frozenset({"meta", "start", "end", "today", "deviceid", "username", "audit"})
_PLACEHOLDER = re.compile(r"\$\{[^}]+\}")
_LANGUAGE = re.compile(r"\((\w+)\)\s*$")


@dataclass(frozen=True)
class Question:
    """A question with the way to it from the row of its table."""

    field: Field
    way: tuple[str, ...]


@dataclass(frozen=True)
class ResultTable:
    """One table of a form. `way`: from the root to the repeat, each step a name; () for the form itself."""

    name: str
    title: Said
    way: tuple[str, ...]
    questions: tuple[Question, ...]
    columns: tuple[Column, ...]

    def rows(self, answers: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The rows that one text has in this table, each with its number: 2, or 2.1 for the first row within it."""
        yield from _rows(answers, self.way, "")

    def cells(self, row: Mapping[str, Any], definition: FormDefinition, look_up: Lookup) -> Iterator[Value]:
        """The cells of a row, as many as there are columns."""
        for each in self.questions:
            value: Any = row
            for step in each.way:
                value = value.get(step) if isinstance(value, Mapping) else None
            yield from _cells(each.field, value, (definition, look_up))


def result_tables(definition: FormDefinition, name: str) -> tuple[ResultTable, ...]:
    """The tables of a form: itself, then each repeat at any depth. `name`: of the first. What is asked comes before
    what the form works out by itself; what only phones say is left out."""
    root = definition.root
    title = _label(root, definition, name)
    found = [_table(name, title, ((), root), definition)]
    for field, way in _repeats(root, ()):
        found.append(_table("-".join(way), _label(field, definition, field.name), (way, field), definition))
    return tuple(found)


def labels_in(labels: Mapping[str, str], default_language: str, name: str) -> Said:
    """A form's text by language, "English (en)" being en; its default language stands in where one is missing."""
    texts = {language: text for language, text in labels.items() if text}
    if not texts:
        return name
    rest = texts.get(default_language) or next(iter(texts.values()))
    by_locale = {found[1]: text for language, text in texts.items() if (found := _LANGUAGE.search(language))}
    both = {locale: _PLACEHOLDER.sub("…", by_locale.get(locale, rest)).strip() for locale in ("vi", "en")}
    return Word(name, both)


def _label(field: Field, definition: FormDefinition, name: str) -> Said:
    return labels_in(field.labels, definition.default_language, name)


def _table(name: str, title: Said, what: tuple[tuple[str, ...], Field], definition: FormDefinition) -> ResultTable:
    way, top = what
    every = list(_questions(top, ()))
    asked = [each for each in every if each.field.control is not None]
    questions = (*asked, *(each for each in every if each.field.control is None))
    columns = [column for each in questions for column in _columns(each, definition)]
    return ResultTable(name, title, way, questions, tuple(columns))


def _questions(top: Field, way: tuple[str, ...]) -> Iterator[Question]:
    for field in top.children:
        if (field.name in _NEVER and not way) or field.bind.preload is not None:
            continue
        here = (*way, field.name)
        if field.kind == "group":
            yield from _questions(field, here)
        elif field.kind == "field" and field.control != "trigger" and not _is_note(field):
            yield Question(field, here)


def _is_note(field: Field) -> bool:
    # shown and never answered
    return field.control is not None and field.bind.readonly and field.bind.calculate is None


def _repeats(top: Field, way: tuple[str, ...]) -> Iterator[tuple[Field, tuple[str, ...]]]:
    for field in top.children:
        here = (*way, field.name)
        if field.kind == "repeat":
            yield field, here
        if field.kind in ("repeat", "group"):
            yield from _repeats(field, here)


def _rows(value: Any, way: Sequence[str], number: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not way:
        if isinstance(value, Mapping):
            yield number, value
        return
    below = value.get(way[0]) if isinstance(value, Mapping) else None
    if isinstance(below, list):
        for place, row in enumerate(below, start=1):
            yield from _rows(row, way[1:], f"{number}.{place}" if number else str(place))
    else:
        yield from _rows(below, way[1:], number)


def _columns(question: Question, definition: FormDefinition) -> Iterator[Column]:
    field, name = question.field, ".".join(question.way)
    title = _label(field, definition, field.name)
    if field.type == "geopoint":
        for part in _POINT:
            yield Column(f"{name}.{part}", _with_part(title, part), DECIMAL)
    else:
        yield Column(name, title, _KINDS.get(field.type, TEXT))


def _with_part(title: Said, part: str) -> Said:
    words = {"latitude": ("vĩ độ", "latitude"), "longitude": ("kinh độ", "longitude"), "accuracy": ("sai số, m", "± m")}
    texts = title.text if isinstance(title, Word) and isinstance(title.text, Mapping) else {}
    said = dict(zip(("vi", "en"), words[part], strict=True))
    return Word(part, {locale: f"{texts.get(locale, str(title))}: {said[locale]}" for locale in said})


def _cells(field: Field, value: Any, told: tuple[FormDefinition, Lookup]) -> Iterator[Value]:
    if field.type == "geopoint":
        yield from _point(value)
    elif value is None:
        yield None
    elif field.type in ("select1", "select", "rank"):
        yield _chosen(field, value if isinstance(value, list) else [value], told)
    elif isinstance(value, bool | int | float):
        yield value
    elif isinstance(value, dict | list):
        yield orjson.dumps(value).decode()
    else:
        yield _dated(field.type, str(value))


def _chosen(field: Field, names: Sequence[Any], told: tuple[FormDefinition, Lookup]) -> Value:
    definition, look_up = told
    said: list[Said] = []
    for name in map(str, names):
        choice = next((each for each in field.choices if each.name == name), None)
        file_name = field.itemset.file_name if field.itemset else None
        if choice is not None:
            said.append(labels_in(choice.labels, definition.default_language, name))
        else:
            said.append((look_up(file_name, name) if file_name else None) or name)
    if len(said) == 1:
        return said[0]
    texts = [one.text if isinstance(one, Word) and isinstance(one.text, Mapping) else {} for one in said]
    both = {
        locale: "; ".join(text.get(locale) or str(name) for text, name in zip(texts, names, strict=True))
        for locale in ("vi", "en")
    }
    return Word(" ".join(map(str, names)), both)


def _point(value: Any) -> Iterator[Value]:
    coordinates = value.get("coordinates") if isinstance(value, Mapping) else None
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        # a place that could not be read stays what was sent
        yield from (str(value) if isinstance(value, str) else None, None, None)
        return
    properties = value.get("properties") or {}
    yield from (coordinates[1], coordinates[0], properties.get("accuracy"))


def _dated(kind: str, text: str) -> Value:
    try:
        if kind == "date":
            return date.fromisoformat(text[:10])
        if kind == "dateTime":
            return datetime.fromisoformat(text)
    except ValueError:
        return text
    return text
