"""The forms of a project: a list, and a page for each with its draft, files, versions and state. What is done to a
draft stands in drafts.py."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, NotFound
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.draft_links import link_of
from server.services.publish import STATES, change_state, delete_form, gone_fields, restore_form
from server.services.qr import DRAFT_INK, draw_svg
from server.services.remove import KEPT
from server.storage.forms import (
    BLANK_VERSION,
    FormAttachmentView,
    FormView,
    VersionView,
    find_form,
    list_deleted_forms,
    list_form_attachments,
    list_forms,
    list_versions,
)
from server.storage.projects import ProjectView
from server.web.api.checks import problems_of
from server.web.api.forms import form_bodies
from server.web.context import current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of
from server.web.phone_settings import PhoneSettings, draft_settings, is_reachable

Answer = Response | str | tuple[str, int]
Problems = Sequence[Mapping[str, object]]
"""What is wrong with a form that was sent, each as `problem_body` says it."""

ENDINGS = (".xlsx", ".xls", ".xml", ".md", ".csv")
DONE = frozenset({"drafted", "published", "dropped", "state", "filed", "unfiled", "linked", "restored"})
"""What has just been done, as the address of the page says it: `?done=published`."""
_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(frozen=True)
class Row:
    """A form in the list: how much was sent, how much of it waits for somebody, when the last came."""

    form: FormView
    submissions: int
    waiting: int
    last: datetime | None


@dataclass(frozen=True)
class Draft:
    """A draft as its page shows it. `gone`: questions of the published version that it does not ask any more. `taken`:
    its version was published before. `settings`: None when the link cannot be shown any more."""

    version: VersionView
    files: list[FormAttachmentView]
    warnings: list[dict[str, Any]]
    advice: list[dict[str, Any]]
    gone: list[str]
    taken: bool
    suggested: str
    settings: PhoneSettings | None
    picture: Markup | None

    @property
    def missing(self) -> list[FormAttachmentView]:
        """The files that a phone would not get."""
        return [each for each in self.files if not each.exists]


@blueprint.get("/projects/<int:project_id>/forms")
def forms(project_id: int) -> str:
    """The forms of a project, and for who may bring them back the deleted ones."""
    caller = desk_caller()
    return show_forms(caller, project_of(caller, project_id))


@blueprint.get("/projects/<int:project_id>/forms/<segment:form_id>")
def one_form(project_id: int, form_id: str) -> str:
    """One form."""
    return show_form(*form_of(project_id, form_id))


@blueprint.post("/projects/<int:project_id>/forms/<segment:form_id>/state")
def set_form_state(project_id: int, form_id: str) -> Answer:
    """Opens the form, lets it run out or closes it."""
    caller, _, form = form_of(project_id, form_id)
    change_state(current_session(), caller, form, request.form.get("state", ""), now())
    return back_to(form, "state")


@blueprint.post("/projects/<int:project_id>/forms/<segment:form_id>/delete")
def end_form(project_id: int, form_id: str) -> Answer:
    """Puts the form away; the list says until when it can be brought back."""
    caller, _, form = form_of(project_id, form_id)
    delete_form(current_session(), caller, form, now())
    return redirect(url_for("desk.forms", project_id=project_id), 303)


@blueprint.post("/projects/<int:project_id>/forms/restored")
def bring_form_back(project_id: int) -> Answer:
    """Brings a deleted form back."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    number = request.form.get("form", "")
    try:
        if not number.isascii() or not number.isdecimal():
            raise NotFound("form.unknown", form=number)
        form = restore_form(current_session(), caller, project_id, int(number[:9]), now())
    except DomainError as error:
        refusal = refusal_of(error)
        return show_forms(caller, project, refusal.message), refusal.status
    return back_to(form, "restored")


