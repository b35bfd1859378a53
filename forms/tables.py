"""Secondary instances: the lists that choices, lookups and filters read."""

from __future__ import annotations

import csv
import io

from forms.errors import DefinitionError
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


def table_from_node(root: Node) -> Table:
    """The root element of an inline instance as a table."""
    table = Table(root.name)
    table.attributes = root.attributes
    for item in list(root.children):
        table.add(item)
    return table
