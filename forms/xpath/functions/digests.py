"""Digests, encodings and identifiers."""

from __future__ import annotations

import base64
import binascii
import hashlib

from forms.xpath.context import Context
from forms.xpath.functions.registry import function
from forms.xpath.values import cut

_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@function("digest", "string string string?", returns="string")
def digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    """The digest of a text's UTF-8 bytes in base64 or hex; '' for an algorithm or an encoding that is not known."""
    name = _ALGORITHMS.get(algorithm.upper())
    if name is None:
        return ""
    made = hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False)
    if encoding.lower() == "hex":
        return made.hexdigest()
    return base64.b64encode(made.digest()).decode() if encoding.lower() == "base64" else ""


@function("base64-decode", "string", returns="string")
def base64_decode(text: str) -> str:
    """The UTF-8 text behind base64; '' when it is none."""
    try:
        return base64.b64decode(text, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


@function("uuid", "number?", returns="string", context=True, volatile=True)
def uuid(context: Context, length: float | None = None) -> str:
    """A random identifier (RFC 9562, version 4), or ``length`` random capitals and digits, drawn from the context."""
    draw = context.world.random or _zero
    if length is not None:
        letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        count = min(cut(length), 256)
        return "".join(letters[int(draw() * 36)] for _ in range(count))
    bits = 0
    for _ in range(4):
        bits = bits << 32 | int(draw() * 4294967296)
    bits = bits & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _zero() -> float:
    return 0.0
