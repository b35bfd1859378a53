"""Bodies of submissions, their comments and files, verdicts and the quarantine."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields

from forms.errors import KINDS
from server.domain.review import Standing, awaited_level, shown_state
from server.storage.readings import SubmissionVersionView, SubmissionView
from server.storage.reviews import CommentView
from server.web.answers import moment
from server.web.api.schemas.fields import Body
from server.web.api.schemas.people import ActorBody
from server.web.context import today


class SubmissionVersionBody(Schema):
    """One text of a submission. `submitter`: when asked for more."""

    optional = frozenset({"submitter"})

    instanceId = fields.String()  # noqa: N815 - the wire's own names
    instanceName = fields.String(allow_none=True)  # noqa: N815
    submitterId = fields.Integer()  # noqa: N815
    deviceId = fields.String(allow_none=True)  # noqa: N815
    userAgent = fields.String(allow_none=True)  # noqa: N815
    createdAt = fields.String()  # noqa: N815
    current = fields.Boolean()
    submitter = fields.Nested(ActorBody)


class SubmissionBody(Schema):
    """A submission. `reviewLevel`: the office that decided; `awaitedLevel`: whose decision it waits for as of today,
    null for nobody's (commune, province; district until 30 June 2025). `arrival`: late when the form was closed.
    `submitter`: when asked for more."""

    optional = frozenset({"submitter"})

    instanceId = fields.String()  # noqa: N815
    submitterId = fields.Integer()  # noqa: N815
    deviceId = fields.String(allow_none=True)  # noqa: N815
    userAgent = fields.String(allow_none=True)  # noqa: N815
    reviewState = fields.String(allow_none=True)  # noqa: N815
    reviewLevel = fields.String(allow_none=True)  # noqa: N815
    awaitedLevel = fields.String(allow_none=True)  # noqa: N815
    arrival = fields.String()
    synthetic = fields.Boolean()
    createdAt = fields.String()  # noqa: N815
    updatedAt = fields.String(allow_none=True)  # noqa: N815
    deletedAt = fields.String(allow_none=True)  # noqa: N815
    currentVersion = fields.Nested(SubmissionVersionBody)  # noqa: N815
    submitter = fields.Nested(ActorBody)


class ReviewBody(Body):
    """The state a submission shall have; null is `received`."""

    example: ClassVar[Any] = {"reviewState": "approved", "reason": None}

    review_state = fields.String(required=True, allow_none=True, data_key="reviewState")
    reason = fields.String(allow_none=True, load_default=None)


class NewCommentBody(Body):
    """A comment to be."""

    example: ClassVar[Any] = {"body": "Số hộ đã hỏi lại, đúng."}

    body = fields.String(required=True)


class CommentBody(Schema):
    """What a person wrote. `actor`: when asked for more."""

    optional = frozenset({"actor"})

    body = fields.String()
    actorId = fields.Integer()  # noqa: N815
    createdAt = fields.String()  # noqa: N815
    actor = fields.Nested(ActorBody)


class SubmissionFileBody(Schema):
    """A file that an answer names."""

    name = fields.String()
    exists = fields.Boolean()


class FindingBody(Schema):
    """What the form's own rules say of an answer (docs/findings.md). `expected`: a value, a type, ends or a
    rule. `message`: the form's own text by language."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    path = fields.String()
    severity = fields.String(metadata={"enum": ["error", "warning", "info"]})
    value = fields.String(allow_none=True)
    expected = fields.String(allow_none=True)
    message = fields.Dict()
    params = fields.Dict()


class AreaBody(Schema):
    """A unit of the tree."""

    id = fields.String()
    code = fields.String(allow_none=True)
    name = fields.String()
    kind = fields.String()


class ClauseBody(Schema):
    """One clause of a rule set and what it says of the area. `statusBefore`: what the file says of its text, where two
    persons of this office have read it since."""

    optional = frozenset({"statusBefore"})
    id = fields.String()
    verdict = fields.String()
    value = fields.Raw(allow_none=True)
    threshold = fields.String(allow_none=True)
    article = fields.String()
    status = fields.String()
    statusBefore = fields.String(attribute="status_before")  # noqa: N815
    submissions = fields.List(fields.String())


VERDICT_WORDS = ("met", "not_met", "unknown", "classified", "no_rule_in_force", "rule_not_loaded")


