"""Numbers as Java reads and writes them: NaN, Infinity, "1f", "1.0E7", and the points that are made of them."""

from __future__ import annotations

import math
import re

from forms.xpath.values import java_double

_DOUBLE = re.compile(r"([+-]?)(?:(NaN)|(Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?)\Z", re.ASCII)


def double_of(text: str) -> float | None:
    """The number that a text spells; None when it is none."""
    found = _DOUBLE.match(text)
    if found is None:
        return None
    sign, nothing, endless, digits = found.groups()
    size = math.nan if nothing else math.inf if endless else float(digits)
    return -size if sign == "-" else size


def double_text(number: float) -> str:
    """A number as a decimal answer is written: always with a point."""
    if number != number:
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return java_double(number) if number else str(number)


def points_again(text: str, kind: str) -> tuple[str, str]:
    """The points of an answer, each with all four numbers ('' when they cannot be read), and the type under which
    expressions read them: text, where a number has no end or is none. One number alone is a latitude at longitude 0."""
    written = []
    finite = True
    for place in text.split(";") if kind != "geopoint" else [text]:
        numbers = [double_of(piece) for piece in place.split()]
        if not numbers and kind != "geopoint":
            continue
        known = [number for number in numbers if number is not None]
        if not 1 <= len(numbers) == len(known) <= 4:
            return "", kind
        finite = finite and all(map(math.isfinite, known))
        written.append(" ".join(double_text(number) for number in (*known, 0.0, 0.0, 0.0)[:4]))
    return "; ".join(written), kind if finite else "string"
