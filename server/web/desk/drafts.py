"""What is done to the draft of a form: uploaded, given its files, tried, published, thrown away.

A form that is uploaded here becomes a draft with its warnings; no phone gets a draft. The page shows the warnings, and
they are agreed to where it is published.
"""

from __future__ import annotations

from pathlib import PurePath

from flask import request
from werkzeug.datastructures import FileStorage

from forms.errors import ConversionError, DefinitionError, FormsError
from forms.places import problems_of as problems_in
from server.domain.errors import DomainError, Invalid, Missing
from server.services.attach import attach_to_draft, detach_from_draft
from server.services.draft_links import renew_link
from server.services.publish import NewDraft, NewForm, Source, create_form, delete_draft, make_draft, publish
from server.web.api.bodies import lay_down
from server.web.context import current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.forms import ENDINGS, Answer, back_to, form_of, show_form, show_forms
from server.web.desk.pages import desk_caller, project_of
from server.web.errors import refusal_of, say
from server.web.problems import problem_body

FORM = "/projects/<int:project_id>/forms/<segment:form_id>"


@blueprint.post("/projects/<int:project_id>/forms")
def upload_form(project_id: int) -> Answer:
    """Makes a form from a file: a draft, whose page then shows what is to be said of it."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    try:
        new = NewForm(project_id, _source())
        form = create_form(current_session(), current_home(), caller, new, now())
    except (DomainError, FormsError) as error:
        refusal = refusal_of(error)
        return show_forms(caller, project, refusal.message, problems=_problems(error)), refusal.status
    return back_to(form, "drafted")


@blueprint.post(f"{FORM}/draft")
def upload_draft(project_id: int, form_id: str) -> Answer:
    """Gives the form a draft, in place of the one there is: from a file, or a copy of what is published."""
    caller, project, form = form_of(project_id, form_id)
    try:
        source = None if request.form.get("copy") else _source(form.xml_form_id)
        make_draft(current_session(), current_home(), caller, NewDraft(form, source), now())
    except (DomainError, FormsError) as error:
        refusal = refusal_of(error)
        page = show_form(caller, project, form, error=refusal.message, problems=_problems(error))
        return page, refusal.status
    return back_to(form, "drafted")


@blueprint.post(f"{FORM}/draft/files")
def upload_file(project_id: int, form_id: str) -> Answer:
    """Puts a file that the draft expects in its place."""
    caller, project, form = form_of(project_id, form_id)
    try:
        given = _given()
        name = request.form.get("name") or PurePath(given.filename or "").name
        with lay_down(name, given.mimetype, given.stream) as part:
            attach_to_draft(current_session(), current_home(), caller, form, (part, now()))
    except DomainError as error:
        refusal = refusal_of(error)
        return show_form(caller, project, form, error=refusal.message), refusal.status
    return back_to(form, "filed")


@blueprint.post(f"{FORM}/draft/files/remove")
def remove_file(project_id: int, form_id: str) -> Answer:
    """Takes a file of the draft away."""
    caller, _, form = form_of(project_id, form_id)
    detach_from_draft(current_session(), caller, form, request.form.get("name", ""), now())
    return back_to(form, "unfiled")


@blueprint.post(f"{FORM}/draft/link")
def make_another_link(project_id: int, form_id: str) -> Answer:
    """Gives the draft another test link; the one before ends."""
    caller, _, form = form_of(project_id, form_id)
    renew_link(current_session(), current_home(), caller, form, now())
    return back_to(form, "linked")


@blueprint.post(f"{FORM}/draft/publish")
def publish_form(project_id: int, form_id: str) -> Answer:
    """Makes the draft what phones get, under the version that was written."""
    caller, project, form = form_of(project_id, form_id)
    version = request.form.get("version", "").strip()
    try:
        publish(current_session(), caller, form, version or None, now())
    except (DomainError, FormsError) as error:
        refusal = refusal_of(error)
        page = show_form(caller, project, form, error=refusal.message, problems=_problems(error))
        return page, refusal.status
    return back_to(form, "published")


@blueprint.post(f"{FORM}/draft/drop")
def drop_draft(project_id: int, form_id: str) -> Answer:
    """Throws the draft away."""
    caller, _, form = form_of(project_id, form_id)
    delete_draft(current_session(), caller, form, now())
    return back_to(form, "dropped")


def _given() -> FileStorage:
    given = request.files.get("file")
    if given is None or not given.filename:
        raise Missing("desk.no_file")
    return given


def _source(fallback: str | None = None) -> Source:
    """The file as a source of a form: what it is is told by how its name ends. Raises Missing, Invalid."""
    given = _given()
    name = PurePath(given.filename or "")
    if name.suffix.lower() not in ENDINGS:
        raise Invalid("desk.ending", name=name.name, allowed=", ".join(ENDINGS))
    return Source(given.stream.read(), name.suffix.lower().removeprefix("."), fallback or name.stem, True)


def _problems(error: DomainError | FormsError) -> list[dict[str, object]]:
    if isinstance(error, ConversionError):
        return [problem_body(each, say) for each in error.problems]
    if isinstance(error, DefinitionError):
        return [problem_body(each, say) for each in problems_in(error.errors, None)]
    return []
