"""The published versions of forms, each with what belonged to it."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from server.domain.errors import VersionUnknown
from server.storage.forms import (
    BLANK_VERSION,
    FormView,
    VersionView,
    find_version,
    list_form_attachments,
    list_versions,
)
from server.web.api.forms import FIELDS, FORM, fields_of, file_answer, notes_of, nouns, source_answer, xml_answer
from server.web.api.nouns import Here
from server.web.api.schemas.forms import FormBody, FormFieldBody, FormFileBody, form_body, form_file_body
from server.web.context import current_session
from server.web.wire import EXTENDED, GIVES_FILE, GIVES_XML, Wire, told

VERSIONS = f"{FORM}/versions"
VERSION = f"{VERSIONS}/<segment:version>"


@nouns.view(f"GET {VERSIONS}", "form.read", answer=FormBody(many=True))
@told(Wire(reads=(EXTENDED,)))
def list_form_versions(here: Here) -> list[dict[str, Any]]:
    """The published versions, newest first. `X-Extended-Metadata` adds what was noted when each was published."""
    notes = notes_of(here)
    found = list_versions(current_session(), here.form.id)
    return [form_body(here.form, version) | notes.get(version.id, {}) for version in found]


@nouns.view(f"GET {VERSION}", "form.read", answer=FormBody())
def get_form_version(here: Here, version: str) -> dict[str, Any]:
    """One published version; `___` is the empty one."""
    return form_body(here.form, version_of(here.form, version))


@nouns.view(f"GET {VERSION}.xml", "form.read")
@told(GIVES_XML)
def get_version_xml(here: Here, version: str) -> Response:
    """The XForm of one published version."""
    return xml_answer(version_of(here.form, version))


@nouns.view(f"GET {VERSION}.<any(xlsx, xls, csv, md):kind>", "form.read")
@told(GIVES_FILE)
def get_version_source(here: Here, version: str, kind: str) -> Response:
    """The workbook that one version was made from."""
    return source_answer(here.form, version_of(here.form, version), kind)


@nouns.view(f"GET {VERSION}/fields", "form.read", answer=FormFieldBody(many=True))
@told(FIELDS)
def list_version_fields(here: Here, version: str) -> list[dict[str, object]]:
    """The fields of one version with their types."""
    return fields_of(version_of(here.form, version))


@nouns.view(f"GET {VERSION}/attachments", "form.read", answer=FormFileBody(many=True))
def list_version_files(here: Here, version: str) -> list[dict[str, Any]]:
    """The files that one version expects."""
    expected = list_form_attachments(current_session(), version_of(here.form, version).id)
    return [form_file_body(each) for each in expected]


@nouns.view(f"GET {VERSION}/attachments/<segment:name>", "form.read")
@told(GIVES_FILE)
def get_version_file(here: Here, version: str, name: str) -> Response:
    """A file of one version."""
    return file_answer(here, version_of(here.form, version), name)


def version_of(form: FormView, said: str) -> VersionView:
    """The published version that a path names. Raises VersionUnknown."""
    text = "" if said == BLANK_VERSION else said
    found = find_version(current_session(), form.id, text)
    if found is None:
        raise VersionUnknown("form.version_unknown", version=text, form=form.xml_form_id)
    return found
