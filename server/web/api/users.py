"""People who sign in, and the roles there are."""

from __future__ import annotations

from typing import Any

from flask import request

from server.domain.errors import NotFound
from server.domain.roles import ROLES, Place, Role, find_role
from server.services.people import NewUser, create_user
from server.storage.actors import UserView, find_user, list_users
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.people import CurrentUser, NewUserBody, RoleBody, UserBody
from server.web.context import current_session, now

nouns = Nouns("users", "People who sign in, and what roles there are")


@nouns.view("GET /users/current", SIGNED_IN, answer=CurrentUser())
def get_current_user(here: Here) -> dict[str, Any]:
    """Who asks."""
    caller = here.caller
    user = find_user(current_session(), caller.actor_id)
    return {
        "id": caller.actor_id,
        "type": caller.kind,
        "name": caller.name,
        "email": user.email if user else None,
        "locale": caller.locale,
        "created_at": user.created_at if user else None,
        "updated_at": user.updated_at if user else None,
        "verbs": sorted(caller.verbs_in(Place())),
    }


@nouns.view("GET /users", "user.list", answer=UserBody(many=True))
def list_people(here: Here) -> list[UserView]:
    """All who sign in; `q` narrows to a part of the name or e-mail."""
    return list_users(current_session(), request.args.get("q", ""))


@nouns.view("POST /users", "user.create", body=NewUserBody, answer=UserBody())
def add_person(here: Here, body: dict[str, Any]) -> UserView:
    """Adds a person who signs in."""
    new = NewUser(body["email"], body["password"], body["display_name"])
    return create_user(current_session(), here.caller, new, now())


@nouns.view("GET /users/<int:user_id>", "user.read", answer=UserBody())
def get_person(here: Here, user_id: int) -> UserView:
    """One person."""
    found = find_user(current_session(), user_id)
    if found is None:
        raise NotFound("people.unknown", value=user_id)
    return found


@nouns.public("GET /roles", answer=RoleBody(many=True))
def list_roles() -> list[Role]:
    """The roles there are."""
    return list(ROLES)


@nouns.public("GET /roles/<role>", answer=RoleBody())
def get_role(role: str) -> Role:
    """A role by number or name."""
    found = find_role(role)
    if found is None:
        raise NotFound("people.unknown_role", role=role)
    return found
