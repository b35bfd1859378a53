"""The draft of a form as a phone tries it, before anybody else gets it: the same answers as for a published form.

With the test token in the URL nobody signs in; without it whoever may read the form does. What is sent is kept apart
from the reports and goes when the draft is published, replaced or thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import DraftLinkEnded, NotFound
from server.services.authenticate import Caller
from server.services.judge import Target, Upload
from server.services.receive import receive
from server.services.try_draft import try_draft
from server.storage.forms import (
    FormView,
    VersionView,
    find_form,
    find_form_attachment,
    find_form_xml,
    list_form_attachments,
)
from server.web.answers import answer_file
from server.web.context import current_caller, current_home, current_session, now
from server.web.openrosa.blueprint import blueprint, origin, require_version
from server.web.openrosa.forms import answer_content, answer_manifest, made_list
from server.web.openrosa.multipart import read_envelope
from server.web.openrosa.submission import SENDS, answer_receipt
from server.web.wire import FILE, OPENROSA, PHONE_XML, XML, Wire, told
from sync.openrosa import CONTENT_TYPE, FormListEntry, render_form_list

DRAFT = "projects/<int:project_id>/forms/<segment:xml_form_id>/draft"
BY_TOKEN, BY_BEARER = f"/test/<token>/{DRAFT}", f"/{DRAFT}"
LISTS = Wire(reads=(OPENROSA,), gives=(PHONE_XML,), etag=True, verb="form.read")


@dataclass(frozen=True)
class Tried:
    """A draft and who tries it. `url`: what the draft's own URLs begin with, as the phone called."""

    form: FormView
    draft: VersionView
    caller: Caller
    url: str


def draft_route(rule: str, *places: str, methods: tuple[str, ...] = ("GET",)) -> Callable[..., Callable[..., Response]]:
    """A route of a draft, with the token in the URL or (unless `places` says otherwise) without."""

    def register(view: Callable[..., Response]) -> Callable[..., Response]:
        for place in places or (BY_TOKEN, BY_BEARER):
            blueprint.add_url_rule(place + rule, view.__name__, view, methods=methods)
        return view

    return register


@draft_route("/formList")
@told(LISTS)
def draft_form_list(project_id: int, xml_form_id: str, token: str | None = None) -> Response:
    """The draft alone, whatever state its form is in."""
    require_version()
    tried = _tried(project_id, xml_form_id, token)
    draft = tried.draft
    entry = FormListEntry(
        form_id=xml_form_id,
        name=draft.title or xml_form_id,
        version=draft.version,
        hash=f"md5:{draft.md5}",
        download_url=f"{tried.url}.xml",
        manifest_url=f"{tried.url}/manifest" if list_form_attachments(current_session(), draft.id) else None,
    )
    return answer_content(render_form_list([entry]), CONTENT_TYPE)


@draft_route(".xml", BY_TOKEN)
@told(Wire(gives=(XML,), etag=True, verb="form.read"))
def draft_xml(project_id: int, xml_form_id: str, token: str) -> Response:
    """The text of the draft."""
    tried = _tried(project_id, xml_form_id, token)
    xml = find_form_xml(current_session(), tried.draft.id) or b""
    return answer_content(xml, "application/xml; charset=utf-8")


@draft_route("/manifest")
@told(LISTS)
def draft_manifest(project_id: int, xml_form_id: str, token: str | None = None) -> Response:
    """The files of the draft that are here."""
    require_version()
    tried = _tried(project_id, xml_form_id, token)
    files = list_form_attachments(current_session(), tried.draft.id)
    return answer_manifest((project_id, tried.form.id), files, tried.caller, f"{tried.url}/attachments")


@draft_route("/attachments/<segment:name>", BY_TOKEN)
@told(Wire(gives=(FILE,), etag=True, verb="form.read"))
def draft_file(project_id: int, xml_form_id: str, name: str, token: str) -> Response:
    """A file of the draft."""
    tried = _tried(project_id, xml_form_id, token)
    file = find_form_attachment(current_session(), tried.draft.id, name)
    if file is not None and file.list_name:
        made = made_list(file.list_name, tried.caller, (project_id, tried.form.id))
        return answer_content(made.content, "text/csv; charset=utf-8")
    if file is not None and file.sha256:
        return answer_file(current_home().blobs.open(file.sha256), file.name, file.content_type, file.sha256)
    raise NotFound("form.file_unknown", name=name, form=xml_form_id)


@draft_route("/submission", methods=("HEAD", "GET"))
@told(Wire(reads=(OPENROSA,), status=204, verb="submission.create"))
def draft_submission_head(project_id: int, xml_form_id: str, token: str | None = None) -> Response:
    """204, as for reports."""
    require_version()
    _tried(project_id, xml_form_id, token, "submission.create")
    return Response(status=204)


@draft_route("/submission", methods=("POST",))
@told(SENDS)
def draft_submission(project_id: int, xml_form_id: str, token: str | None = None) -> Response:
    """Takes in what was filled in to try the draft. What a report would be kept apart for is refused here."""
    require_version()
    tried, home = _tried(project_id, xml_form_id, token, "submission.create"), current_home()
    with read_envelope(request, home.config.home, request.args.get("deviceID")) as envelope:
        target = Target(project_id, xml_form_id=xml_form_id, draft=True)
        receipt = receive(current_session(), home, Upload(envelope, target, tried.caller, now()))
    return answer_receipt(receipt, draft=True)


def _tried(project_id: int, xml_form_id: str, token: str | None, verb: str = "form.read") -> Tried:
    form, caller = _found(project_id, xml_form_id, token, verb)
    if form.draft is None:
        raise NotFound("form.no_draft", form=xml_form_id)
    key = "" if token is None else f"/test/{token}"
    url = f"{origin()}/v1{key}/projects/{project_id}/forms/{quote(xml_form_id, safe='')}/draft"
    return Tried(form, form.draft, caller, url)


def _found(project_id: int, xml_form_id: str, token: str | None, verb: str) -> tuple[FormView, Caller]:
    if token is not None:
        link = try_draft(current_session(), token, now())
        if (link.form.project_id, link.form.xml_form_id) != (project_id, xml_form_id):
            raise DraftLinkEnded("form.draft_link_ended")
        return link.form, link.caller
    caller = current_caller()
    form = find_form(current_session(), project_id, xml_form_id)
    if form is None or not caller.knows(project_id, form.id):
        raise NotFound("submission.unknown_form", form=xml_form_id)
    caller.require(verb, project_id, form.id)
    return form, caller
