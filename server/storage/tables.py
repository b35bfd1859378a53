"""Submissions as rows of a table: with their answers, narrowed by a filter, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, func, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from server.domain.roles import ALL, Scope
from server.domain.table_terms import Condition, Order, columns_in
from server.storage.actors import Actor
from server.storage.forms import FormVersion
from server.storage.newest import Part, count_newest, list_newest, older_than
from server.storage.reach import in_scope, lies_in
from server.storage.readings import CURRENT, OWN, SUBMISSIONS, SubmissionView, view_of
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion
from server.storage.table_sql import POSTGRESQL, condition_as_sql

AT_ONCE = 200
_other = aliased(SubmissionVersion)
_DELETED_AT = "__system/deletedAt"


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
    `states`: only those; `areas`: only what lies in one of them or below it on a day. Empty: all. `order`: what
    they are put in order by, newest first where that does not tell; `after`: only those that follow this place (when it
    was sent, our number) in the order of time. `raw`: in place of the answers the text of their JSON, for who reads it
    in a way of their own; `only`: of the answers only the list that these names lead to, none where there is no such;
    `bare`: without names, edits and files, which are counted beside it (storage/exporting.py).
    """

    form_id: int
    scope: Scope = ALL
    condition: Condition | None = None
    draft: bool = False
    instance_id: str | None = None
    round_ids: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    areas: tuple[tuple[str, ...], date] | None = None
    order: tuple[Order, ...] = ()
    after: tuple[datetime, int] | None = None
    raw: bool = False
    only: tuple[str, ...] = ()
    bare: bool = False


def count_rows(session: Session | Connection, wanted: Wanted) -> int:
    """How many there are, wherever the reader is (`after`)."""
    return sum(count_newest(session, part_of(session, replace(wanted, after=None))).values())


def count_rows_within(session: Session, wanted: Wanted, steps: tuple[str, ...]) -> int:
    """How many rows they have in a repeat that is found in the answers by these names, none of them a repeat."""
    if dialect_of(session) == POSTGRESQL:
        rows = answers_at(steps, POSTGRESQL)
        is_list = func.jsonb_typeof(rows) == "array"
        counted: ColumnElement[int] = case((is_list, func.jsonb_array_length(rows)), else_=0)
    else:
        counted = func.json_array_length(SubmissionVersion.answers, literal(_path(steps), Text()))
    current = (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current
    query = select(func.coalesce(func.sum(counted), 0)).select_from(Submission).join(SubmissionVersion, current)
    part = part_of(session, replace(wanted, after=None))
    seen = in_scope(wanted.scope, Submission.area_id)
    return int(session.execute(query.where(Submission.form_id == wanted.form_id, seen, *part.conditions)).scalar_one())


def answers_at(steps: tuple[str, ...], dialect: str) -> ColumnElement[Any]:
    """What these names lead to in the answers; NULL where there is nothing."""
    if dialect == POSTGRESQL:
        found: ColumnElement[Any] = func.jsonb_extract_path(
            SubmissionVersion.answers, *(literal(step, Text()) for step in steps)
        )
        return found
    at: ColumnElement[Any] = func.json_extract(SubmissionVersion.answers, literal(_path(steps), Text()))
    return at


def _path(steps: tuple[str, ...]) -> str:
    return "$" + "".join(f'."{step}"' for step in steps)


def find_place(session: Session, wanted: Wanted, instance_id: str) -> tuple[datetime, int] | None:
    """Where a submission in sight stands in the order of time, a deleted one too: what `after` takes."""
    query: Select[datetime, int] = select(Submission.created_at, Submission.id).where(
        Submission.form_id == wanted.form_id,
        Submission.is_draft.is_(wanted.draft),
        Submission.instance_id == instance_id,
        in_scope(wanted.scope, Submission.area_id),
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else (row[0], row[1])


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
        place = find_place(session, wanted, after)
        if place is not None:
            part = replace(part, conditions=(*part.conditions, older_than(*place)))
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


def dialect_of(session: Session | Connection) -> str:
    """The name of the database's dialect."""
    bind = session.get_bind() if isinstance(session, Session) else session
    return bind.dialect.name


def part_of(session: Session | Connection, wanted: Wanted) -> Part:
    """What is wanted as a part of the submissions."""
    found: list[ColumnElement[bool]] = [Submission.is_draft.is_(wanted.draft)]
    condition = wanted.condition
    if condition is None or not any(each.name.endswith(_DELETED_AT) for each in columns_in(condition)):
        found.append(Submission.deleted_at.is_(None))
    if condition is not None:
        found.append(condition_as_sql(condition, dialect_of(session)))
    if wanted.instance_id is not None:
        found.append(Submission.instance_id == wanted.instance_id)
    narrowed = _narrowed(wanted)
    found += narrowed
    if wanted.after is not None:
        found.append(older_than(*wanted.after))
    live = (
        condition is None and wanted.after is None and wanted.instance_id is None and not wanted.draft and not narrowed
    )
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
