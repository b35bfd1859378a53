"""Submissions as rows of a table: with their answers, narrowed by a filter, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, extract, func, literal, not_, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from server.domain.review import RECEIVED
from server.domain.roles import ALL, Scope
from server.domain.table_filter import Compared, Condition, Literal, Name, names_in
from server.storage.actors import Actor
from server.storage.database import Moment
from server.storage.forms import FormVersion
from server.storage.newest import Part, count_newest, list_newest, older_than
from server.storage.reach import in_scope, lies_in
from server.storage.readings import CURRENT, OWN, SUBMISSIONS, SubmissionView, view_of
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion

AT_ONCE = 200
_other = aliased(SubmissionVersion)
_DELETED_AT = "__system/deletedAt"
_COLUMNS: dict[str, Any] = {
    "__id": Submission.instance_id,
    "__system/submissionDate": Submission.created_at,
    "__system/updatedAt": Submission.updated_at,
    _DELETED_AT: Submission.deleted_at,
    "__system/submitterId": Submission.submitter_id,
    "__system/reviewState": Submission.review_state,
}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A submission as a row of the answers' table."""

    submission: SubmissionView
    answers: dict[str, Any]
    submitter: str
    form_version: str
    edits: int
    files_present: int
    files_expected: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a form's table: those in `scope` that fit the condition; deleted ones only when
    the condition speaks of them. `draft`: what was sent to try a draft. `instance_id`: only that one. `round_ids`,
    `states`: only those; `areas`: only what lies in one of them or below it on a day. Empty: all."""

    form_id: int
    scope: Scope = ALL
    condition: Condition | None = None
    draft: bool = False
    instance_id: str | None = None
    round_ids: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    areas: tuple[tuple[str, ...], date] | None = None


def count_rows(session: Session | Connection, wanted: Wanted) -> int:
    """How many there are."""
    return sum(count_newest(session, part_of(session, wanted)).values())


def iterate_rows(
    session: Session, wanted: Wanted, skip: int = 0, top: int | None = None, after: str | None = None
) -> Iterator[TableRow]:
    """The rows, newest first; `after`: only those that follow the submission of that instance id."""
    version = SubmissionVersion.id
    files = select(func.count()).where(SubmissionAttachment.version_id == version, SubmissionAttachment.expected)
    edits = select(func.count() - 1).select_from(_other).where(_other.submission_id == Submission.id)
    query: Select[*tuple[Any, ...]] = (
        _of_draft(wanted)
        .add_columns(
            SubmissionVersion.answers,
            Actor.display_name,
            FormVersion.version,
            edits.scalar_subquery(),
            files.where(SubmissionAttachment.sha256.is_not(None)).scalar_subquery(),
            files.scalar_subquery(),
        )
        .join(Actor, Actor.id == Submission.submitter_id)
        .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
        .order_by(Submission.created_at.desc(), Submission.id.desc())
    )
    part = part_of(session, wanted)
    if after is not None:
        place = select(Submission.created_at, Submission.id).where(
            Submission.form_id == wanted.form_id,
            Submission.instance_id == after,
            in_scope(wanted.scope, Submission.area_id),
        )
        found = session.execute(place.limit(1)).first()
        if found is not None:
            part = replace(part, conditions=(*part.conditions, older_than(found[0], found[1])))
    if top is None:
        seen = in_scope(wanted.scope, Submission.area_id)
        query = query.where(Submission.form_id == wanted.form_id, seen, *part.conditions).offset(skip)
    else:
        query = query.where(Submission.id.in_(list_newest(session, part, skip, top)))
    width = len(OWN) + len(CURRENT)
    # whoever stops before the end leaves no cursor open
    with session.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for row in rows:
            yield TableRow(view_of(row), row[width] or {}, *row[width + 1 :])


def _of_draft(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    if not wanted.draft:
        return SUBMISSIONS
    return select(*OWN, *CURRENT).join(
        SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current
    )


def _dialect_of(session: Session | Connection) -> str:
    bind = session.get_bind() if isinstance(session, Session) else session
    return bind.dialect.name


def part_of(session: Session | Connection, wanted: Wanted) -> Part:
    """What is wanted as a part of the submissions."""
    found: list[ColumnElement[bool]] = [Submission.is_draft.is_(wanted.draft)]
    condition = wanted.condition
    if condition is None or _DELETED_AT not in names_in(condition):
        found.append(Submission.deleted_at.is_(None))
    if condition is not None:
        found.append(_as_sql(condition, _dialect_of(session)))
    if wanted.instance_id is not None:
        found.append(Submission.instance_id == wanted.instance_id)
    narrowed = _narrowed(wanted)
    found += narrowed
    live = condition is None and wanted.instance_id is None and not wanted.draft and not narrowed
    return Part([wanted.form_id], wanted.scope, tuple(found), live)


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.round_ids:
        found.append(Submission.round_id.in_(wanted.round_ids))
    if wanted.states:
        found.append(Submission.review_state.in_(wanted.states))
    if wanted.areas is not None:
        found.append(lies_in(Submission.area_id, *wanted.areas))
    return found


def _as_sql(condition: Condition, dialect: str) -> ColumnElement[bool]:
    if not isinstance(condition, Compared):
        parts = [_as_sql(each, dialect) for each in condition.conditions]
        if condition.operator == "not":
            return not_(parts[0])
        return and_(*parts) if condition.operator == "and" else or_(*parts)
    left = _side(condition.left, condition.right, dialect)
    right = _side(condition.right, condition.left, dialect)
    if condition.operator == "eq":
        return left.is_not_distinct_from(right)
    if condition.operator == "ne":
        return left.is_distinct_from(right)
    compared = {"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}
    return compared[condition.operator]


def _side(side: Name | Literal, other: Name | Literal, dialect: str) -> ColumnElement[Any]:
    if isinstance(side, Name):
        column: ColumnElement[Any] = _COLUMNS[side.field]
        if side.part is None:
            return column
        if dialect == "postgresql":
            # which would take the time zone of its session, and counts fractions of a second
            return func.floor(extract(side.part, func.timezone("UTC", column)))
        return extract(side.part, column)
    value = side.value
    if value is None and isinstance(other, Name) and other.field == "__system/reviewState":
        # what clients see as null
        return literal(RECEIVED)
    if isinstance(value, datetime):
        return literal(value.astimezone(UTC), Moment())
    return literal(value)
