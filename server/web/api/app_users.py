"""App users: who holds a phone's key, and what each may fill."""

from __future__ import annotations

from typing import Any

from server.domain.errors import NotFound
from server.domain.roles import find_role
from server.services.people import (
    NewAppUser,
    create_app_user,
    delete_app_user,
    get_app_user,
    grant_role,
    list_app_users,
    revoke_role,
)
from server.storage.actors import AppUserView, GrantView
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import AppUserBody, NewAppUserBody
from server.web.context import current_home, current_session, now

nouns = Nouns("app_users", "Phones' key holders, and roles granted to people and phones")

APP_USERS = "/projects/<int:project_id>/app-users"
ON_SITE = "/assignments/<role>/<int:actor_id>"
ON_PROJECT = "/projects/<int:project_id>/assignments/<role>/<int:actor_id>"
ON_FORM = "/projects/<int:project_id>/forms/<segment:form_id>/assignments/<role>/<int:actor_id>"


@nouns.view(f"GET {APP_USERS}", "field_key.list", answer=AppUserBody(many=True))
def list_key_holders(here: Here) -> list[AppUserView]:
    """All key holders of a project, newest first; `token` is null once it was revoked."""
    return list_app_users(current_session(), current_home(), here.project.id)


@nouns.view(f"POST {APP_USERS}", "field_key.create", body=NewAppUserBody, answer=AppUserBody())
def add_key_holder(here: Here, body: dict[str, Any]) -> AppUserView:
    """Adds a key holder, who may fill no form until one is assigned."""
    new = NewAppUser(here.project.id, body["display_name"])
    return create_app_user(current_session(), current_home(), here.caller, new, now())


@nouns.view(f"GET {APP_USERS}/<int:actor_id>", "field_key.list", answer=AppUserBody())
def get_key_holder(here: Here, actor_id: int) -> AppUserView:
    """One key holder."""
    return get_app_user(current_session(), current_home(), here.project.id, actor_id)


@nouns.view(f"DELETE {APP_USERS}/<int:actor_id>", "field_key.delete", answer=Success())
def remove_key_holder(here: Here, actor_id: int) -> dict[str, bool]:
    """Takes a key holder away; what he or she sent stays."""
    delete_app_user(current_session(), here.caller, here.project.id, actor_id, now())
    return SUCCESS


@nouns.view(f"POST {ON_SITE}", "assignment.create", answer=Success())
def assign_on_site(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Grants a role everywhere."""
    return _assign(here, role, actor_id)


@nouns.view(f"DELETE {ON_SITE}", "assignment.delete", answer=Success())
def unassign_on_site(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Takes a role everywhere away."""
    return _unassign(here, role, actor_id)


@nouns.view(f"POST {ON_PROJECT}", "assignment.create", answer=Success())
def assign_on_project(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Grants a role in a project."""
    return _assign(here, role, actor_id)


@nouns.view(f"DELETE {ON_PROJECT}", "assignment.delete", answer=Success())
def unassign_on_project(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Takes a role in a project away."""
    return _unassign(here, role, actor_id)


@nouns.view(f"POST {ON_FORM}", "assignment.create", answer=Success())
def assign_on_form(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Grants a role on one form: role 2 lets an app user fill it."""
    return _assign(here, role, actor_id)


@nouns.view(f"DELETE {ON_FORM}", "assignment.delete", answer=Success())
def unassign_on_form(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Takes a role on one form away."""
    return _unassign(here, role, actor_id)


def _assign(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    grant_role(current_session(), here.caller, actor_id, _grant(here, role), now())
    return SUCCESS


def _unassign(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    revoke_role(current_session(), here.caller, actor_id, _grant(here, role), now())
    return SUCCESS


def _grant(here: Here, key: str) -> GrantView:
    role = find_role(key)
    if role is None:
        raise NotFound("people.unknown_role", role=key)
    project, form = here.found_project, here.found_form
    scope = "form" if form else "project" if project else "site"
    project_id, form_id = (project.id if project else None), (form.id if form else None)
    return GrantView(role.system, scope, project_id, form_id, None, None, None)
