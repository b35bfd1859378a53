"""What phones sent and nobody could read: a list for administrators, each to be saved."""

from __future__ import annotations

from werkzeug.wrappers import Response

from server.domain.audit_scope import VERB
from server.domain.errors import NotFound
from server.storage.desk import find_quarantined, list_quarantined
from server.web.context import current_home, current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import say
from server.web.exports import tell_export

MOST = 500


@blueprint.get("/quarantine")
def quarantine() -> str:
    """The list, newest first."""
    caller = desk_caller()
    caller.require_everywhere(VERB)
    kept = list_quarantined(current_session(), MOST)
    rows = [(row, say(row.code, row.params)) for row in kept]
    return show_page("quarantine.html", caller=caller, rows=rows)


@blueprint.get("/quarantine/<int:quarantine_id>/body")
def quarantined_body(quarantine_id: int) -> Response:
    """What was sent, byte for byte, to be saved: nothing of it is ever shown."""
    caller = desk_caller()
    caller.require_everywhere(VERB)
    row = find_quarantined(current_session(), quarantine_id)
    if row is None:
        raise NotFound("http.not_found")
    try:
        with current_home().blobs.open(row.sha256) as stream:
            content = stream.read()
    except FileNotFoundError as error:
        raise NotFound("http.not_found") from error
    tell_export(caller, "quarantine.read", f"quarantine:{row.id}")
    answer = Response(content, content_type="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=f"quarantine-{quarantine_id}.bin")
    return answer
