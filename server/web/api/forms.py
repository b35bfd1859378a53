"""Forms: made from a source, listed, read in any version, opened and closed."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import unquote

from flask import request
from werkzeug.wrappers import Response

from forms.definition import fields_listing
from server.domain.errors import Invalid, NotFound, VersionUnknown
from server.services.definitions import definition_of
from server.services.home import SecretChanged
from server.services.judge import areas_of
from server.services.lists import make_list
from server.services.publish import NewForm, Source, change_state, create_form, delete_form
from server.storage.forms import (
    FormView,
    VersionView,
    find_form_attachment,
    find_form_xml,
    find_version,
    list_form_attachments,
    list_forms,
    list_versions,
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
    form_file_body,
)
from server.web.context import current_home, current_session, flag, now

nouns = Nouns("forms", "Forms and their versions")

FORMS = "/projects/<int:project_id>/forms"
FORM = f"{FORMS}/<segment:form_id>"
BLANK_VERSION = "___"
"""How a path names the version that is an empty text."""
CONTENT_KINDS = {kind: name for name, kind in EXCEL.items()} | {
    "application/xml": "xml",
    "text/xml": "xml",
    "text/markdown": "md",
    "text/csv": "csv",
}


@nouns.view(f"GET {FORMS}", "form.list", "open_form.list", answer=FormBody(many=True))
def list_forms_seen(here: Here) -> list[dict[str, Any]]:
    """The forms of a project; who only fills forms sees the open ones."""
    project_id, caller = here.project.id, here.caller
    return [
        shown_body(form)
        for form in list_forms(current_session(), project_id)
        if caller.may("form.list", project_id, form.id)
        or (form.is_open and caller.may("open_form.list", project_id, form.id))
    ]


@nouns.view(f"POST {FORMS}", "form.create", answer=FormBody())
def add_form(here: Here) -> dict[str, Any]:
    """Makes a form from an XForm or an XLSForm (xlsx, xls; beside Central Markdown and CSV): a draft, or published at
    once with `publish=true`. Warnings stop it unless `ignoreWarnings=true`."""
    new = NewForm(here.project.id, read_source(), flag("publish"))
    return shown_body(create_form(current_session(), current_home(), here.caller, new, now()))


@nouns.view(f"GET {FORM}", "form.read", "open_form.read", answer=FormBody())
def get_form(here: Here) -> dict[str, Any]:
    """A form: what is published, else its draft."""
    return shown_body(here.form)


@nouns.view(f"PATCH {FORM}", "form.update", body=FormChangeBody, answer=FormBody())
def patch_form(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    """Opens a form, lets it run out (`closing`) or closes it."""
    if "state" not in body:
        return shown_body(here.form)
    return shown_body(change_state(current_session(), here.caller, here.form, body["state"], now()))


@nouns.view(f"DELETE {FORM}", "form.delete", answer=Success())
def remove_form(here: Here) -> dict[str, bool]:
    """Puts a form away; its submissions stay."""
    delete_form(current_session(), here.caller, here.form, now())
    return SUCCESS


@nouns.view(f"GET {FORM}.xml", "form.read", "open_form.read")
def get_form_xml(here: Here) -> Response:
    """The XForm, byte for byte as it was published."""
    return xml_answer(here.form.shown)


@nouns.view(f"GET {FORM}.<any(xlsx, xls, csv, md):kind>", "form.read")
def get_form_source(here: Here, kind: str) -> Response:
    """The workbook that a form was made from."""
    version = here.form.shown
    if version.source_type != kind or version.source_sha256 is None:
        raise NotFound("form.no_source", form=here.form.xml_form_id, kind=kind)
    content_type = {name: content for content, name in CONTENT_KINDS.items()}[kind]
    stream = current_home().blobs.open(version.source_sha256)
    return answer_file(stream, f"{here.form.xml_form_id}.{kind}", content_type, version.source_sha256)


@nouns.view(f"GET {FORM}/fields", "form.read", "open_form.read", answer=FormFieldBody(many=True))
def list_fields(here: Here) -> list[dict[str, object]]:
    """The fields of a form with their types."""
    return fields_of(here.form.shown)


@nouns.view(f"GET {FORM}/versions", "form.read", answer=FormBody(many=True))
def list_form_versions(here: Here) -> list[dict[str, Any]]:
    """The published versions, newest first."""
    return [form_body(here.form, version) for version in list_versions(current_session(), here.form.id)]


@nouns.view(f"GET {FORM}/versions/<segment:version>", "form.read", answer=FormBody())
def get_form_version(here: Here, version: str) -> dict[str, Any]:
    """One published version; `___` is the empty one."""
    return form_body(here.form, _version(here.form, version))


@nouns.view(f"GET {FORM}/versions/<segment:version>.xml", "form.read")
def get_version_xml(here: Here, version: str) -> Response:
    """The XForm of one published version."""
    return xml_answer(_version(here.form, version))


@nouns.view(f"GET {FORM}/attachments", "form.read", "open_form.read", answer=FormFileBody(many=True))
def list_files(here: Here) -> list[dict[str, Any]]:
    """The files that a form expects."""
    return [form_file_body(each) for each in list_form_attachments(current_session(), here.form.shown.id)]


@nouns.view(f"GET {FORM}/attachments/<segment:name>", "form.read", "open_form.read")
def get_file(here: Here, name: str) -> Response:
    """One of these files; a list that the server makes holds what the caller sees."""
    return file_answer(here, here.form.shown, name)


def read_source() -> Source:
    """The body as a source of a form. Raises Invalid for another content type."""
    kind = CONTENT_KINDS.get(request.mimetype)
    if kind is None:
        raise Invalid("form.content_type", value=request.mimetype or "-", allowed=", ".join(sorted(CONTENT_KINDS)))
    fallback = request.headers.get("X-XlsForm-FormId-Fallback")
    return Source(request.get_data(cache=False), kind, unquote(fallback) if fallback else None, flag("ignoreWarnings"))


def shown_body(form: FormView) -> dict[str, Any]:
    """A form in the version it is shown in; a draft that was never published with its test token."""
    return form_body(form) if form.current else draft_body(form)


def draft_body(form: FormView) -> dict[str, Any]:
    """The draft of a form with its test token. Raises NotFound when there is none."""
    if form.draft is None:
        raise NotFound("form.no_draft", form=form.xml_form_id)
    sealed = form.draft.draft_token_sealed
    try:
        token = current_home().unseal(sealed) if sealed else None
    except SecretChanged:
        token = None
    return form_body(form, form.draft, token)


def fields_of(version: VersionView) -> list[dict[str, object]]:
    """The fields of a version."""
    return fields_listing(definition_of(current_session(), version.sha256))


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
        seen = areas_of(here.caller)
        made = make_list(current_session(), here.project.id, file.list_name, seen, now().date())
        answer = Response(made.content, content_type="text/csv; charset=utf-8")
        answer.set_etag(hashlib.sha256(made.content).hexdigest())
        return answer.make_conditional(request)
    raise NotFound("form.attachment_unexpected", name=name, form=here.form.xml_form_id)


def _version(form: FormView, said: str) -> VersionView:
    text = "" if said == BLANK_VERSION else said
    found = find_version(current_session(), form.id, text)
    if found is None:
        raise VersionUnknown("form.version_unknown", version=text, form=form.xml_form_id)
    return found
