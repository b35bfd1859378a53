"""Forms: made from a source, listed, read in any version, opened and closed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from flask import request
from werkzeug.wrappers import Response

from forms.definition import fields_listing
from server.domain.errors import Invalid, NotFound
from server.domain.roles import Place
from server.exports.odata import name_of
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.draft_links import link_of
from server.services.lists import make_list
from server.services.publish import NewForm, Source, change_state, create_form, delete_form, restore_form
from server.services.sight import fill_sight
from server.storage.audits import list_audits
from server.storage.form_counts import FormCount, count_forms
from server.storage.forms import (
    FormView,
    VersionView,
    find_form_attachment,
    find_form_xml,
    list_deleted_forms,
    list_form_attachments,
    list_forms,
)
from server.web.answers import answer_file
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.forms import (
    EXCEL,
    FormBody,
    FormChangeBody,
    FormFieldBody,
    FormFileBody,
    form_body,
    form_count_body,
    form_file_body,
)
from server.web.context import current_home, current_session, flag, is_extended, now
from server.web.wire import DELETED, EXTENDED, GIVES_FILE, GIVES_XML, SWITCH, Content, Parameter, Wire, told

nouns = Nouns("forms", "Forms and their versions")

FORMS = "/projects/<int:project_id>/forms"
FORM = f"{FORMS}/<segment:form_id>"
CONTENT_KINDS = {kind: name for name, kind in EXCEL.items()} | {
    "application/xml": "xml",
    "text/xml": "xml",
    "text/markdown": "md",
    "text/csv": "csv",
}
MOST_NOTES = 10_000
PUBLISH = Parameter("publish", "`true`: published at once; else a draft.", SWITCH, True)
IGNORE = Parameter("ignoreWarnings", "`true`: warnings do not stop it.", SWITCH, True)
FALLBACK = Parameter(
    "X-XlsForm-FormId-Fallback", "The form id, percent-encoded, where the workbook names none.", place="header"
)
SOURCE = Wire(
    reads=(IGNORE, FALLBACK),
    takes=tuple(Content(kind, "A workbook (XLSForm), or an XForm.") for kind in CONTENT_KINDS),
)
"""What reads a form's source."""
FIELDS = Wire(reads=(Parameter("odata", "`true`: names as the tables of answers have them.", SWITCH, True),))


@nouns.view(f"GET {FORMS}", "form.list", "open_form.list", answer=FormBody(many=True))
@told(Wire(reads=(DELETED, EXTENDED)))
def list_forms_seen(here: Here) -> list[dict[str, Any]]:
    """The forms of a project; who only fills forms sees the open ones. `deleted=true`: those that can be brought back,
    for who may do so. `X-Extended-Metadata` adds how much was sent."""
    project_id, caller = here.project.id, here.caller
    if flag("deleted"):
        gone = list_deleted_forms(current_session(), project_id)
        return form_bodies(caller, [form for form in gone if caller.may("form.restore", project_id, form.id)])
    return form_bodies(caller, [form for form in list_forms(current_session(), project_id) if is_seen(caller, form)])


@nouns.view(f"POST {FORMS}", "form.create", answer=FormBody())
@told(Wire(reads=(PUBLISH, *SOURCE.reads), takes=SOURCE.takes))
def add_form(here: Here) -> dict[str, Any]:
    """Makes a form from an XForm or an XLSForm (xlsx, xls; beside Central Markdown and CSV): a draft, or published at
    once with `publish=true`. Warnings stop it unless `ignoreWarnings=true`."""
    new = NewForm(here.project.id, read_source(), flag("publish"))
    return shown_body(here.caller, create_form(current_session(), current_home(), here.caller, new, now()))


@nouns.view(f"GET {FORM}", "form.read", "open_form.read", answer=FormBody())
@told(Wire(reads=(EXTENDED,)))
def get_form(here: Here) -> dict[str, Any]:
    """A form: what is published, else its draft. `X-Extended-Metadata` adds how much was sent."""
    (body,) = form_bodies(here.caller, [here.form])
    return body | notes_of(here).get(here.form.shown.id, {})


