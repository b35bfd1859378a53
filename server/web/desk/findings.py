"""What people say of a finding of a supervision board: an answer, whether it settles it, and taking a word back."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.supervision import FindingState
from server.services.supervision import Reply, answer_finding, settle_finding, take_back_word
from server.web.context import current_session, date_of, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of

FINDING = "/projects/<int:project_id>/supervision/<finding_key>"


@blueprint.post(f"{FINDING}/answer")
def answer_a_finding(project_id: int, finding_key: str) -> Response:
    """The commune, or an office above it, answers."""
    caller, reply = desk_caller(), _reply(project_id, finding_key)
    return _back(project_id, answer_finding(current_session(), caller, reply, now()))


@blueprint.post(f"{FINDING}/settle")
def settle_a_finding(project_id: int, finding_key: str) -> Response:
    """Who wrote the sheet, or an office above the commune, says whether it is settled (`settled`: yes | no)."""
    caller, reply = desk_caller(), _reply(project_id, finding_key)
    settled = request.form.get("settled") == "yes"
    return _back(project_id, settle_finding(current_session(), caller, reply, settled, now()))


@blueprint.post(f"{FINDING}/words/<int:word_id>/undo")
def take_back_a_word(project_id: int, finding_key: str, word_id: int) -> Response:
    """Who said it takes it back."""
    caller, reply = desk_caller(), _reply(project_id, finding_key)
    return _back(project_id, take_back_word(current_session(), caller, reply, word_id, now()))


def _reply(project_id: int, finding_key: str) -> Reply:
    project_of(desk_caller(), project_id)
    day = date_of("day", request.form.get("day", ""))
    return Reply(project_id, finding_key, request.form.get("text", ""), day)


def _back(project_id: int, state: FindingState) -> Response:
    work = url_for("desk.one_work", project_id=project_id, work_id=state.finding.work_id or "-")
    return redirect(f"{work}#finding-{state.finding.id}")
