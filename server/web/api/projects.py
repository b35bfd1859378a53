"""Projects."""

from __future__ import annotations

from typing import Any

from server.services.projects import ProjectChange, change_project, create_project
from server.storage.projects import ProjectView, list_projects
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.forms import NewProjectBody, ProjectBody, ProjectChangeBody
from server.web.context import current_session, now

nouns = Nouns("projects", "Projects: forms, people and rounds that belong together")


@nouns.view("GET /projects", SIGNED_IN, answer=ProjectBody(many=True))
def list_own_projects(here: Here) -> list[ProjectView]:
    """The projects that the caller sees; none is no error."""
    return [each for each in list_projects(current_session()) if here.caller.may("project.read", each.id)]


@nouns.view("POST /projects", "project.create", body=NewProjectBody, answer=ProjectBody())
def add_project(here: Here, body: dict[str, Any]) -> ProjectView:
    """Adds a project."""
    return create_project(current_session(), here.caller, ProjectChange(body["name"], body["description"]), now())


@nouns.view("GET /projects/<int:project_id>", "project.read", answer=ProjectBody())
def get_project(here: Here) -> ProjectView:
    """One project."""
    return here.project


@nouns.view("PATCH /projects/<int:project_id>", "project.update", body=ProjectChangeBody, answer=ProjectBody())
def patch_project(here: Here, body: dict[str, Any]) -> ProjectView:
    """Renames a project, describes it, puts it away."""
    return change_project(current_session(), here.caller, here.project.id, ProjectChange(**body), now())
