"""Bodies of JSON, read so that nothing in them can surprise a database: no zero character, no half of a character, no
number past 64 bits, no nesting without end."""

from __future__ import annotations

from typing import Any

from flask import Request
from flask_smorest import Blueprint
from flask_smorest.arguments import FlaskParser
from marshmallow import Schema

from server.domain.errors import Unreadable

DEEPEST = 64
LARGEST = 2**63 - 1


class JsonParser(FlaskParser):  # type: ignore[misc]  # flask-smorest has no types
    """webargs' reader of JSON, and what must not be in it."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body as Python has it. Raises Unreadable when it cannot be read or holds what cannot be kept."""
        try:
            found = super().load_json(req, schema)
        except (RecursionError, ValueError) as error:
            # nested thousands deep, or a number of thousands of digits
            raise Unreadable("request.json") from error
        refused = find_unusable(found)
        if refused is not None:
            raise Unreadable(refused)
        return found


class JsonBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint whose bodies are read so."""

    ARGUMENTS_PARSER = JsonParser()


def find_unusable(found: Any) -> str | None:
    """The message id of what cannot be kept; None when all can."""
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return "request.json"
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                deeper += each
            elif isinstance(each, str) and not _is_text(each):
                return "request.zero_character"
            elif isinstance(each, int) and abs(each) > LARGEST:
                return "request.json"
        level = deeper
    return None


def _is_text(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))
