"""A person's decision on a submission, by the moves of domain/review.py; the verdicts of its village follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, Missing, NotFound
from server.domain.registers import REPORTER
from server.domain.returned import DECIDED
from server.domain.review import (
    REJECTED,
    QuestionReason,
    Standing,
    Taken,
    Tie,
    bar_undo,
    level_of,
    move,
    read_reason,
    read_reasons,
    require_reason,
    tie_to,
    write_sight,
)
from server.domain.roles import Place
from server.domain.told import Told
from server.domain.webhooks import Change
from server.services.aggregate import COMMUNE_FORM, CRITERIA_FORM, aggregate, find_field
from server.services.authenticate import Caller, tell_moment
from server.services.campaign import campaign_of, touch
from server.services.definitions import definition_of
from server.services.gone import tell_gone
from server.services.notify import notify_review
from server.storage.area_views import find_kind
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.desk import find_sheet_form
from server.storage.forms import FormView, find_form_by_id
from server.storage.intake import change_submission
from server.storage.reach import find_above
from server.storage.readings import SubmissionView, find_answers, find_form_number, find_submission_by_id
from server.storage.returns import add_return, end_returns, take_back_return
from server.storage.reviews import (
    CommentView,
    MoveView,
    add_comment,
    add_move,
    find_newest_move,
    hold_submission,
    list_moves,
    mark_undone,
)
from server.storage.rollups import mark
from server.storage.rounds import find_lock_of, find_round
from server.storage.senders import list_senders


@dataclass(frozen=True)
class Decision:
    """`to_state` as domain/review.py names it. `reason` is read by the sender, and so is what `questions` say of single
    answers. `ask_reason`: a reason must be given where the table says so; clients of Central have no field for it.
    `seen`: what the decider had before the eyes (`sight_of`); None: whatever there is."""

    submission_id: int
    to_state: str
    reason: str | None = None
    ask_reason: bool = False
    questions: tuple[QuestionReason, ...] = ()
    seen: str | None = None


def review(session: Session, caller: Caller, decision: Decision, now: datetime) -> SubmissionView:
    """Moves a submission to another state at the caller's own level. Raises NotFound, Invalid (no such state or
    question, too long), Missing (a reason is asked for), Forbidden (no reviewer, a higher office has decided, or to
    approve what one entered or reported oneself or what one's own commune says of itself), Conflict (its round is
    locked; somebody decided, or a new text came, since it was `seen`)."""
    submission, form = get_reviewed(session, caller, decision.submission_id)
    verbs = caller.verbs_in(place_of(session, form, submission, caller.on))
    reason, questions = _read(session, submission, decision)
    with writing(session) as connection:
        fresh = _hold(connection, submission)
        if decision.seen is not None:
            require_seen(connection, fresh, decision.seen)
        here, tie = Standing(fresh.review_state, fresh.review_level), tie_of(connection, caller, fresh)
        row, standing = move(here, decision.to_state, verbs, caller.on, tie)
        if decision.ask_reason:
            require_reason(row, reason, questions)
        said = MoveView(
            caller.actor_id,
            caller.name,
            fresh.review_state,
            standing.state,
            row.level,
            reason,
            now,
            questions,
            from_level=fresh.review_level,
        )
        _settle(connection, (form, fresh), standing, said)
        details = {"instanceId": fresh.instance_id, "reviewState": standing.state, "level": row.level}
        where = Where(form.project_id, fresh.area_id)
        write_audit(connection, caller.entry("submission.update", f"submission:{fresh.id}", now, where, **details))
        session.commit()
    return find_submission_by_id(session, submission.id) or submission


def undo(session: Session, caller: Caller, submission_id: int, move_id: int, now: datetime) -> SubmissionView:
    """Takes one's own newest decision back; both stay in the history. Raises NotFound, Forbidden (another's decision,
    no reviewer any more), Conflict (the round is locked, somebody decided or a new text came after it, it is too long
    ago or was taken back already)."""
    submission, form = get_reviewed(session, caller, submission_id)
    verbs = caller.verbs_in(place_of(session, form, submission, caller.on))
    with writing(session) as connection:
        fresh = _hold(connection, submission)
        moves = list_moves(connection, fresh.id)
        taken = next((each for each in moves if each.id == move_id), None)
        if taken is None:
            raise NotFound("review.move_unknown", move=move_id)
        spent = not taken.stands
        barred = bar_undo(
            Taken(taken.id, taken.actor_id, taken.created_at, taken.version_id, spent), caller.actor_id, now
        )
        if barred is not None:
            raise barred
        require_seen(connection, fresh, write_sight(taken.version_id, taken.id))
        level = level_of(verbs, caller.on)
        if level is None:
            raise Forbidden("review.not_a_reviewer")
        back = Standing(taken.from_state, taken.from_level)
        said = MoveView(
            caller.actor_id, caller.name, fresh.review_state, back.state, level, None, now, undoes_id=taken.id
        )
        mark_undone(connection, taken.id)
        _settle(connection, (form, fresh), back, said)
        details = {"instanceId": fresh.instance_id, "reviewState": back.state, "level": back.level, "move": taken.id}
        where = Where(form.project_id, fresh.area_id)
        write_audit(connection, caller.entry("submission.review.undo", f"submission:{fresh.id}", now, where, **details))
        session.commit()
    return find_submission_by_id(session, submission.id) or submission


def sight_of(session: Session | Connection, submission: SubmissionView) -> str:
    """What somebody who looks at a submission now has before the eyes, as a short token: its text and the newest
    decision on it."""
    return write_sight(submission.current.id, find_newest_move(session, submission.id))


def require_seen(connection: Session | Connection, submission: SubmissionView, seen: str) -> None:
    """Raises Conflict where a submission is no longer as it was seen, telling who decided what and when, or that a new
    text of it came."""
    if sight_of(connection, submission) == seen:
        return
    if not seen.startswith(write_sight(submission.current.id, "")):
        raise Conflict("review.edited_meanwhile", when=tell_moment(submission.current.created_at))
    newest = list_moves(connection, submission.id)[0]
    state = (Told(f"desk.state.{newest.to_state}"),)
    raise Conflict("review.decided_meanwhile", actor=newest.actor, state=state, when=tell_moment(newest.created_at))


def _read(
    session: Session, submission: SubmissionView, decision: Decision
) -> tuple[str | None, tuple[QuestionReason, ...]]:
    reason = read_reason(decision.reason)
    if not decision.questions:
        return reason, ()
    filled = find_sheet_form(session, submission.current.form_version_id)
    known = definition_of(session, filled.sha256).fields if filled else {}
    return reason, read_reasons(decision.questions, known)


def _hold(connection: Connection, submission: SubmissionView) -> SubmissionView:
    """The submission as it stands once it is ours to decide on."""
    hold_submission(connection, submission.id)
    fresh = find_submission_by_id(connection, submission.id)
    if fresh is None or fresh.deleted_at is not None:
        raise NotFound("submission.unknown", instance=submission.id)
    require_open(connection, fresh)
    return fresh


def _settle(connection: Connection, what: tuple[FormView, SubmissionView], standing: Standing, said: MoveView) -> None:
    """Writes a move, and what follows from it."""
    form, before = what
    now = said.created_at
    change_submission(connection, before.id, review_state=standing.state, review_level=standing.level, updated_at=now)
    move_id = add_move(connection, before.id, before.current.id, said)
    _follow_return(connection, what, move_id, said)
    told = (before.id, Change(before.review_state, standing.state))
    campaign = campaign_of(connection, form.project_id)
    notify_review(connection, campaign, told, (form.id, form.xml_form_id), now)
    judge_again(connection, form, before, now)


def _follow_return(connection: Connection, what: tuple[FormView, SubmissionView], move_id: int, said: MoveView) -> None:
    """A return begins with the move, or ends with it."""
    form, before = what
    if said.undoes_id is not None:
        take_back_return(connection, before.id, said.undoes_id, said.created_at)
    elif said.to_state == REJECTED:
        row: dict[str, Any] = {
            "move_id": move_id,
            "submission_id": before.id,
            "project_id": form.project_id,
            "form_id": form.id,
        }
        row |= {"area_id": before.area_id, "sender_id": before.submitter_id, "returned_at": said.created_at}
        add_return(connection, row)
    else:
        end_returns(connection, before.id, said.created_at, DECIDED)


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
    """A submission that the caller may read, and its form. Raises NotFound for one that is not here or was deleted,
    with its form or alone; of one that lies where the caller does not see it is not told either that it is there."""
    form_id = find_form_number(session, submission_id)
    form = find_form_by_id(session, form_id) if form_id is not None else None
    scope = caller.scope("submission.read", form.project_id) if form else None
    submission = find_submission_by_id(session, submission_id, scope) if scope else None
    if submission is None or submission.deleted_at is not None or form is None:
        raise tell_gone(session, caller, submission_id) or NotFound("submission.unknown", instance=submission_id)
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


def find_undoable(
    session: Session, caller: Caller, submission: SubmissionView, moves: Sequence[MoveView], now: datetime
) -> MoveView | None:
    """The decision of the caller on a submission that can be taken back now; None where there is none. `moves`: all
    decisions on it, newest first."""
    newest = next(iter(moves), None)
    if newest is None or newest.version_id != submission.current.id:
        return None
    taken = Taken(newest.id, newest.actor_id, newest.created_at, newest.version_id, not newest.stands)
    held = find_round(session, submission.round_id) if submission.round_id is not None else None
    return None if (held and held.is_locked) or bar_undo(taken, caller.actor_id, now) is not None else newest
