"""Rows of OData tables. What a row looks like is worked out once for a form, a table and what was asked; each
submission then walks a list of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, NamedTuple

from forms.definition import Field
from server.exports.odata import ROOT, above_of, name_of, once, parent_key, tables_of

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Shape:
    """How values are shown: geometries as WKT, of the repeats those of these paths inside their rows (`*`: all, at any
    depth), and of the columns only these paths (with what lies below them); None: all."""

    wkt: bool = False
    expanded: frozenset[str] = frozenset()
    selected: frozenset[str] | None = None


class RepeatRow(NamedTuple):
    """A row of a repeat before it is shown: its key, that of the row above it, the answers in it."""

    key: str
    parent: str
    answers: dict[str, Any]
    link: str


class SubmissionRows:
    """Rows of `Submissions`."""

    def __init__(self, root: Field, shape: Shape) -> None:
        self._group = _Group(root, Asked(shape.wkt, shape.expanded, shape.selected), Place(ROOT))
        self._selected = shape.selected
        whole = shape.selected is None or "__system" in shape.selected
        self._system = None if whole or shape.selected is None else _below("__system/", shape.selected)

    def row(self, key: str, answers: dict[str, Any], system: dict[str, Any]) -> dict[str, Any]:
        """The row of one submission; `system`: what is known besides the answers."""
        shown: dict[str, Any] = {}
        chosen = self._selected
        if chosen is None or "__id" in chosen:
            shown["__id"] = key
        if self._system is None:
            shown["__system"] = system
        elif self._system:
            shown["__system"] = {name: value for name, value in system.items() if name in self._system}
        return shown | self._group.show(answers, key, f"{ROOT}('{key}')")


class RepeatRows:
    """Rows of the table of a repeat. `found` gives them before they are shown, so that some can be left out."""

    def __init__(self, root: Field, table: str, shape: Shape) -> None:
        self._way = _way_to(root, table)
        self._parent = parent_key(above_of(tables_of(root), table))
        self._group = _Group(tables_of(root)[table], Asked(shape.wkt, shape.expanded, shape.selected), Place(table))
        self._selected = shape.selected

    @property
    def outermost(self) -> tuple[str, ...]:
        """The names by which the list that all its rows lie in is found in the answers."""
        return self._way[0][0]

    def found(self, key: str, answers: dict[str, Any]) -> Iterator[RepeatRow]:
        """The rows that one submission has."""
        rows: Iterable[RepeatRow] = (RepeatRow(key, "", answers, f"{ROOT}('{key}')"),)
        for steps, path, link in self._way:
            rows = _unfolded(rows, steps, path, link)
        return iter(rows)

    def row(self, found: RepeatRow) -> dict[str, Any]:
        """One of them as it is shown."""
        shown: dict[str, Any] = {}
        for name, value in (("__id", found.key), (self._parent, found.parent)):
            if self._selected is None or name in self._selected:
                shown[name] = value
        return shown | self._group.show(found.answers, found.key, found.link)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a group or of the rows of a repeat; `path`: to it from the row, with slashes."""

    wkt: bool
    expanded: frozenset[str]
    selected: frozenset[str] | None
    path: str = ""

    def at(self, name: str) -> Asked | None:
        """What is asked of a group of this name; None: nothing."""
        here = f"{self.path}{name}"
        chosen = self.selected
        if chosen is not None and here in chosen:
            chosen = None
        elif chosen is not None and not _below(f"{here}/", chosen):
            return None
        return Asked(self.wkt, self.expanded, chosen, f"{here}/")

    def takes(self, name: str) -> bool:
        """Whether a column of this name is shown."""
        return self.selected is None or f"{self.path}{name}" in self.selected

    def within(self, name: str) -> Asked | None:
        """What is asked of the rows of a repeat of this name inside the row; None: they are not."""
        if EVERY in self.expanded:
            return Asked(self.wkt, self.expanded, None)
        return Asked(self.wkt, frozenset(), None) if f"{self.path}{name}" in self.expanded else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands: the table of its rows, the path to it with dots, and the link from the row."""

    table: str
    path: str = ""
    link: str = ""

    def at(self, name: str) -> Place:
        """The place of what lies in it under a name."""
        return Place(self.table, f"{self.path or self.table}.{name}", f"{self.link}/{name}")


class _Group:
    """What stands in a group. The answers are laid over a pattern that has every column in its order; most of them are
    shown as they are, so that only a few are looked at one by one."""

    def __init__(self, group: Field, asked: Asked, place: Place) -> None:
        self._pattern: dict[str, Any] = {}
        self._renamed: list[tuple[str, str]] = []
        self._groups: list[tuple[str, Callable[..., dict[str, Any]]]] = []
        self._repeats: list[tuple[str, str, str, _RowsWithin | None]] = []
        self._several: list[str] = []
        self._wkt = asked.wkt
        for field in group.children:
            name = name_of(field.name)
            inner = asked.at(name) if field.kind == "group" else None
            if inner is not None:
                self._groups.append((name, _Group(field, inner, place.at(name)).show))
            elif field.kind == "group" or not asked.takes(name):
                continue
            if field.kind == "repeat":
                self._add_repeat(field, asked, place)
                continue
            if name != field.name:
                self._renamed.append((field.name, name))
            if field.type in ("select", "rank"):
                self._several.append(name)
            self._pattern[name] = None
        self._width = len(self._pattern)

    def _add_repeat(self, field: Field, asked: Asked, place: Place) -> None:
        name = name_of(field.name)
        at, within = place.at(name), asked.within(name)
        self._pattern[f"{name}@odata.navigationLink"] = None
        rows = None
        if within is not None:
            self._pattern[name] = None
            rows = _RowsWithin(field, within, at.path, parent_key(place.table))
        self._repeats.append((field.name, name, at.link, rows))

    def show(self, answers: dict[str, Any], key: str, link: str) -> dict[str, Any]:
        """Its values as a row, or as a part of one."""
        row = self._pattern | answers
        if len(row) != self._width or self._renamed or self._repeats:
            self._fit(row, answers)
        for name in self._several:
            value = row[name]
            if type(value) is list:
                # choices as the form's own answer has them
                row[name] = " ".join(map(str, value))
        if self._wkt or list in map(type, row.values()):
            self._show_odd(row)
        for name, show in self._groups:
            value = row[name]
            row[name] = show(value if type(value) is dict else {}, key, link)
        for asked, name, ending, rows in self._repeats:
            address = link + ending
            row[f"{name}@odata.navigationLink"] = address
            if rows is not None:
                row[name] = rows.list(answers.get(asked), key, address)
        return row

    def _fit(self, row: dict[str, Any], answers: dict[str, Any]) -> None:
        """Gives answers their names as columns; what is no column is left out."""
        for name in row.keys() - self._pattern.keys():
            del row[name]
        for name, shown in self._renamed:
            row[shown] = answers.get(name)
        for _, name, _, rows in self._repeats:
            if rows is not None:
                row[name] = None

    def _show_odd(self, row: dict[str, Any]) -> None:
        """Places as WKT where they are wanted so, and what a former version of the form let somebody choose."""
        groups = {name for name, _ in self._groups}
        for name, value in row.items():
            if name in groups:
                continue
            if type(value) is list:
                row[name] = " ".join(map(str, value))
            elif self._wkt and type(value) is dict and "coordinates" in value:
                row[name] = _WKT[value["type"]](value["coordinates"])


class _RowsWithin:
    """The rows of a repeat inside a row."""

    def __init__(self, field: Field, asked: Asked, table: str, parent: str) -> None:
        self._table, self._parent = table, parent
        self._group = _Group(field, asked, Place(table))

    def list(self, answers: Any, key: str, link: str) -> list[dict[str, Any]]:
        """Those below the row with this key."""
        if type(answers) is not list:
            return []
        base, parent, show = f"{key}/{self._table}/", self._parent, self._group.show
        rows = []
        for number, each in enumerate(answers, start=1):
            own = sha1(f"{base}{number}".encode(), usedforsecurity=False).hexdigest()
            rows.append({"__id": own, parent: key} | show(each, own, f"{link}('{own}')"))
        return rows


@once
def submission_rows(root: Field, shape: Shape) -> SubmissionRows:
    """What makes the rows of `Submissions`."""
    return SubmissionRows(root, shape)


@once
def repeat_rows(root: Field, table: str, shape: Shape) -> RepeatRows:
    """What makes the rows of the table of a repeat."""
    return RepeatRows(root, table, shape)


def _way_to(root: Field, table: str) -> tuple[tuple[tuple[str, ...], str, str], ...]:
    """The repeats through which a table is reached: the names to each from the one before, its table, and the link."""
    way, field, path = [], root, ROOT
    steps: tuple[str, ...] = ()
    link = ""
    while path != table:
        field = next(child for child in field.children if f"{table}.".startswith(f"{path}.{name_of(child.name)}."))
        name = name_of(field.name)
        path, steps, link = f"{path}.{name}", (*steps, field.name), f"{link}/{name}"
        if field.kind == "repeat":
            way.append((steps, path, link))
            steps, link = (), ""
    return tuple(way)


def _unfolded(above: Iterable[RepeatRow], steps: tuple[str, ...], table: str, link: str) -> Iterator[RepeatRow]:
    for row in above:
        value: Any = row.answers
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        if not isinstance(value, list):
            continue
        base, begun = f"{row.key}/{table}/", f"{row.link}{link}"
        for number, answers in enumerate(value, start=1):
            key = sha1(f"{base}{number}".encode(), usedforsecurity=False).hexdigest()
            yield RepeatRow(key, row.key, answers, f"{begun}('{key}')")


def _below(path: str, selected: frozenset[str]) -> frozenset[str]:
    """The names that are selected below a path."""
    return frozenset(each.removeprefix(path).partition("/")[0] for each in selected if each.startswith(path))


def _position(position: list[float]) -> str:
    return " ".join(f"{number:g}" if number == int(number) else repr(number) for number in position)


_WKT: Mapping[str, Callable[[Any], str]] = {
    "Point": lambda at: f"POINT ({_position(at)})",
    "LineString": lambda line: f"LINESTRING ({', '.join(map(_position, line))})",
    "Polygon": lambda rings: f"POLYGON ({', '.join('(' + ', '.join(map(_position, ring)) + ')' for ring in rings)})",
}
