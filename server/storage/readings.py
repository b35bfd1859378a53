"""Submissions as they are read: lists, one with its versions, findings and files. What intake asks is in intake.py."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import ALL, Scope
from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.newest import LIVE, Part, count_newest, list_newest
from server.storage.reach import in_scope
from server.storage.reviews import Comment, ReviewMove
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion


@dataclass(frozen=True, slots=True)
class SubmissionVersionView:
    """One text of a submission, without the XML and the answers."""

    id: int
    instance_id: str
    instance_name: str | None
    submitter_id: int
    device_id: str | None
    user_agent: str | None
    created_at: datetime
    is_current: bool
    stated_version: str | None
    form_version_id: int


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """A submission with its current version."""

    id: int
    form_id: int
    instance_id: str
    submitter_id: int
    device_id: str | None
    user_agent: str | None
    review_state: str
    review_level: str | None
    arrival: str
    area_id: str | None
    round_id: int | None
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None
    current: SubmissionVersionView = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list. `limit` None: all. `scope`: what the reader sees. `deleted`: only what was deleted, in
    place of what was not."""

    offset: int = 0
    limit: int | None = None
    scope: Scope = ALL
    deleted: bool = False


CURRENT = tuple(getattr(SubmissionVersion, each.name) for each in fields(SubmissionVersionView))
OWN = tuple(getattr(Submission, each.name) for each in fields(SubmissionView) if each.name != "current")
SUBMISSIONS: Select[*tuple[Any, ...]] = (
    select(*OWN, *CURRENT)
    .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
    .where(Submission.is_draft.is_(False))
)


def view_of(row: Row[*tuple[Any, ...]]) -> SubmissionView:
    own = len(OWN)
    return SubmissionView(*row[:own], current=SubmissionVersionView(*row[own : own + len(CURRENT)]))


def seen_or_sent(scope: Scope, sender: int | None) -> ColumnElement[bool]:
    """The condition that a submission of one form is in sight, or was sent by this actor."""
    seen = in_scope(scope, Submission.area_id)
    return seen if sender is None else or_(seen, Submission.submitter_id == sender)


def _newest(query: Select[*tuple[Any, ...]], page: Page) -> Select[*tuple[Any, ...]]:
    query = query.where(in_scope(page.scope, Submission.area_id))
    ordered = query.order_by(Submission.created_at.desc(), Submission.id.desc()).offset(page.offset)
    return ordered if page.limit is None else ordered.limit(page.limit)


def list_submissions(session: Session | Connection, form_id: int, page: Page = Page()) -> list[SubmissionView]:
    """The submissions of a form, newest first, without those of its draft."""
    gone = Submission.deleted_at.is_not(None) if page.deleted else Submission.deleted_at.is_(None)
    if page.limit is None:
        rows = session.execute(_newest(SUBMISSIONS.where(Submission.form_id == form_id, gone), page))
    else:
        part = Part([form_id], page.scope, (Submission.is_draft.is_(False), gone))
        ids = list_newest(session, part, page.offset, page.limit)
        rows = session.execute(_newest(SUBMISSIONS.where(Submission.id.in_(ids)), Page()))
    return [view_of(row) for row in rows]


def count_submissions(session: Session | Connection, form_id: int, scope: Scope = ALL) -> int:
    """How many `list_submissions` has in sight."""
    return sum(count_newest(session, Part([form_id], scope, LIVE, live=True)).values())


def find_submission(
    session: Session | Connection, form_id: int, instance_id: str, scope: Scope = ALL, *, sender: int | None = None
) -> SubmissionView | None:
    """A submission by the instance id of its first version: in sight, or sent by this actor."""
    query = SUBMISSIONS.where(
        Submission.form_id == form_id,
        Submission.instance_id == instance_id,
        Submission.deleted_at.is_(None),
        seen_or_sent(scope, sender),
    )
    row = session.execute(query).first()
    return view_of(row) if row else None


def find_deleted_submission(
    session: Session | Connection, form_id: int, instance_id: str, scope: Scope = ALL
) -> SubmissionView | None:
    """A submission in sight that was deleted, by the instance id of its first version."""
    query = SUBMISSIONS.where(
        Submission.form_id == form_id,
        Submission.instance_id == instance_id,
        Submission.deleted_at.is_not(None),
        in_scope(scope, Submission.area_id),
    )
    row = session.execute(query).first()
    return view_of(row) if row else None


