"""Rows of `Submissions` straight from the JSON of the answers as it lies in the database, several times as fast as
odata_rows.py makes them: for a form and what was asked a type is made once, into which msgspec reads the answers and
from which it writes the row. What does not fit, because a former version of the form asked otherwise, is told by None
and made there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha1
from typing import Any

import msgspec

from forms.definition import Field
from server.exports.odata import ROOT, name_of, once, parent_key
from server.exports.odata_rows import Asked, Place, Shape

Finish = Callable[[Any, str, str], None]
"""Puts into a part of a row what is not in the answers: (the part, the key of the row, the link to it)."""
_TEXT = str | None
_NUMBER = int | float | str | bool | None
_RAW = msgspec.Raw(b"null")
_PLACES = frozenset({"geopoint", "geotrace", "geoshape"})
_NUMBERS = frozenset({"int", "decimal", "boolean"})


@once
def raw_rows(root: Field, shape: Shape) -> RawRows | None:
    """What makes rows so; None where they are made of columns that are named or shown otherwise than they are kept, or
    are chosen."""
    renamed = any(name_of(field.name) != field.name for field in root.walk() if field is not root)
    return None if renamed or shape.wkt or shape.selected is not None else RawRows(root, shape)


class RawRows:
    """Makes the rows of one form's submissions."""

    def __init__(self, root: Field, shape: Shape) -> None:
        head: list[tuple[str, Any, str, Any]] = [("key", str, "__id", ""), ("system", Any, "__system", None)]
        made = _Part(root, Asked(shape.wkt, shape.expanded, None), Place(ROOT), head)
        self._read = msgspec.json.Decoder(made.type).decode
        self._write = msgspec.json.Encoder().encode
        self._finish = made.finish
        # where the instance id stands, which a form may ask for in another place
        self._meta, self._instance = "", ""
        if "meta" in made.inner and "instanceID" in made.inner["meta"].attributes:
            self._meta, self._instance = made.attributes["meta"], made.inner["meta"].attributes["instanceID"]

    def row(self, key: str, current_id: str, answers: str, system: Mapping[str, Any]) -> bytes | None:
        """The row as JSON; None: these answers do not fit."""
        try:
            row: Any = self._read(answers)
            row.key, row.system = key, system
            self._finish(row, key, f"{ROOT}('{key}')")
        except (msgspec.ValidationError, TypeError):
            return None
        if self._meta:
            meta = getattr(row, self._meta)
            if getattr(meta, self._instance) is None:
                setattr(meta, self._instance, current_id)
        return self._write(row)


class _Part:
    """The type of a group, and what finishes a value of it. `attributes`: by name of a column that of the value."""

    def __init__(self, group: Field, asked: Asked, place: Place, head: list[tuple[str, Any, str, Any]]) -> None:
        self._fields: list[tuple[str, Any, Any]] = []
        self.attributes: dict[str, str] = {}
        self.inner: dict[str, _Part] = {}
        self._several: list[str] = []
        self._groups: list[tuple[str, Finish]] = []
        self._repeats: list[tuple[str, str, Finish | None]] = []
        for attribute, kind, name, default in head:
            self._fields.append((attribute, kind, msgspec.field(name=name, default=default)))
        for field in group.children:
            if field.kind == "group":
                self._add_group(field, asked, place)
            elif field.kind == "repeat":
                self._add_repeat(field, asked, place)
            else:
                self._add_answer(field)
        self.type = msgspec.defstruct("Part", self._fields, gc=False)
        self.is_done = not (self._several or self._groups or self._repeats)

    def finish(self, part: Any, key: str, link: str) -> None:
        """Puts into a value what is not in the answers: the key of its row is `key`, the link to it `link`."""
        for attribute in self._several:
            value = getattr(part, attribute)
            if type(value) is list:
                # choices as the form's own answer has them
                setattr(part, attribute, " ".join(value))
        for attribute, finish in self._groups:
            finish(getattr(part, attribute), key, link)
        for address, ending, rows in self._repeats:
            begun = link + ending
            setattr(part, address, begun)
            if rows is not None:
                rows(part, key, begun)

    def _add(self, name: str, kind: Any, **default: Any) -> str:
        attribute = f"f{len(self._fields)}"
        self._fields.append((attribute, kind, msgspec.field(name=name, **default)))
        self.attributes[name] = attribute
        return attribute

    def _add_answer(self, field: Field) -> None:
        if field.type in _PLACES:
            self._add(field.name, msgspec.Raw, default=_RAW)
        elif field.type in ("select", "rank"):
            self._several.append(self._add(field.name, list[str] | str | None, default=None))
        else:
            self._add(field.name, _NUMBER if field.type in _NUMBERS else _TEXT, default=None)

    def _add_group(self, field: Field, asked: Asked, place: Place) -> None:
        inner_asked = asked.at(field.name)
        if inner_asked is None:
            return
        inner = self.inner[field.name] = _Part(field, inner_asked, place.at(field.name), [])
        attribute = self._add(field.name, inner.type, default_factory=inner.type)
        if not inner.is_done:
            self._groups.append((attribute, inner.finish))

    def _add_repeat(self, field: Field, asked: Asked, place: Place) -> None:
        at, within = place.at(field.name), asked.within(field.name)
        address = self._add(f"{field.name}@odata.navigationLink", _TEXT, default=None)
        rows: Finish | None = None
        if within is not None:
            head: list[tuple[str, Any, str, Any]] = [
                ("key", str, "__id", ""),
                ("parent", str, parent_key(place.table), ""),
            ]
            inner = _Part(field, within, Place(at.path), head)
            kind: Any = list[inner.type]  # type: ignore[name-defined]
            rows = _keying(self._add(field.name, kind, default_factory=list), at.path, inner)
        self._repeats.append((address, at.link, rows))


def _keying(attribute: str, table: str, inner: _Part) -> Finish:
    """What gives the rows of a repeat their keys, and finishes them."""
    finish = None if inner.is_done else inner.finish

    def key_rows(part: Any, key: str, link: str) -> None:
        base = f"{key}/{table}/"
        for number, row in enumerate(getattr(part, attribute), start=1):
            row.key = own = sha1(f"{base}{number}".encode(), usedforsecurity=False).hexdigest()
            row.parent = key
            if finish is not None:
                finish(row, own, f"{link}('{own}')")

    return key_rows
