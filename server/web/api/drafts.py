"""Drafts of forms: made, given their files, published, thrown away."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from server.services.attach import attach_to_draft, detach_from_draft, link_list
from server.services.definitions import definition_of
from server.services.draft_links import renew_link
from server.services.publish import NewDraft, delete_draft, get_form, make_draft, publish
from server.services.rehearse import NewVersion, rehearse
from server.storage.forms import list_form_attachments
from server.web.api.bodies import read_part
from server.web.api.forms import (
    FIELDS,
    FORM,
    SOURCE,
    draft_body,
    draft_of,
    fields_of,
    file_answer,
    read_source,
    source_answer,
    xml_answer,
)
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.forms import FormBody, FormFieldBody, FormFileBody, ListLinkBody, form_file_body
from server.web.api.schemas.rehearsals import RehearsalBody, rehearsal_body
from server.web.context import current_home, current_session, now, whole
from server.web.wire import GIVES_FILE, GIVES_XML, LIMIT, TAKES_FILE, Parameter, Wire, told

nouns = Nouns("drafts", "Drafts of forms")

DRAFT = f"{FORM}/draft"
FILE = f"{DRAFT}/attachments/<segment:name>"
REHEARSED, MOST_REHEARSED = 1000, 5000
"""Submissions that a draft is tried on, if nothing is said and at most; `thonban forms rehearse` looks at all."""
VERSION = Parameter("version", "The version it is given first.", example="2")


@nouns.view(f"POST {DRAFT}", "form.update", answer=Success())
@told(Wire(reads=SOURCE.reads, takes=SOURCE.takes, needs_body=False))
def set_draft(here: Here) -> dict[str, bool]:
    """Gives a form a draft: from the body, or a copy of what is published when the body is empty."""
    empty = not request.content_type and not request.get_data()
    source = None if empty else read_source()
    make_draft(current_session(), current_home(), here.caller, NewDraft(here.form, source), now())
    return SUCCESS


@nouns.view(f"GET {DRAFT}", "form.read", answer=FormBody())
def get_draft(here: Here) -> dict[str, Any]:
    """The draft. Its test token is shown to who may change the form."""
    return draft_body(here.caller, here.form)


@nouns.view(f"POST {DRAFT}/link", "form.update", answer=FormBody())
def make_draft_link(here: Here) -> dict[str, Any]:
    """Gives the draft another test link; the one before ends at once. For a link that got around, or one that cannot be
    shown any more because the secret key of the server was changed. Not in Central."""
    renew_link(current_session(), current_home(), here.caller, here.form, now())
    return draft_body(here.caller, get_form(current_session(), here.form.id))


@nouns.view(f"GET {DRAFT}.xml", "form.read")
@told(GIVES_XML)
def get_draft_xml(here: Here) -> Response:
    """The XForm of the draft."""
    return xml_answer(draft_of(here))


@nouns.view(f"GET {DRAFT}.<any(xlsx, xls, csv, md):kind>", "form.read")
@told(GIVES_FILE)
def get_draft_source(here: Here, kind: str) -> Response:
    """The workbook that the draft was made from."""
    return source_answer(here.form, draft_of(here), kind)


@nouns.view(f"GET {DRAFT}/fields", "form.read", answer=FormFieldBody(many=True))
@told(FIELDS)
def list_draft_fields(here: Here) -> list[dict[str, object]]:
    """The fields of the draft."""
    return fields_of(draft_of(here))


@nouns.view(f"DELETE {DRAFT}", "form.update", answer=Success())
def remove_draft(here: Here) -> dict[str, bool]:
    """Throws the draft away; a form that was never published is deleted instead."""
    delete_draft(current_session(), here.caller, here.form, now())
    return SUCCESS


@nouns.view(f"POST {DRAFT}/publish", "form.update", answer=Success())
@told(Wire(reads=(VERSION,)))
def publish_draft(here: Here) -> dict[str, bool]:
    """Makes the draft what phones get; `version` gives it another version first, unless that is empty."""
    publish(current_session(), here.caller, here.form, request.args.get("version") or None, now())
    return SUCCESS


@nouns.view(f"GET {DRAFT}/rehearsal", "form.read", answer=RehearsalBody())
@told(Wire(reads=(LIMIT,)))
def rehearse_draft(here: Here) -> dict[str, Any]:
    """What the draft would do to what was sent: changes against the published version, answers that lose their place,
    what is newly found. Nothing is written; of what the caller may see, the newest `limit` submissions (1000, at most
    5000) are judged. Not in Central."""
    limit = min(whole("limit") or REHEARSED, MOST_REHEARSED)
    scope = here.caller.scope("submission.read", here.project.id, here.form.id)
    definition = definition_of(current_session(), draft_of(here).sha256)
    new = NewVersion(here.form, definition, scope=scope, limit=limit)
    return rehearsal_body(rehearse(current_session(), current_home(), new, now()))


@nouns.view(f"GET {DRAFT}/attachments", "form.read", answer=FormFileBody(many=True))
def list_draft_files(here: Here) -> list[dict[str, Any]]:
    """The files that the draft expects."""
    return [form_file_body(each) for each in list_form_attachments(current_session(), draft_of(here).id)]


@nouns.view(f"GET {FILE}", "form.read")
@told(GIVES_FILE)
def get_draft_file(here: Here, name: str) -> Response:
    """A file of the draft."""
    return file_answer(here, draft_of(here), name)


@nouns.view(f"POST {FILE}", "form.update", answer=FormFileBody())
@told(TAKES_FILE)
def put_draft_file(here: Here, name: str) -> dict[str, Any]:
    """Uploads a file that the draft expects: the raw body."""
    with read_part(name) as part:
        kept = attach_to_draft(current_session(), current_home(), here.caller, here.form, (part, now()))
    return form_file_body(kept)


@nouns.view(f"PATCH {FILE}", "form.update", body=ListLinkBody, answer=FormFileBody())
def link_draft_list(here: Here, body: dict[str, Any], name: str) -> dict[str, Any]:
    """`dataset: true`: the file is a list that the server makes, where it makes one of that name; what was uploaded
    gives way to it. `false`: neither a file nor a list."""
    change = (here.form, name, bool(body["dataset"]))
    return form_file_body(link_list(current_session(), here.caller, change, now()))


@nouns.view(f"DELETE {FILE}", "form.update", answer=Success())
def remove_draft_file(here: Here, name: str) -> dict[str, bool]:
    """Takes a file of the draft away."""
    detach_from_draft(current_session(), here.caller, here.form, name, now())
    return SUCCESS
