"""Quick reports of disasters, and which of them came after the last criteria sheet of their village."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.disasters import DISASTER_FORM
from server.domain.review import REJECTED
from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.reach import in_scope
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion


@dataclass(frozen=True, slots=True)
class DisasterReport:
    """A report that was not returned. `photos`: how many files have come."""

    submission_id: int
    instance_id: str
    area_id: str | None
    state: str
    created_at: datetime
    sender: str
    answers: dict[str, Any]
    photos: int


def list_disasters(
    session: Session | Connection, project_id: int, scope: Scope, most: int, area_id: str | None = None
) -> Iterator[DisasterReport]:
    """The reports of a project in sight, the newest sent first, at most so many; of one village or of all."""
    photos = (
        select(func.count())
        .select_from(SubmissionAttachment)
        .where(SubmissionAttachment.version_id == SubmissionVersion.id, SubmissionAttachment.sha256.is_not(None))
        .correlate(SubmissionVersion)
        .scalar_subquery()
    )
    conditions = [*_of(project_id, DISASTER_FORM), in_scope(scope, Submission.area_id, Submission.form_id)]
    if area_id is not None:
        conditions.append(Submission.area_id == area_id)
    query = (
        select(
            Submission.id,
            Submission.instance_id,
            Submission.area_id,
            Submission.review_state,
            Submission.created_at,
            Actor.display_name,
            SubmissionVersion.answers,
            photos,
        )
        .join(Form, Form.id == Submission.form_id)
        .join(
            SubmissionVersion,
            and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.is_current),
        )
        .join(Actor, Actor.id == Submission.submitter_id)
        .where(*conditions)
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(most)
    )
    for row in session.execute(query):
        yield DisasterReport(*(*row[:6], row[6] or {}, row[7]))


def find_last_sent(session: Session | Connection, project_id: int, xml_form_id: str, area_id: str) -> datetime | None:
    """When the last sheet of a form came from a village, of those that were not returned."""
    query = (
        select(func.max(Submission.created_at))
        .join(Form, Form.id == Submission.form_id)
        .where(*_of(project_id, xml_form_id), Submission.area_id == area_id)
    )
    return session.execute(query).scalar()


def _of(project_id: int, xml_form_id: str) -> list[ColumnElement[bool]]:
    return [
        Form.project_id == project_id,
        Form.xml_form_id == xml_form_id,
        Form.deleted_at.is_(None),
        Submission.is_draft.is_(False),
        Submission.deleted_at.is_(None),
        Submission.review_state != REJECTED,
    ]
