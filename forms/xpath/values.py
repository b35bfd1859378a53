"""Nodes of a filled form and the values that expressions work with.

A value is a string, a float, a boolean, a moment (an aware ``datetime``, dates standing at local midnight) or a list of
nodes. The conversions follow what JavaRosa, the engine of ODK Collect, does with them; where a phone would stop with an
error, ours give the empty value of the type instead ('' or NaN), so that evaluation itself never raises.
Sources: ODK XForms specification, section "XPath"; XPath 1.0, section 4; JavaRosa 5.1 as measured.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from forms.errors import EvaluationError
from forms.xpath.moments import days_of
from forms.xpath.moments import find_moment as find_moment
from forms.xpath.moments import find_time as find_time

NAN = math.nan


class Node:
    """One element of a filled form or of a secondary instance.

    ``text`` is '' when empty, also for elements that hold other elements. ``relevant`` is the node's own relevance and
    that of everything above it. ``data_type`` is the XForm bind type, "string" when none is declared.
    """

    __slots__ = (
        "_index",
        "_keys",
        "_numbers",
        "attributes",
        "children",
        "data_type",
        "is_repeat",
        "name",
        "parent",
        "relevant",
        "text",
    )

    def __init__(self, name: str, text: str = "", data_type: str = "string", parent: Node | None = None) -> None:
        self.name = name
        self.text = text
        self.children: list[Node] = []
        self.parent = parent
        self.relevant = True
        self.data_type = data_type
        self.is_repeat = False
        self.attributes: dict[str, str] | None = None
        self._index: tuple[int, dict[str, list[Node]], dict[int, int]] | None = None
        self._keys: dict[tuple[str | None, str], dict[str, list[Node]]] | None = None
        self._numbers: dict[tuple[str | None, str], dict[float, list[Node]]] | None = None

    def add(self, child: Node) -> Node:
        """Append ``child``, making this node its parent, and return it."""
        child.parent = self
        self.children.append(child)
        self._index = None
        return child

    def named(self, name: str) -> list[Node]:
        """All children called ``name``, in document order, relevant or not. The list is not to be changed."""
        index = self._index
        if index is None or index[0] != len(self.children):
            table: dict[str, list[Node]] = {}
            for child in self.children:
                table.setdefault(child.name, []).append(child)
            self._index = index = (len(self.children), table, {})
        return index[1].get(name, _NONE)

    def child(self, name: str) -> Node | None:
        """The first child called ``name``, or None."""
        found = self.named(name)
        return found[0] if found else None

    def keyed(self, name: str | None, key: str) -> dict[str, list[Node]]:
        """The children called ``name`` (None: all) by the text of their child ``key``.

        Kept once made: only for trees that do not change, such as secondary instances.
        """
        keys = self._keys
        if keys is None:
            keys = self._keys = {}
        table = keys.get((name, key))
        if table is None:
            table = keys[(name, key)] = {}
            for row in self.children if name is None else self.named(name):
                for cell in row.named(key) or (_BLANK,):
                    table.setdefault(cell.text, []).append(row)
        return table

    def keyed_by_number(self, name: str | None, key: str) -> dict[float, list[Node]]:
        """As :meth:`keyed`, by the number that the child's text spells."""
        numbers = self._numbers
        if numbers is None:
            numbers = self._numbers = {}
        table = numbers.get((name, key))
        if table is None:
            table = numbers[(name, key)] = {}
            for row in self.children if name is None else self.named(name):
                for cell in row.named(key):
                    table.setdefault(string_to_number(cell.text), []).append(row)
        return table

    def reindex(self) -> None:
        """Forget all indexes; to be called after children were replaced in place or renamed."""
        self._index = None
        self._keys = self._numbers = None

    def position(self) -> int:
        """1-based place among the siblings of the same name."""
        if self.parent is None:
            return 1
        siblings = self.parent.named(self.name)
        if len(siblings) < 2 or self.parent._index is None:
            return 1
        places = self.parent._index[2]
        if id(self) not in places:
            places.update((id(node), place) for place, node in enumerate(siblings, 1))
        return places.get(id(self), 1)

    def path(self) -> str:
        """The node's path, "/data/member[2]/age": a place is given to repeats and to nodes that occur several times."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None and node.name:
            parent = node.parent
            numbered = node.is_repeat or (parent is not None and len(parent.named(node.name)) > 1)
            steps.append(f"{node.name}[{node.position()}]" if numbered else node.name)
            node = parent
        return "/" + "/".join(reversed(steps))

    def __repr__(self) -> str:
        return f"Node({self.path()!r}, {self.text!r})"


Value: TypeAlias = str | float | bool | datetime | list[Node]
Scalar: TypeAlias = str | float | bool | datetime
_NONE: list[Node] = []
_BLANK = Node("")

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)\Z", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,10}\Z")


def string_to_number(text: str) -> float:
    """The number a text spells, else NaN: digits, one sign, one point or comma; no exponent, no infinity."""
    if text.isdecimal() and text.isascii():
        return float(text)
    trimmed = text.strip().replace(",", ".")
    return float(trimmed) if _NUMBER.match(trimmed) else NAN


def cut(number: float) -> int:
    """A number cut to an integer of 32 bits as Java does: NaN is 0, what is too large the nearest there is."""
    if number != number:
        return 0
    return int(max(-2147483648.0, min(2147483647.0, number)))


def number_to_string(number: float) -> str:
    """A number as a phone writes it: "3", "0.3333333333333333", "1.0E11", "NaN", "-Infinity"."""
    if number != number:
        return "NaN"
    if -1e-12 < number < 1e-12:
        return "0"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if -2147483649 < number < 2147483648 and abs(number - int(number)) < 1e-12:
        return str(int(number))
    return java_double(number)


def java_double(number: float) -> str:
    """A finite double as Java spells it: shortest digits, plain between 1e-3 and 1e7, else like "1.0E-5"."""
    size = abs(number)
    if 1e-3 <= size < 1e7:
        return repr(number)
    mantissa, _, power = format_shortest(number)
    return f"{mantissa}E{power}"


def format_shortest(number: float) -> tuple[str, str, int]:
    """Split a finite, non-zero double into mantissa with one digit before the point, "E" and the power of ten."""
    sign = "-" if number < 0 else ""
    text = repr(abs(number))
    digits, _, exponent = text.partition("e")
    whole, _, fraction = digits.partition(".")
    if fraction == "0":
        fraction = ""
    power = int(exponent or 0) + len(whole) - 1
    significant = whole + fraction
    stripped = significant.lstrip("0")
    power -= len(significant) - len(stripped)
    stripped = stripped.rstrip("0") or "0"
    return f"{sign}{stripped[0]}.{stripped[1:] or '0'}", "E", power


def normalise_points(text: str) -> str:
    """Geopoints, separated by ";", with latitude, longitude, altitude and accuracy as doubles; '' when unreadable."""
    points = (point + [0.0] * (4 - len(point)) for point in read_points(text))
    return "; ".join(" ".join(java_double(number) if number else "0.0" for number in point) for point in points)


def read_points(text: str) -> list[list[float]]:
    """The two to four numbers of each geopoint of a text, separated by ";"; none when one is unreadable."""
    points: list[list[float]] = []
    for part in text.split(";"):
        pieces = part.split()
        if not pieces:
            continue
        if not 2 <= len(pieces) <= 4 or not all(map(_DOUBLE.match, pieces)):
            return []
        numbers = list(map(float, pieces))
        if not all(map(math.isfinite, numbers)):
            return []
        points.append(numbers)
    return points


def _read_integer(text: str, _: datetime) -> Scalar:
    if len(text) < 10 and text.isdecimal():
        return float(text)
    text = text.strip()
    if _INTEGER.match(text):
        number = float(text)
        if -2147483648 <= number <= 2147483647:
            return number
    return ""


def _read_decimal(text: str, _: datetime) -> Scalar:
    try:
        number = float(text)
    except ValueError:
        return ""
    return number if math.isfinite(number) and "_" not in text and text.isascii() else ""


def _read_day(text: str, now: datetime) -> Scalar:
    moment = find_moment(text, now.tzinfo or UTC) if "T" not in text else None
    return "" if moment is None else moment


def _read_moment(text: str, now: datetime) -> Scalar:
    moment = find_moment(text, now.tzinfo or UTC)
    return "" if moment is None else moment


def _read_time(text: str, now: datetime) -> Scalar:
    moment = find_time(text, now)
    return "" if moment is None else moment


def _read_boolean(text: str, _: datetime) -> Scalar:
    return text.strip() in ("1", "true")


def _read_points(text: str, _: datetime) -> Scalar:
    return normalise_points(text)


def _read_double(text: str, _: datetime) -> Scalar:
    """A number that a calculation made, infinite ones among them."""
    return float(text)


READERS: dict[str, Callable[[str, datetime], Scalar]] = {
    "int": _read_integer,
    "decimal": _read_decimal,
    "double": _read_double,
    "date": _read_day,
    "dateTime": _read_moment,
    "time": _read_time,
    "boolean": _read_boolean,
    "geopoint": _read_points,
    "geotrace": _read_points,
    "geoshape": _read_points,
}


def value_of(node: Node, now: datetime) -> Scalar:
    """What a node says, in the type its bind declares; '' when it is empty, irrelevant or cannot be read."""
    text = node.text
    if not text or not node.relevant:
        return ""
    read = READERS.get(node.data_type)
    return text if read is None else read(text, now)


def unpack(value: Value, now: datetime) -> Scalar:
    """The single value behind a value: of a list its only node's, '' of an empty one. EvaluationError of several."""
    if isinstance(value, list):
        if len(value) > 1:
            raise EvaluationError("expression.stopped", {"reason": "several-nodes"})
        return value_of(value[0], now) if value else ""
    return value


def scalar_to_string(value: Scalar) -> str:
    """A value as text; a moment gives its date alone, as on a phone."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_to_string(value)
    return value.strftime("%Y-%m-%d") if value.year > 999 else f"{value.year}-{value:%m-%d}"


def scalar_to_number(value: Scalar) -> float:
    """A value as a number: moments as whole days since 1970-01-01, texts that spell none as NaN."""
    if isinstance(value, str):
        return string_to_number(value) if value else NAN
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float):
        return value
    return days_of(value)


def scalar_to_boolean(value: Scalar) -> bool:
    """A value as true or false: numbers but 0 and NaN, texts but '', every moment."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value == value and abs(value) > 1e-12
    if isinstance(value, str):
        return value != ""
    return True


def to_string(value: Value, now: datetime) -> str:
    """Any value as text (see :func:`scalar_to_string`)."""
    return scalar_to_string(unpack(value, now))


def to_number(value: Value, now: datetime) -> float:
    """Any value as a number (see :func:`scalar_to_number`)."""
    return scalar_to_number(unpack(value, now))


def to_boolean(value: Value, now: datetime) -> bool:
    """Any value as true or false; of nodes it is the only one's value that counts, as on a phone."""
    return scalar_to_boolean(unpack(value, now))
