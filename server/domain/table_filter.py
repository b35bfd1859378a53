"""`$filter` and `$orderby` (OData 4.01, part 2, section 5.1.1): read into the tree of domain/table_terms.py.

Understood: `eq ne lt le gt ge`, `in (…)`, `and or not`, brackets, the functions of `SIGNATURES`, and the columns that
are given. Literals: null, true, false, numbers, 'text', dates, moments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from server.domain.errors import Invalid
from server.domain.table_terms import (
    DAY,
    EDM,
    INSTANT,
    KNOWN_COLUMNS,
    NULL,
    NUMBER,
    PLACE,
    SWITCH,
    TEXT,
    Called,
    Column,
    Compared,
    Condition,
    Joined,
    Literal,
    Order,
    Term,
    Truth,
    columns_in,
    instant_of,
    judge,
    value_in,
    value_of,
)

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_DATED: Sequence[frozenset[str]] = (frozenset({DAY, INSTANT}),)
_TIMED: Sequence[frozenset[str]] = (frozenset({INSTANT}),)
_TEXT: Sequence[frozenset[str]] = (frozenset({TEXT}),)
SIGNATURES: Mapping[str, tuple[Sequence[frozenset[str]], str]] = {
    "contains": ((*_TEXT, *_TEXT), SWITCH),
    "startswith": ((*_TEXT, *_TEXT), SWITCH),
    "endswith": ((*_TEXT, *_TEXT), SWITCH),
    "tolower": (_TEXT, TEXT),
    "toupper": (_TEXT, TEXT),
    "length": (_TEXT, NUMBER),
    "year": (_DATED, NUMBER),
    "month": (_DATED, NUMBER),
    "day": (_DATED, NUMBER),
    "hour": (_TIMED, NUMBER),
    "minute": (_TIMED, NUMBER),
    "second": (_TIMED, NUMBER),
    "date": (_TIMED, DAY),
    "now": ((), INSTANT),
}
"""By function the kinds of what it takes, and the kind of what it gives."""
DEEPEST = 40
LONGEST = 4000
MOST_DIGITS = 25
_WHOLE = 2**53
_TOKEN = re.compile(
    r"""\s*(?:(?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?)
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)|'(?P<text>(?:[^']|'')*)'|(?P<mark>[(),])
    |(?P<word>[$A-Za-z_][\w/$]*(?:-\w+)*))""",
    re.VERBOSE | re.ASCII,
)
_ORDERED = re.compile(r"\s*([$A-Za-z_][\w/$]*(?:-\w+)*)(?:\s+(asc|desc))?\s*", re.ASCII)
_SECONDS = re.compile(r".{16}:\d\d")
_TOO_FINE = re.compile(r"(\.\d{6})\d+")
Columns = Mapping[str, Column]
"""The columns by the names that a filter may use for them."""


class _Token(NamedTuple):
    kind: str
    text: str


def read_filter(text: str, now: datetime, columns: Columns = KNOWN_COLUMNS) -> Condition:
    """The condition that a filter says. Raises Invalid: `table.filter` when it cannot be read, `table.field` for a
    column that is not there, `table.types` for kinds that do not compare."""
    if len(text) > LONGEST or "\x00" in text:
        raise Invalid("table.filter", filter=text[:80].replace("\x00", ""))
    reader = _Reader(text, now, columns)
    condition = reader.any_of(0)
    if reader.next().kind != "end":
        raise reader.wrong()
    return condition


def read_order(text: str, columns: Columns) -> tuple[Order, ...]:
    """The order that `$orderby` says: columns, each with `asc` or `desc`. Raises Invalid as `read_filter` does, with
    `table.order` when it cannot be read."""
    found = []
    for part in text.split(","):
        match = _ORDERED.fullmatch(part)
        if match is None or len(text) > LONGEST:
            raise Invalid("table.order", order=text[:200].replace("\x00", ""))
        column = find_column(match[1], columns)
        if column.kind in (PLACE, NULL):
            raise Invalid("table.unfit", field=column.name)
        found.append(Order(column, match[2] == "desc"))
    return tuple(found)


def find_column(name: str, columns: Columns) -> Column:
    """A column by its name. Raises Invalid (`table.field`)."""
    column = columns.get(name)
    if column is None:
        raise Invalid("table.field", field=name[:200])
    return column


class _Reader:
    def __init__(self, text: str, now: datetime, columns: Columns) -> None:
        self._text = text
        self._now = now
        self._columns = columns
        self._tokens = list(self._split(text))
        self._at = 0

    def wrong(self) -> Invalid:
        """That the filter cannot be read."""
        return Invalid("table.filter", filter=self._text[:200])

    def next(self) -> _Token:
        """The token at which we are, passed over."""
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def any_of(self, depth: int) -> Condition:
        """`a or b`."""
        found = [self._all_of(depth)]
        while self._takes("or"):
            found.append(self._all_of(depth))
        return found[0] if len(found) == 1 else Joined("or", tuple(found))

    def _all_of(self, depth: int) -> Condition:
        found = [self._one(depth)]
        while self._takes("and"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else Joined("and", tuple(found))

    def _one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise self.wrong()
        if self._takes("not"):
            return Joined("not", (self._one(depth + 1),))
        if self._takes("("):
            inside = self.any_of(depth + 1)
            self._require(")")
            return inside
        left = self._term(depth)
        operator = self._tokens[self._at]
        if operator.kind == "word" and operator.text in COMPARISONS:
            self._at += 1
            return self._fitting(operator.text, left, self._term(depth))
        if self._takes("in"):
            return self._listed(left, depth)
        if left.kind != SWITCH:
            raise self.wrong()
        return Truth(left)

    def _listed(self, left: Term, depth: int) -> Condition:
        self._require("(")
        found = [self._fitting("eq", left, self._term(depth))]
        while self._takes(","):
            found.append(self._fitting("eq", left, self._term(depth)))
        self._require(")")
        return found[0] if len(found) == 1 else Joined("or", tuple(found))

    def _fitting(self, operator: str, left: Term, right: Term) -> Condition:
        left, right = _drawn_together(left, right), _drawn_together(right, left)
        kinds = {left.kind, right.kind} - {NULL}
        unordered = kinds & {PLACE, SWITCH} and operator not in ("eq", "ne")
        if len(kinds) > 1 or unordered or (PLACE in kinds and NULL not in (left.kind, right.kind)):
            raise _unlike(left, right)
        compared = Compared(operator, left, right)
        if any(columns_in(compared)):
            return compared
        return Truth(Literal(judge(compared, _no_row), SWITCH))

    def _term(self, depth: int) -> Term:
        token = self.next()
        if token.kind == "text":
            return Literal(token.text.replace("''", "'"), TEXT)
        if token.kind == "number":
            return self._number(token.text)
        if token.kind == "moment":
            return self._moment(token.text)
        if token.kind != "word":
            raise self.wrong()
        if token.text == "null":
            return Literal(None, NULL)
        if token.text in ("true", "false"):
            return Literal(token.text == "true", SWITCH)
        if self._takes("("):
            return self._called(token.text, depth + 1)
        column = find_column(token.text, self._columns)
        return Literal(None, NULL) if column.kind == NULL else column

    def _called(self, function: str, depth: int) -> Term:
        if depth > DEEPEST or function not in SIGNATURES:
            raise self.wrong()
        kinds, kind = SIGNATURES[function]
        arguments: list[Term] = []
        for fitting in kinds:
            if arguments:
                self._require(",")
            term = self._term(depth)
            if term.kind not in fitting | {NULL}:
                raise _unlike(term, Literal("", min(fitting)))
            arguments.append(term)
        self._require(")")
        if function == "now":
            return Literal(self._now, INSTANT)
        if any(each.kind == NULL for each in arguments):
            return Literal(None, NULL if kind != SWITCH else SWITCH)
        called = Called(function, tuple(arguments), kind)
        return called if any(columns_in(called)) else Literal(value_in(called, _no_row), kind)

    def _number(self, text: str) -> Literal:
        if len(text) > MOST_DIGITS:
            raise self.wrong()
        value = float(text)
        if not math.isfinite(value):
            raise self.wrong()
        return Literal(int(value) if value.is_integer() and abs(value) < _WHOLE else value, NUMBER)

    def _moment(self, text: str) -> Literal:
        if "T" not in text:
            day = value_of(Column("", DAY), text)
            if day is None:
                raise self.wrong()
            return Literal(day, DAY)
        whole = text if _SECONDS.match(text) else f"{text[:16]}:00{text[16:]}"
        moment = instant_of(_TOO_FINE.sub(r"\1", whole))
        if moment is None:
            raise self.wrong()
        return Literal(moment, INSTANT)

    def _takes(self, text: str) -> bool:
        token = self._tokens[self._at]
        if token.kind in ("word", "mark") and token.text == text:
            self._at += 1
            return True
        return False

    def _require(self, mark: str) -> None:
        if not self._takes(mark):
            raise self.wrong()

    def _split(self, text: str) -> list[_Token]:
        found, at = [], 0
        text = text.rstrip()
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None or token.lastgroup is None:
                raise self.wrong()
            found.append(_Token(token.lastgroup, token[token.lastgroup]))
            at = token.end()
        return [*found, _Token("end", "")]


def _drawn_together(side: Term, other: Term) -> Term:
    """A literal as what it is compared with: a date as the moment with which it begins in UTC, the number of a sender,
    which is shown as text, as a number."""
    if not isinstance(side, Literal):
        return side
    if side.kind == DAY and other.kind == INSTANT:
        return Literal(datetime.fromisoformat(str(side.value)).replace(tzinfo=UTC), INSTANT)
    text = str(side.value)
    sender = isinstance(other, Column) and not other.steps and other.kind == NUMBER and side.kind == TEXT
    if sender and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS // 2:
        return Literal(int(text), NUMBER)
    return side


def _unlike(left: Term, right: Term) -> Invalid:
    named = next((each for each in (*columns_in(left), *columns_in(right))), None)
    field = named.name if named else str(getattr(left, "value", ""))[:80]
    return Invalid("table.types", field=field, kind=EDM[left.kind], other=EDM[right.kind])


def _no_row(column: Column) -> object:
    raise LookupError(column.name)
