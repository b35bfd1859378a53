"""The list of files of one published version, current or not, for who may read the form."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.wrappers import Response

from server.domain.errors import NotFound, VersionUnknown
from server.storage.forms import BLANK_VERSION, find_form, find_version, list_form_attachments
from server.web.context import current_caller, current_session
from server.web.openrosa.blueprint import base_url, blueprint, require_version
from server.web.openrosa.forms import answer_manifest
from server.web.wire import OPENROSA, PHONE_XML, Wire, told

LISTS = Wire(reads=(OPENROSA,), gives=(PHONE_XML,), etag=True, verb="form.read")


@blueprint.get("/projects/<int:project_id>/forms/<segment:xml_form_id>/versions/<segment:version>/manifest")
@told(LISTS)
def version_manifest(project_id: int, xml_form_id: str, version: str) -> Response:
    """The files of the version that are here."""
    require_version()
    caller = current_caller()
    form = find_form(current_session(), project_id, xml_form_id)
    if form is None or not caller.knows(project_id, form.id):
        raise NotFound("submission.unknown_form", form=xml_form_id)
    caller.require("form.read", project_id, form.id)
    found = find_version(current_session(), form.id, "" if version == BLANK_VERSION else version)
    if found is None:
        raise VersionUnknown("form.version_unknown", version=version, form=xml_form_id)
    files = list_form_attachments(current_session(), found.id)
    url = f"{base_url()}/projects/{project_id}/forms/{quote(xml_form_id, safe='')}/versions/{quote(version, safe='')}"
    return answer_manifest((project_id, form.id), files, caller, f"{url}/attachments")
