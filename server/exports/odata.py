"""Answers as OData has them: rows of a form's tables, and the document that describes them (OData 4.01 JSON and CSDL).

Tables are `Submissions` and one for each repeat, `Submissions.group.repeat`. A row of a repeat has a key made from
where it stands and the key of the row above it, as in ODK Central.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from forms.definition import Field
from forms.xml import escape

ROOT = "Submissions"
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
_BAD_START = re.compile(r"^(?![A-Za-z_])")
_TYPES = {"int": "Edm.Int64", "decimal": "Edm.Decimal", "date": "Edm.Date", "dateTime": "Edm.DateTimeOffset"}
_GEO = {"geopoint": "Edm.GeographyPoint", "geotrace": "Edm.GeographyLineString", "geoshape": "Edm.GeographyPolygon"}
_SYSTEM = {
    "submissionDate": "Edm.DateTimeOffset",
    "updatedAt": "Edm.DateTimeOffset",
    "deletedAt": "Edm.DateTimeOffset",
    "submitterId": "Edm.String",
    "submitterName": "Edm.String",
    "attachmentsPresent": "Edm.Int64",
    "attachmentsExpected": "Edm.Int64",
    "status": "org.opendatakit.submission.Status",
    "reviewState": "org.opendatakit.submission.ReviewState",
    "deviceId": "Edm.String",
    "edits": "Edm.Int64",
    "formVersion": "Edm.String",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How values are shown: geometries as WKT, repeats inside their rows, and of the columns only these paths (with
    what lies below them); None: all."""

    wkt: bool = False
    expanded: bool = False
    selected: frozenset[str] | None = None


def name_of(name: str) -> str:
    """A field's name as an OData identifier."""
    return _BAD_START.sub("_", _NOT_A_NAME.sub("_", name))


def tables_of(root: Field) -> dict[str, Field]:
    """The tables of a form by name: the form itself, and each repeat at any depth."""
    found = {ROOT: root}

    def walk(field: Field, path: str) -> None:
        for child in field.children:
            here = f"{path}.{name_of(child.name)}"
            if child.kind == "repeat":
                found[here] = child
            if child.children:
                walk(child, here)

    walk(root, ROOT)
    return found


def columns_of(table: Field) -> frozenset[str]:
    """The paths that may be selected of a table, with slashes."""
    found = {"__id", "__system", *(f"__system/{name}" for name in _SYSTEM)}

    def walk(field: Field, path: str) -> None:
        for child in field.children:
            here = f"{path}{name_of(child.name)}"
            found.add(here)
            if child.kind == "group":
                walk(child, f"{here}/")

    walk(table, "")
    return frozenset(found)


def submission_row(key: str, answers: Mapping[str, Any], system: Mapping[str, Any], root: Field, shape: Shape) -> Any:
    """One row of `Submissions`."""
    shown = {"__id": key, "__system": dict(system)} | _Rows(shape, key).group(answers, root, _At(ROOT, key, _link(key)))
    return _select(shown, shape.selected)


def repeat_rows(
    key: str, answers: Mapping[str, Any], root: Field, table: str, shape: Shape
) -> Iterator[dict[str, Any]]:
    """The rows that one submission has in the table of a repeat."""
    rows = _Rows(shape, key)
    for row in rows.find(answers, root, _At(ROOT, key, _link(key)), table):
        yield _select(row, shape.selected)


def _link(key: str) -> str:
    return f"{ROOT}('{key}')"


@dataclass(frozen=True, slots=True)
class _At:
    """Where we are: the table, the key of its row, and the link to what lies below."""

    table: str
    key: str
    link: str
    above: str = ""


