"""What a condition on rows is made of, and what it says of one row.

Values are compared by kind: text, number, date, moment, boolean; a place can only be null or not. An answer that cannot
be read as what its question asks for counts as null. A comparison with null is never true, but `eq null` and `ne null`
(OData 4.01, part 2, section 5.1.1.1); `and`, `or`, `not` know true, false and null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_DAY = (
    "(?:[12][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|(?:12|16|20|24|28)00)-02-29)"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?"
_ZONE = "(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
DATE = f"^{_DAY}(?:T|\\Z)"
"""What begins with a day that there is, of the years 1000 to 2999: a pattern for Python, PostgreSQL and SQLite."""
MOMENT = f"^{_DAY}T{_CLOCK}{_ZONE}?\\Z"
"""A moment that every one of them reads; without a zone it is in UTC."""
ZONED = f"{_ZONE}\\Z"
_date, _moment, _zoned = re.compile(DATE), re.compile(MOMENT), re.compile(f"T.*{ZONED}")
TEXT, NUMBER, DAY, INSTANT, SWITCH, PLACE, NULL = "text", "number", "date", "moment", "boolean", "place", "null"
EDM: Mapping[str, str] = {
    TEXT: "Edm.String",
    NUMBER: "Edm.Decimal",
    DAY: "Edm.Date",
    INSTANT: "Edm.DateTimeOffset",
    SWITCH: "Edm.Boolean",
    PLACE: "Edm.Geography",
    NULL: "null",
}
"""The kinds by their names in OData."""
PARTS: Mapping[str, tuple[int, int]] = {
    "year": (1, 4),
    "month": (6, 2),
    "day": (9, 2),
    "hour": (12, 2),
    "minute": (15, 2),
    "second": (18, 2),
}
"""Where the parts of a moment stand in it as it is written: the first letter, from 1, and how many."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of the row. `name`: as a filter writes it. `steps`: the names by which it is found in the answers; none
    for what is known besides. `own`: it is of the repeat's row, not of its submission."""

    name: str
    kind: str
    steps: tuple[str, ...] = ()
    own: bool = False


_KNOWN: Mapping[str, str] = {
    "__id": TEXT,
    "__system/submissionDate": INSTANT,
    "__system/updatedAt": INSTANT,
    "__system/deletedAt": INSTANT,
    "__system/submitterId": NUMBER,
    "__system/submitterName": TEXT,
    "__system/attachmentsPresent": NUMBER,
    "__system/attachmentsExpected": NUMBER,
    "__system/status": NULL,
    "__system/reviewState": TEXT,
    "__system/deviceId": TEXT,
    "__system/edits": NUMBER,
    "__system/formVersion": TEXT,
}
KNOWN_COLUMNS: Mapping[str, Column] = {name: Column(name, kind) for name, kind in _KNOWN.items()}
"""What is known of a submission besides its answers."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written down: None, text, a number, a date (as text), an aware moment, true or false."""

    value: str | float | datetime | bool | None
    kind: str


