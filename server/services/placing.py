"""A reviewer says to which round a sheet belongs that says it ambiguously, and can take that back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.joining import holds
from server.services.review import get_reviewed, judge_again, place_of, require_open
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.intake import change_submission
from server.storage.readings import SubmissionView, find_submission_by_id, list_findings
from server.storage.rounds import find_lock_of, find_round, find_round_id
from server.storage.unplaced import KIND


def assign_round(
    session: Session, caller: Caller, submission_id: int, slug: str | None, now: datetime
) -> SubmissionView:
    """Puts a sheet into a round; None takes it out again. Raises NotFound (no such sheet or round in sight), Forbidden,
    Conflict (the sheet says plainly where it belongs, the round does not hold for its area or form, or the round it is
    in or goes to is locked)."""
    submission, form = get_reviewed(session, caller, submission_id)
    if not caller.may_in("submission.update", place_of(session, form, submission, caller.on)):
        raise Forbidden("auth.forbidden")
    if all(each["kind"] != KIND for each in list_findings(session, submission.current.id)):
        raise Conflict("round.said_plainly")
    number = find_round_id(session, form.project_id, slug) if slug is not None else None
    chosen = find_round(session, number) if number is not None else None
    if slug is not None and chosen is None:
        raise NotFound("round.unknown", slug=slug)
    if chosen is not None and not holds(session, chosen, form.xml_form_id, submission.area_id):
        raise Conflict("round.not_for_it", slug=slug)
    session.rollback()
    with writing(session) as connection:
        fresh = find_submission_by_id(connection, submission.id) or submission
        require_open(connection, fresh)
        if number is not None and find_lock_of(connection, number) is not None:
            raise Conflict("review.round_locked")
        change_submission(connection, fresh.id, round_id=number, updated_at=now)
        told = {"instanceId": fresh.instance_id, "round": slug}
        where = Where(form.project_id, fresh.area_id)
        write_audit(connection, caller.entry("submission.round", f"submission:{fresh.id}", now, where, **told))
        # the village is judged in the round that it leaves, and in the one that it comes into
        judge_again(connection, form, fresh, now)
        moved = find_submission_by_id(connection, submission.id) or submission
        judge_again(connection, form, moved, now)
        session.commit()
    return find_submission_by_id(session, submission.id) or submission
