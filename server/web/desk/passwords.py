"""Passwords at the desk: changing one's own, asking for a link, setting one by a link."""

from __future__ import annotations

from flask import request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Invalid, NotFound, NotSignedIn
from server.services.authenticate import LONGEST_PASSWORD, SHORTEST_PASSWORD
from server.services.mail import sends_mail
from server.services.reset import Renewal, ask_reset, find_linked, knock_for, reset
from server.services.users import Deed, PasswordChange, change_password
from server.storage.actors import UserView, find_user
from server.web.context import (
    current_home,
    current_live_session,
    current_session,
    is_private,
    network_address,
    now,
)
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import refusal_of

LIMITS = {"least": SHORTEST_PASSWORD, "most": LONGEST_PASSWORD}

Answer = Response | str | tuple[str, int]


@blueprint.get("/account")
def account() -> str:
    """Who I am here, and my password."""
    caller = desk_caller()
    return show_page("account.html", caller=caller, user=find_user(current_session(), caller.actor_id), limits=LIMITS)


@blueprint.post("/account")
def change_own_password() -> Answer:
    """Another password for who knows the one before."""
    caller = desk_caller()
    user, live = find_user(current_session(), caller.actor_id), current_live_session()
    old = request.form.get("old", "")
    try:
        change = PasswordChange(old, _twice(), live.id if live else None, network_address())
        change_password(current_session(), current_home(), Deed(caller, caller.actor_id, now()), change)
    except DomainError as error:
        refusal = refusal_of(error)
        page = show_page("account.html", caller=caller, user=user, error=refusal.message, limits=LIMITS)
        return page, refusal.status
    return show_page("account.html", caller=caller, user=user, done=True, limits=LIMITS)


@blueprint.get("/new-password/<token>")
def new_password(token: str) -> str:
    """The form behind a link."""
    user = find_linked(current_session(), token, now())
    if user is None:
        raise NotFound("auth.link_ended")
    return _form(user, token)


@blueprint.post("/new-password/<token>")
def set_new_password(token: str) -> Answer:
    """Sets it; the link is good no more."""
    user = find_linked(current_session(), token, now())
    if user is None:
        raise NotFound("auth.link_ended")
    try:
        if not is_private():
            raise NotSignedIn("auth.basic_needs_https")
        reset(current_session(), current_home(), Renewal(token, _twice(), network_address()), now())
    except DomainError as error:
        refusal = refusal_of(error)
        return _form(user, token, refusal.message), refusal.status
    to = url_for("desk.sign_in_page")
    return show_page("told.html", title="desk.password.done", text="desk.password.done_text", to=to)


@blueprint.get("/forgotten")
def forgotten() -> str:
    """Where to ask for a link by mail."""
    if not sends_mail(current_home()):
        raise NotFound("people.no_mail")
    return show_page("forgotten.html")


@blueprint.post("/forgotten")
def ask_for_link() -> Answer:
    """Sends a link, if there is such an account."""
    email = request.form.get("email", "").strip()
    try:
        ask_reset(current_session(), current_home(), knock_for(email, network_address()), now())
    except DomainError as error:
        refusal = refusal_of(error)
        return show_page("forgotten.html", email=email, error=refusal.message), refusal.status
    return show_page("told.html", title="desk.forgotten.done", text="desk.forgotten.done_text", to=None)


def _form(user: UserView, token: str, error: str | None = None) -> str:
    return show_page("new_password.html", user=user, token=token, private=is_private(), error=error, limits=LIMITS)


def _twice() -> str:
    first, second = request.form.get("new", ""), request.form.get("again", "")
    if first != second:
        raise Invalid("auth.password_differs")
    return first
