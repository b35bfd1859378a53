"""Documents for expressions to stand in: XML texts as nodes."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

from forms.xpath.values import Node


def document_of(source: str, types: Mapping[str, str] | None = None) -> Node:
    """A node above the root element; ``types`` gives bind types by path ("/data/rep/x")."""
    document = Node("")
    _grow(document, ElementTree.fromstring(source), "", types or {})
    return document


def _grow(parent: Node, element: ElementTree.Element, above: str, types: Mapping[str, str]) -> None:
    name = element.tag.rpartition("}")[2]
    path = f"{above}/{name}"
    node = parent.add(Node(name, data_type=types.get(path, "string")))
    node.attributes = dict(element.attrib)
    node.is_repeat = types.get(path) == "repeat"
    for child in element:
        _grow(node, child, path, types)
    if not len(element):
        node.text = element.text or ""


def node_at(document: Node, path: str) -> Node:
    """The node at "/data/rep[2]/x" or "/*[1]/*[2]"; "/" is the document."""
    node = document
    for name, place in re.findall(r"/([^/\[]+)(?:\[(\d+)\])?", path):
        found = node.children if name == "*" else node.named(name)
        node = found[int(place or 1) - 1]
    return node
