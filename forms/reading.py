"""How a phone reads an answer of a submission that it opens again, and how it writes it then.

Wider than :mod:`forms.types` in places where a phone takes what no answer says: Java's own spellings of numbers, one
number alone for a point, any word for false. Source: JavaRosa, XFormAnswerDataParser, as measured.
"""

from __future__ import annotations

import datetime as dt
import math
import re

from forms.doubles import double_of, double_text, points_again
from forms.plan import NodePlan
from forms.wrap import text_of_value
from forms.xpath.values import READERS

_SECONDS = re.compile(r":(\d{1,2})\.(\d+)", re.ASCII)
_POINTS = ("geopoint", "geotrace", "geoshape")


def read_again(text: str, plan: NodePlan, now: dt.datetime) -> tuple[str, str, bool]:
    """The text as it is written again ('' when it cannot be read), the type under which expressions read it, and
    whether it can be read. ``text`` without blanks around it."""
    kind = plan.type
    if not text:
        return "", kind, True
    if kind in ("select1", "select", "rank"):
        return _chosen(text, plan), kind, True
    if kind == "decimal":
        return _decimal(text)
    if kind == "boolean":
        return "1" if text in ("1", "t") else "0", kind, True
    if kind in _POINTS:
        points, read_as = points_again(text, kind)
        nowhere = points.replace("-0.0", "0.0") == "0.0 0.0 0.0 0.0"
        return "" if nowhere else points, read_as, points != ""
    reader = READERS.get(kind)
    if reader is None:
        return text, kind, True
    value = reader(_cut(text) if kind in ("dateTime", "time") else text, now)
    return text_of_value(value, kind, now), kind, value != ""


def _cut(text: str) -> str:
    """A moment with the thousandths that are left when seconds are read as a double: 32.294 gives 293."""
    return _SECONDS.sub(_thousandths, text, count=1)


def _thousandths(found: re.Match[str]) -> str:
    second = float(f"{found[1]}.{found[2]}")
    return f":{found[1]}.{int(1000.0 * second - 1000.0 * int(second)):03d}"


def _chosen(text: str, plan: NodePlan) -> str:
    field = plan.field
    listed = {choice.name for choice in field.choices} if field.itemset is None and field.choices else None
    if plan.type == "select1":
        return text if listed is None or text in listed else ""
    return " ".join(name for name in text.split() if listed is None or name in listed)


def _decimal(text: str) -> tuple[str, str, bool]:
    number = double_of(text)
    if number is None:
        return "", "decimal", False
    return double_text(number), "decimal" if math.isfinite(number) else "double", True
