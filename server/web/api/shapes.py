"""The JSON Schemas of bodies and answers, made from the marshmallow schemas that read and write them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from marshmallow import Schema, fields

from server.web.api.schemas.fields import Body, Moment

VERSION = "3.1.0"


class Shapes:
    """Gathers the schemas that are named; `found` are all of them by name.

    What we say is promised whole: each key of an answer is there unless its class lists it in `optional`, and no other.
    What we read may hold more, which is passed over.
    """

    def __init__(self) -> None:
        self._plugin = MarshmallowPlugin(schema_name_resolver=self._name)
        self._spec = APISpec("", "", VERSION, [self._plugin])
        converter: Any = self._plugin.converter
        converter.field_mapping[Moment] = ("string", "date-time")
        converter.add_attribute_function(_constant)
        self._classes: dict[str, type[Schema]] = {}

    def of(self, schema: Schema | type[Schema]) -> dict[str, Any]:
        """A reference to the shape of a schema, in a list when the schema is for many."""
        reference: dict[str, Any] = self._plugin.converter.resolve_nested_schema(schema)  # type: ignore[union-attr]
        return reference

    @property
    def found(self) -> dict[str, dict[str, Any]]:
        """All that were named, with those that they name."""
        return {name: _completed(self._classes[name], shape) for name, shape in self._spec.components.schemas.items()}

    def _name(self, schema: Any) -> str:
        kind: Any = resolve_schema_cls(schema)
        name: str = kind.__name__.removesuffix("Body")
        self._classes[name] = kind
        return name


def _completed(kind: type[Schema], shape: dict[str, Any]) -> dict[str, Any]:
    made = {"description": " ".join((getdoc(kind) or "").split()), **shape}
    if not issubclass(kind, Body) and made.get("additionalProperties") is not True:
        optional: frozenset[str] = getattr(kind, "optional", frozenset())
        made["required"] = sorted(key for key in made["properties"] if key not in optional)
        made["additionalProperties"] = False
    return made


def _constant(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if isinstance(field, fields.Constant):
        return {"type": "null"} if field.constant is None else {"const": field.constant}
    return {}


Named = Callable[[Schema | type[Schema]], dict[str, Any]]
"""Gives a reference to the shape of a schema."""