def list_submitters(session: Session | Connection, form_id: int, scope: Scope) -> list[tuple[int, str]]:
    """(actor id, name) of everybody who sent something in sight for a form, by name."""
    query = (
        select(Actor.id, Actor.display_name)
        .join(Submission, Submission.submitter_id == Actor.id)
        .where(
            Submission.form_id == form_id,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id),
        )
        .distinct()
        .order_by(Actor.display_name, Actor.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def find_submission_by_id(
    session: Session | Connection, submission_id: int, scope: Scope = ALL
) -> SubmissionView | None:
    """A submission in sight by our number, a deleted one too."""
    query = SUBMISSIONS.where(Submission.id == submission_id, in_scope(scope, Submission.area_id, Submission.form_id))
    row = session.execute(query).first()
    return view_of(row) if row else None


def find_form_number(session: Session | Connection, submission_id: int) -> int | None:
    """The number of the form that a submission (our number) was sent for."""
    return session.execute(select(Submission.form_id).where(Submission.id == submission_id)).scalar_one_or_none()


def find_submission_number(
    session: Session | Connection, project_id: int, instance_id: str, scope: Scope = ALL
) -> int | None:
    """The number of the submission of a project, in sight, that a version with this instance id belongs to."""
    query = (
        select(Submission.id)
        .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
        .join(Form, Form.id == Submission.form_id)
        .where(
            Form.project_id == project_id,
            SubmissionVersion.instance_id == instance_id,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
    )
    return session.execute(query.order_by(Submission.id.desc()).limit(1)).scalar_one_or_none()


def find_root_instance(session: Session | Connection, form_id: int, instance_id: str, scope: Scope = ALL) -> str | None:
    """The instance id of the submission, in sight, that a version with this instance id belongs to."""
    return session.execute(
        select(Submission.instance_id)
        .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
        .where(
            SubmissionVersion.form_id == form_id,
            SubmissionVersion.instance_id == instance_id,
            SubmissionVersion.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id),
        )
    ).scalar_one_or_none()


def list_submission_versions(session: Session | Connection, submission_id: int) -> list[SubmissionVersionView]:
    """All texts of a submission, newest first."""
    query: Select[*tuple[Any, ...]] = select(*CURRENT).where(SubmissionVersion.submission_id == submission_id)
    return [SubmissionVersionView(*row) for row in session.execute(query.order_by(SubmissionVersion.id.desc()))]


def find_submission_xml(session: Session | Connection, version_id: int) -> bytes | None:
    """The text as it was sent, byte for byte."""
    return session.execute(select(SubmissionVersion.xml).where(SubmissionVersion.id == version_id)).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class SentText:
    """The current text of a submission, by the instance id of its first version. `created_at`: when this text came;
    `submitted_at`: when the first one did."""

    submission_id: int
    submitted_at: datetime
    instance_id: str
    instance_name: str | None
    xml: bytes
    device_id: str | None
    created_at: datetime


def list_sent_texts(
    session: Session | Connection, form_id: int, page: Page = Page(), after: SentText | None = None
) -> list[SentText]:
    """The current texts of a form's submissions, newest first, without deleted ones and those of its draft; only those
    that come after `after`, so that all can be read in parts (`page.offset` is not looked at)."""
    query: Select[*tuple[Any, ...]] = (
        select(
            Submission.id,
            Submission.created_at,
            Submission.instance_id,
            SubmissionVersion.instance_name,
            SubmissionVersion.xml,
            SubmissionVersion.device_id,
            SubmissionVersion.created_at,
        )
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .where(Submission.form_id == form_id, Submission.is_draft.is_(False), Submission.deleted_at.is_(None))
    )
    if after is not None:
        older = or_(Submission.created_at < after.submitted_at, Submission.id < after.submission_id)
        query = query.where(Submission.created_at <= after.submitted_at, older)
    query = query.where(in_scope(page.scope, Submission.area_id))
    ordered = query.order_by(Submission.created_at.desc(), Submission.id.desc())
    return [SentText(*row) for row in session.execute(ordered.limit(page.limit))]


def find_answers(session: Session | Connection, version_id: int) -> dict[str, Any]:
    """The typed answers of a version."""
    found = session.execute(select(SubmissionVersion.answers).where(SubmissionVersion.id == version_id))
    return found.scalar_one_or_none() or {}


def list_findings(session: Session | Connection, version_id: int) -> list[dict[str, Any]]:
    """What validation said of a version: kind, path, severity, value, message, params."""
    names = ("kind", "path", "severity", "value", "message", "params")
    query: Select[*tuple[Any, ...]] = select(*(getattr(FindingRow, name) for name in names))
    rows = session.execute(query.where(FindingRow.version_id == version_id).order_by(FindingRow.id))
    return [dict(zip(names, row, strict=True)) for row in rows]


def count_findings(session: Session | Connection, version_id: int) -> int:
    """How many findings a version has."""
    counted = select(func.count()).select_from(FindingRow).where(FindingRow.version_id == version_id)
    return session.execute(counted).scalar_one()


def delete_draft_submissions(connection: Connection, form_id: int) -> None:
    """Takes away what was sent to try a draft: it never was a report."""
    submissions = select(Submission.id).where(Submission.form_id == form_id, Submission.is_draft)
    versions = select(SubmissionVersion.id).where(SubmissionVersion.form_id == form_id, SubmissionVersion.is_draft)
    connection.execute(delete(FindingRow).where(FindingRow.version_id.in_(versions)))
    connection.execute(delete(SubmissionAttachment).where(SubmissionAttachment.version_id.in_(versions)))
    connection.execute(delete(Comment).where(Comment.submission_id.in_(submissions)))
    connection.execute(delete(ReviewMove).where(ReviewMove.submission_id.in_(submissions)))
    connection.execute(delete(SubmissionVersion).where(SubmissionVersion.id.in_(versions)))
    connection.execute(delete(Submission).where(Submission.id.in_(submissions)))
