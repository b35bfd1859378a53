"""What can go wrong between a device and a server.

::

    SyncError                  code (a message id) and params
    ├── ProtocolError          what the other side said is not the language agreed on
    ├── Unreachable            nobody answered: no link, no such host, cut off half way; try again later
    ├── Refused                it answered and said no: status and, where it gave one, its own sentence
    └── BundleError            a file that should be a bundle of sheets, and cannot be used as one at all

Errors are raised. No sentence stands here: ``code`` is looked up in a catalogue where the reader's language is known.
No param ever holds a whole address, as the path of one may hold a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SyncError(Exception):
    """Anything raised by this package. ``code`` is a message id, ``params`` what its sentence names."""

    def __init__(self, code: str, params: Mapping[str, object] | None = None) -> None:
        self.code = code
        self.params: dict[str, object] = dict(params or {})
        super().__init__(code, self.params)

    def __str__(self) -> str:
        said = ", ".join(f"{key}={value!r}" for key, value in self.params.items())
        return f"{self.code} ({said})" if said else self.code

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.code, self.params)


class ProtocolError(SyncError):
    """What the other side said cannot be read as OpenRosa, or is not what it announced."""


class Unreachable(SyncError):
    """Nobody answered in time. Whether the other side took anything is unknown: send again, from the first file."""


class Refused(SyncError):
    """The other side answered and did not take it. params: ``status`` (HTTP), ``message`` (its sentence, may be "")."""

    @property
    def status(self) -> int:
        """The HTTP status of the answer, 0 when it is not known."""
        status = self.params.get("status", 0)
        return status if isinstance(status, int) else 0

    @property
    def message(self) -> str:
        """The sentence the other side gave, for a person to read; "" when it gave none."""
        return str(self.params.get("message", ""))

    @property
    def passing(self) -> bool:
        """True when the same thing sent later may well be taken: the server is ill or busy, not unwilling."""
        return self.status >= 500 or self.status in (408, 425, 429)


class BundleError(SyncError):
    """A file that is no bundle, or one whose list of contents cannot be used: nothing of it can be taken in."""


def _restore(kind: type[SyncError], code: str, params: dict[str, object]) -> SyncError:
    return kind(code, params)
