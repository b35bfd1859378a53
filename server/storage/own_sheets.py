"""What one person sent, for that person: found by the sender, newest first, in as many selects as there are tables,
however much it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.returned import UNDONE
from server.domain.review import QuestionReason
from server.domain.roles import Scope
from server.storage.among import among
from server.storage.forms import Form, FormAttachment, FormVersion
from server.storage.reach import one_by_one
from server.storage.returns import ReturnRow
from server.storage.reviews import ReviewMove, reasons_of
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion, Variant


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """A submission. `instance_id`: of its first text; `gone`: it was deleted, or its form was; `told`: it lies where
    its sender is told what became of it, `read`: where he or she reads it whoever wrote it (`Eyes`)."""

    id: int
    instance_id: str
    xml_form_id: str
    review_state: str
    review_level: str | None
    created_at: datetime
    gone: bool
    told: bool
    read: bool


@dataclass(frozen=True)
class Eyes:
    """What a sender sees of the own sheets: told of those of areas and forms within `fills`, and of those of no area
    and of a form that he or she still fills somewhere (`forms`; None: any); `reads`: where all texts are read."""

    fills: Scope
    forms: frozenset[int] | None
    reads: Scope


@dataclass(frozen=True, slots=True)
class OwnText:
    """One text of a submission. `form_sha256`: of the form that it fills."""

    id: int
    submission_id: int
    instance_id: str
    sha256: str
    submitter_id: int
    is_current: bool
    version: str
    form_title: str
    form_sha256: str


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of a text: named by an answer (`expected`), or come along; `sha256` None: not here."""

    version_id: int
    name: str
    expected: bool
    sha256: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class OwnReturn:
    """A return of a submission that was not taken back. `stands`: it waits for its correction; `ended` says how not.
    `seen`: its sender's phone was told of it before."""

    move_id: int
    submission_id: int
    returned_at: datetime
    reason: str | None
    questions: tuple[QuestionReason, ...]
    stands: bool
    ended: str | None
    seen: bool


@dataclass(frozen=True, slots=True)
class OwnApart:
    """A text that was kept apart and was not applied."""

    id: int
    instance_id: str
    deprecated_id: str | None
    xml_form_id: str
    reason: str
    sha256: str
    version: str | None
    created_at: datetime
    form_title: str | None


_form = Submission.form_id + 0
"""The form as no index has it: rows are found by their sender, and then asked where they lie."""


def _sheets(eyes: Eyes) -> Select[*tuple[Any, ...]]:
    nowhere = func.coalesce(Submission.area_id, "") == ""
    if eyes.forms is not None:
        nowhere = and_(nowhere, _form.in_(sorted(eyes.forms)))
    return (
        select(
            Submission.id,
            Submission.instance_id,
            Form.xml_form_id,
            Submission.review_state,
            Submission.review_level,
            Submission.created_at,
            or_(Submission.deleted_at.is_not(None), Form.deleted_at.is_not(None)).label("gone"),
            or_(_within(eyes.fills), nowhere).label("told"),
            _within(eyes.reads).label("read"),
        )
        .join(Form, Form.id == Submission.form_id)
        .where(Submission.is_draft.is_(False))
    )


def _within(scope: Scope) -> ColumnElement[bool]:
    """The condition of storage/reach.py for rows that are at hand, asked of each by itself."""
    if scope.everywhere:
        return true()
    seen = [one_by_one(Submission.area_id, scope.areas, scope.on)]
    for form_id, reached in scope.forms:
        there = true() if reached.everywhere else one_by_one(Submission.area_id, reached.area_ids, scope.on)
        seen.append(and_(_form == form_id, there))
    return or_(*seen)


def _sheet(row: Any) -> OwnSheet:
    return OwnSheet(*row[:6], *map(bool, row[6:]))


def list_own(session: Session | Connection, where: tuple[int, int], eyes: Eyes, most: int) -> list[OwnSheet]:
    """What somebody sent first to a project (`where`: its number, and who), newest first: at most so many, and, however
    old they are, those that were returned and wait for their correction."""
    project_id, sender_id = where
    query = _sheets(eyes).where(Form.project_id == project_id, Submission.submitter_id == sender_id)
    newest = query.order_by(Submission.created_at.desc(), Submission.id.desc()).limit(most)
    found = {row[0]: row for row in session.execute(newest)}
    if len(found) >= most:
        waiting = select(ReturnRow.submission_id).where(
            ReturnRow.project_id == project_id, ReturnRow.sender_id == sender_id, ReturnRow.ended_at.is_(None)
        )
        found |= {row[0]: row for row in session.execute(query.where(Submission.id.in_(waiting)))}
    return sorted(map(_sheet, found.values()), key=lambda each: (each.created_at, each.id), reverse=True)


