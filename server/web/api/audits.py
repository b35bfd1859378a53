"""Who did what, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import request

from server.domain.errors import Invalid
from server.storage.audits import AuditEntry, Looked, list_lines
from server.web.answers import moment
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import AuditBody
from server.web.api.submissions import SUBMISSION, get_submission
from server.web.context import current_session, whole
from server.web.wire import LIMIT, OFFSET, Parameter, Wire, told

nouns = Nouns("audits", "Who did what, and when")

MOST = 10_000
ACTION = Parameter("action", "One action, or the group it begins with.", example="form")
_MOMENT = {"type": "string", "format": "date-time"}
START = Parameter("start", "Not before this moment.", _MOMENT, "2026-01-01T00:00:00Z")
END = Parameter("end", "Not after this moment.", _MOMENT, "2026-12-31T23:59:59Z")


@nouns.view("GET /audits", "audit.read", answer=AuditBody(many=True))
@told(Wire(reads=(ACTION, START, END, LIMIT, OFFSET)))
def list_everything(here: Here) -> list[dict[str, Any]]:
    """The newest first. `action` names one, or the group it begins with; `start` and `end` bound the time; `limit` and
    `offset` narrow the list."""
    looked = Looked(
        action=request.args.get("action") or None,
        start=_moment("start"),
        end=_moment("end"),
        skip=whole("offset") or 0,
    )
    return [audit_body(each) for each in list_lines(current_session(), looked, min(whole("limit") or MOST, MOST))]


@nouns.view(f"GET {SUBMISSION}/audits", "submission.read", answer=AuditBody(many=True))
def list_of_submission(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """What people did with a submission, the newest first."""
    submission = get_submission(here, instance_id)
    return [audit_body(each) for each in list_lines(current_session(), Looked(f"submission:{submission.id}"), MOST)]


def audit_body(entry: AuditEntry) -> dict[str, Any]:
    """A line as Central writes it; `acteeId` is what it was about, such as `form:3`."""
    return {
        "actorId": entry.actor_id,
        "action": entry.action,
        "acteeId": entry.acted_on,
        "details": entry.details,
        "notes": entry.note,
        "loggedAt": moment(entry.at),
    }


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        # a plus sign in a query is a blank
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise Invalid("request.not_a_moment", field=name, value=text[:80]) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
