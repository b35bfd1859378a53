"""A filled form: XML → tree of answers.

Tolerant of what phones, web forms and Enketo write differently: namespaces, prefixes, indentation, meta with or without
``orx:``; instanceID also as a child of the root (OpenRosa "Metadata schema").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forms.definition import FormDefinition
from forms.errors import InstanceError
from forms.plan import NodePlan
from forms.xml import MAX_BYTES, parse_document, to_node
from forms.xpath.values import Node


@dataclass(slots=True)
class Instance:
    """One filled form as it was sent.

    ``root``: the tree of answers; :func:`forms.validate.judge` writes relevance and data types into it. ``version``:
    '' when none was sent. ``encrypted``: the answers are in another file and cannot be judged here.
    """

    root: Node
    form_id: str
    version: str
    instance_id: str | None
    deprecated_id: str | None
    instance_name: str | None
    encrypted: bool = False


def read_instance(xml: bytes, max_bytes: int = MAX_BYTES) -> Instance:
    """Read a submission.

    :raises InstanceError: ``instance.empty``, ``.too_large``, ``.not_utf8``, ``.doctype``, ``.too_deep``, ``.not_xml``
        (with ``line``, ``column``) or ``.no_form_id``.
    """
    element = parse_document(xml, InstanceError, "instance", max_bytes)
    root = to_node(element, InstanceError, "instance")
    attributes = root.attributes or {}
    form_id = attributes.get("id", "").strip() or (element.nsmap.get(None) or "").strip()
    if not form_id:
        raise InstanceError("instance.no_form_id", {"root": root.name})
    instance_id, deprecated_id, instance_name = _meta(root)
    return Instance(
        root=root,
        form_id=form_id,
        version=attributes.get("version", ""),
        instance_id=instance_id or attributes.get("instanceID", "").strip() or None,
        deprecated_id=deprecated_id,
        instance_name=instance_name,
        encrypted=attributes.get("encrypted") == "yes",
    )


def _meta(root: Node) -> tuple[str | None, str | None, str | None]:
    found: dict[str, str] = {}
    for node in root.children:
        if node.name == "meta":
            for child in node.children:
                if child.text and child.name not in found:
                    found[child.name] = child.text.strip()
        elif node.name in ("instanceID", "deprecatedID", "instanceName") and node.text and node.name not in found:
            found[node.name] = node.text.strip()
    return found.get("instanceID") or None, found.get("deprecatedID") or None, found.get("instanceName") or None


def attachments_named(definition: FormDefinition, instance: Instance) -> tuple[str, ...]:
    """The file names that the answers name, each once, in document order."""
    return tuple(dict.fromkeys(_names(instance.root, definition.plan.root)))


def _names(node: Node, plan: NodePlan) -> Iterator[str]:
    for child in node.children:
        below = plan.children.get(child.name)
        if below is None or not child.relevant:
            continue
        if below.children:
            yield from _names(child, below)
        elif below.type == "binary" and child.text.strip():
            yield child.text.strip()


def entity_blocks(instance: Instance) -> Iterator[Node]:
    """The ``meta/entity`` blocks of a submission, of the form and of each repeat (ODK Entities specification)."""
    pending = [instance.root]
    while pending:
        node = pending.pop(0)
        for child in node.children:
            if child.name == "entity" and node.name == "meta" and child.attributes and "dataset" in child.attributes:
                yield child
            elif child.children:
                pending.append(child)