def list_own_apart(session: Session | Connection, project_id: int, sender_id: int, most: int) -> list[OwnApart]:
    """What somebody sent to a project and was kept apart, newest first."""
    query = (
        select(
            Variant.id,
            Variant.instance_id,
            Variant.deprecated_id,
            Form.xml_form_id,
            Variant.reason,
            Variant.sha256,
            Variant.stated_version,
            Variant.created_at,
            FormVersion.title,
        )
        .join(Form, Form.id == Variant.form_id)
        .outerjoin(FormVersion, (FormVersion.form_id == Form.id) & FormVersion.is_current)
        .where(Form.project_id == project_id, Variant.submitter_id == sender_id, Variant.applied_at.is_(None))
        .order_by(Variant.created_at.desc(), Variant.id.desc())
    )
    return [OwnApart(*row) for row in session.execute(query.limit(most))]


def list_texts_of(session: Session | Connection, submission_ids: Collection[int]) -> list[OwnText]:
    """All texts of submissions, oldest first."""
    query = (
        select(
            SubmissionVersion.id,
            SubmissionVersion.submission_id,
            SubmissionVersion.instance_id,
            SubmissionVersion.sha256,
            SubmissionVersion.submitter_id,
            SubmissionVersion.is_current,
            FormVersion.version,
            FormVersion.title,
            FormVersion.sha256,
        )
        .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
        .where(among(session, SubmissionVersion.submission_id, submission_ids))
    )
    # put in order here: in its own order a database reads the whole table
    return sorted((OwnText(*row) for row in session.execute(query)), key=lambda each: each.id)


_FILES = select(
    SubmissionAttachment.version_id,
    SubmissionAttachment.name,
    SubmissionAttachment.expected,
    SubmissionAttachment.sha256,
    SubmissionAttachment.content_type,
)


def list_files_of(session: Session | Connection, version_ids: Collection[int]) -> list[OwnFile]:
    """The files of texts, by name."""
    rows = session.execute(_FILES.where(among(session, SubmissionAttachment.version_id, version_ids)))
    return sorted((OwnFile(*row) for row in rows), key=lambda each: each.name)


def list_returns_of(session: Session | Connection, submission_ids: Collection[int]) -> list[OwnReturn]:
    """The newest return of each submission that has one which was not taken back."""
    query = (
        select(
            ReturnRow.move_id,
            ReturnRow.submission_id,
            ReturnRow.returned_at,
            ReviewMove.reason,
            ReviewMove.questions,
            ReturnRow.ended_at,
            ReturnRow.ended,
            ReturnRow.seen_at,
        )
        .join(ReviewMove, ReviewMove.id == ReturnRow.move_id)
        .where(
            among(session, ReturnRow.submission_id, submission_ids),
            or_(ReturnRow.ended.is_(None), ReturnRow.ended != UNDONE),
        )
    )
    found: dict[int, OwnReturn] = {}
    rows = sorted(session.execute(query).all(), key=lambda row: row[0])
    for move_id, submission_id, at, reason, questions, ended_at, ended, seen_at in rows:
        said = (at, reason, reasons_of(questions))
        found[submission_id] = OwnReturn(move_id, submission_id, *said, ended_at is None, ended, seen_at is not None)
    return list(found.values())


def find_own(session: Session | Connection, where: tuple[int, int], eyes: Eyes, instance_id: str) -> OwnSheet | None:
    """A submission that somebody sent first to a project (`where`: its number, and who), and was not deleted, by the
    instance id of its current text."""
    query = (
        _sheets(eyes)
        .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
        .where(
            Form.project_id == where[0],
            Form.deleted_at.is_(None),
            SubmissionVersion.instance_id == instance_id,
            SubmissionVersion.is_current,
            Submission.submitter_id == where[1],
            Submission.deleted_at.is_(None),
        )
    )
    row = session.execute(query.order_by(Submission.id.desc()).limit(1)).first()
    return _sheet(row) if row else None


def list_dated_forms(session: Session | Connection, form_ids: Sequence[int], list_name: str) -> set[int]:
    """Of forms (by number) those whose current version reads a list that the server makes."""
    query = (
        select(FormVersion.form_id)
        .join(FormAttachment, FormAttachment.version_id == FormVersion.id)
        .where(FormVersion.form_id.in_(form_ids), FormVersion.is_current, FormAttachment.list_name == list_name)
    )
    return set(session.execute(query).scalars())
