"""A form's answers as flat tables, as ODK Central lays them out: one for the form, one for each repeat, a column for
each question with the names of its groups before it, a place in four columns.

What a row takes is worked out once for a form and compiled to a function, as dataclasses are: a row costs little more
than its look-ups.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from forms.definition import Choice, Field
from server.exports.sheets import COUNT, DAY, DECIMAL, MOMENT, TEXT

Lookup = Callable[[str, str], str | None]
"""(file name of a list, name of its row) → what the row is called; None when it is not known."""
Cells = list[Any]
Write = Callable[[Any], Sequence[Any]]
"""What makes the cells of a question out of its answer."""
Labels = Literal["none", "instead", "beside"]

_LANGUAGE = re.compile(r"\((\w+)\)\s*$")
_PLACEHOLDER = re.compile(r"\$\{[^}]+\}")
_KINDS = {"int": COUNT, "decimal": DECIMAL, "date": DAY, "dateTime": MOMENT}
_POINT = ("Latitude", "Longitude", "Altitude", "Accuracy")
CHOSEN = ("select1", "select", "rank")
PLACES = ("geopoint", "geotrace", "geoshape")
_NOTHING: Mapping[str, Any] = {}
_PLAIN = (str, int, float, type(None))


@dataclass(frozen=True, slots=True)
class Layout:
    """How tables are laid out. `group_paths`: names with those of their groups before them, unless two would be the
    same they may go; `split`: of several choices a column each, 1 or 0, beside the whole answer; `labels`: in the
    language, in place of names or beside them; `personal` False: without what the form marks as personal."""

    group_paths: bool = True
    split: bool = False
    labels: Labels = "none"
    language: str = "vi"
    default_language: str = "default"
    personal: bool = True


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """`name`: of its head; `path`: of its question from the top of the table; `field` asks it; `part`: what stands in
    it, where a question has several columns."""

    name: str
    path: str
    kind: str
    field: Field
    part: str = ""


@dataclass(frozen=True)
class FlatTable:
    """A form or a repeat of it. `way`: from the root, each step a name and whether it is a repeat. `stem`: what tells
    its file from that of the form. `quick`: the cells of a row, as many as there are columns, as they lie: what another
    version of the form had in place of a question may be a group still."""

    name: str
    stem: str
    field: Field
    way: tuple[tuple[str, bool], ...]
    columns: tuple[FlatColumn, ...]
    quick: Callable[[Mapping[str, Any]], Cells]

    def cells(self, row: Mapping[str, Any]) -> Cells:
        """The cells of a row: texts, numbers, None."""
        return [each if type(each) in _PLAIN else plain_cell(each) for each in self.quick(row)]

    def rows(self, key: str, answers: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
        """The rows that a submission has here, with the key of the row above (empty: none) and their own: its own is
        `uuid:…/group/repeat[2]`."""
        found: Any = answers
        path = key
        for number, (name, repeated) in enumerate(self.way):
            found = found.get(name) if type(found) is dict else None
            path = f"{path}/{name}"
            if repeated:
                if type(found) is not list:
                    return ()
                if number + 1 < len(self.way):
                    return _rows(answers, self.way, key, "")
                return [(key, f"{path}[{place}]", row) for place, row in enumerate(found, start=1)]
        return [("", key, answers)]


def plain_cell(value: Any) -> Any:
    """A value as a cell of its own: what is neither text nor number becomes text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def flat_tables(root: Field, layout: Layout, look_up: Lookup) -> tuple[FlatTable, ...]:
    """The tables of a form, the form itself first, each repeat after what it lies in."""
    found = [_table("", root, (), (layout, look_up))]
    for field, way in _repeats(root, (), layout):
        found.append(_table(".".join(name for name, _ in way), field, way, (layout, look_up)))
    same = Counter(table.stem for table in found)
    counted: Counter[str] = Counter()
    named = []
    for table in found:
        counted[table.stem] += 1
        stem = f"{table.stem}~{counted[table.stem]}" if same[table.stem] > 1 else table.stem
        named.append(replace(table, stem=stem))
    return tuple(named)


def label_of(labels: Mapping[str, str], layout: Layout, name: str) -> str:
    """A text of the form in the language asked for ("vi" is "Tiếng Việt (vi)", or a language by its whole name), in the
    form's own where it is missing; the name where there is none."""
    rest = ""
    for language, text in labels.items():
        code = _LANGUAGE.search(language)
        if text and layout.language in (language, code[1] if code else None):
            return _PLACEHOLDER.sub("…", text).strip()
        if text and (not rest or language == layout.default_language):
            rest = text
    return _PLACEHOLDER.sub("…", rest).strip() or name


