"""Who did what, where, when and from which address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import request

from server.domain.audit_scope import VERB, AuditScope, audit_scope
from server.domain.errors import Forbidden, Invalid
from server.services.authenticate import Caller
from server.storage.assignments import list_actors
from server.storage.audits import Looked, list_audits, list_lines
from server.storage.readings import SubmissionVersionView, list_submission_versions
from server.web.answers import moment
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.audits import AuditBody, OwnAuditBody, audit_body, own_audit_body
from server.web.api.submissions import SUBMISSION, get_submission
from server.web.context import current_session, is_extended, whole
from server.web.wire import EXTENDED, LIMIT, OFFSET, WHOLE, Parameter, Wire, told

nouns = Nouns("audits", "Who did what, where, when and from which address")

MOST = 10_000
ACTION = Parameter("action", "One action, or the group it begins with.", example="form")
ACTOR = Parameter("actorId", "Who did it.", WHOLE, 5)
AREA = Parameter("areaId", "An area; what lies in it now counts too.")
BEFORE = Parameter("before", "Only lines with a lower `id`: how to ask for the next page.", WHOLE, 10_000)
_MOMENT = {"type": "string", "format": "date-time"}
START = Parameter("start", "Not before this moment.", _MOMENT, "2026-01-01T00:00:00Z")
END = Parameter("end", "Not after this moment.", _MOMENT, "2026-12-31T23:59:59Z")
READS = (ACTION, ACTOR, AREA, START, END, BEFORE, LIMIT, OFFSET, EXTENDED)


@nouns.view("GET /audits", SIGNED_IN, answer=AuditBody(many=True))
@told(Wire(reads=READS, verb=VERB))
def list_everything(here: Here) -> list[dict[str, Any]]:
    """The newest first. Who holds `audit.read` on the whole site sees every line; in a project its lines; in an area
    those of that area and below it, and none that lies in no area. `action` names one, or the group it begins with;
    `start` and `end` bound the time; `before`, `limit` and `offset` the list."""
    scope = scope_of(here.caller)
    looked = Looked(
        action=request.args.get("action") or None,
        actor_id=whole("actorId"),
        area_id=request.args.get("areaId") or None,
        start=_moment("start"),
        end=_moment("end"),
        before=whole("before"),
        skip=whole("offset") or 0,
    )
    limit = whole("limit")
    lines = list_lines(current_session(), scope, looked, MOST if limit is None else min(limit, MOST))
    return [audit_body(each, is_extended()) for each in lines]


@nouns.view(f"GET {SUBMISSION}/audits", "submission.read", answer=OwnAuditBody(many=True))
@told(Wire(reads=(EXTENDED,)))
def list_of_submission(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """What people did with a submission, the newest first; its versions tell that it was sent and edited."""
    session, submission = current_session(), get_submission(here, instance_id)
    about = f"submission:{submission.id}"
    lines = [(each.at, own_audit_body(each, is_extended())) for each in list_audits(session, about, MOST)]
    *edits, first = list_submission_versions(session, submission.id)
    sent = [(each.created_at, _sent(each, about, "submission.update.version")) for each in edits]
    sent.append((first.created_at, _sent(first, about, "submission.create")))
    if is_extended():
        actors = list_actors(session, (body["actorId"] for _, body in sent))
        for _, body in sent:
            actor = actors[body["actorId"]]
            body["actor"] = {"id": actor.id, "type": actor.kind, "displayName": actor.name}
    return [body for _, body in sorted([*lines, *sent], key=lambda each: each[0], reverse=True)]


def _sent(version: SubmissionVersionView, about: str, action: str) -> dict[str, Any]:
    return {
        "actorId": version.submitter_id,
        "action": action,
        "acteeId": about,
        "details": {"instanceId": version.instance_id},
        "notes": None,
        "loggedAt": moment(version.created_at),
    }


def scope_of(caller: Caller) -> AuditScope:
    """How far somebody may read the audit. Raises Forbidden when nowhere."""
    found = audit_scope(caller.grants, caller.on)
    if not found:
        raise Forbidden("auth.forbidden")
    return found


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        # a plus sign in a query is a blank
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("request.not_a_moment", field=name, value=text[:80]) from None
