"""What the questions that a return names are called, in the words of the form."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from server.domain.returned import split_places
from server.services.definitions import definition_of
from server.storage.returns import ReturnedSheet

Named = tuple[str, tuple[int, ...], str]
"""A question by its label, the places of rows, and what was said of the answer."""
_PLACEHOLDER = re.compile(r"\$\{[^}]+\}")


def name_questions(session: Session | Connection, sheet: ReturnedSheet, language: str) -> list[Named]:
    """The questions that a return names, as the form that was filled asks them in a language; what an answer would
    stand for in a label is left out."""
    if not sheet.questions:
        return []
    definition = definition_of(session, sheet.form_sha256)
    named = []
    for each in sheet.questions:
        path, places = split_places(each.path)
        named.append((label_of(definition, path, language), places, each.text))
    return named


def label_of(definition: FormDefinition, path: str, language: str) -> str:
    """How a form asks a question in a language, by its path without places of rows; else the name of the question."""
    asked = definition.fields.get(path)
    label = in_language(asked.labels, language, definition.default_language) if asked else ""
    return _PLACEHOLDER.sub("…", label) or path.rpartition("/")[2]


def in_language(labels: Mapping[str, str], language: str, default: str) -> str:
    """A form's text in a language ("vi" for "Tiếng Việt (vi)"), else in the form's own, else in any."""
    for name, text in labels.items():
        if text and (name == language or name.endswith(f"({language})")):
            return text
    return labels.get(default) or next((text for text in labels.values() if text), "")
