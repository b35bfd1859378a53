"""A person's decision on a submission, by the moves of domain/review.py; the verdicts of its village follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Missing, NotFound
from server.domain.registers import REPORTER
from server.domain.review import Standing, Tie, move, tie_to
from server.domain.roles import Place
from server.domain.webhooks import Change
from server.services.aggregate import COMMUNE_FORM, CRITERIA_FORM, aggregate, find_field
from server.services.authenticate import Caller
from server.services.campaign import campaign_of, touch
from server.services.notify import notify_review
from server.storage.area_views import find_kind
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import FormView, find_form_by_id
from server.storage.intake import change_submission
from server.storage.reach import find_above
from server.storage.readings import SubmissionView, find_answers, find_form_number, find_submission_by_id
from server.storage.reviews import CommentView, MoveView, add_comment, add_move
from server.storage.rollups import mark
from server.storage.rounds import find_lock_of
from server.storage.senders import list_senders


@dataclass(frozen=True)
class Decision:
    """`to_state` as domain/review.py names it. `reason` is read by the sender. `ask_reason`: a reason must be given
    where the table says so; clients of Central have no field for it."""

    submission_id: int
    to_state: str
    reason: str | None = None
    ask_reason: bool = False


def review(session: Session, caller: Caller, decision: Decision, now: datetime) -> SubmissionView:
    """Moves a submission to another state at the caller's own level. Raises NotFound, Invalid (no such state), Missing
    (a reason is asked for), Forbidden (no reviewer, a higher office has decided, or to approve what one entered or
    reported oneself or what one's own commune says of itself), Conflict (its round is locked)."""
    submission, form = get_reviewed(session, caller, decision.submission_id)
    verbs = caller.verbs_in(place_of(session, form, submission, caller.on))
    with writing(session) as connection:
        fresh = find_submission_by_id(connection, submission.id) or submission
        require_open(connection, fresh)
        here, tie = Standing(fresh.review_state, fresh.review_level), tie_of(connection, caller, fresh)
        row, standing = move(here, decision.to_state, verbs, caller.on, tie)
        if decision.ask_reason and row.asks_reason and not decision.reason:
            raise Missing("review.reason_missing")
        change_submission(
            connection, fresh.id, review_state=standing.state, review_level=standing.level, updated_at=now
        )
        said = MoveView(
            caller.actor_id, caller.name, fresh.review_state, standing.state, row.level, decision.reason, now
        )
        add_move(connection, fresh.id, fresh.current.id, said)
        details = {"instanceId": fresh.instance_id, "reviewState": standing.state, "level": row.level}
        where = Where(form.project_id, fresh.area_id)
        write_audit(connection, caller.entry("submission.update", f"submission:{fresh.id}", now, where, **details))
        told = (fresh.id, Change(fresh.review_state, standing.state))
        campaign = campaign_of(connection, form.project_id)
        notify_review(connection, campaign, told, (form.id, form.xml_form_id), now)
        judge_again(connection, form, fresh, now)
        session.commit()
    return find_submission_by_id(session, submission.id) or submission


def comment(session: Session, caller: Caller, submission_id: int, body: str, now: datetime) -> CommentView:
    """Writes a comment on a submission. Raises NotFound, Missing."""
    submission, form = get_reviewed(session, caller, submission_id)
    if not body.strip():
        raise Missing("request.fields_missing", fields=["body"])
    written = CommentView(caller.actor_id, caller.name, body, now)
    with writing(session) as connection:
        add_comment(connection, submission.id, written)
        where, told = Where(form.project_id, submission.area_id), {"instanceId": submission.instance_id}
        write_audit(connection, caller.entry("comment.create", f"submission:{submission.id}", now, where, **told))
        session.commit()
    return written


def get_reviewed(session: Session, caller: Caller, submission_id: int) -> tuple[SubmissionView, FormView]:
    """A submission that the caller may read, and its form. Raises NotFound for one that is not here, was deleted, or
    lies where the caller does not see: that it is there is not told either."""
    form_id = find_form_number(session, submission_id)
    form = find_form_by_id(session, form_id) if form_id is not None else None
    scope = caller.scope("submission.read", form.project_id) if form else None
    submission = find_submission_by_id(session, submission_id, scope) if scope else None
    if submission is None or submission.deleted_at is not None or form is None:
        raise NotFound("submission.unknown", instance=submission_id)
    return submission, form


def tie_of(session: Session | Connection, caller: Caller, submission: SubmissionView) -> Tie:
    """What binds a submission to who decides on it."""
    reporter = find_field(find_answers(session, submission.current.id), REPORTER)
    kind = find_kind(session, submission.area_id) if submission.area_id else None
    told = reporter if isinstance(reporter, str) else None
    return tie_to((caller.actor_id, caller.name), list_senders(session, submission.id), told, kind)


def require_open(connection: Connection, submission: SubmissionView) -> None:
    """Raises Conflict when the round of a submission is locked: what its figures rest on stays as it is."""
    if submission.round_id is not None and find_lock_of(connection, submission.round_id) is not None:
        raise Conflict("review.round_locked")


def place_of(session: Session, form: FormView, submission: SubmissionView, on: date) -> Place:
    """Where a submission lies on a day: its area, and what that is or has gone into, up to the top."""
    if submission.area_id is None:
        return Place(form.project_id, form.id)
    return Place(form.project_id, form.id, find_above(session, submission.area_id, on))


def judge_again(connection: Connection, form: FormView, submission: SubmissionView, now: datetime) -> None:
    """The verdicts of the village that a submission speaks of; one that is returned or deleted no longer does."""
    if submission.area_id is None or submission.round_id is None:
        return
    if form.xml_form_id == COMMUNE_FORM:
        mark(connection, submission.round_id, submission.area_id)
    if form.xml_form_id != CRITERIA_FORM:
        return
    campaign = campaign_of(connection, form.project_id)
    found = campaign.find_round_by_id(submission.round_id)
    if found is not None:
        aggregate(connection, campaign, (found, submission.area_id), now)
        if found != campaign.rounds[0]:
            # lists for phones carry what was approved in earlier rounds
            touch(connection)
