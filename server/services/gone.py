"""What is told of a sheet that somebody has open while it, or its form, is deleted."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.services.authenticate import Caller, tell_moment
from server.storage.forms import find_deleted_form, find_form_project
from server.storage.readings import find_form_number, find_submission_by_id


def tell_gone(session: Session, caller: Caller, submission_id: int) -> NotFound | None:
    """That a submission which the caller could read, or its form, was deleted, and when; None for anything else: of
    what is not in sight it is not told either."""
    form_id = find_form_number(session, submission_id)
    project_id = find_form_project(session, form_id) if form_id is not None else None
    scope = caller.scope("submission.read", project_id) if project_id is not None else None
    submission = find_submission_by_id(session, submission_id, scope) if scope else None
    if submission is None or form_id is None or project_id is None:
        return None
    form = find_deleted_form(session, project_id, form_id)
    if form is not None and form.deleted_at is not None:
        when = tell_moment(form.deleted_at)
        return NotFound("submission.form_deleted", form=form.shown.title, instance=submission_id, when=when)
    if submission.deleted_at is None:
        return None
    return NotFound("submission.taken_away", instance=submission_id, when=tell_moment(submission.deleted_at))
