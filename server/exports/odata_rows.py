"""Rows of OData tables. What a row looks like is worked out once for a form, a table and what was asked; each
submission then walks a list of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from forms.definition import Field
from server.exports.odata import ROOT, above_of, name_of, parent_key, tables_of

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Shape:
    """How values are shown: geometries as WKT, of the repeats those of these paths inside their rows (`*`: all, at any
    depth), and of the columns only these paths (with what lies below them); None: all."""

    wkt: bool = False
    expanded: frozenset[str] = frozenset()
    selected: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class RepeatRow:
    """A row of a repeat before it is shown: its key, that of the row above it, the answers in it."""

    key: str
    parent: str
    answers: Mapping[str, Any]
    link: str


Show = Callable[[dict[str, Any], Any, str, str], None]
"""Puts a value into a row: (the row, the value, the key of the row, the link to it)."""
_Step = tuple[str, str, Show | None]


class SubmissionRows:
    """Rows of `Submissions`."""

    def __init__(self, root: Field, shape: Shape) -> None:
        self._group = _Group(root, _Asked(shape.wkt, shape.expanded, shape.selected), _Place(ROOT))
        self._selected = shape.selected
        whole = shape.selected is None or "__system" in shape.selected
        self._system = None if whole or shape.selected is None else _below("__system/", shape.selected)

    def row(self, key: str, answers: Mapping[str, Any], system: dict[str, Any]) -> dict[str, Any]:
        """The row of one submission; `system`: what is known besides the answers."""
        shown: dict[str, Any] = {}
        chosen = self._selected
        if chosen is None or "__id" in chosen:
            shown["__id"] = key
        if self._system is None:
            shown["__system"] = system
        elif self._system:
            shown["__system"] = {name: value for name, value in system.items() if name in self._system}
        self._group.fill(shown, answers, key, f"{ROOT}('{key}')")
        return shown


class RepeatRows:
    """Rows of the table of a repeat. `found` gives them before they are shown, so that some can be left out."""

    def __init__(self, root: Field, table: str, shape: Shape) -> None:
        self._way = _way_to(root, table)
        self._parent = parent_key(above_of(tables_of(root), table))
        self._group = _Group(tables_of(root)[table], _Asked(shape.wkt, shape.expanded, shape.selected), _Place(table))
        self._selected = shape.selected

    def found(self, key: str, answers: Mapping[str, Any]) -> Iterator[RepeatRow]:
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
        self._group.fill(shown, found.answers, found.key, found.link)
        return shown


@dataclass(frozen=True, slots=True)
class _Asked:
    wkt: bool
    expanded: frozenset[str]
    selected: frozenset[str] | None
    path: str = ""

    def at(self, name: str) -> _Asked | None:
        """What is asked of a group of this name; None: nothing."""
        here = f"{self.path}{name}"
        chosen = self.selected
        if chosen is not None and here in chosen:
            chosen = None
        elif chosen is not None and not _below(f"{here}/", chosen):
            return None
        return _Asked(self.wkt, self.expanded, chosen, f"{here}/")

    def takes(self, name: str) -> bool:
        """Whether a column of this name is shown."""
        return self.selected is None or f"{self.path}{name}" in self.selected

    def within(self, name: str) -> _Asked | None:
        """What is asked of the rows of a repeat of this name inside the row; None: they are not."""
        if EVERY in self.expanded:
            return _Asked(self.wkt, self.expanded, None)
        return _Asked(self.wkt, frozenset(), None) if f"{self.path}{name}" in self.expanded else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a group stands: the table of its rows, the path to it with dots, and the link from the row."""

    table: str
    path: str = ""
    link: str = ""

    def at(self, name: str) -> _Place:
        return _Place(self.table, f"{self.path or self.table}.{name}", f"{self.link}/{name}")


class _Group:
    """What stands in a group, as steps: the name in the answers, the name in the row, and how it is shown."""

    def __init__(self, group: Field, asked: _Asked, place: _Place) -> None:
        steps: list[_Step] = []
        leaf = _show_place if asked.wkt else None
        for field in group.children:
            name = name_of(field.name)
            if field.kind == "group":
                inner = asked.at(name)
                if inner is not None:
                    steps.append((field.name, name, _nested(name, _Group(field, inner, place.at(name)))))
            elif asked.takes(name):
                shown = leaf(name) if leaf else None
                steps.append((field.name, name, _repeated(field, asked, place) if field.kind == "repeat" else shown))
        self._steps = tuple(steps)

    def fill(self, row: dict[str, Any], answers: Mapping[str, Any], key: str, link: str) -> None:
        """Puts its values into a row."""
        get = answers.get
        for name, shown, show in self._steps:
            value = get(name)
            if show is not None:
                show(row, value, key, link)
            elif type(value) is list:
                # choices as the form's own answer has them
                row[shown] = " ".join(map(str, value))
            else:
                row[shown] = value


def _nested(name: str, group: _Group) -> Show:
    fill, nothing = group.fill, dict[str, Any]()

    def show(row: dict[str, Any], value: Any, key: str, link: str) -> None:
        inner: dict[str, Any] = {}
        row[name] = inner
        fill(inner, value if type(value) is dict else nothing, key, link)

    return show


def _repeated(field: Field, asked: _Asked, place: _Place) -> Show:
    name = name_of(field.name)
    at, wanted = place.at(name), asked.within(name)
    address, ending, table = f"{name}@odata.navigationLink", at.link, at.path
    if wanted is None:

        def show_link(row: dict[str, Any], _value: Any, _key: str, link: str) -> None:
            row[address] = link + ending

        return show_link
    group, parent = _Group(field, wanted, _Place(table)), parent_key(place.table)

    def show_rows(row: dict[str, Any], value: Any, key: str, link: str) -> None:
        row[address] = link + ending
        row[name] = rows = []
        above = RepeatRow(key, "", {field.name: value}, link)
        for found in _unfolded((above,), (field.name,), table, ending):
            inner = {"__id": found.key, parent: key}
            group.fill(inner, found.answers, found.key, found.link)
            rows.append(inner)

    return show_rows


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


def _show_place(name: str) -> Show:
    def show(row: dict[str, Any], value: Any, _key: str, _link: str) -> None:
        if isinstance(value, list):
            row[name] = " ".join(map(str, value))
        elif isinstance(value, Mapping) and "coordinates" in value:
            row[name] = _WKT[value["type"]](value["coordinates"])
        else:
            row[name] = value

    return show


_WKT: Mapping[str, Callable[[Any], str]] = {
    "Point": lambda at: f"POINT ({_position(at)})",
    "LineString": lambda line: f"LINESTRING ({', '.join(map(_position, line))})",
    "Polygon": lambda rings: f"POLYGON ({', '.join('(' + ', '.join(map(_position, ring)) + ')' for ring in rings)})",
}