@nouns.view(f"PATCH {FORM}", "form.update", body=FormChangeBody, answer=FormBody())
def patch_form(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    """Opens a form, lets it run out (`closing`) or closes it."""
    if "state" not in body:
        return shown_body(here.caller, here.form)
    changed = change_state(current_session(), here.caller, here.form, body["state"], now())
    return shown_body(here.caller, changed)


@nouns.view(f"DELETE {FORM}", "form.delete", answer=Success())
def remove_form(here: Here) -> dict[str, bool]:
    """Puts a form away with all that was sent; for thirty days it can be brought back, then all of it is forgotten."""
    delete_form(current_session(), here.caller, here.form, now())
    return SUCCESS


@nouns.view(f"POST {FORMS}/<int:number>/restore", "form.restore", answer=Success())
def bring_form_back(here: Here, number: int) -> dict[str, bool]:
    """Brings a deleted form back, by the `id` that stands in the list of deleted ones."""
    restore_form(current_session(), here.caller, here.project.id, number, now())
    return SUCCESS


@nouns.view(f"GET {FORM}.xml", "form.read", "open_form.read")
@told(GIVES_XML)
def get_form_xml(here: Here) -> Response:
    """The XForm, byte for byte as it was published."""
    return xml_answer(here.form.shown)


@nouns.view(f"GET {FORM}.<any(xlsx, xls, csv, md):kind>", "form.read")
@told(GIVES_FILE)
def get_form_source(here: Here, kind: str) -> Response:
    """The workbook that a form was made from."""
    return source_answer(here.form, here.form.shown, kind)


@nouns.view(f"GET {FORM}/fields", "form.read", "open_form.read", answer=FormFieldBody(many=True))
@told(FIELDS)
def list_fields(here: Here) -> list[dict[str, object]]:
    """The fields of a form with their types."""
    return fields_of(here.form.shown)


@nouns.view(f"GET {FORM}/attachments", "form.read", "open_form.read", answer=FormFileBody(many=True))
def list_files(here: Here) -> list[dict[str, Any]]:
    """The files that a form expects."""
    return [form_file_body(each) for each in list_form_attachments(current_session(), here.form.shown.id)]


@nouns.view(f"GET {FORM}/attachments/<segment:name>", "form.read", "open_form.read")
@told(GIVES_FILE)
def get_file(here: Here, name: str) -> Response:
    """One of these files; a list that the server makes holds what the caller sees."""
    return file_answer(here, here.form.shown, name)


def read_source() -> Source:
    """The body as a source of a form; an XForm when its content type is not said, as in ODK Central. Raises Invalid for
    another content type."""
    kind = CONTENT_KINDS.get(request.mimetype) if request.mimetype else "xml"
    if kind is None:
        raise Invalid("form.content_type", value=request.mimetype, allowed=", ".join(sorted(CONTENT_KINDS)))
    fallback = request.headers.get("X-XlsForm-FormId-Fallback")
    return Source(request.get_data(cache=False), kind, unquote(fallback) if fallback else None, flag("ignoreWarnings"))


def is_seen(caller: Caller, form: FormView) -> bool:
    """Whether a form stands in the lists of this caller."""
    if caller.may("form.list", form.project_id, form.id):
        return True
    return form.is_open and caller.may("open_form.list", form.project_id, form.id)


def form_bodies(caller: Caller, forms: Sequence[FormView], *, extended: bool = False) -> list[dict[str, Any]]:
    """Forms as they are shown, with their numbers when they are asked for: of what lies where the caller may look."""
    if not (extended or is_extended()):
        return [shown_body(caller, form) for form in forms]
    session = current_session()
    groups: dict[int, list[int]] = {}
    for form in forms:
        groups.setdefault(form.project_id, []).append(form.id)
    counts: dict[int, FormCount] = {}
    for project_id, ids in groups.items():
        counts |= count_forms(session, ids, caller.scope("submission.list", project_id))
    return [
        shown_body(caller, form)
        | form_count_body(counts[form.id])
        | {"verbs": sorted(caller.verbs_in(Place(form.project_id, form.id)))}
        for form in forms
    ]


def notes_of(here: Here) -> dict[int, dict[str, str | None]]:
    """What was noted of the versions of a form when they were published (X-Action-Notes), by the version's number, when
    a client asks for more and may change the form."""
    form = here.form
    if not is_extended() or not here.caller.may("form.update", form.project_id, form.id):
        return {}
    lines = list_audits(current_session(), f"form:{form.id}", MOST_NOTES, "form.update.publish")
    return {each.details["version"]: {"publishNotes": each.note} for each in lines if "version" in each.details}


def shown_body(caller: Caller, form: FormView) -> dict[str, Any]:
    """A form in the version it is shown in; a draft that was never published with its test token."""
    return form_body(form) if form.current else draft_body(caller, form)


def draft_of(here: Here) -> VersionView:
    """The draft of the form that the path names. Raises NotFound when there is none."""
    if here.form.draft is None:
        raise NotFound("form.no_draft", form=here.form.xml_form_id)
    return here.form.draft


def draft_body(caller: Caller, form: FormView) -> dict[str, Any]:
    """The draft of a form, for who may change the form with its test token: whoever has that needs no other key.
    Raises NotFound when there is no draft."""
    if form.draft is None:
        raise NotFound("form.no_draft", form=form.xml_form_id)
    shown = caller.may("form.update", form.project_id, form.id)
    return form_body(form, form.draft, link_of(current_home(), form.draft) if shown else None)


def fields_of(version: VersionView) -> list[dict[str, object]]:
    """The fields of a version; `odata=true`: with the names that the tables of answers give them."""
    listing = fields_listing(definition_of(current_session(), version.sha256))
    if not flag("odata"):
        return listing
    return [
        field
        | {
            "path": "/".join(["", *map(name_of, str(field["path"]).split("/")[1:])]),
            "name": name_of(str(field["name"])),
        }
        for field in listing
    ]


def source_answer(form: FormView, version: VersionView, kind: str) -> Response:
    """The workbook that a version was made from. Raises NotFound when it was none of that kind."""
    if version.source_type != kind or version.source_sha256 is None:
        raise NotFound("form.no_source", form=form.xml_form_id, kind=kind)
    content_type = {name: content for content, name in CONTENT_KINDS.items()}[kind]
    stream = current_home().blobs.open(version.source_sha256)
    return answer_file(stream, f"{form.xml_form_id}.{kind}", content_type, version.source_sha256)


def xml_answer(version: VersionView) -> Response:
    """The XForm of a version."""
    xml = find_form_xml(current_session(), version.id) or b""
    answer = Response(xml, content_type="application/xml; charset=utf-8")
    answer.set_etag(version.md5)
    return answer.make_conditional(request)


def file_answer(here: Here, version: VersionView, name: str) -> Response:
    """A file of a version. Raises NotFound when it is not expected or not here."""
    file = find_form_attachment(current_session(), version.id, name)
    if file is not None and file.sha256 is not None:
        return answer_file(current_home().blobs.open(file.sha256), name, file.content_type, file.sha256)
    if file is not None and file.list_name is not None:
        seen = fill_sight(here.caller, here.project.id, here.form.id)
        made = make_list(current_session(), here.project.id, file.list_name, seen)
        answer = Response(made.content, content_type="text/csv; charset=utf-8")
        answer.set_etag(hashlib.sha256(made.content).hexdigest())
        return answer.make_conditional(request)
    raise NotFound("form.attachment_unexpected", name=name, form=here.form.xml_form_id)
