"""Secondary instances: the lists that choices, lookups and filters read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from forms.errors import DefinitionError
from forms.xml import parse_document, to_node
from forms.xpath.values import Node


class Table(Node):
    """A secondary instance: ``<root><item><name/>…</item>…</root>``, with an index made when first asked for.

    Shared between threads: an index is made whole and then put in place, so that two threads at worst make it twice.
    """

    __slots__ = ("_lookups",)

    def __init__(self, name: str = "root") -> None:
        super().__init__(name)
        self._lookups: dict[str, dict[str, list[Node]]] = {}

    def items_with(self, column: str, value: str) -> list[Node]:
        """The items whose ``column`` says ``value``."""
        return self._lookup(column).get(value, [])

    def values(self, column: str) -> dict[str, list[Node]]:
        """All items by what ``column`` says. Not to be changed."""
        return self._lookup(column)

    def _lookup(self, column: str) -> dict[str, list[Node]]:
        lookup = self._lookups.get(column)
        if lookup is None:
            lookup = {}
            for item in self.children:
                for cell in item.children:
                    if cell.name == column:
                        lookup.setdefault(cell.text, []).append(item)
                        break
            self._lookups[column] = lookup
        return lookup

    def only(self, items: list[Node]) -> Node:
        """A view that holds some items of this table; the items keep their parent."""
        view = Node(self.name)
        view.children = items
        return view


def table_from_csv(content: bytes) -> Table:
    """A CSV file (UTF-8, comma or semicolon, first line the columns) as a secondary instance.

    :raises DefinitionError: ``table.not_utf8`` or ``table.no_header``.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DefinitionError("table.not_utf8") from None
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [column.strip() for column in next(rows, [])]
    if not any(header):
        raise DefinitionError("table.no_header")
    table = Table()
    for row in rows:
        if not any(row):
            continue
        item = Node("item")
        for column, cell in zip(header, row, strict=False):
            if column:
                item.add(Node(column, cell))
        table.add(item)
    return table


def table_from_file(name: str, content: bytes) -> Table | None:
    """A file that came with a form as a secondary instance, by its name: .csv, .xml or .geojson; None for another.

    :raises DefinitionError: see :func:`table_from_csv`, :func:`table_from_xml`, :func:`table_from_geojson`.
    """
    reader = _READERS.get(name.rpartition(".")[2].lower())
    return reader(content) if reader is not None else None


def table_from_xml(content: bytes) -> Table:
    """An XML file ``<root><item>…</item></root>`` as a secondary instance.

    :raises DefinitionError: ``table.not_xml``, ``table.doctype``, …
    """
    return table_from_node(to_node(parse_document(content, DefinitionError, "table"), DefinitionError, "table"))


def table_from_geojson(content: bytes) -> Table:
    """A GeoJSON FeatureCollection as a secondary instance, as phones read it.

    Each feature is an item with its id, its properties, and ``geometry`` written as an answer, "lat lon 0 0; …" (ODK
    documentation, "Selects from map").

    :raises DefinitionError: ``table.not_geojson``.
    """
    table = Table()
    try:
        for feature in json.loads(content)["features"]:
            item = Node("item")
            said = {**(feature.get("properties") or {}), "geometry": "; ".join(_points(feature.get("geometry") or {}))}
            if "id" in feature:
                said["id"] = feature["id"]
            for name, value in said.items():
                item.add(Node(str(name), "" if value is None else str(value)))
            table.add(item)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise DefinitionError("table.not_geojson") from None
    return table


def _points(geometry: dict[str, Any]) -> Iterator[str]:
    places = geometry.get("coordinates", ())
    if geometry.get("type") == "Point":
        places = (places,)
    elif geometry.get("type") == "Polygon":
        places = places[0]
    for place in places:
        yield f"{place[1]} {place[0]} 0 0"


def table_from_node(root: Node) -> Table:
    """The root element of an inline instance as a table."""
    table = Table(root.name)
    table.attributes = root.attributes
    for item in list(root.children):
        table.add(item)
    return table


_READERS = {"csv": table_from_csv, "xml": table_from_xml, "geojson": table_from_geojson}