def is_personal(field: Field) -> bool:
    """Whether a question, or a group with all in it, is marked as personal by the form; or tells the phone and its
    user. What names a submission (`meta`) is made of answers, and counts too."""
    meta = field.name == "meta" and field.path.count("/") == 2
    return field.bind.personal is not None or field.bind.preload == "property" or meta


def position_text(value: Mapping[str, Any]) -> str:
    """A line or an area as ODK writes it: `lat lon alt acc; …`."""
    points = value["coordinates"] if value["type"] == "LineString" else value["coordinates"][0]
    accuracies = (value.get("properties") or {}).get("accuracies") or [None] * len(points)
    return "; ".join(
        f"{point[1]} {point[0]} {point[2] if len(point) > 2 else 0.0} {accuracy or 0.0}"
        for point, accuracy in zip(points, accuracies, strict=False)
    )


def _repeats(
    top: Field, way: tuple[tuple[str, bool], ...], layout: Layout
) -> Iterator[tuple[Field, tuple[tuple[str, bool], ...]]]:
    for field in top.children:
        here = (*way, (field.name, field.kind == "repeat"))
        if not layout.personal and is_personal(field):
            continue
        if field.kind == "repeat":
            yield field, here
        if field.kind in ("repeat", "group"):
            yield from _repeats(field, here, layout)


def _rows(value: Any, way: Sequence[tuple[str, bool]], key: str, above: str) -> Iterator[tuple[str, str, Any]]:
    """`key`: so far, of the row and of the groups passed in it; `above`: of the row that this one lies in."""
    if not way:
        yield above, key, value
        return
    (name, repeated), rest = way[0], way[1:]
    below = value.get(name) if type(value) is dict else None
    if not repeated:
        yield from _in_group(below, rest, (key, f"{key}/{name}", above))
        return
    for number, row in enumerate(below if type(below) is list else (), start=1):
        yield from _rows(row, rest, f"{key}/{name}[{number}]", key)


def _in_group(
    value: Any, way: Sequence[tuple[str, bool]], keys: tuple[str, str, str]
) -> Iterator[tuple[str, str, Any]]:
    """Groups lengthen the key of what lies in them and make no row of their own."""
    row, path, above = keys
    (name, repeated), rest = way[0], way[1:]
    below = value.get(name) if type(value) is dict else None
    if not repeated:
        yield from _in_group(below, rest, (row, f"{path}/{name}", above))
        return
    for number, each in enumerate(below if type(below) is list else (), start=1):
        yield from _rows(each, rest, f"{path}/{name}[{number}]", row)


def _table(name: str, top: Field, way: tuple[tuple[str, bool], ...], how: tuple[Layout, Lookup]) -> FlatTable:
    layout, look_up = how
    columns: list[FlatColumn] = []
    code = _Code()
    for path, fields in _groups(top, (), layout):
        code.enter(path)
        for field in fields:
            made, write = _columns(field, (*path, field.name), layout, look_up)
            columns += made
            code.add(field, write)
    return FlatTable(name, top.name if way else "", top, way, tuple(_headed(columns, layout)), code.compiled())


