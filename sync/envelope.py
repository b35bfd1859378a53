"""One upload: the instance, the files its answers name, and what is known of the device.

An envelope may arrive in several requests (OpenRosa Form Submission API, "Extended Transmission Considerations"):
each of them repeats the XML, carries at least one file, and all but the last say ``*isIncomplete*``.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

XML_PART = "xml_submission_file"
INCOMPLETE_PART = "*isIncomplete*"
MOST_FILES = 100
"""Files in one request, as ODK Collect counts them."""
DEFAULT_LIMIT = 10_000_000
"""Bytes in one request when the server names no limit, as ODK Collect assumes."""
LONGEST_FACT = 255
"""Characters kept of a device id and of a user agent, as ODK Central keeps them."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """One attachment. ``content`` is its bytes or the file that holds them; ``sha256`` is of the bytes, in hex."""

    name: str
    content_type: str
    content: bytes | Path
    sha256: str

    @property
    def size(self) -> int:
        """Bytes. Raises OSError when the file is gone."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def read(self) -> bytes:
        """The bytes, all at once. Raises OSError when the file is gone."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class Envelope:
    """One upload as it came in, or as it is to be sent.

    ``incomplete`` is True when the device said that more files of the same instance follow.
    """

    xml: bytes
    attachments: tuple[Part, ...] = ()
    device_id: str | None = None
    user_agent: str | None = None
    incomplete: bool = False

    @property
    def sha256(self) -> str:
        """Of the XML alone, in hex: an instance is the same one when this is."""
        return hashlib.sha256(self.xml).hexdigest()

    @property
    def contents(self) -> frozenset[tuple[str, str]]:
        """(name, sha256) of each attachment."""
        return frozenset((part.name, part.sha256) for part in self.attachments)


def part_of(name: str, content: bytes | Path, content_type: str = "application/octet-stream") -> Part:
    """An attachment with its digest worked out. Raises OSError when the file cannot be read."""
    digest = hashlib.sha256()
    if isinstance(content, bytes):
        digest.update(content)
    else:
        with content.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return Part(name, content_type, content, digest.hexdigest())


def clipped(fact: str | None) -> str | None:
    """A device id or user agent as long as it is kept, None when there is nothing in it."""
    return fact[:LONGEST_FACT] if fact else None


@dataclass(frozen=True)
class Glimpse:
    """What can be made out of bytes that are no XML: the ids as they stand there, None where there is none."""

    form_id: str | None = None
    instance_id: str | None = None


def glimpse(xml: bytes) -> Glimpse:
    """The ids in a text that no parser reads, such as one with a bare ``&`` in its instanceID, or one that breaks off.

    For people who look for it and for nothing else: it can be wrong.
    """
    text = _COMMENT.sub("", xml[:_GLIMPSED].decode("utf-8", "replace").replace("\x00", ""))
    root, found = _ROOT.search(text), _INSTANCE_ID.search(text)
    form_id = _FORM_ID.search(root[0]) if root else None
    return Glimpse(
        clipped(unescape(form_id[2]).strip()) if form_id else None,
        clipped(unescape(found[1]).strip()) if found else None,
    )


_GLIMPSED = 1 << 20
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ROOT = re.compile(r"<[^!?/\s>][^<>]*")
_FORM_ID = re.compile(r"""\sid\s*=\s*(["'])(.*?)\1""", re.DOTALL)
_INSTANCE_ID = re.compile(r"<(?:[\w.-]+:)?instanceID\b[^<>]*>([^<]*)<")


def instance_id_from(xml: bytes) -> str:
    """An instance id for an instance that brings none: the same bytes give the same id, so that a repeat is a repeat.

    The first 122 free bits of the SHA-256, as a UUID of version 8 (RFC 9562 section 5.8) with the usual prefix.
    """
    bits = int.from_bytes(hashlib.sha256(xml).digest()[:16], "big")
    bits = bits & ~(0xF << 76) | 0x8 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return f"uuid:{uuid.UUID(int=bits)}"


def split(
    xml_size: int, attachments: Sequence[Part], limit: int = DEFAULT_LIMIT, most_files: int = MOST_FILES
) -> tuple[tuple[Part, ...], ...]:
    """The attachments of each request, in order; one empty request when there are none.

    ``limit`` is in bytes, for the XML and the files of one request together. A file that passes it alone travels
    alone: the server then says so itself.
    """
    requests: list[tuple[Part, ...]] = []
    batch: list[Part] = []
    size = xml_size
    for part in attachments:
        if batch and (len(batch) >= most_files or size + part.size > limit):
            requests.append(tuple(batch))
            batch, size = [], xml_size
        batch.append(part)
        size += part.size
    return (*requests, tuple(batch))
