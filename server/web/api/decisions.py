"""Decisions on submissions: what was decided, one more with reasons at the questions, and one taken back. Not in
Central, which keeps the state alone."""

from __future__ import annotations

from typing import Any

from server.domain.review import QuestionReason, state_from_shown
from server.services.review import Decision, review, sight_of, undo
from server.storage.readings import SubmissionView
from server.storage.reviews import list_moves
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.decisions import DecisionsBody, NewDecisionBody, decision_body
from server.web.api.submissions import SUBMISSION, get_submission
from server.web.context import current_session, now

nouns = Nouns("decisions", "What was decided on submissions, with reasons at their questions")

DECISIONS = f"{SUBMISSION}/decisions"


@nouns.view(f"GET {DECISIONS}", "submission.read", answer=DecisionsBody())
def list_decided(here: Here, instance_id: str) -> dict[str, Any]:
    """The decisions on a submission, newest first, those too that were taken back. `seen` names what stands there now:
    a decision that carries it is refused once somebody else has decided or a new text has come."""
    return _body(get_submission(here, instance_id))


@nouns.view(f"POST {DECISIONS}", "submission.update", body=NewDecisionBody, answer=DecisionsBody())
def decide(here: Here, body: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Decides on a submission, at the caller's own level. To return or to flag one takes a reason: of the whole, or at
    each question that is named. 409 when somebody has decided, or a new text has come, since it was `seen`."""
    submission = get_submission(here, instance_id)
    questions = tuple(QuestionReason(each["path"], each["reason"] or "") for each in body["questions"])
    decision = Decision(
        submission.id,
        state_from_shown(body["review_state"]),
        body["reason"],
        ask_reason=True,
        questions=questions,
        seen=body["seen"],
    )
    return _body(review(current_session(), here.caller, decision, now()))


@nouns.view(f"POST {DECISIONS}/<int:decision_id>/undo", "submission.update", answer=DecisionsBody())
def take_back(here: Here, instance_id: str, decision_id: int) -> dict[str, Any]:
    """Takes one's own newest decision back, within ten minutes, while nothing came after it and the round is open. Both
    stay in the list."""
    submission = get_submission(here, instance_id)
    return _body(undo(current_session(), here.caller, submission.id, decision_id, now()))


def _body(submission: SubmissionView) -> dict[str, Any]:
    session = current_session()
    found = [decision_body(each) for each in list_moves(session, submission.id)]
    return {"seen": sight_of(session, submission), "decisions": found}