def form_of(project_id: int, form_id: str) -> tuple[Caller, ProjectView, FormView]:
    """Who asks, the project and the form. Raises NotFound, Forbidden."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    form = find_form(current_session(), project_id, form_id)
    if form is None:
        raise NotFound("form.unknown", form=form_id)
    caller.require("form.read", project_id, form.id)
    return caller, project, form


def back_to(form: FormView, done: str) -> Response:
    """To the page of the form, which says what was done."""
    return redirect(url_for("desk.one_form", project_id=form.project_id, form_id=form.xml_form_id, done=done), 303)


def show_forms(caller: Caller, project: ProjectView, error: str | None = None, problems: Problems = ()) -> str:
    """The list, with what went wrong when something was to be done there."""
    caller.require("form.list", project.id)
    session = current_session()
    every = [form for form in list_forms(session, project.id) if caller.may("form.list", project.id, form.id)]
    gone = [
        (form, form.deleted_at + KEPT)
        for form in list_deleted_forms(session, project.id)
        if form.deleted_at is not None and caller.may("form.restore", project.id, form.id)
    ]
    return show_page(
        "forms.html",
        caller=caller,
        project=project,
        rows=[_row(form, body) for form, body in zip(every, form_bodies(caller, every, extended=True), strict=True)],
        gone=gone,
        may_add=caller.may("form.create", project.id),
        endings=",".join(ENDINGS),
        error=error,
        problems=problems,
    )


def show_form(caller: Caller, project: ProjectView, form: FormView, **values: Any) -> str:
    """The page of a form, with what went wrong when something was to be done there."""
    session = current_session()
    versions = list_versions(session, form.id)
    (numbers,) = form_bodies(caller, [form], extended=True)
    may_change = caller.may("form.update", form.project_id, form.id)
    definition = definition_of(session, form.shown.sha256)
    done = request.args.get("done")
    shown: dict[str, Any] = {
        "form": form,
        "versions": versions,
        "blank": BLANK_VERSION,
        "row": _row(form, numbers),
        "files": list_form_attachments(session, form.current.id) if form.current else [],
        "draft": _draft(form, versions, may_change) if form.draft else None,
        "lists": sorted({each.dataset for each in definition.entities}),
        "states": STATES,
        "kept_days": KEPT.days,
        "may_change": may_change,
        "may_delete": caller.may("form.delete", form.project_id, form.id),
        "reachable": is_reachable(),
        "endings": ",".join(ENDINGS),
        "done": done if done in DONE and request.method == "GET" else None,
        "error": None,
        "problems": (),
    }
    return show_page("form.html", caller=caller, project=project, **shown | values)


def _row(form: FormView, body: dict[str, Any]) -> Row:
    last = body["lastSubmission"]
    return Row(
        form, body["submissions"], sum(body["reviewStates"].values()), datetime.fromisoformat(last) if last else None
    )


def _draft(form: FormView, versions: list[VersionView], may_change: bool) -> Draft | None:
    version = form.draft
    if version is None:
        return None
    session = current_session()
    said = problems_of(version)
    token = link_of(current_home(), version) if may_change else None
    settings = draft_settings(form, token) if token else None
    published = {each.version for each in versions}
    gone = []
    if form.current is not None:
        gone = gone_fields(definition_of(session, form.current.sha256), definition_of(session, version.sha256))
    return Draft(
        version=version,
        files=list_form_attachments(session, version.id),
        warnings=[each for each in said if each["severity"] == "warning"],
        advice=[each for each in said if each["severity"] == "advice"],
        gone=gone,
        taken=version.version in published,
        suggested=_suggest(version.version, published),
        settings=settings,
        # drawn by ourselves from text of ours
        picture=Markup(draw_svg(settings.text, DRAFT_INK)) if settings else None,  # noqa: S704
    )


def _suggest(version: str, published: set[str]) -> str:
    """The version, or where it was published before the next that was not, counted up at its last number."""
    while version in published:
        counted = _LAST_NUMBER.sub(lambda found: str(int(found[1]) + 1).zfill(len(found[1])), version)
        version = counted if counted != version else f"{version}-2".removeprefix("-")
    return version