class _Code:
    """The text of the function that makes the cells of a row; names stand in it as constants, quoted by Python."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._cells: list[str] = []
        self._known: dict[str, Any] = {"NOTHING": _NOTHING}
        self._group = "row"

    def enter(self, path: tuple[str, ...]) -> None:
        """What follows lies in this group."""
        self._group = "row"
        for step in path:
            inner = f"g{len(self._lines)}"
            self._lines.append(f"{inner} = found if type(found := {self._group}.get({step!r})) is dict else NOTHING")
            self._group = inner

    def add(self, field: Field, write: Write | None) -> None:
        """The next question."""
        found = f"{self._group}.get({field.name!r})"
        if write is not None:
            name = f"w{len(self._known)}"
            self._known[name] = write
            self._cells.append(f"*{name}({found})")
        elif field.type in ("select", "rank"):
            self._cells.append(f'" ".join(found) if type(found := {found}) is list else found')
        else:
            self._cells.append(found)

    def compiled(self) -> Callable[[Mapping[str, Any]], Cells]:
        """The function."""
        body = "".join(f"    {line}\n" for line in self._lines)
        exec(f"def quick(row):\n{body}    return [{', '.join(self._cells)}]\n", self._known)  # noqa: S102
        made: Callable[[Mapping[str, Any]], Cells] = self._known["quick"]
        return made


def _groups(top: Field, path: tuple[str, ...], layout: Layout) -> Iterator[tuple[tuple[str, ...], list[Field]]]:
    """The questions in the order of the form, in runs of those that lie in the same group."""
    run: list[Field] = []
    for field in top.children:
        if not layout.personal and is_personal(field):
            continue
        if field.kind == "group":
            if run:
                yield path, run
                run = []
            yield from _groups(field, (*path, field.name), layout)
        elif field.kind == "field":
            run.append(field)
    if run:
        yield path, run


def _columns(
    field: Field, path: tuple[str, ...], layout: Layout, look_up: Lookup
) -> tuple[list[FlatColumn], Write | None]:
    name = "-".join(path)
    if field.type == "geopoint":
        return [FlatColumn(f"{name}-{part}", name, DECIMAL, field, part) for part in _POINT], _point_cells
    if field.type in ("geotrace", "geoshape"):
        return [FlatColumn(name, name, TEXT, field)], _shape_cells
    if field.type in CHOSEN and (layout.split or layout.labels != "none"):
        return _chosen(field, name, layout, look_up)
    # what could not be read as its type is the text that was sent
    return [FlatColumn(name, name, _KINDS.get(field.type, TEXT), field)], None


def _chosen(field: Field, name: str, layout: Layout, look_up: Lookup) -> tuple[list[FlatColumn], Write]:
    columns = [FlatColumn(name, name, TEXT, field)]
    split = layout.split and field.type == "select"
    offered = tuple(choice.name for choice in field.choices) if split else ()
    labelled = layout.labels != "none" and field.type != "rank"
    known = _labels_of(field.choices, layout)
    file_name = field.itemset.file_name if field.itemset else None

    def label(value: str) -> str:
        found = known.get(value)
        if found is None and file_name is not None:
            found = look_up(file_name, value)
        return value if found is None else found

    if layout.labels == "beside" and labelled:
        columns.append(FlatColumn(f"{name}.label", name, TEXT, field, "label"))
    columns += [FlatColumn(f"{name}/{one}", name, COUNT, field, one) for one in offered]
    beside, instead = layout.labels == "beside" and labelled, layout.labels == "instead" and labelled

    def write(value: Any) -> Cells:
        several = value if type(value) is list else None if value is None else [value]
        if several is None:
            return [None] * len(columns)
        said = "; ".join([label(str(one)) for one in several]) if labelled else None
        plain = several[0] if len(several) == 1 else " ".join(map(str, several))
        cells: Cells = [said if instead else plain]
        if beside:
            cells.append(said)
        cells.extend([1 if one in several else 0 for one in offered])
        return cells

    return columns, write


def _labels_of(choices: Sequence[Choice], layout: Layout) -> dict[str, str]:
    return {choice.name: label_of(choice.labels, layout, choice.name) for choice in choices}


def _headed(columns: Sequence[FlatColumn], layout: Layout) -> Iterator[FlatColumn]:
    """The columns with what stands at their head: without their groups where that is asked for and no two become the
    same, with labels where these are to stand in place of names."""
    short = {column.name: column.name[len(column.path) - len(column.field.name) :] for column in columns}
    same = Counter(short.values())
    for column in columns:
        name = column.name
        if not layout.group_paths and same[short[name]] == 1:
            name = short[name]
        if layout.labels == "instead":
            rest = column.name[len(column.path) :]
            name = label_of(column.field.labels, layout, column.field.name) + _part_label(column, rest, layout)
        yield FlatColumn(name, column.path, column.kind, column.field, column.part)


def _part_label(column: FlatColumn, rest: str, layout: Layout) -> str:
    if rest.startswith("/"):
        known = _labels_of(column.field.choices, layout)
        return f": {known.get(column.part, column.part)}"
    return f" ({column.part})" if rest else ""


def _point_cells(value: Any) -> Sequence[Any]:
    if type(value) is not dict or "coordinates" not in value:
        # a place that could not be read stays what was sent
        return (value, None, None, None)
    at, properties = value["coordinates"], value.get("properties")
    return (at[1], at[0], at[2] if len(at) > 2 else None, properties.get("accuracy") if properties else None)


def _shape_cells(value: Any) -> Sequence[Any]:
    return (position_text(value) if type(value) is dict and "coordinates" in value else value,)
