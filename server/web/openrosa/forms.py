"""What a phone fetches: the list of forms, a form, the list of its files, a file. Each with an ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.lists import ListFile, make_list
from server.services.offer import list_offered
from server.services.sight import fill_sight
from server.storage.forms import FormAttachmentView
from server.storage.openrosa import FileView, PublishedForm, find_form_xml, list_files
from server.web.answers import answer_file
from server.web.context import choose_locale, current_caller, current_home, current_session
from server.web.openrosa.again import may_repeat
from server.web.openrosa.blueprint import PLACES, base_url, blueprint, require_version
from server.web.wire import FILE, OPENROSA, PHONE_XML, XML, Parameter, Wire, told
from sync.openrosa import CONTENT_TYPE, FormListEntry, MediaFile, render_form_list, render_manifest


def phone_route(rule: str, **options: Any) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A route in both places a phone may call, with the token in the URL or without."""

    def register(view: Callable[..., Response]) -> Callable[..., Response]:
        for place in PLACES:
            blueprint.add_url_rule(place + rule, view.__name__, view, **options)
        return view

    return register


FORM_ID = Parameter("formID", "This form alone.", example="water_point")
LISTS = Wire(reads=(OPENROSA, FORM_ID), gives=(PHONE_XML,), etag=True, verb="open_form.list")


@phone_route("/formList")
@told(LISTS)
def form_list(project_id: int, key: str | None = None) -> Response:
    """The open forms that this phone may fill, each with the hash of its XML. `formID` narrows the list."""
    require_version()
    wanted = request.args.get("formID")
    offered = list_offered(current_session(), current_caller(), project_id)
    forms = [form for form in offered if not wanted or form.xml_form_id == wanted]
    # what the list is made of, so that a phone that has it is told so without the list being written
    seen = (choose_locale(), base_url(), project_id, *forms)
    tag = hashlib.md5(repr(seen).encode(), usedforsecurity=False).hexdigest()
    if request.if_none_match.contains_weak(tag):
        answer = Response(status=304)
    else:
        content = render_form_list(_entries(project_id, forms))
        answer = Response(content, content_type=CONTENT_TYPE)
    answer.set_etag(tag)
    return may_repeat(answer)


def _entries(project_id: int, forms: list[PublishedForm]) -> Iterator[FormListEntry]:
    above = f"{base_url()}/projects/{project_id}/forms"
    for form in forms:
        url = f"{above}/{quote(form.xml_form_id, safe='')}"
        yield FormListEntry(
            form_id=form.xml_form_id,
            name=form.title or form.xml_form_id,
            version=form.version,
            hash=f"md5:{form.md5}",
            download_url=f"{url}.xml",
            manifest_url=f"{url}/manifest" if form.files else None,
        )


@phone_route("/forms/<segment:xml_form_id>/manifest")
@told(Wire(reads=(OPENROSA,), gives=(PHONE_XML,), etag=True, verb="open_form.read"))
def manifest(project_id: int, xml_form_id: str, key: str | None = None) -> Response:
    """The files that belong to the form. A file that nobody has uploaded yet is left out."""
    require_version()
    url = f"{base_url()}/projects/{project_id}/forms/{quote(xml_form_id, safe='')}/attachments"
    form_id, files = _files(project_id, xml_form_id)
    return answer_manifest((project_id, form_id), files, current_caller(), url)


@blueprint.get("/key/<key>/projects/<int:project_id>/forms/<segment:xml_form_id>.xml")
@told(Wire(gives=(XML,), etag=True, verb="open_form.read"))
def form_xml(key: str, project_id: int, xml_form_id: str) -> Response:
    """The current version of a form, as it was published."""
    form_id, xml = find_form_xml(current_session(), project_id, xml_form_id) or (None, b"")
    if form_id is None or not current_caller().may("open_form.read", project_id, form_id):
        raise NotFound("submission.unknown_form", form=xml_form_id)
    return may_repeat(answer_content(xml, "application/xml; charset=utf-8"))


@blueprint.get("/key/<key>/projects/<int:project_id>/forms/<segment:xml_form_id>/attachments/<segment:name>")
@told(Wire(gives=(FILE,), etag=True, verb="open_form.read"))
def form_file(key: str, project_id: int, xml_form_id: str, name: str) -> Response:
    """A file of the form; a list that the server makes holds what lies in this person's areas."""
    form_id, files = _files(project_id, xml_form_id)
    for file in files:
        if file.name != name:
            continue
        if file.list_name:
            made = made_list(file.list_name, current_caller(), (project_id, form_id))
            return answer_content(made.content, "text/csv; charset=utf-8")
        if file.sha256:
            stream = current_home().blobs.open(file.sha256)
            return answer_file(stream, file.name, file.content_type, file.sha256)
    raise NotFound("form.file_unknown", name=name, form=xml_form_id)


def _files(project_id: int, xml_form_id: str) -> tuple[int, list[FileView]]:
    form_id, files = list_files(current_session(), project_id, xml_form_id)
    if form_id is None or not current_caller().may("open_form.read", project_id, form_id):
        raise NotFound("submission.unknown_form", form=xml_form_id)
    return form_id, files


def answer_manifest(
    place: tuple[int, int], files: Iterable[FileView | FormAttachmentView], caller: Caller, url: str
) -> Response:
    """The list of the files of a form (`place`: its project and its number) that are here, each with its address below
    `url`."""
    found = []
    for file in files:
        md5 = made_list(file.list_name, caller, place).md5 if file.list_name else file.md5
        if md5:
            found.append(MediaFile(file.name, f"md5:{md5}", f"{url}/{quote(file.name, safe='')}"))
    return answer_content(render_manifest(found), CONTENT_TYPE)


def made_list(list_name: str, caller: Caller, place: tuple[int, int]) -> ListFile:
    """A list that the server makes for a form (`place`: its project and its number), as this caller sees it."""
    return make_list(current_session(), place[0], list_name, fill_sight(caller, *place))


def answer_content(content: bytes, content_type: str) -> Response:
    """A small body with an ETag; 304 to whoever has it."""
    answer = Response(content, content_type=content_type)
    answer.set_etag(hashlib.md5(content, usedforsecurity=False).hexdigest())
    return answer.make_conditional(request)