class ProvisionalBody(Schema):
    """What came since the approved submission says."""

    verdict = fields.String(metadata={"enum": list(VERDICT_WORDS)})
    class_ = fields.String(attribute="class", data_key="class", allow_none=True)
    clauses = fields.List(fields.Nested(ClauseBody))


class SpeakerBody(Schema):
    """A submission that speaks of a village."""

    instanceId = fields.String()  # noqa: N815
    sender = fields.String()
    createdAt = fields.String()  # noqa: N815
    reviewState = fields.String(allow_none=True)  # noqa: N815
    reviewLevel = fields.String(allow_none=True)  # noqa: N815


class SaidBody(Schema):
    """A value, and the submissions that say it."""

    value = fields.Raw()
    submissions = fields.List(fields.Nested(SpeakerBody))


class TurnBody(Schema):
    """What a rule set would say if another submission were right: about this fact alone, or (`alone` false) only
    together with the others on which that one disagrees."""

    ruleSet = fields.String()  # noqa: N815
    standing = fields.String()
    alone = fields.Boolean()


class ContradictionBody(Schema):
    """A fact on which submissions of one village and round disagree. `changes` is empty where no verdict depends on who
    is right."""

    fact = fields.String()
    values = fields.List(fields.Nested(SaidBody))
    changes = fields.List(fields.Nested(TurnBody))


class VerdictBody(Schema):
    """What a rule set says of an area in a round. `contradictions`: of the village, whatever the rule set."""

    area = fields.Nested(AreaBody)
    ruleSet = fields.String(allow_none=True)  # noqa: N815
    round = fields.String()
    synthetic = fields.Boolean()
    verdict = fields.String(metadata={"enum": list(VERDICT_WORDS)})
    class_ = fields.String(attribute="class", data_key="class", allow_none=True)
    possible = fields.List(fields.String())
    verified = fields.Boolean()
    basis = fields.String(allow_none=True, metadata={"enum": ["approved", "newest", None]})
    clauses = fields.List(fields.Nested(ClauseBody))
    changes = fields.List(fields.Dict())
    provisional = fields.Nested(ProvisionalBody, allow_none=True)
    contradictions = fields.List(fields.Nested(ContradictionBody))


class QuarantineBody(Schema):
    """What a phone sent and nobody could read. `xmlFormId`, `instanceId`: as far as they can be made out; they can be
    wrong."""

    id = fields.Integer()
    sender = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    code = fields.String()
    problem = fields.String()
    xmlFormId = fields.String(allow_none=True)  # noqa: N815
    instanceId = fields.String(allow_none=True)  # noqa: N815
    deviceId = fields.String(allow_none=True)  # noqa: N815
    times = fields.Integer()
    createdAt = fields.String()  # noqa: N815


def version_body(version: SubmissionVersionView) -> dict[str, Any]:
    """One text of a submission as the wire has it."""
    return {
        "instanceId": version.instance_id,
        "instanceName": version.instance_name,
        "submitterId": version.submitter_id,
        "deviceId": version.device_id,
        "userAgent": version.user_agent,
        "createdAt": moment(version.created_at),
        "current": version.is_current,
    }


def comment_body(comment: CommentView) -> dict[str, Any]:
    """A comment as the wire has it."""
    return {"body": comment.body, "actorId": comment.actor_id, "createdAt": moment(comment.created_at)}


def submission_body(submission: SubmissionView, synthetic: bool, *, of_commune: bool = False) -> dict[str, Any]:
    """A submission as the wire has it. `of_commune`: its form is what a commune says of itself."""
    standing = Standing(submission.review_state, submission.review_level)
    return {
        "instanceId": submission.instance_id,
        "submitterId": submission.submitter_id,
        "deviceId": submission.device_id,
        "userAgent": submission.user_agent,
        "reviewState": shown_state(standing),
        "reviewLevel": standing.level,
        "awaitedLevel": awaited_level(standing, today(), of_commune=of_commune),
        "arrival": submission.arrival,
        "synthetic": synthetic,
        "createdAt": moment(submission.created_at),
        "updatedAt": moment(submission.updated_at),
        "deletedAt": moment(submission.deleted_at),
        "currentVersion": version_body(submission.current),
    }
