"""Decisions on a submission: taken with reasons at the questions, and taken back."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import Conflict, DomainError, Forbidden, NotFound
from server.domain.review import QuestionReason
from server.services.review import Decision, review, undo
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller
from server.web.desk.submission_parts import WHY
from server.web.desk.submissions import show_submission
from server.web.errors import refusal_of


@blueprint.post("/submissions/<int:submission_id>/review")
def decide(submission_id: int) -> Response | tuple[str, int]:
    """A reviewer's decision; who returns a sheet says why: of the whole (`reason`), and at questions (`question`, the
    path, once for each that is marked; `why:<path>`). `seen`: what the page showed."""
    caller, session = desk_caller(), current_session()
    try:
        review(session, caller, read_decision(submission_id), now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        session.rollback()
        return _again(submission_id, error)
    return _back(submission_id)


@blueprint.post("/submissions/<int:submission_id>/review/undo")
def undo_decision(submission_id: int) -> Response | tuple[str, int]:
    """Takes one's own newest decision back. `move`: its number."""
    caller, session = desk_caller(), current_session()
    asked = request.form.get("move", "")
    if not asked.isascii() or not asked.isdecimal() or len(asked) > 18:
        raise NotFound("review.move_unknown", move=asked[:40])
    try:
        undo(session, caller, submission_id, int(asked), now())
    except Conflict as error:
        session.rollback()
        return _again(submission_id, error)
    return _back(submission_id)


def read_decision(submission_id: int) -> Decision:
    """What the form of this request says. A question with a reason counts as marked."""
    typed = {name.removeprefix(WHY): text for name, text in request.form.items() if name.startswith(WHY)}
    marked = dict.fromkeys([*request.form.getlist("question"), *(path for path, text in typed.items() if text.strip())])
    questions = tuple(QuestionReason(path, typed.get(path, "")) for path in marked)
    return Decision(
        submission_id,
        request.form.get("state", ""),
        request.form.get("reason", ""),
        ask_reason=True,
        questions=questions,
        seen=request.form.get("seen") or None,
    )


def _again(submission_id: int, error: DomainError) -> tuple[str, int]:
    """The page as it stands now, with why nothing was recorded: a second decider is shown the first's decision."""
    refusal = refusal_of(error)
    return show_submission(submission_id, refusal.message), refusal.status


def _back(submission_id: int) -> Response:
    """To the page it was taken on, with the inbox that it was opened from."""
    inbox = request.form.get("inbox")
    return redirect(url_for("desk.one_submission", submission_id=submission_id, inbox=inbox) + "#review")
