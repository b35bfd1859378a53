"""What a calculation leaves in its node: a text, and the type under which expressions read it again.

A phone keeps the value itself, so a truth value in a node of text is still one for the next expression (``not(.)`` of a
0 made by ``1 > 2`` is true, of a 0 typed in it is false), and a date is a day. Source: JavaRosa, IAnswerData.wrapData.
"""

from __future__ import annotations

import datetime as dt

from forms.doubles import points_again
from forms.xpath.compile import Expression
from forms.xpath.context import Context
from forms.xpath.moments import find_moment, find_time, moment_of_days
from forms.xpath.values import (
    Scalar,
    cut,
    java_double,
    normalise_points,
    scalar_to_boolean,
    scalar_to_number,
    scalar_to_string,
    unpack,
)

_POINTS = ("geopoint", "geotrace", "geoshape")
_CLOCKS = ("date", "time", "dateTime")
_LONGEST = 9223372036854775807
_INT = 2147483648


def calculated(expression: Expression, context: Context, kind: str) -> tuple[str, str]:
    """The text and the type that a calculation leaves in a node of a type."""
    value = expression.evaluate(context)
    if isinstance(value, float) and value.is_integer() and -_INT <= value < _INT and kind != "boolean":
        return str(int(value)), "int" if kind == "int" else "decimal"
    return written(unpack(value, context.now), kind, context.now)


def written(value: Scalar, kind: str, now: dt.datetime) -> tuple[str, str]:
    """A value as the text of a node of a type, and the type of what then stands there.

    What is empty or no number leaves the node empty; a whole number has no point, whatever the node's type; a text is
    never read as the node's type.
    """
    if value == "" or value != value:
        return "", kind
    if kind == "boolean" or isinstance(value, bool):
        return "1" if scalar_to_boolean(value) else "0", "boolean"
    if isinstance(value, float):
        return _number(value, kind)
    if isinstance(value, dt.datetime):
        kind = kind if kind in _CLOCKS else "dateTime"
        return text_of_value(value, kind, now), kind
    if kind in _POINTS:
        return points_again(value, kind)
    return value, kind if kind not in ("int", "decimal", *_CLOCKS) else "string"


def _number(number: float, kind: str) -> tuple[str, str]:
    whole = int(max(-_LONGEST, min(_LONGEST, number)))
    if kind == "int":
        return str(cut(number)), "int"
    if abs(number - whole) < 1e-9:
        return str(whole), "decimal"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity", "double"
    return java_double(number), "decimal"


def text_of_value(value: Scalar, kind: str, now: dt.datetime) -> str:
    """A value as an answer of a type: a decimal keeps its point, moments are ISO 8601; '' when it is none."""
    if value == "" or value != value:
        return ""
    if kind in ("int", "decimal"):
        number = scalar_to_number(value)
        if number != number or number in (float("inf"), float("-inf")):
            return ""
        return str(int(number)) if kind == "int" else java_double(number) if number else "0.0"
    if kind == "boolean":
        return "1" if scalar_to_boolean(value) else "0"
    if kind in _CLOCKS:
        return _moment_text(value, kind, now)
    if kind == "geopoint" and isinstance(value, str):
        return normalise_points(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return scalar_to_string(value)


def _moment_text(value: Scalar, kind: str, now: dt.datetime) -> str:
    zone = now.tzinfo or dt.UTC
    moment: dt.datetime | None
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, str):
        moment = find_time(value, now) if kind == "time" else find_moment(value, zone)
    else:
        moment = moment_of_days(scalar_to_number(value), zone) if value == value else None
    if moment is None:
        return ""
    if kind == "date":
        return scalar_to_string(moment)
    text = moment.isoformat(timespec="milliseconds")
    return text.partition("T")[2] if kind == "time" else text
