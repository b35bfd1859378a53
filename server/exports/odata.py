"""Answers as OData has them: rows of a form's tables, and the document that describes them (OData 4.01 JSON and CSDL).

Tables are `Submissions` and one for each repeat, `Submissions.group.repeat`. A row of a repeat has a key made from
where it stands and the key of the row above it, as in ODK Central. Rows are made in exports/odata_rows.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, wraps
from typing import Any, TypeVar

from forms.definition import Field
from forms.xml import escape
from server.domain.table_terms import DAY, INSTANT, KNOWN_COLUMNS, NUMBER, PLACE, SWITCH, TEXT, Column
from server.exports.flat import is_personal

ROOT = "Submissions"
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
_BAD_START = re.compile(r"^(?![A-Za-z_])")
_TYPES = {
    "int": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "date": "Edm.Date",
    "dateTime": "Edm.DateTimeOffset",
}
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
KINDS: Mapping[str, str] = {
    "int": NUMBER,
    "decimal": NUMBER,
    "date": DAY,
    "dateTime": INSTANT,
    "boolean": SWITCH,
    **dict.fromkeys(_GEO, PLACE),
}
"""What answers are compared as, by the type of their question; all others as text."""


T = TypeVar("T")


class _Same:
    """A form, told from others as this object: to compare what forms hold would take longer than all else."""

    __slots__ = ("form",)

    def __init__(self, form: Field) -> None:
        self.form = form

    def __hash__(self) -> int:
        return id(self.form)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.form is self.form


def once(make: Callable[..., T]) -> Callable[..., T]:
    """What is made of a form, made once for as long as the form is kept in memory and asked of in this way."""

    @lru_cache(maxsize=64)
    def made(same: _Same, *rest: Any) -> T:
        return make(same.form, *rest)

    @wraps(make)
    def found(form: Field, *rest: Any) -> T:
        return made(_Same(form), *rest)

    return found


def name_of(name: str) -> str:
    """A field's name as an OData identifier."""
    return _BAD_START.sub("_", _NOT_A_NAME.sub("_", name))


@once
def impersonal(root: Field) -> Field:
    """The form without what it marks as personal."""
    return _pruned(root)


def _pruned(field: Field) -> Field:
    return replace(field, children=tuple(_pruned(each) for each in field.children if not is_personal(each)))


@once
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


@once
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


@once
def expandable(table: Field) -> frozenset[str]:
    """The paths of the repeats that lie in the rows of a table, with slashes."""

    def walk(field: Field, path: str) -> Iterator[str]:
        for child in field.children:
            here = f"{path}{name_of(child.name)}"
            if child.kind == "repeat":
                yield here
            elif child.kind == "group":
                yield from walk(child, f"{here}/")

    return frozenset(walk(table, ""))


PERSONAL = frozenset({"__id", "__system/submitterId", "__system/submitterName", "__system/deviceId"})
"""What the server knows of a submission that leads to somebody."""


def filter_columns(root: Field, table: str, *, personal: bool = True) -> dict[str, Column]:
    """The columns by which a table may be filtered and put in order, by name. In the table of a repeat its own, and
    those of the submission behind `$root/Submissions/`; what the server knows of it also without. `personal` False: by
    none that leads to somebody."""
    found = _filter_columns(root, table)
    if personal:
        return found
    keys = {name for name in found if name.startswith("__") and "/" not in name}
    hidden = {*PERSONAL, *(f"$root/{ROOT}/{name}" for name in PERSONAL), *keys}
    return {name: column for name, column in found.items() if name not in hidden}


def _filter_columns(root: Field, table: str) -> dict[str, Column]:
    every = {**KNOWN_COLUMNS} | {column.name: column for column in _answers(root, own=False)}
    if table == ROOT:
        return every
    found = {f"$root/{ROOT}/{name}": replace(column, name=f"$root/{ROOT}/{name}") for name, column in every.items()}
    found |= {name: column for name, column in KNOWN_COLUMNS.items() if name != "__id"}
    above = parent_key(above_of(tables_of(root), table))
    found |= {name: Column(name, TEXT, own=True) for name in ("__id", above)}
    return found | {column.name: column for column in _answers(tables_of(root)[table], own=True)}


def _answers(table: Field, *, own: bool) -> Iterator[Column]:
    def walk(field: Field, path: str, steps: tuple[str, ...]) -> Iterator[Column]:
        for child in field.children:
            here, below = f"{path}{name_of(child.name)}", (*steps, child.name)
            if child.kind == "group":
                yield from walk(child, f"{here}/", below)
            elif child.kind == "field":
                yield Column(here, KINDS.get(child.type, TEXT), below, own)

    yield from walk(table, "", ())


def above_of(tables: Iterable[str], table: str) -> str:
    """The table in whose rows those of a repeat's table lie."""
    return max((each for each in tables if table.startswith(f"{each}.")), key=len)


def steps_to(root: Field, table: str) -> tuple[str, ...] | None:
    """The names by which the rows of a repeat are found in the answers; None when they lie within another repeat."""
    field, path, steps = root, ROOT, tuple[str, ...]()
    while path != table:
        field = next(child for child in field.children if f"{table}.".startswith(f"{path}.{name_of(child.name)}."))
        path, steps = f"{path}.{name_of(field.name)}", (*steps, field.name)
        if field.kind == "repeat" and path != table:
            return None
    return steps


def parent_key(table: str) -> str:
    """The name of the column that holds the key of a row of this table."""
    return f"__{table.replace('.', '-')}-id"


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
            above = escape(parent_key(above_of(tables, name)))
            keys.append(f'<Property Name="{above}" Type="Edm.String"/>')
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
<EnumType Name="Status"><Member Name="notDecrypted" Value="0"/><Member Name="missingEncryptedFormData" Value="1"/>\
</EnumType><EnumType Name="ReviewState"><Member Name="hasIssues" Value="0"/><Member Name="edited" Value="1"/>\
<Member Name="rejected" Value="2"/><Member Name="approved" Value="3"/></EnumType></Schema>\
<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="{space}">{types}{container}</Schema>\
</edmx:DataServices></edmx:Edmx>
"""
