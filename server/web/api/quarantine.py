"""What phones sent and nobody could read."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from server.domain.audit_scope import VERB
from server.domain.errors import NotFound
from server.storage.desk import find_quarantined, list_quarantined
from server.web.answers import answer_file, moment
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import QuarantineBody
from server.web.context import current_home, current_session, whole
from server.web.errors import say
from server.web.exports import tell_export
from server.web.wire import GIVES_FILE, LIMIT, Wire, told

nouns = Nouns("quarantine", "What phones sent and nobody could read")

MOST = 1000


@nouns.view("GET /quarantine", "audit.read", answer=QuarantineBody(many=True))
@told(Wire(reads=(LIMIT,)))
def list_unread(here: Here) -> list[dict[str, Any]]:
    """What is kept, newest first, with what was wrong. It lies in no area: for who may read the whole audit."""
    here.caller.require_everywhere(VERB)
    rows = list_quarantined(current_session(), min(whole("limit") or MOST, MOST))
    return [
        {
            "id": row.id,
            "sender": row.sender,
            "size": row.size,
            "sha256": row.sha256,
            "code": row.code,
            "problem": say(row.code, row.params),
            "xmlFormId": row.params.get("form"),
            "instanceId": row.params.get("instance"),
            "deviceId": row.device_id,
            "times": row.times,
            "createdAt": moment(row.created_at),
        }
        for row in rows
    ]


@nouns.view("GET /quarantine/<int:quarantine_id>", "audit.read")
@told(GIVES_FILE)
def get_unread(here: Here, quarantine_id: int) -> Response:
    """The bytes as they came, always as a file to save."""
    here.caller.require_everywhere(VERB)
    row = find_quarantined(current_session(), quarantine_id)
    if row is None:
        raise NotFound("quarantine.unknown", value=quarantine_id)
    tell_export(here.caller, "quarantine.read", f"quarantine:{row.id}")
    stream = current_home().blobs.open(row.sha256)
    return answer_file(stream, f"quarantine-{row.id}.xml", "application/octet-stream", row.sha256)
