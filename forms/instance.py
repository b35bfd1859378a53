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
from forms.xml import MAX_BYTES, check_size, parse_document, to_node
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

    def release(self) -> None:
        """Give the answers up, so that their memory is free at once; ``root`` is empty afterwards.

        Nodes know their parents and their children. Who does not call this leaves them to the garbage collector, which
        costs as much as judging them.
        """
        _release(self.root)


def _release(node: Node) -> None:
    for child in node.children:
        if child.children:
            _release(child)
    node.children.clear()
    node.reindex()


def read_instance(xml: bytes, max_bytes: int = MAX_BYTES) -> Instance:
    """Read a submission.

    :raises InstanceError: ``instance.empty``, ``.too_large``, ``.not_utf8``, ``.doctype``, ``.not_xml`` (with ``line``,
        ``column``), ``.too_deep``, ``.too_many_nodes``, ``.text_too_long`` (with ``limit``, ``path``) or
        ``.no_form_id``.
    """
    element = parse_document(xml, InstanceError, "instance", max_bytes)
    check_size(element, len(xml), InstanceError, "instance")
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


class Paths:
    """The paths of the nodes of one tree, as :meth:`Node.path` writes them; the places among siblings are counted once,
    so that thousands of rows cost no more than their number. The tree is not to change meanwhile."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: dict[tuple[int, str], dict[int, int]] = {}

    def of(self, node: Node) -> str:
        """The path of a node: "/data/member[2]/age"."""
        steps: list[str] = []
        here: Node | None = node
        while here is not None and here.name:
            steps.append(self._step(here))
            here = here.parent
        return "/" + "/".join(reversed(steps))

    def _step(self, node: Node) -> str:
        parent = node.parent
        if parent is None or not (node.is_repeat or len(parent.named(node.name)) > 1):
            return node.name
        places = self._places.get((id(parent), node.name))
        if places is None:
            places = {id(each): place for place, each in enumerate(parent.named(node.name), 1)}
            self._places[id(parent), node.name] = places
        return f"{node.name}[{places.get(id(node), 1)}]"


def attachments_named(definition: FormDefinition, instance: Instance) -> tuple[str, ...]:
    """The file names that the answers name, each once, in document order."""
    return tuple(attachment_paths(definition, instance))


def attachment_paths(definition: FormDefinition, instance: Instance) -> dict[str, str]:
    """The file names that the answers name, each with the path of the first answer that does."""
    found: dict[str, str] = {}
    paths = Paths()
    for node in _naming(instance.root, definition.plan.root):
        name = node.text.strip()
        if name not in found:
            found[name] = paths.of(node)
    return found


def _naming(node: Node, plan: NodePlan) -> Iterator[Node]:
    naming = plan.naming
    for child in node.children if naming else ():
        if child.name not in naming or not child.relevant:
            continue
        below = plan.children[child.name]
        if below.children:
            yield from _naming(child, below)
        elif child.text.strip():
            yield child


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