@dataclass(frozen=True, slots=True)
class Called:
    """A function over terms, none of them the literal null; `kind`: what it gives."""

    function: str
    arguments: tuple[Term, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Compared:
    """`left operator right`: eq ne lt le gt ge; at least one side has a column in it."""

    operator: str
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Joined:
    """`and` or `or` over conditions, `not` over one."""

    operator: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """A term that is true, false or null itself."""

    term: Term


Term = Column | Literal | Called
Condition = Compared | Joined | Truth
Read = Callable[[Column], Any]
"""Gives the value of a column in the row in question, as it is kept."""


@dataclass(frozen=True, slots=True)
class Order:
    """By which column rows are put in order; null comes first, or last when it is turned round."""

    column: Column
    descending: bool = False


def columns_in(part: Condition | Term) -> Iterator[Column]:
    """The columns that it speaks of; one may come twice."""
    if isinstance(part, Column):
        yield part
    inner: tuple[Condition | Term, ...] = ()
    if isinstance(part, Called):
        inner = part.arguments
    elif isinstance(part, Compared):
        inner = (part.left, part.right)
    elif isinstance(part, Joined):
        inner = part.conditions
    elif isinstance(part, Truth):
        inner = (part.term,)
    for each in inner:
        yield from columns_in(each)


def parted(condition: Condition | None) -> tuple[Condition | None, Condition | None]:
    """(what it demands of the submission alone, what only the rows of the repeat can tell); both must be so."""
    if condition is None:
        return None, None
    every = condition.conditions if isinstance(condition, Joined) and condition.operator == "and" else (condition,)
    own = [each for each in every if any(column.own for column in columns_in(each))]
    return _all_of([each for each in every if each not in own]), _all_of(own)


def _all_of(conditions: list[Condition]) -> Condition | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return Joined("and", tuple(conditions))


def value_of(column: Column, kept: Any) -> Any:
    """The value that counts, by the kind of the column. A moment keeps the zone it was written in."""
    read = _READERS[column.kind]
    return None if kept is None else read(kept)


def _number(kept: Any) -> Any:
    return kept if isinstance(kept, int | float) and not isinstance(kept, bool) else None


def _text(kept: Any) -> Any:
    if isinstance(kept, list):
        return " ".join(map(str, kept))
    return kept if isinstance(kept, str) else None


def _day(kept: Any) -> Any:
    return kept[:10] if isinstance(kept, str) and _date.match(kept) else None


def instant_of(kept: Any) -> datetime | None:
    """The moment that a text says; None when it says none."""
    if isinstance(kept, datetime):
        return kept
    if not isinstance(kept, str) or not _moment.match(kept):
        return None
    return datetime.fromisoformat(kept if _zoned.search(kept) else f"{kept}Z")


_READERS: Mapping[str, Callable[[Any], Any]] = {
    TEXT: _text,
    NUMBER: _number,
    DAY: _day,
    INSTANT: instant_of,
    SWITCH: lambda kept: kept if isinstance(kept, bool) else None,
    PLACE: lambda kept: kept,
}


def judge(condition: Condition, read: Read) -> bool | None:
    """What a condition says of a row; only True lets it through."""
    if isinstance(condition, Truth):
        found = value_in(condition.term, read)
        return None if found is None else bool(found)
    if isinstance(condition, Compared):
        return _compare(condition.operator, value_in(condition.left, read), value_in(condition.right, read))
    if condition.operator == "not":
        inner = judge(condition.conditions[0], read)
        return None if inner is None else not inner
    # `and` is settled by a false, `or` by a true; a null leaves it open
    settles = condition.operator == "or"
    unknown = False
    for each in condition.conditions:
        said = judge(each, read)
        if said is settles:
            return settles
        unknown = unknown or said is None
    return None if unknown else not settles


def _compare(operator: str, left: Any, right: Any) -> bool:
    if operator in ("eq", "ne"):
        return bool(left == right) is (operator == "eq")
    if left is None or right is None:
        return False
    if operator in ("lt", "le"):
        return bool(left < right or (operator == "le" and left == right))
    return bool(left > right or (operator == "ge" and left == right))


def value_in(term: Term, read: Read) -> Any:
    """The value of a term in a row."""
    if isinstance(term, Literal):
        return term.value
    if isinstance(term, Column):
        return value_of(term, read(term))
    values = [value_in(each, read) for each in term.arguments]
    return None if None in values else FUNCTIONS[term.function](*values)


def _part_of(name: str) -> Callable[[Any], Any]:
    first, letters = PARTS[name]

    def part(value: Any) -> int:
        written = value if isinstance(value, str) else value.isoformat()
        return int(written[first - 1 : first - 1 + letters])

    return part


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "tolower": str.lower,
    "toupper": str.upper,
    "length": len,
    "date": lambda moment: moment.date().isoformat(),
    **{name: _part_of(name) for name in PARTS},
}
"""What functions do with values that are not null. Parts of an answer's moment are those that were written; of what the
server knows besides, those in UTC."""


def utc(moment: datetime) -> datetime:
    """The same moment in UTC."""
    return moment.astimezone(UTC)
