"""Digests, encodings and identifiers."""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forms.xpath.context import Context
from forms.xpath.functions.registry import function
from forms.xpath.stops import stop
from forms.xpath.values import cut

_ALGORITHMS = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
_LONGEST = 100_000


@function("digest", "string string string?", returns="string")
def digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    """The digest of a text's UTF-8 bytes in base64 or hex."""
    name = _ALGORITHMS.get(algorithm.upper().replace("-", ""))
    if name is None or encoding.upper() not in ("HEX", "BASE64"):
        stop("unknown-algorithm")
    made = hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False)
    return made.hexdigest() if encoding.upper() == "HEX" else base64.b64encode(made.digest()).decode()


@function("base64-decode", "string", returns="string")
def base64_decode(text: str) -> str:
    """The UTF-8 text behind base64; '' when it is none."""
    return _bytes_of(text).decode("utf-8", "replace")


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return b""


@function("extract-signed", "string string", returns="string")
def extract_signed(text: str, key: str) -> str:
    """The text behind an Ed25519 signature (64 bytes, then the text, in base64); '' unless ``key`` (base64) made it."""
    content = _bytes_of(text)
    try:
        Ed25519PublicKey.from_public_bytes(_bytes_of(key)).verify(content[:64], content[64:])
    except (InvalidSignature, ValueError):
        return ""
    return content[64:].decode("utf-8", "replace")


@function("uuid", "number?", returns="string", context=True, volatile=True)
def uuid(context: Context, length: float | None = None) -> str:
    """A random identifier (RFC 9562, version 4), or ``length`` random capitals and digits, drawn from the context."""
    draw = context.world.random or _zero
    if length is not None:
        letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        count = cut(length)
        if count > _LONGEST:
            stop("too-large")
        return "".join(letters[int(draw() * 36)] for _ in range(count))
    bits = 0
    for _ in range(4):
        bits = bits << 32 | int(draw() * 4294967296)
    bits = bits & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _zero() -> float:
    return 0.0
