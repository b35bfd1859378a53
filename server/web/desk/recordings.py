"""Recordings of a form's questions: which have one in which language, to be heard, added and taken away."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from forms.errors import FormsError
from forms.spoken import LANGUAGES, MARK
from server.domain.errors import DomainError, NotFound
from server.services.authenticate import Caller
from server.services.speak import MOST_BYTES, TYPES, Spoken, list_speakables, speak, unsay
from server.storage.forms import FormView, find_form_attachment
from server.storage.projects import ProjectView
from server.web.answers import answer_file
from server.web.context import current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.forms import form_of
from server.web.desk.pages import show_page
from server.web.desk.words import label
from server.web.errors import refusal_of

PAGE = "/projects/<int:project_id>/forms/<segment:form_id>/recordings"
Answer = Response | str | tuple[str, int]


@blueprint.get(PAGE)
def form_recordings(project_id: int, form_id: str) -> str:
    """The questions with their recordings."""
    return _show(*form_of(project_id, form_id))


@blueprint.post(PAGE)
def add_recording(project_id: int, form_id: str) -> Answer:
    """Puts the file to a question (`question`, its path) in a language (`language`)."""
    caller, project, form = form_of(project_id, form_id)
    given = request.files.get("file")
    content = given.stream.read(MOST_BYTES + 1) if given is not None else b""
    said = Spoken(form, request.form.get("question", ""), request.form.get("language", ""), content)
    try:
        speak(current_session(), current_home(), caller, said, now())
    except (DomainError, FormsError) as error:
        refusal = refusal_of(error)
        return _show(caller, project, form, refusal.message), refusal.status
    return _back(form, "added")


@blueprint.post(f"{PAGE}/removed")
def remove_recording(project_id: int, form_id: str) -> Answer:
    """Takes the recording of a question in a language away."""
    caller, project, form = form_of(project_id, form_id)
    which = Spoken(form, request.form.get("question", ""), request.form.get("language", ""))
    try:
        unsay(current_session(), current_home(), caller, which, now())
    except (DomainError, FormsError) as error:
        refusal = refusal_of(error)
        return _show(caller, project, form, refusal.message), refusal.status
    return _back(form, "removed")


@blueprint.get(f"{PAGE}/<name>")
def hear_recording(project_id: int, form_id: str, name: str) -> Response:
    """One recording, to be heard."""
    _, _, form = form_of(project_id, form_id)
    kept = form.draft or form.current
    file = find_form_attachment(current_session(), kept.id, name) if kept else None
    if file is None or file.sha256 is None or not name.startswith(MARK):
        raise NotFound("http.not_found")
    try:
        stream = current_home().blobs.open(file.sha256)
    except FileNotFoundError as error:
        raise NotFound("http.not_found") from error
    return answer_file(stream, file.name, file.content_type or "application/octet-stream", file.sha256)


def _show(caller: Caller, project: ProjectView, form: FormView, error: str | None = None) -> str:
    questions = list_speakables(current_session(), form)
    return show_page(
        "recordings.html",
        caller=caller,
        project=project,
        form=form,
        questions=questions,
        spoken=sum(1 for each in questions if each.recordings),
        tongues=LANGUAGES,
        label=label,
        endings=", ".join(f".{ending}" for ending in TYPES),
        may_change=caller.may("form.update", project.id, form.id),
        chosen=request.values.get("language", "tyz"),
        done=request.args.get("done", ""),
        error=error,
        spot={"project_id": project.id, "form_id": form.xml_form_id},
    )


def _back(form: FormView, done: str) -> Response:
    language = request.form.get("language", "")
    where = url_for(
        "desk.form_recordings", project_id=form.project_id, form_id=form.xml_form_id, language=language, done=done
    )
    return redirect(where, 303)
