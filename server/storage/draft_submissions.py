"""What was sent to try a draft. It never was a report, and stands in no list but those asked for here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import ALL, Scope
from server.storage.reach import in_scope
from server.storage.readings import CURRENT, OWN, Page, SubmissionView, seen_or_sent, view_of
from server.storage.submissions import Submission, SubmissionVersion

_TRIED: Select[*tuple[Any, ...]] = (
    select(*OWN, *CURRENT)
    .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
    .where(Submission.is_draft)
)


def list_draft_submissions(session: Session | Connection, form_id: int, page: Page) -> list[SubmissionView]:
    """What was sent to try the draft of a form, newest first."""
    query = _TRIED.where(Submission.form_id == form_id, in_scope(page.scope, Submission.area_id))
    ordered = query.order_by(Submission.created_at.desc(), Submission.id.desc()).offset(page.offset)
    return [view_of(row) for row in session.execute(ordered.limit(page.limit))]


def find_draft_submission(
    session: Session | Connection, form_id: int, instance_id: str, scope: Scope = ALL, *, sender: int | None = None
) -> SubmissionView | None:
    """One of them by the instance id of its first version: in sight, or sent by this actor."""
    query = _TRIED.where(
        Submission.form_id == form_id, Submission.instance_id == instance_id, seen_or_sent(scope, sender)
    )
    row = session.execute(query).first()
    return view_of(row) if row else None


def find_draft_submission_by_id(session: Session | Connection, submission_id: int) -> SubmissionView | None:
    """One of them by our number."""
    row = session.execute(_TRIED.where(Submission.id == submission_id)).first()
    return view_of(row) if row else None
