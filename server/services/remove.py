"""Submissions taken away, brought back, and after thirty days forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, NotFound
from server.services.authenticate import Caller, system_caller
from server.services.review import judge_again, place_of, require_open
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import FormView
from server.storage.intake import change_submission
from server.storage.locks import is_frozen
from server.storage.readings import find_deleted_submission, find_submission
from server.storage.removals import forget_submissions, list_long_deleted
from server.storage.returns import let_go

KEPT = timedelta(days=30)
"""How long a deleted submission can be brought back, as in ODK Central."""
AT_ONCE = 500


def delete_submission(session: Session, caller: Caller, form: FormView, instance_id: str, now: datetime) -> None:
    """Takes a submission out of every list; its village is judged without it. Raises NotFound, Forbidden,
    Conflict (its round is locked, or a lock rests on it)."""
    _mark(session, caller, (form, instance_id, "submission.delete"), now, now)


def restore_submission(session: Session, caller: Caller, form: FormView, instance_id: str, now: datetime) -> None:
    """Brings a deleted submission back, with all it had. Raises NotFound, Forbidden."""
    _mark(session, caller, (form, instance_id, "submission.restore"), None, now)


def _mark(
    session: Session, caller: Caller, act: tuple[FormView, str, str], deleted_at: datetime | None, now: datetime
) -> None:
    form, instance_id, verb = act
    find = find_submission if deleted_at is not None else find_deleted_submission
    found = find(session, form.id, instance_id, caller.scope("submission.read", form.project_id, form.id))
    if found is None:
        raise NotFound("submission.unknown", instance=instance_id)
    if not caller.may_in(verb, place_of(session, form, found, caller.on)):
        raise Forbidden("auth.forbidden")
    with writing(session) as connection:
        fresh = find(connection, form.id, instance_id)
        if fresh is None:
            raise NotFound("submission.unknown", instance=instance_id)
        require_open(connection, fresh)
        if is_frozen(connection, fresh.id):
            raise Conflict("submission.frozen")
        change_submission(connection, fresh.id, deleted_at=deleted_at)
        let_go(connection, fresh.id, now if deleted_at is None else None)
        where = Where(form.project_id, fresh.area_id)
        write_audit(connection, caller.entry(verb, f"submission:{fresh.id}", now, where, instanceId=instance_id))
        judge_again(connection, form, fresh, now)
        session.commit()


def purge(session: Session, now: datetime, *, keep: timedelta = KEPT) -> int:
    """Forgets submissions that were deleted longer ago than `keep`; returns how many. Their files go with the next
    sweep; the audit keeps that they were there. Raises Unavailable."""
    forgotten = 0
    server = system_caller(session, now)
    while ids := list_long_deleted(session, now - keep, AT_ONCE):
        with writing(session) as connection:
            count = forget_submissions(connection, ids)
            write_audit(connection, server.entry("submission.purge", None, now, submissions=count))
            session.commit()
        forgotten += count
    return forgotten
