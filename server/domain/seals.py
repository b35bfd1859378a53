"""How lines of the audit are sealed: each line's SHA-256, and over those of a batch and the seal before it, the seal's.

The line is written down so that both databases give the same bytes: JSON in UTF-8 without blanks, members in the order
of their names, instants as whole microseconds since 1970 (UTC), numbers without a fraction as whole ones. The document
docs/audit.md says it byte for byte, for who would work it out with another program.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

GENESIS = "0" * 64
"""What the first seal names as the one before it."""
MARK = "thonban audit 1"
ID_BYTES, HASH_BYTES = 8, 32
PAIR_BYTES = ID_BYTES + HASH_BYTES
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SealedLine:
    """All of a line of the audit that means something."""

    id: int
    actor_id: int | None
    action: str
    acted_on: str | None
    details: dict[str, Any]
    note: str | None
    at: datetime
    project_id: int | None
    area_id: str | None
    address: str | None


def written(line: SealedLine) -> bytes:
    """A line as it is hashed."""
    parts = {
        "acted_on": line.acted_on,
        "action": line.action,
        "actor_id": line.actor_id,
        "address": line.address,
        "area_id": line.area_id,
        "at": microseconds(line.at),
        "details": _plain(line.details),
        "id": line.id,
        "note": line.note,
        "project_id": line.project_id,
    }
    return json.dumps(parts, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def digest_of(line: SealedLine) -> bytes:
    """The SHA-256 of a line."""
    return sha256(written(line)).digest()


def packed(digests: Iterable[tuple[int, bytes]]) -> bytes:
    """The ids and digests of a batch, by id, as a seal keeps them."""
    return b"".join(number.to_bytes(ID_BYTES, "big") + digest for number, digest in digests)


def unpacked(digests: bytes) -> Iterator[tuple[int, bytes]]:
    """The same again; an end that is cut off is left out."""
    for start in range(0, len(digests) - PAIR_BYTES + 1, PAIR_BYTES):
        pair = digests[start : start + PAIR_BYTES]
        yield int.from_bytes(pair[:ID_BYTES], "big"), pair[ID_BYTES:]


def seal_of(previous: str, sealed_at: datetime, lines: int, digests: bytes) -> str:
    """The SHA-256 of a seal, in hex: of the one before it, when, how many lines and the digests of all."""
    head = f"{MARK}\n{previous}\n{microseconds(sealed_at)}\n{lines}\n"
    return sha256(head.encode() + digests).hexdigest()


def microseconds(moment: datetime) -> int:
    """Since 1970, in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _plain(value: Any) -> Any:
    # PostgreSQL keeps numbers by their value: 1e2 comes back as 100
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
