"""Bodies of decisions on submissions."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields

from server.domain.review import Standing, shown_state
from server.storage.reviews import MoveView
from server.web.answers import moment
from server.web.api.schemas.fields import Body


class NewReasonBody(Schema):
    """Why the answer to one question comes back. `path`: as findings write it, with the places of rows."""

    path = fields.String(required=True)
    reason = fields.String(allow_none=True, load_default=None)


class NewDecisionBody(Body):
    """A decision to be. `reviewState`: as the submission shall have it; null is `received`. `seen`: as the list of
    decisions gave it; null: whatever there is."""

    example: ClassVar[Any] = {
        "reviewState": "rejected",
        "reason": "Số hộ chưa khớp biên bản họp thôn.",
        "questions": [],
        "seen": None,
    }

    review_state = fields.String(required=True, allow_none=True, data_key="reviewState")
    reason = fields.String(allow_none=True, load_default=None)
    questions = fields.List(fields.Nested(NewReasonBody), load_default=list)
    seen = fields.String(allow_none=True, load_default=None)


class ReasonBody(Schema):
    """What was said of the answer to one question; "" where what is said of the whole says it."""

    path = fields.String()
    reason = fields.String()


class DecisionBody(Schema):
    """A decision. `level`: of the office that took it. `takenBack`: it was; `takesBack`: the number of the one that
    this takes back."""

    id = fields.Integer()
    actorId = fields.Integer()  # noqa: N815 - the wire's own names
    fromState = fields.String(allow_none=True)  # noqa: N815
    reviewState = fields.String(allow_none=True)  # noqa: N815
    level = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    questions = fields.List(fields.Nested(ReasonBody))
    takenBack = fields.Boolean()  # noqa: N815
    takesBack = fields.Integer(allow_none=True)  # noqa: N815
    createdAt = fields.String()  # noqa: N815


class DecisionsBody(Schema):
    """The decisions on a submission, newest first. `seen`: what stands there now, for the next decision."""

    seen = fields.String()
    decisions = fields.List(fields.Nested(DecisionBody))


def decision_body(each: MoveView) -> dict[str, Any]:
    """A decision as the wire has it."""
    return {
        "id": each.id,
        "actorId": each.actor_id,
        "fromState": shown_state(Standing(each.from_state)),
        "reviewState": shown_state(Standing(each.to_state)),
        "level": each.level,
        "reason": each.reason,
        "questions": [{"path": said.path, "reason": said.text} for said in each.questions],
        "takenBack": each.undone,
        "takesBack": each.undoes_id,
        "createdAt": moment(each.created_at),
    }
