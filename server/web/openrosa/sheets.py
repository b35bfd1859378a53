"""What became of what was sent with a key, for the app that fills forms in a browser: states, files that are missing,
reasons of what was returned; and each sheet back, for a phone that has lost its own copy.

Only with the key in the URL. Who may only send reads nobody's reports; of what he or she sent this is no more than the
sender knows, with what the office says to the sender (docs/adr/0024-told-to-who-sent.md).
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.tell_sent import get_sent_file, list_open_rounds, read_sent, tell_sent
from server.storage.areas import find_area
from server.storage.projects import ProjectView, find_project
from server.web.answers import answer_file, answer_json, moment
from server.web.context import choose_locale, current_caller, current_home, current_session, now
from server.web.openrosa.blueprint import blueprint
from server.web.openrosa.contacts import note_returns
from server.web.openrosa.forms import answer_content
from server.web.openrosa.sheet_shapes import SHEETS, sheet_body
from server.web.wire import DEVICE, FILE, XML, Wire, told

PLACE = "/key/<key>/projects/<int:project_id>/sheets"
VERB = "submission.create"


@blueprint.get(PLACE)
@told(Wire(reads=(DEVICE,), gives=(SHEETS,), etag=True, verb=VERB))
def sheets(key: str, project_id: int) -> Response:
    """What the holder of this key sent, newest first: the newest 500 sheets, and all that were returned and wait for
    their correction."""
    caller, project = _own_project(project_id)
    body = _body(caller, project)
    tag = hashlib.md5(orjson.dumps(body), usedforsecurity=False).hexdigest()
    if request.if_none_match.contains_weak(tag):
        answer = Response(status=304)
    else:
        answer = answer_json({"serverTime": moment(now()), **body})
    answer.set_etag(tag)
    return answer


def _body(caller: Caller, project: ProjectView) -> dict[str, Any]:
    session = current_session()
    found = tell_sent(session, caller, project.id)
    note_returns(each.returned.move_id for each in found if each.returned and not each.returned.seen)
    area = find_area(session, caller.area_id, caller.on) if caller.area_id else None
    rounds, days = list_open_rounds(session, caller, project.id, choose_locale())
    return {
        "sender": caller.actor_id,
        "person": caller.name,
        "project": {"id": project.id, "name": project.name},
        "area": area.name if area else None,
        "rounds": [{"name": each.name, "closesOn": each.closes_on} for each in rounds],
        "forms": [{"xmlFormId": form, "deadline": day} for form, day in days.items()],
        "sheets": [sheet_body(each) for each in found],
    }


@blueprint.get(f"{PLACE}/<segment:instance_id>.xml")
@told(Wire(gives=(XML,), etag=True, verb=VERB))
def sheet_xml(key: str, project_id: int, instance_id: str) -> Response:
    """The current text of a sheet that was sent with this key, as it was sent; 404 for anything else."""
    caller, project = _own_project(project_id)
    xml = read_sent(current_session(), caller, project.id, instance_id)
    return answer_content(xml, "application/xml; charset=utf-8")


@blueprint.get(f"{PLACE}/<segment:instance_id>/attachments/<segment:name>")
@told(Wire(gives=(FILE,), etag=True, verb=VERB))
def sheet_file(key: str, project_id: int, instance_id: str, name: str) -> Response:
    """A file of such a sheet that is here."""
    caller, project = _own_project(project_id)
    file = get_sent_file(current_session(), caller, project.id, (instance_id, name))
    stream = current_home().blobs.open(file.sha256 or "")
    return answer_file(stream, file.name, file.content_type, file.sha256 or "")


def _own_project(project_id: int) -> tuple[Caller, ProjectView]:
    """Who calls, and the project that the key is for. Another project is none for this key."""
    caller = current_caller()
    project = find_project(current_session(), project_id) if caller.project_id == project_id else None
    if project is None:
        raise NotFound("project.unknown", value=project_id)
    return caller, project
