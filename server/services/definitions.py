"""Compiled forms, kept by the SHA-256 of their XML: a process parses a form once, however many answers come."""

from __future__ import annotations

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from forms.parse import parse_form
from server.domain.errors import NotFound
from server.storage.intake import find_form_text
from server.storage.memory import Memory

KEPT = 64

_kept: Memory[str, FormDefinition] = Memory(KEPT)


def find_kept(sha256: str) -> FormDefinition | None:
    """The compiled form if this process has it."""
    return _kept.find(sha256)


def keep_definition(sha256: str, xml: bytes) -> FormDefinition:
    """Compiles the form and keeps it. It was looked at when it was published: what a later release would refuse still
    takes its answers. Raises DefinitionError when the XML is no form."""
    definition = parse_form(xml, strict=False)
    _kept.put(sha256, definition)
    return definition


def definition_of(session: Session | Connection, sha256: str) -> FormDefinition:
    """The compiled form whose XML has this SHA-256. Raises NotFound when no version has it."""
    kept = find_kept(sha256)
    if kept is not None:
        return kept
    xml = find_form_text(session, sha256)
    if xml is None:
        raise NotFound("form.version_unknown", version=sha256[:12])
    return keep_definition(sha256, xml)
