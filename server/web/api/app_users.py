"""App users: who holds a phone's key. What each may fill: assignments.py."""

from __future__ import annotations

from typing import Any

from server.services.people import (
    NewAppUser,
    create_app_user,
    delete_app_user,
    get_app_user,
    list_app_users,
)
from server.storage.actors import AppUserView
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import AppUserBody, NewAppUserBody
from server.web.context import current_home, current_session, now

nouns = Nouns("app_users", "Phones' key holders")

APP_USERS = "/projects/<int:project_id>/app-users"


@nouns.view(f"GET {APP_USERS}", "field_key.list", answer=AppUserBody(many=True))
def list_key_holders(here: Here) -> list[AppUserView]:
    """All key holders of a project, newest first; `token` is null once it was revoked."""
    return list_app_users(current_session(), current_home(), here.caller, here.project.id)


@nouns.view(f"POST {APP_USERS}", "field_key.create", body=NewAppUserBody, answer=AppUserBody())
def add_key_holder(here: Here, body: dict[str, Any]) -> AppUserView:
    """Adds a key holder, who may fill no form until one is assigned."""
    new = NewAppUser(here.project.id, body["display_name"])
    return create_app_user(current_session(), current_home(), here.caller, new, now())


@nouns.view(f"GET {APP_USERS}/<int:actor_id>", "field_key.list", answer=AppUserBody())
def get_key_holder(here: Here, actor_id: int) -> AppUserView:
    """One key holder."""
    return get_app_user(current_session(), current_home(), here.caller, here.project.id, actor_id)


@nouns.view(f"DELETE {APP_USERS}/<int:actor_id>", "field_key.delete", answer=Success())
def remove_key_holder(here: Here, actor_id: int) -> dict[str, bool]:
    """Takes a key holder away; what he or she sent stays."""
    delete_app_user(current_session(), here.caller, here.project.id, actor_id, now())
    return SUCCESS
