"""Projects."""

from __future__ import annotations

from typing import Any

from server.domain.errors import Missing
from server.domain.roles import Place
from server.services.arrange import FormPlan, Plan, arrange
from server.services.authenticate import Caller
from server.services.projects import ProjectChange, change_project, create_project, delete_project
from server.storage.form_counts import ProjectSight, count_projects
from server.storage.forms import FormView, list_forms_of
from server.storage.projects import ProjectView, list_projects
from server.web.api.forms import form_bodies, is_seen
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.forms import (
    NewProjectBody,
    ProjectBody,
    ProjectChangeBody,
    ProjectPlanBody,
    project_body,
)
from server.web.context import current_session, find_caller, flag, is_extended, now
from server.web.paths import LARGEST_ID
from server.web.wire import EXTENDED, SWITCH, Parameter, Wire, told

nouns = Nouns("projects", "Projects: forms, people and rounds that belong together")
FORMS = Parameter("forms", "`true`: each with its forms.", SWITCH, True)
DATASETS = Parameter("datasets", "`true`: each with its entity lists, of which there are none here.", SWITCH, True)


@nouns.public("GET /projects", answer=ProjectBody(many=True))
@told(Wire(reads=(FORMS, DATASETS, EXTENDED), refuses=(401, 403, 429)))
def list_own_projects() -> list[dict[str, Any]]:
    """The projects that the caller sees; none is no error, also for who is not signed in. `forms=true`: each with its
    forms (`formList`)."""
    caller = find_caller()
    if caller is None:
        return []
    here = Here(caller)
    projects = [each for each in list_projects(current_session()) if here.caller.may("project.read", each.id)]
    bodies = _bodies(here, projects)
    if flag("forms"):
        kept: dict[int, list[FormView]] = {each.id: [] for each in projects}
        for form in list_forms_of(current_session(), list(kept)):
            if is_seen(here.caller, form):
                kept[form.project_id].append(form)
        every = iter(form_bodies(here.caller, [form for forms in kept.values() for form in forms], extended=True))
        for project, body in zip(projects, bodies, strict=True):
            body["form_list"] = [next(every) for _ in kept[project.id]]
    if flag("datasets"):
        for body in bodies:
            body["dataset_list"] = []
    return bodies


@nouns.view("POST /projects", "project.create", body=NewProjectBody, answer=ProjectBody())
def add_project(here: Here, body: dict[str, Any]) -> ProjectView:
    """Adds a project."""
    return create_project(current_session(), here.caller, ProjectChange(body["name"], body["description"]), now())


@nouns.view("GET /projects/<int:project_id>", "project.read", answer=ProjectBody())
@told(Wire(reads=(EXTENDED,)))
def get_project(here: Here) -> dict[str, Any]:
    """One project. `X-Extended-Metadata` adds its numbers, of what the caller sees there, and what he or she may
    do."""
    return _bodies(here, [here.project])[0]


@nouns.view("PATCH /projects/<int:project_id>", "project.update", body=ProjectChangeBody, answer=ProjectBody())
def patch_project(here: Here, body: dict[str, Any]) -> ProjectView:
    """Renames a project, describes it, puts it among the archived ones: those stay as they are and work on."""
    if "description" in body:
        body["description"] = body["description"] or ""
    return change_project(current_session(), here.caller, here.project.id, ProjectChange(**body), now())


@nouns.view("PUT /projects/<int:project_id>", "project.update", body=ProjectPlanBody, answer=ProjectBody())
@told(Wire(refuses=(501,)))
def put_project(here: Here, body: dict[str, Any]) -> ProjectView:
    """Makes a whole project what the body says, all of it or nothing: name, description, whether it is archived, and
    when there are `forms`, of every form its state and who has which role on it. Forms are neither added nor left out
    (501.2)."""
    project = ProjectChange(body["name"], body["description"], body["archived"])
    forms = None if body["forms"] is None else [_form_plan(each) for each in body["forms"]]
    return arrange(current_session(), here.caller, here.project.id, Plan(project, forms), now())


@nouns.view("DELETE /projects/<int:project_id>", "project.delete", answer=Success())
def remove_project(here: Here) -> dict[str, bool]:
    """Puts a project away: nobody finds it any more, phones get nothing from it. As in ODK Central nothing brings it
    back but the database, where all of it stays."""
    delete_project(current_session(), here.caller, here.project.id, now())
    return SUCCESS


def _form_plan(body: dict[str, Any]) -> FormPlan:
    wanted = body["assignments"]
    for each in wanted or ():
        for field in ("actor_id", "role_id"):
            if each[field] is None:
                name = "assignment actorId" if field == "actor_id" else "assignment roleId"
                raise Missing("project.assignment_missing", field=name)
    # a number that no row can have is looked for all the same, and not found
    pairs = None if wanted is None else frozenset((each["role_id"], _bounded(each["actor_id"])) for each in wanted)
    return FormPlan(body["xml_form_id"] or "", body["state"], pairs)


def _bounded(number: int) -> int:
    return max(-1, min(number, LARGEST_ID))


def _bodies(here: Here, projects: list[ProjectView]) -> list[dict[str, Any]]:
    if not is_extended():
        return [project_body(each) for each in projects]
    counts = count_projects(current_session(), {each.id: _sight(here.caller, each.id) for each in projects})
    return [
        project_body(each, counts.get(each.id)) | {"verbs": sorted(here.caller.verbs_in(Place(each.id)))}
        for each in projects
    ]


def _sight(caller: Caller, project_id: int) -> ProjectSight:
    return ProjectSight(
        caller.scope("submission.list", project_id),
        caller.reach("field_key.list", project_id),
        caller.forms("form.list", project_id),
        caller.forms("open_form.list", project_id),
    )
