"""People who sign in: who they are, what they change of themselves, and forgotten passwords."""

from __future__ import annotations

from typing import Any

from flask import request

from server.domain.errors import Invalid, Missing, NotSignedIn
from server.domain.resemblance import resemblance
from server.domain.roles import Place
from server.services.people import NewUser, create_user
from server.services.reset import Renewal, ask_reset, hand_link, invalidate, knock_for, reset
from server.services.users import (
    Deed,
    PasswordChange,
    Setting,
    UserChange,
    change_password,
    change_user,
    delete_user,
    forget_preference,
    get_user,
    prefer,
    preferences_of,
)
from server.storage.actors import UserView, find_user_by_email, list_users
from server.web.answers import moment
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import (
    CurrentUser,
    LinkBody,
    NewPasswordBody,
    NewUserBody,
    PasswordBody,
    PreferenceBody,
    ResetBody,
    UserBody,
    UserChangeBody,
)
from server.web.context import (
    current_caller,
    current_home,
    current_live_session,
    current_session,
    flag,
    is_extended,
    network_address,
    now,
    reachable,
)
from server.web.wire import EXTENDED, SWITCH, Parameter, Wire, told

nouns = Nouns("users", "People who sign in")
SITE_PREFERENCE = "/user-preferences/site/<segment:name>"
PROJECT_PREFERENCE = "/user-preferences/project/<int:project_id>/<segment:name>"
Q = Parameter("q", "A name or an e-mail address, or something like it.", example="lan@example.vn")
INVALIDATE = Parameter("invalidate", "`true`: the password ends at once, for who may.", SWITCH, False)


@nouns.view("GET /users", SIGNED_IN, answer=UserBody(many=True))
@told(Wire(reads=(Q,)))
def list_people(here: Here) -> list[UserView]:
    """All who sign in, by e-mail; `q` asks for names and addresses like it, the likest first. Who may not list people
    finds the one whose whole e-mail address is `q`, or nobody."""
    wanted = request.args.get("q", "").strip()
    exact = find_user_by_email(current_session(), wanted) if wanted else None
    if exact is not None:
        return [exact]
    if not here.caller.reach("user.list").everywhere:
        return []
    found = list_users(current_session())
    if not wanted:
        return found
    likeness = {each.id: resemblance(wanted, each.name, each.email) for each in found}
    return sorted((each for each in found if likeness[each.id]), key=lambda each: -likeness[each.id])


@nouns.view("POST /users", "user.create", body=NewUserBody, answer=UserBody())
def add_person(here: Here, body: dict[str, Any]) -> UserView:
    """Adds a person who signs in. Without a password they are sent a link to set one, when the server sends mail; else
    an administrator makes the link."""
    new = NewUser(body["email"], body["password"] or None, body["display_name"] or None)
    return create_user(current_session(), here.caller, new, now(), current_home())


