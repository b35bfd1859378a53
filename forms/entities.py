"""The entity blocks of a submission, held against what a server must be told to carry them out.

Source: ODK Entities specification (2024.1.0, offline entities included): attributes ``dataset``, ``id``, ``create``,
``update``, ``baseVersion``, ``branchId``, ``trunkVersion`` and the child ``label``. Blocks are checked here, applied
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from forms.definition import FormDefinition
from forms.errors import Finding
from forms.instance import Instance, Paths, entity_blocks
from forms.xpath.values import Node

_UUID = re.compile(r"(?:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_TRUE = ("1", "true")
PROBLEMS = (
    "dataset_unknown",
    "no_id",
    "bad_id",
    "no_label",
    "no_base_version",
    "bad_base_version",
    "bad_branch",
    "bad_trunk_version",
)
"""What ``params["problem"]`` of a finding of the kind ``entity`` may say."""


def entity_findings(definition: FormDefinition, instance: Instance, paths: Paths) -> Iterator[Finding]:
    """A finding for each thing that keeps a block from being applied; relevance is to be settled before.

    A block that neither creates nor updates asks for nothing and is not looked at.
    """
    declared = {each.dataset for each in definition.entities}
    for block in entity_blocks(instance):
        said = {name: value.strip() for name, value in (block.attributes or {}).items()}
        creates, updates = said.get("create", "") in _TRUE, said.get("update", "") in _TRUE
        if not block.relevant or not (creates or updates):
            continue
        for place, problem in _problems(block, said, declared):
            value = said.get(place.removeprefix("/@")) or None
            path = f"{paths.of(block)}{place}"
            yield Finding("entity", path, "error", value, {}, {"problem": problem, "dataset": said.get("dataset", "")})


def _problems(block: Node, said: Mapping[str, str], declared: set[str]) -> Iterator[tuple[str, str]]:
    """(where below the block, what) of all that is wrong."""
    if said.get("dataset", "") not in declared:
        yield "/@dataset", "dataset_unknown"
    if not said.get("id"):
        yield "/@id", "no_id"
    elif not _UUID.match(said["id"]):
        yield "/@id", "bad_id"
    label = block.child("label")
    if said.get("create", "") in _TRUE and (label is None or not label.text.strip()):
        yield "/label", "no_label"
    if said.get("update", "") in _TRUE:
        base = said.get("baseVersion", "")
        if not base.isdecimal():
            yield "/@baseVersion", "bad_base_version" if base else "no_base_version"
    branch, trunk = said.get("branchId", ""), said.get("trunkVersion", "")
    if branch and not _UUID.match(branch):
        yield "/@branchId", "bad_branch"
    if trunk and not trunk.isdecimal():
        yield "/@trunkVersion", "bad_trunk_version"
