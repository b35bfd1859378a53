"""Safe XML in and out: the only module with an XML parser.

Nothing here follows a reference out of the document: a DOCTYPE (and with it every entity) is refused, the network is
never asked, depth and size are bounded. Namespaces fall away: a node is known by its local name, because phones, web
forms and Enketo disagree on prefixes (OpenRosa XForms specification, "Metadata").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from forms.errors import FormsError
from forms.xpath.values import Node

MAX_BYTES = 10_000_000
MAX_DEPTH = 128
MAX_NODES = 100_000
MAX_TEXT = 1_000_000
"""Characters of one text."""
_LEAST = 4
"""Bytes of the smallest element."""

XFORMS = "http://www.w3.org/2002/xforms"
XHTML = "http://www.w3.org/1999/xhtml"
JAVAROSA = "http://openrosa.org/javarosa"
OPENROSA = "http://openrosa.org/xforms"
ENTITIES = "http://www.opendatakit.org/xforms/entities"
ODK = "http://www.opendatakit.org/xforms"
THONBAN = "urn:thonban:xforms"

Element = etree._Element

_PARSER: etree.XMLParser[Element] = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")
_NOT_XML_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parse_document(content: bytes, error: type[FormsError], subject: str, max_bytes: int = MAX_BYTES) -> Element:
    """The root element of a document.

    :param error: the class to raise; its codes are ``<subject>.empty``, ``.too_large``, ``.not_utf8``, ``.doctype``,
        ``.too_deep`` and ``.not_xml`` (with ``line`` and ``column``).
    """
    if len(content) > max_bytes:
        raise error(f"{subject}.too_large", {"bytes": len(content), "limit": max_bytes})
    if not content.strip():
        raise error(f"{subject}.empty")
    if content[:2] in _WIDE:
        raise error(f"{subject}.not_utf8", {"encoding": "UTF-16"})
    try:
        root: Element | None = etree.fromstring(content, _PARSER)
    except etree.XMLSyntaxError as fault:
        raise _explained(content, fault, error, subject) from None
    except ValueError as fault:
        raise error(f"{subject}.not_xml", {"line": 0, "column": 0, "detail": str(fault)}) from None
    if root is None:
        raise error(f"{subject}.empty")
    info = root.getroottree().docinfo
    if info.encoding is not None and info.encoding.upper() not in {"UTF-8", "UTF8", "US-ASCII", "ASCII"}:
        raise error(f"{subject}.not_utf8", {"encoding": info.encoding})
    if b"<!DOCTYPE" in content and info.internalDTD is not None:
        raise error(f"{subject}.doctype")
    return root


def _explained(content: bytes, fault: etree.XMLSyntaxError, error: type[FormsError], subject: str) -> FormsError:
    said = fault.msg or ""
    line, column = fault.position if fault.position else (0, 0)
    if re.search(rb"<!(DOCTYPE|ENTITY)", content):
        return error(f"{subject}.doctype")
    if "depth" in said:
        return error(f"{subject}.too_deep", {"limit": MAX_DEPTH})
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return error(f"{subject}.not_utf8", {"encoding": ""})
    return error(f"{subject}.not_xml", {"line": line, "column": column, "detail": said})


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    tag = str(element.tag)
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def elements(parent: Element) -> Iterator[tuple[str, Element]]:
    """The children of an element with their local names."""
    for child in parent:
        yield local_name(child), child


def attribute(element: Element, name: str) -> str | None:
    """An attribute by its local name, whatever its namespace."""
    plain = element.get(name)
    if plain is not None:
        return plain
    for key, value in element.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def spoken(element: Element) -> dict[str, str]:
    """The attributes of an element that mean something to us, by local name: those without namespace come first."""
    found: dict[str, str] = {}
    for key, value in element.items():
        address, mark, name = str(key).rpartition("}")
        if not mark:
            found[name] = str(value)
        elif address[1:] in (JAVAROSA, ENTITIES, ODK, OPENROSA, THONBAN):
            found.setdefault(name, str(value))
    return found


def text_of(element: Element) -> str:
    """The text directly in an element, before its first child."""
    return element.text or ""


def mixed_content(element: Element) -> Iterator[str | Element]:
    """Text and child elements in document order."""
    if element.text:
        yield element.text
    for child in element:
        yield child
        if child.tail:
            yield child.tail


def prefixes(element: Element) -> dict[str, str]:
    """The namespace prefixes in force at an element ("" for the default one)."""
    return {prefix or "": str(uri) for prefix, uri in element.nsmap.items()}


def to_node(element: Element, error: type[FormsError], subject: str) -> Node:
    """The element and all below it as nodes without namespaces.

    :raises FormsError: ``error`` with ``<subject>.too_deep`` beyond MAX_DEPTH levels, and its ``path``.
    """
    above = Node("")
    try:
        _add_nodes(above, (element,), MAX_DEPTH)
    except RecursionError:
        raise error(f"{subject}.too_deep", {"limit": MAX_DEPTH, "path": _too_deep(element)}) from None
    root = above.children[0]
    root.parent = None
    return root


def _add_nodes(parent: Node, elements: Iterable[Element], left: int) -> None:
    add = parent.children.append
    for element in elements:
        tag: str = element.tag  # type: ignore[assignment]
        if tag[0] == "{":
            tag = tag[tag.index("}") + 1 :]
        node = Node(tag, element.text or "", "string", parent)
        pairs = element.items()
        if pairs:
            node.attributes = {str(key).rpartition("}")[2]: str(value) for key, value in pairs}
        if len(element):
            if not left:
                raise RecursionError
            node.text = ""
            _add_nodes(node, element, left - 1)
        add(node)


def check_size(element: Element, length: int, error: type[FormsError], subject: str) -> None:
    """Refuse what is readable and yet larger than any form.

    :param length: bytes of the document; a short one needs no counting.
    :raises FormsError: ``<subject>.too_many_nodes`` or ``<subject>.text_too_long``, with ``limit`` and ``path``.
    """
    if length < min(MAX_NODES * _LEAST, MAX_TEXT):
        return
    for number, each in enumerate(element.iter()):
        if number >= MAX_NODES:
            raise error(f"{subject}.too_many_nodes", {"limit": MAX_NODES, "path": _path(each)})
        if each.text is not None and len(each.text) > MAX_TEXT:
            raise error(f"{subject}.text_too_long", {"limit": MAX_TEXT, "path": _path(each)})


def _path(element: Element) -> str:
    """Where an element stands: at most the last eight steps, without places."""
    steps = [local_name(element), *map(local_name, element.iterancestors())]
    return ("/" if len(steps) <= 8 else "…/") + "/".join(reversed(steps[:8]))


def _too_deep(element: Element) -> str:
    depth = 0
    for event, each in etree.iterwalk(element, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH + 1:
            return _path(each)
    return _path(element)


_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def write_document(root: Element) -> bytes:
    """A document that was parsed here, with what was changed in it."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def escape(text: str) -> str:
    """Text for element content or a double-quoted attribute; characters that XML cannot carry become U+FFFD."""
    if not text:
        return ""
    if any(sign in text for sign in _ESCAPES):
        for sign, escaped in _ESCAPES.items():
            text = text.replace(sign, escaped)
    return _NOT_XML_TEXT.sub("\ufffd", text)


def serialise(root: Node, namespaces: dict[str, str] | None = None) -> bytes:
    """A finished instance as JavaRosa writes it.

    ``<?xml version='1.0' encoding='UTF-8' ?>``, the root with id, version and the (unused) prefixes of the form, no
    default namespace, empty nodes as ``<x />``; nodes that are not relevant are left out.
    """
    pieces = ["<?xml version='1.0' encoding='UTF-8' ?>"]
    declared = "".join(f' xmlns:{prefix}="{escape(uri)}"' for prefix, uri in (namespaces or {}).items() if prefix)
    _write(root, pieces, declared)
    return "".join(pieces).encode("utf-8")


def _write(node: Node, pieces: list[str], declared: str = "") -> None:
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in (node.attributes or {}).items())
    inside = [child for child in node.children if child.relevant]
    if not inside and not node.text:
        pieces.append(f"<{node.name}{attributes}{declared} />")
        return
    pieces.append(f"<{node.name}{attributes}{declared}>")
    if inside:
        for child in inside:
            _write(child, pieces)
    else:
        pieces.append(escape(node.text))
    pieces.append(f"</{node.name}>")