@nouns.view("GET /users/current", SIGNED_IN, answer=CurrentUser())
@told(Wire(reads=(EXTENDED,)))
def get_current_user(here: Here) -> dict[str, Any]:
    """Who asks. With `X-Extended-Metadata: true` also what he or she may do on the whole site, and preferences."""
    user = get_user(current_session(), here.caller, here.caller.actor_id, "user.read")
    answer: dict[str, Any] = {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "locale": user.locale,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
    if is_extended():
        answer["verbs"] = sorted(here.caller.verbs_in(Place()))
        answer["preferences"] = preferences_of(current_session(), user.id)
    return answer


@nouns.view("GET /users/<int:user_id>", SIGNED_IN, answer=UserBody())
def get_person(here: Here, user_id: int) -> UserView:
    """One person: oneself, or anybody for who may read people."""
    return get_user(current_session(), here.caller, user_id, "user.read")


@nouns.view("PATCH /users/<int:user_id>", SIGNED_IN, body=UserChangeBody, answer=UserBody())
def patch_person(here: Here, body: dict[str, Any], user_id: int) -> UserView:
    """Changes name or address of oneself, or of anybody for who may update people."""
    change = UserChange(body.get("email"), body.get("display_name"))
    return change_user(current_session(), current_home(), Deed(here.caller, user_id, now()), change)


@nouns.view("DELETE /users/<int:user_id>", "user.delete", answer=Success())
def remove_person(here: Here, user_id: int) -> dict[str, bool]:
    """Takes a person away: sessions end, what he or she did stays. 409 for the last administrator."""
    delete_user(current_session(), Deed(here.caller, user_id, now()))
    return SUCCESS


@nouns.view("PUT /users/<int:user_id>/password", SIGNED_IN, body=PasswordBody, answer=Success())
def put_password(here: Here, body: dict[str, str], user_id: int) -> dict[str, bool]:
    """Sets another password for who knows the one before. All other sessions of the account end."""
    live = current_live_session()
    change = PasswordChange(body["old"], body["new"], live.id if live else None, network_address())
    change_password(current_session(), current_home(), Deed(here.caller, user_id, now()), change)
    return SUCCESS


@nouns.view("POST /users/<int:user_id>/reset-link", "user.password.invalidate", answer=LinkBody())
def make_reset_link(here: Here, user_id: int) -> dict[str, Any]:
    """A link with which that person sets a password, good once and for a day, to be handed over. Ours, for servers that
    send no mail."""
    link = hand_link(current_session(), current_home(), here.caller, user_id, now())
    return {"url": reachable(link.url), "expiresAt": moment(link.expires_at)}


@nouns.public("POST /users/reset/initiate", body=ResetBody, answer=Success())
@told(Wire(reads=(INVALIDATE,), refuses=(401, 403, 429, 501)))
def initiate_reset(body: dict[str, Any]) -> dict[str, bool]:
    """Sends a link to set a password, if there is an account with this e-mail, which is not said. `invalidate=true`
    takes the password away at once, for who may. 501 on a server that sends no mail."""
    email = body["email"] or ""
    if not email.strip():
        raise Missing("request.field_missing", field="email")
    if flag("invalidate"):
        invalidate(current_session(), current_home(), current_caller(), email, now())
    else:
        ask_reset(current_session(), current_home(), knock_for(email, network_address()), now())
    return SUCCESS


@nouns.public("POST /users/reset/verify", body=NewPasswordBody, answer=Success())
@told(Wire(refuses=(401, 403)))
def verify_reset(body: dict[str, str]) -> dict[str, bool]:
    """Sets the password that the link is for; its token stands in `Authorization: Bearer`, and is good once."""
    given = request.authorization
    if given is None or given.type != "bearer":
        raise NotSignedIn("auth.no_credentials")
    reset(current_session(), current_home(), Renewal(given.token or "", body["new"], network_address()), now())
    return SUCCESS


@nouns.view(f"PUT {SITE_PREFERENCE}", SIGNED_IN, body=PreferenceBody, answer=Success())
def put_site_preference(here: Here, body: dict[str, Any], name: str) -> dict[str, bool]:
    """Keeps what the caller set in a client, for the site."""
    prefer(current_session(), here.caller, Setting(name, None, _value(body)), now())
    return SUCCESS


@nouns.view(f"DELETE {SITE_PREFERENCE}", SIGNED_IN, answer=Success())
def delete_site_preference(here: Here, name: str) -> dict[str, bool]:
    """Forgets it."""
    forget_preference(current_session(), here.caller, Setting(name), now())
    return SUCCESS


@nouns.view(f"PUT {PROJECT_PREFERENCE}", "project.read", "open_form.list", body=PreferenceBody, answer=Success())
def put_project_preference(here: Here, body: dict[str, Any], name: str) -> dict[str, bool]:
    """Keeps what the caller set in a client, for one project."""
    prefer(current_session(), here.caller, Setting(name, here.project.id, _value(body)), now())
    return SUCCESS


@nouns.view(f"DELETE {PROJECT_PREFERENCE}", "project.read", "open_form.list", answer=Success())
def delete_project_preference(here: Here, name: str) -> dict[str, bool]:
    """Forgets it."""
    forget_preference(current_session(), here.caller, Setting(name, here.project.id), now())
    return SUCCESS


def _value(body: dict[str, Any]) -> Any:
    if "propertyValue" not in body:
        raise Invalid("people.preference_missing", property="propertyValue")
    if len(body) > 1:
        raise Invalid("people.preference_unknown", expected=["propertyValue"], actual=list(body))
    return body["propertyValue"]
