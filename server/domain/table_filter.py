"""`$filter` over what is known of a submission besides its answers (OData 4.01, part 2, section 5.1.1), as a tree.

Understood: `eq ne lt le gt ge`, `and or not`, brackets, `now() year() month() day() hour() minute() second()`, and the
fields of `FIELDS`, in a repeat's table with `$root/Submissions/` before them. Literals: null, numbers, 'text', moments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from server.domain.errors import Invalid

FIELDS = {
    "__id": "text",
    "__system/submissionDate": "moment",
    "__system/updatedAt": "moment",
    "__system/deletedAt": "moment",
    "__system/submitterId": "number",
    "__system/reviewState": "text",
}
"""What may stand in a filter, and what it is compared with."""
COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
PARTS = frozenset({"year", "month", "day", "hour", "minute", "second"})
DEEPEST = 40
LONGEST = 4000
_PREFIX = "$root/Submissions/"
_TOKEN = re.compile(
    r"""\s*(?:(?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?)
    |(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>(?:[^']|'')*)'|(?P<mark>[(),])
    |(?P<word>[$A-Za-z_][\w/$]*))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A field of `FIELDS`; `part` set: only its year, month … in UTC."""

    field: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: None, text, a number or a moment (aware)."""

    value: str | float | datetime | None


@dataclass(frozen=True, slots=True)
class Compared:
    """`left operator right`, the operator one of `COMPARISONS`."""

    operator: str
    left: Name | Literal
    right: Name | Literal


@dataclass(frozen=True, slots=True)
class Joined:
    """`and` or `or` over conditions, `not` over one."""

    operator: str
    conditions: tuple[Condition, ...]


Condition = Compared | Joined


class _Token(NamedTuple):
    kind: str
    text: str


def read_filter(text: str, now: datetime) -> Condition:
    """The condition that a filter says. Raises Invalid: `table.filter` when it cannot be read, `table.field` for a
    field that cannot be filtered by, answers among them."""
    if len(text) > LONGEST:
        raise Invalid("table.filter", filter=text[:80])
    reader = _Reader(text, now)
    condition = reader.any_of(0)
    if reader.next().kind != "end":
        raise reader.wrong()
    return condition


def names_in(condition: Condition) -> frozenset[str]:
    """The fields that a condition speaks of."""
    if isinstance(condition, Compared):
        return frozenset(side.field for side in (condition.left, condition.right) if isinstance(side, Name))
    return frozenset().union(*(names_in(each) for each in condition.conditions))


class _Reader:
    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
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
            if not self._takes(")"):
                raise self.wrong()
            return inside
        left = self._value()
        operator = self.next().text
        if operator not in COMPARISONS:
            raise self.wrong()
        return self._fitting(Compared(operator, left, self._value()))

    def _fitting(self, compared: Compared) -> Compared:
        kinds = {self._kind(side) for side in (compared.left, compared.right)} - {"null"}
        if len(kinds) > 1:
            raise self.wrong()
        return compared

    @staticmethod
    def _kind(side: Name | Literal) -> str:
        if isinstance(side, Name):
            return "number" if side.part else FIELDS[side.field]
        value = side.value
        if value is None:
            return "null"
        return "text" if isinstance(value, str) else "moment" if isinstance(value, datetime) else "number"

    def _value(self) -> Name | Literal:
        token = self.next()
        if token.kind == "text":
            return Literal(token.text.replace("''", "'"))
        if token.kind == "number":
            return Literal(float(token.text))
        if token.kind == "moment":
            return Literal(self._moment(token.text))
        if token.kind != "word":
            raise self.wrong()
        if token.text == "null":
            return Literal(None)
        if self._takes("("):
            return self._called(token.text)
        return Name(self._field(token.text))

    def _called(self, function: str) -> Name | Literal:
        if function == "now":
            found: Name | Literal = Literal(self._now)
        elif function in PARTS:
            field = self._field(self.next().text)
            if FIELDS[field] != "moment":
                raise self.wrong()
            found = Name(field, function)
        else:
            raise self.wrong()
        if not self._takes(")"):
            raise self.wrong()
        return found

    def _moment(self, text: str) -> datetime:
        try:
            if "T" not in text:
                day = date.fromisoformat(text)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong() from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def _takes(self, text: str) -> bool:
        token = self._tokens[self._at]
        if token.kind in ("word", "mark") and token.text == text:
            self._at += 1
            return True
        return False

    def _field(self, name: str) -> str:
        field = name.removeprefix(_PREFIX)
        if field not in FIELDS:
            raise Invalid("table.field", field=name)
        return field

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