class _Rows:
    def __init__(self, shape: Shape, submission: str) -> None:
        self._shape = shape
        self._submission = submission

    def group(self, answers: Mapping[str, Any], group: Field, at: _At) -> dict[str, Any]:
        """All that stands in a group, groups nested."""
        shown: dict[str, Any] = {}
        for field in group.children:
            name, value = name_of(field.name), answers.get(field.name)
            inner = self._below(at, name)
            if field.kind == "repeat":
                shown[f"{name}@odata.navigationLink"] = inner.link
                if self._shape.expanded:
                    shown[name] = list(self._repeat(value, field, at, inner))
            elif field.kind == "group":
                shown[name] = self.group(value if isinstance(value, Mapping) else {}, field, inner)
            else:
                shown[name] = self._value(value)
        return shown

    def find(self, answers: Mapping[str, Any], group: Field, at: _At, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table that lies somewhere below."""
        for field in group.children:
            inner = self._below(at, name_of(field.name))
            if not f"{table}.".startswith(f"{inner.above}."):
                continue
            value = answers.get(field.name)
            if field.kind == "group":
                yield from self.find(value if isinstance(value, Mapping) else {}, field, inner, table)
            elif field.kind == "repeat" and inner.above == table:
                yield from self._repeat(value, field, at, inner)
            elif field.kind == "repeat":
                for row, answers_of_row in self._keys(value, inner):
                    yield from self.find(answers_of_row, field, row, table)

    def _repeat(self, value: Any, field: Field, at: _At, inner: _At) -> Iterator[dict[str, Any]]:
        parent = f"__{at.table.replace('.', '-')}-id"
        for row, answers in self._keys(value, inner):
            yield {"__id": row.key, parent: at.key} | self.group(answers, field, row)

    def _keys(self, value: Any, inner: _At) -> Iterator[tuple[_At, Mapping[str, Any]]]:
        rows = value if isinstance(value, list) else []
        for number, answers in enumerate(rows, start=1):
            made = f"{inner.key}/{inner.above}/{number}"
            key = sha1(made.encode(), usedforsecurity=False).hexdigest()
            yield _At(inner.above, key, f"{inner.link}('{key}')", inner.above), answers

    @staticmethod
    def _below(at: _At, name: str) -> _At:
        """Into a group the row stays the same; `above` is the path so far."""
        return _At(at.table, at.key, f"{at.link}/{name}", f"{at.above or at.table}.{name}")

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            # choices as the form's own answer has them
            return " ".join(map(str, value))
        if self._shape.wkt and isinstance(value, Mapping) and "coordinates" in value:
            return _WKT[value["type"]](value["coordinates"])
        return value


def _select(row: dict[str, Any], selected: frozenset[str] | None, path: str = "") -> dict[str, Any]:
    if selected is None:
        return row
    kept: dict[str, Any] = {}
    for name, value in row.items():
        here = f"{path}{name.partition('@')[0]}"
        if here in selected:
            kept[name] = value
        elif isinstance(value, dict) and any(each.startswith(f"{here}/") for each in selected):
            kept[name] = _select(value, selected, f"{here}/")
    return kept


def _position(position: list[float]) -> str:
    return " ".join(f"{number:g}" if number == int(number) else repr(number) for number in position)


_WKT: Mapping[str, Callable[[Any], str]] = {
    "Point": lambda at: f"POINT ({_position(at)})",
    "LineString": lambda line: f"LINESTRING ({', '.join(map(_position, line))})",
    "Polygon": lambda rings: f"POLYGON ({', '.join('(' + ', '.join(map(_position, ring)) + ')' for ring in rings)})",
}


def service_document(base: str, root: Field) -> dict[str, Any]:
    """What the service has: its tables."""
    tables = [{"name": name, "kind": "EntitySet", "url": name} for name in tables_of(root)]
    return {"@odata.context": f"{base}/$metadata", "value": tables}


def metadata_document(form_id: str, root: Field) -> str:
    """The tables and their columns as CSDL in XML."""
    space = f"org.opendatakit.user.{name_of(form_id)}"
    tables = tables_of(root)
    types: list[str] = []
    for name, field in tables.items():
        keys = ['<Property Name="__id" Type="Edm.String"/>']
        if name == ROOT:
            keys.append('<Property Name="__system" Type="org.opendatakit.submission.metadata"/>')
        else:
            above = max((each for each in tables if name.startswith(f"{each}.")), key=len)
            keys.append(f'<Property Name="__{escape(above.replace(".", "-"))}-id" Type="Edm.String"/>')
        inside = _properties(field, name, space, types)
        key = '<Key><PropertyRef Name="__id"/></Key>'
        types.append(f'<EntityType Name="{escape(name)}">{key}{"".join((*keys, *inside))}</EntityType>')
    sets = "".join(f'<EntitySet Name="{escape(name)}" EntityType="{space}.{escape(name)}"/>' for name in tables)
    container = f'<EntityContainer Name="{escape(name_of(form_id))}">{sets}</EntityContainer>'
    return _DOCUMENT.format(space=space, types="".join(types), container=container, system=_system())


def _properties(field: Field, path: str, space: str, types: list[str]) -> Iterable[str]:
    found = []
    for child in field.children:
        name = name_of(child.name)
        here = f"{path}.{name}"
        if child.kind == "repeat":
            found.append(f'<NavigationProperty Name="{name}" Type="Collection({space}.{escape(here)})"/>')
        elif child.kind == "group":
            inside = "".join(_properties(child, here, space, types))
            types.append(f'<ComplexType Name="{escape(here)}">{inside}</ComplexType>')
            found.append(f'<Property Name="{name}" Type="{space}.{escape(here)}"/>')
        else:
            kind = _TYPES.get(child.type) or _GEO.get(child.type) or "Edm.String"
            found.append(f'<Property Name="{name}" Type="{kind}"/>')
    return found


def _system() -> str:
    return "".join(f'<Property Name="{name}" Type="{kind}"/>' for name, kind in _SYSTEM.items())


_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>\
<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="org.opendatakit.submission">\
<ComplexType Name="metadata">{system}</ComplexType>\
<EnumType Name="Status"><Member Name="notDecrypted"/><Member Name="missingEncryptedFormData"/></EnumType>\
<EnumType Name="ReviewState"><Member Name="hasIssues"/><Member Name="edited"/><Member Name="rejected"/>\
<Member Name="approved"/></EnumType></Schema>\
<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="{space}">{types}{container}</Schema>\
</edmx:DataServices></edmx:Edmx>
"""
