"""Conditions and orders of domain/table_terms.py as SQL, for PostgreSQL and SQLite alike.

Whatever a client wrote reaches the database as a bound parameter: values, and the names by which answers are found.
Each answer is looked at only as far as it is of the kind its question asks for, so that one odd value in one row breaks
no query. tests/server/storage/test_table_sql.py holds both databases against `judge`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Engine,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    event,
    extract,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import aliased
from sqlalchemy.pool import ConnectionPoolEntry

from server.domain.review import RECEIVED
from server.domain.table_terms import (
    DATE,
    DAY,
    INSTANT,
    MOMENT,
    NUMBER,
    PARTS,
    PLACE,
    SWITCH,
    TEXT,
    ZONED,
    Called,
    Column,
    Compared,
    Condition,
    Joined,
    Literal,
    Order,
    Term,
    columns_in,
    instant_of,
)
from server.storage.actors import Actor
from server.storage.database import Moment
from server.storage.forms import FormVersion
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion

Sql = ColumnElement[Any]
POSTGRESQL = "postgresql"
_WHOLE_ZONE = "^.{11}.*" + ZONED
_version = aliased(SubmissionVersion)
_other = aliased(SubmissionVersion)
_file = SubmissionAttachment
_files = select(func.count()).where(_file.version_id == _version.id, _file.expected).correlate(_version)
_sender = select(Actor.display_name).where(Actor.id == Submission.submitter_id).correlate(Submission)
_texts = select(func.count() - 1).select_from(_other).where(_other.submission_id == Submission.id).correlate(Submission)
_text_of = select(FormVersion.version).where(FormVersion.id == _version.form_version_id).correlate(_version)
_KNOWN: Mapping[str, Any] = {
    "__id": Submission.instance_id,
    "__system/submissionDate": Submission.created_at,
    "__system/updatedAt": Submission.updated_at,
    "__system/deletedAt": Submission.deleted_at,
    "__system/submitterId": Submission.submitter_id,
    "__system/submitterName": _sender.scalar_subquery(),
    "__system/attachmentsPresent": _files.where(_file.sha256.is_not(None)).scalar_subquery(),
    "__system/attachmentsExpected": _files.scalar_subquery(),
    # what clients see as null
    "__system/reviewState": func.nullif(Submission.review_state, literal(RECEIVED)),
    "__system/deviceId": Submission.device_id,
    "__system/edits": _texts.scalar_subquery(),
    "__system/formVersion": _text_of.scalar_subquery(),
}
_OF_VERSION = frozenset(
    {"__system/attachmentsPresent", "__system/attachmentsExpected", "__system/formVersion"},
)
_NEVER_NULL = frozenset({"__id", "__system/submissionDate", "__system/submitterId"})
_ROOT = re.compile(r"^\$root/Submissions/")
LOWER, UPPER, INSTANT_OF = "thonban_lower", "thonban_upper", "thonban_instant"
"""Functions that an SQLite connection is given: its own know only the letters of English, and no fractions of a second.
"""


@event.listens_for(Engine, "connect")
def _give_functions(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    driver: Any = connection
    if type(connection).__module__.startswith("sqlite3"):
        for name, function in ((LOWER, _lower), (UPPER, _upper), (INSTANT_OF, _instant)):
            driver.create_function(name, 1, function, deterministic=True)


def _lower(text: Any) -> str | None:
    return text.lower() if isinstance(text, str) else None


def _upper(text: Any) -> str | None:
    return text.upper() if isinstance(text, str) else None


def _instant(text: Any) -> str | None:
    """A moment as a column of moments holds it in SQLite."""
    found = instant_of(text)
    return None if found is None else found.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def condition_as_sql(condition: Condition, dialect: str) -> ColumnElement[bool]:
    """The condition on a submission (a row of `submissions`)."""
    asked = _Asked(dialect)
    said = asked.condition(condition)
    if not any(asked.of_version(each) for each in columns_in(condition)):
        return said
    current = and_(_version.submission_id == Submission.id, _version.is_current, said)
    return select(literal(1)).select_from(_version).where(current).correlate(Submission).exists()


def order_as_sql(orders: tuple[Order, ...], dialect: str) -> list[ColumnElement[Any]]:
    """What `submissions` are put in order by; the newest first where nothing else tells them apart."""
    asked = _Asked(dialect)
    found: list[ColumnElement[Any]] = []
    for order in orders:
        term = asked.in_order(asked.term(order.column), order.column.kind)
        if asked.of_version(order.column):
            current = and_(_version.submission_id == Submission.id, _version.is_current)
            term = select(term).select_from(_version).where(current).correlate(Submission).scalar_subquery()
        found.append(term.desc().nulls_last() if order.descending else term.asc().nulls_first())
    return [*found, Submission.created_at.desc(), Submission.id.desc()]


class _Asked:
    """One dialect's way of saying it."""

    def __init__(self, dialect: str) -> None:
        self._postgresql = dialect == POSTGRESQL

    @staticmethod
    def of_version(asked: Column) -> bool:
        """Whether it stands in the version and not in the submission."""
        return bool(asked.steps) or _ROOT.sub("", asked.name) in _OF_VERSION

    def condition(self, condition: Condition) -> ColumnElement[bool]:
        """A condition; it may be null."""
        if isinstance(condition, Joined):
            parts = [self.condition(each) for each in condition.conditions]
            if condition.operator == "not":
                return not_(parts[0])
            return and_(*parts) if condition.operator == "and" else or_(*parts)
        if isinstance(condition, Compared):
            return self._compared(condition)
        if isinstance(condition.term, Literal):
            value = condition.term.value
            return cast(null(), Boolean) if value is None else true() if value else false()
        return self.term(condition.term)

    def _compared(self, compared: Compared) -> ColumnElement[bool]:
        for side, other in ((compared.left, compared.right), (compared.right, compared.left)):
            if isinstance(side, Literal) and side.value is None:
                term = self.term(other)
                return term.is_(None) if compared.operator == "eq" else _present(compared.operator, term)
        left, right = self.term(compared.left), self.term(compared.right)
        if compared.operator == "ne":
            return left.is_distinct_from(right)
        both = isinstance(compared.left, Column | Called) and isinstance(compared.right, Column | Called)
        if compared.operator == "eq" and both:
            return left.is_not_distinct_from(right)
        if compared.left.kind == TEXT and compared.operator != "eq":
            left, right = self.in_order(left, TEXT), self.in_order(right, TEXT)
        said = _SAID[compared.operator](left, right)
        if _is_known(compared.left) and _is_known(compared.right):
            # so that an index may serve
            return said
        return func.coalesce(said, false(), type_=Boolean())

    def in_order(self, term: Sql, kind: str) -> Sql:
        """Text by its letters' numbers, on either database and whatever its language is."""
        return term.collate("C") if self._postgresql and kind in (TEXT, DAY) else term

    def term(self, term: Term) -> Sql:
        """A value; null where there is none of its kind."""
        if isinstance(term, Literal):
            return self._literal(term.value)
        if isinstance(term, Called):
            return self._called(term)
        if term.steps:
            return _Answer(term.steps, self._postgresql).read(term.kind)
        known: Sql = _KNOWN[_ROOT.sub("", term.name)]
        return known

    def _literal(self, value: Any) -> Sql:
        if isinstance(value, datetime):
            return literal(value.astimezone(UTC), Moment())
        if isinstance(value, float) and self._postgresql:
            return literal(Decimal(repr(value)), Numeric())
        return literal(value)

    def _called(self, called: Called) -> Sql:
        first = called.arguments[0]
        if called.function in PARTS or called.function == "date":
            return self._part(called.function, first)
        arguments = [self.term(each) for each in called.arguments]
        if called.function in ("tolower", "toupper"):
            return self._cased(arguments[0], upper=called.function == "toupper")
        if called.function == "length":
            return func.length(arguments[0])
        text, part = arguments
        if called.function == "contains":
            return (func.strpos(text, part) if self._postgresql else func.instr(text, part)) > 0
        if called.function == "startswith":
            if self._postgresql:
                return func.starts_with(text, part, type_=Boolean())
            return func.substr(text, 1, func.length(part)) == part
        if self._postgresql:
            return func.right(text, func.length(part)) == part
        # from the end; `substr(x, 0)` would be all of it
        return or_(and_(part == "", text.is_not(None)), func.substr(text, -func.length(part)) == part)

    def _cased(self, text: Sql, *, upper: bool) -> Sql:
        if self._postgresql:
            # the letters of all languages, whatever the language of the database is
            spread = text.collate("und-x-icu")
            return (func.upper if upper else func.lower)(spread, type_=Text())
        cased: Sql = getattr(func, UPPER if upper else LOWER)(text, type_=Text())
        return cased

    def _part(self, name: str, term: Term) -> Sql:
        if isinstance(term, Column) and not term.steps:
            return self._part_of_known(name, self.term(term))
        if isinstance(term, Column):
            written = _Answer(term.steps, self._postgresql).written(MOMENT if term.kind == INSTANT else DATE)
        else:
            written = self.term(term)
        if name == "date":
            return func.substr(written, 1, 10, type_=Text())
        return cast(func.substr(written, *PARTS[name], type_=Text()), Integer)

    def _part_of_known(self, name: str, known: Sql) -> Sql:
        if self._postgresql:
            # which would take the time zone of its session
            there = func.timezone("UTC", known, type_=DateTime())
            if name == "date":
                return func.to_char(there, "YYYY-MM-DD", type_=Text())
            # and counts fractions of a second
            return func.floor(extract(name, there))
        if name == "date":
            return func.strftime("%Y-%m-%d", known, type_=Text())
        return extract(name, known)


