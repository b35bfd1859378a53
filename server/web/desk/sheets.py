"""The answers of a submission as a reader sees them: with the form's labels, and each finding at its question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from forms.definition import Field, FormDefinition
from server.services.aggregate import find_field
from server.storage.desk import FileRow
from server.web.desk.words import day, label, moment, number, say

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class Shown:
    """What a value looks like. `kind`: text | number | none | picture | file | missing; `file` names an attachment."""

    text: str
    kind: str = "text"
    file: str | None = None


@dataclass(frozen=True)
class Item:
    """A question with its answer, a group with what is in it, or a repeat with its rows. `kind`: answer | group |
    repeat. `findings` are those at this very place; `path` is that place, with the positions of rows; `beside`: how it
    differs from other texts (beside.py)."""

    kind: str
    name: str
    label: str
    findings: tuple[FindingShown, ...] = ()
    shown: Shown | None = None
    children: tuple[Item, ...] = ()
    rows: tuple[tuple[Item, ...], ...] = ()
    path: str = ""
    beside: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Difference:
    """An answer beside what stood there in another text. `source`: round (the last round's sheet) | edit (the version
    before). `mark`: same | changed | new | gone. `shown`: what stood there, None for nothing; its files are those of
    (submission, version) `where`."""

    source: str
    mark: str
    shown: Shown | None
    where: tuple[int, int]


@dataclass(frozen=True)
class FindingShown:
    """A finding in the reader's language: the form's own message, else ours. `rule`: what kind it is, in words;
    `expression`: the rule as the form writes it, "" for none."""

    path: str
    severity: str
    text: str
    question: str
    value: str | None
    rule: str = ""
    expression: str = ""


Lookup = Callable[[str, str], str | None]
"""(file name of a list, name of its row) → the row's label, None when it is not known."""


