"""App users: who holds a phone's key. What each may fill: assignments.py."""

from __future__ import annotations

from typing import Any

from flask import request

from server.services.keys import release_phone, renew_key, revoke_key
from server.services.people import (
    NewAppUser,
    create_app_user,
    delete_app_user,
    get_app_user,
    list_app_users,
    place_of,
)
from server.storage.actors import AppUserView
from server.storage.audits import Where
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import AppUserBody, NewAppUserBody
from server.web.context import current_home, current_session, now
from server.web.exports import tell_export
from server.web.wire import Parameter, Wire, told

nouns = Nouns("app_users", "Phones' key holders")

APP_USERS = "/projects/<int:project_id>/app-users"
PHONE = Parameter("deviceID", "The phone that the key is pinned to instead, one that was seen with this key.")


@nouns.view(f"GET {APP_USERS}", "field_key.list", answer=AppUserBody(many=True))
def list_key_holders(here: Here) -> list[AppUserView]:
    """All key holders of a project, newest first; `token` is null once it was revoked."""
    found = list_app_users(current_session(), current_home(), here.caller, here.project.id)
    told = {"keys": sum(each.token is not None for each in found)}
    tell_export(here.caller, "field_key.list", f"project:{here.project.id}", Where(here.project.id), **told)
    return found


@nouns.view(f"POST {APP_USERS}", "field_key.create", body=NewAppUserBody, answer=AppUserBody())
def add_key_holder(here: Here, body: dict[str, Any]) -> AppUserView:
    """Adds a key holder, who may fill no form until one is assigned."""
    new = NewAppUser(here.project.id, body["display_name"])
    return create_app_user(current_session(), current_home(), here.caller, new, now())


@nouns.view(f"GET {APP_USERS}/<int:actor_id>", "field_key.list", answer=AppUserBody())
def get_key_holder(here: Here, actor_id: int) -> AppUserView:
    """One key holder."""
    found = get_app_user(current_session(), current_home(), here.caller, here.project.id, actor_id)
    if found.token is not None:
        where = place_of(current_session(), here.project.id, actor_id, here.caller.on)
        tell_export(here.caller, "field_key.show", f"actor:{actor_id}", where)
    return found


@nouns.view(f"DELETE {APP_USERS}/<int:actor_id>", "field_key.delete", answer=Success())
def remove_key_holder(here: Here, actor_id: int) -> dict[str, bool]:
    """Takes a key holder away; what he or she sent stays."""
    delete_app_user(current_session(), here.caller, here.project.id, actor_id, now())
    return SUCCESS


@nouns.view(f"POST {APP_USERS}/<int:actor_id>/key", "field_key.update", answer=AppUserBody())
def renew_holders_key(here: Here, actor_id: int) -> AppUserView:
    """Another key in place of the one there is, which ends at once. The phone that uses the new one first is its
    phone."""
    return renew_key(current_session(), current_home(), here.caller, (here.project.id, actor_id), now())


@nouns.view(f"DELETE {APP_USERS}/<int:actor_id>/key", "session.end", answer=Success())
def end_holders_key(here: Here, actor_id: int) -> dict[str, bool]:
    """Ends the key: its phone is refused from now on, what was sent stays."""
    revoke_key(current_session(), here.caller, (here.project.id, actor_id), now())
    return SUCCESS


@nouns.view(f"DELETE {APP_USERS}/<int:actor_id>/phone", "field_key.update", answer=AppUserBody())
@told(Wire(reads=(PHONE,)))
def release_holders_phone(here: Here, actor_id: int) -> AppUserView:
    """Lets the phone go that the key is pinned to: the next that comes is its phone, or the one that is named."""
    device = request.args.get("deviceID") or None
    which = (here.project.id, actor_id, device)
    return release_phone(current_session(), current_home(), here.caller, which, now())