def _present(operator: str, term: Sql) -> ColumnElement[bool]:
    return term.is_not(None) if operator == "ne" else false()


def _is_known(term: Term) -> bool:
    return isinstance(term, Literal) or (isinstance(term, Column) and _ROOT.sub("", term.name) in _NEVER_NULL)


_SAID: Mapping[str, Callable[[Sql, Sql], ColumnElement[bool]]] = {
    "eq": lambda left, right: left == right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
}


class _Answer:
    """One answer of the current version, found by names."""

    def __init__(self, steps: tuple[str, ...], postgresql: bool) -> None:
        self._postgresql = postgresql
        answers = _version.answers
        if postgresql:
            names = [literal(step, Text()) for step in steps]
            self._json: Sql = func.jsonb_extract_path(answers, *names)
            self._text: Sql = func.jsonb_extract_path_text(answers, *names, type_=Text())
            self._type: Sql = func.jsonb_typeof(self._json, type_=Text())
        else:
            path = literal("$" + "".join(f'."{step}"' for step in steps), Text())
            self._path = path
            self._json = self._text = func.json_extract(answers, path)
            self._type = func.json_type(answers, path, type_=Text())

    def read(self, kind: str) -> Sql:
        """The value, where it is of this kind."""
        if kind == NUMBER:
            return self._number()
        if kind == SWITCH:
            return self._switch()
        if kind == DAY:
            return func.substr(self.written(DATE), 1, 10, type_=Text())
        if kind == INSTANT:
            return self._instant()
        if kind == PLACE:
            return func.nullif(self._type, "null", type_=Text())
        return self._whole_text()

    def written(self, pattern: str) -> Sql:
        """The text of it, where it looks so."""
        return case((self._is_text(), case((self._plain().regexp_match(pattern), self._plain()))))

    def _plain(self) -> Sql:
        return self._text if self._postgresql else cast(self._text, Text())

    def _is_text(self) -> ColumnElement[bool]:
        return self._type == ("string" if self._postgresql else "text")

    def _number(self) -> Sql:
        if self._postgresql:
            return case((self._type == "number", cast(self._json, Numeric())))
        return case((self._type.in_(("integer", "real")), self._json))

    def _switch(self) -> Sql:
        if self._postgresql:
            return case((self._type == "boolean", cast(self._json, Boolean())))
        return case((self._type == "true", true()), (self._type == "false", false()))

    def _instant(self) -> Sql:
        if not self._postgresql:
            found: Sql = getattr(func, INSTANT_OF)(case((self._is_text(), self._text)), type_=Moment())
            return found
        written = self.written(MOMENT)
        zoned = case((written.regexp_match(_WHOLE_ZONE), written), else_=written.concat(literal("Z", Text())))
        return cast(zoned, DateTime(timezone=True))

    def _whole_text(self) -> Sql:
        """Several choices as the one text that a row shows."""
        if self._postgresql:
            listed = case((self._type == "array", self._json), else_=cast(literal("[]", Text()), JSONB))
            each = func.jsonb_array_elements_text(listed).table_valued("value")
            joined = select(func.string_agg(each.c.value, literal(" ", Text())))
        else:
            listed = case((self._type == "array", self._json), else_=literal("[]", Text()))
            each = func.json_each(listed).table_valued("value")
            joined = select(func.group_concat(each.c.value, literal(" ", Text())))
        found = func.coalesce(joined.select_from(each).scalar_subquery(), literal("", Text()), type_=Text())
        return case((self._is_text(), self._plain()), (self._type == "array", found))