@dataclass
class Sheet:
    """Lays out one text of a submission. `files`: its attachments; `look_up`: labels of rows of external lists."""

    definition: FormDefinition
    answers: Mapping[str, Any]
    found: Sequence[Mapping[str, Any]]
    files: Mapping[str, FileRow]
    look_up: Lookup
    _placed: set[str] = field(default_factory=set)

    def items(self) -> tuple[Item, ...]:
        """All that was asked, in the order of the form."""
        root = self.definition.root
        return tuple(self._items(root, self.answers, root.path))

    def computed(self) -> list[tuple[str, str]]:
        """What the form worked out by itself: name and value."""
        found = []
        for each in self.definition.fields.values():
            if each.kind == "field" and each.control is None and "/meta/" not in each.path:
                value = find_field(self.answers, each.name)
                if value is not None and not isinstance(value, dict | list):
                    found.append((each.name, self._show(each, value).text))
        return found

    def findings(self) -> list[FindingShown]:
        """Every finding, errors first."""
        order = {"error": 0, "warning": 1, "info": 2}
        return sorted((self._finding(row) for row in self.found), key=lambda each: order.get(each.severity, 3))

    def label_of(self, name: str) -> str:
        """What the question of that name is called."""
        asked = self.definition.find_field(name)
        return self._label(asked) if asked is not None else name

    def _items(self, parent: Field, answers: Mapping[str, Any], path: str) -> Iterator[Item]:
        for child in parent.children:
            below = f"{path}/{child.name}"
            if child.kind == "repeat":
                yield from self._repeat(child, answers.get(child.name), below)
            elif child.kind == "group":
                inner = answers.get(child.name)
                items = tuple(self._items(child, inner, below)) if isinstance(inner, dict) else ()
                if items:
                    yield Item("group", child.name, self._label(child), self._at(below), children=items, path=below)
            elif self._is_asked(child, answers):
                shown = self._show(child, answers[child.name])
                yield Item("answer", child.name, self._label(child), self._at(below), shown, path=below)

    @staticmethod
    def _is_asked(child: Field, answers: Mapping[str, Any]) -> bool:
        # a note has a control and can never be answered
        if child.control in (None, "trigger") or child.name not in answers:
            return False
        return answers[child.name] is not None or not child.bind.readonly

    def _repeat(self, child: Field, rows: Any, path: str) -> Iterator[Item]:
        if isinstance(rows, list):
            laid = tuple(
                tuple(self._items(child, row, f"{path}[{place}]"))
                for place, row in enumerate(rows, start=1)
                if isinstance(row, dict)
            )
            yield Item("repeat", child.name, self._label(child), self._at(path), rows=laid, path=path)

    def _at(self, path: str) -> tuple[FindingShown, ...]:
        return tuple(self._finding(row) for row in self.found if row["path"] == path)

    def _label(self, each: Field) -> str:
        text = label(each.labels, self.definition.default_language) or each.name
        return _PLACEHOLDER.sub(lambda match: self._answer_of(match[1]), text)

    def _answer_of(self, name: str) -> str:
        asked = self.definition.find_field(name)
        value = find_field(self.answers, name)
        return self._show(asked, value).text if asked is not None and value is not None else "…"

    def _finding(self, row: Mapping[str, Any]) -> FindingShown:
        asked = self.definition.fields.get(re.sub(r"\[\d+\]", "", row["path"]))
        question = self._label(asked) if asked else row["path"].rpartition("/")[2]
        kind, params = row["kind"], row["params"]
        text = label(row["message"], self.definition.default_language)
        if not text:
            said = f"desk.finding.{kind}.{params['problem']}" if "problem" in params else f"desk.finding.{kind}"
            text = say(said, **{"value": row["value"] or "", **params})
        rule, expression = say(f"desk.rule.{kind}"), str(params.get("expression", ""))
        return FindingShown(row["path"], row["severity"], text, question or row["path"], row["value"], rule, expression)

    def _show(self, asked: Field, value: Any) -> Shown:
        if value is None:
            return Shown(say("desk.sheet.unanswered"), "none")
        if asked.type in ("select1", "select", "rank"):
            names = value if isinstance(value, list) else [value]
            return Shown(", ".join(self._choice(asked, str(name)) for name in names))
        if asked.type == "binary":
            return self._file(str(value))
        if isinstance(value, bool):
            return Shown(say(f"desk.answer.{'yes' if value else 'no'}"))
        if isinstance(value, int | float):
            return Shown(number(value), "number")
        if isinstance(value, dict):
            return Shown(show_place(value))
        return Shown(_dated(asked.type, str(value)))

    def _choice(self, asked: Field, name: str) -> str:
        for choice in asked.choices:
            if choice.name == name:
                return label(choice.labels, self.definition.default_language) or name
        file_name = asked.itemset.file_name if asked.itemset else None
        return (self.look_up(file_name, name) if file_name else None) or name

    def _file(self, name: str) -> Shown:
        file = self.files.get(name)
        if file is None or file.sha256 is None:
            return Shown(say("desk.sheet.file_missing", name=name), "missing")
        picture = (file.content_type or "").startswith("image/") and "svg" not in (file.content_type or "")
        return Shown(name, "picture" if picture else "file", name)


def show_place(value: Mapping[str, Any]) -> str:
    """A GeoJSON geometry as text: 21,09250, 107,36110 (± 5 m); a line or area by its number of points."""
    coordinates = value.get("coordinates")
    if value.get("type") != "Point" or not isinstance(coordinates, list) or len(coordinates) < 2:
        return say("desk.sheet.points", n=_points(coordinates))
    shown = f"{coordinates[1]:.6f}, {coordinates[0]:.6f}"
    accuracy = (value.get("properties") or {}).get("accuracy")
    return f"{shown} (± {accuracy:g} m)" if isinstance(accuracy, int | float) else shown


def _points(coordinates: Any) -> int:
    if isinstance(coordinates, list) and coordinates and isinstance(coordinates[0], list):
        return sum(_points(each) for each in coordinates) if isinstance(coordinates[0][0], list) else len(coordinates)
    return 0


def _dated(kind: str, text: str) -> str:
    try:
        if kind == "date":
            return day(date.fromisoformat(text[:10]))
        if kind == "dateTime":
            return moment(datetime.fromisoformat(text))
    except ValueError:
        return text
    return text
