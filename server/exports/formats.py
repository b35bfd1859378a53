"""The formats of the answers, found by presence: a file `answers_….py` of this package each, with `ENDING` (of its
file), `KIND` (its content type) and `write(source)`, which yields the file piece by piece; `LACKS` where it needs a
package that is not installed: the package, and the extra that brings it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Protocol

import server.exports
from server.exports.answers import Source


class Format(Protocol):
    """A module of this package that writes a file."""

    ENDING: str
    KIND: str

    def write(self, source: Source) -> Iterator[bytes]:
        """The file, piece by piece."""


def find_lack(ending: str) -> tuple[str, str] | None:
    """The package that a format needs and is not installed here, with the extra that brings it; None: it works."""
    found: tuple[str, str] | None = getattr(list_formats().get(ending), "LACKS", None)
    return found


@cache
def list_formats() -> Mapping[str, Format]:
    """All formats by the ending of their files."""
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(server.exports.__path__):
        if module.name.startswith("answers_"):
            loaded: Any = importlib.import_module(f"server.exports.{module.name}")
            found[loaded.ENDING] = loaded
    return found
