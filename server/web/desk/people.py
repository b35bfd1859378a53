"""The people who sign in: a list for administrators, a page for each with name, roles, a link for the password, and the
way out and back in."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Invalid, NotFound
from server.domain.roles import PROGRAMME_ROLES
from server.services.authenticate import Caller
from server.services.mail import sends_mail
from server.services.people import NewUser, create_user, grant_role, revoke_role
from server.services.reset import Link, hand_link
from server.services.users import Deed, UserChange, change_user, delete_user
from server.services.users import restore_user as restore
from server.storage.actors import GrantView, UserView, find_user, list_users
from server.storage.assignments import AssignmentView, list_actor_assignments, list_people_assignments
from server.storage.projects import list_projects
from server.web.context import current_home, current_session, now, reachable
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import refusal_of

SITE = "site"
ROLES = ("admin", "manager", "viewer", "formfill", *PROGRAMME_ROLES)
"""Those that are given to people; the others are for keys and links."""

Answer = Response | str | tuple[str, int]


@blueprint.get("/people")
def people() -> str:
    """Who signs in, who waits for a password, who was taken away."""
    return _list(_administrator())


@blueprint.post("/people")
def add_person() -> Answer:
    """Adds a person: a mail tells them, or the page shows the link to hand over."""
    caller = _administrator()
    role = request.form.get("role") or None
    if role not in (None, "admin", "viewer"):
        raise Invalid("people.unknown_role", role=role)
    new = NewUser(request.form.get("email", ""), None, request.form.get("name", "").strip() or None, role=role)
    try:
        user = create_user(current_session(), caller, new, now(), current_home())
    except DomainError as error:
        return _list(caller, error), refusal_of(error).status
    if sends_mail(current_home()):
        return redirect(url_for("desk.one_person", user_id=user.id, sent=1))
    return make_link(user.id)


@blueprint.get("/people/<int:user_id>")
def one_person(user_id: int) -> str:
    """One person."""
    return _page(_administrator(), user_id)


@blueprint.post("/people/<int:user_id>")
def change_person(user_id: int) -> Answer:
    """Another name or address."""
    caller = _administrator()
    change = UserChange(request.form.get("email", ""), request.form.get("name", ""))
    try:
        change_user(current_session(), current_home(), Deed(caller, user_id, now()), change)
    except DomainError as error:
        return _page(caller, user_id, error), refusal_of(error).status
    return _back(user_id)


@blueprint.post("/people/<int:user_id>/roles")
def give_role(user_id: int) -> Answer:
    """A role on the site or in a project."""
    caller = _administrator()
    try:
        grant_role(current_session(), caller, user_id, _grant(), now())
    except DomainError as error:
        return _page(caller, user_id, error), refusal_of(error).status
    return _back(user_id)


@blueprint.post("/people/<int:user_id>/roles/take")
def take_role(user_id: int) -> Answer:
    """Takes a role away again."""
    caller = _administrator()
    try:
        revoke_role(current_session(), caller, user_id, _grant(), now())
    except DomainError as error:
        return _page(caller, user_id, error), refusal_of(error).status
    return _back(user_id)


@blueprint.post("/people/<int:user_id>/link")
def make_link(user_id: int) -> Answer:
    """A link to set a password, shown this once."""
    caller = _administrator()
    link = hand_link(current_session(), current_home(), caller, user_id, now())
    return _page(caller, user_id, link=link)


@blueprint.post("/people/<int:user_id>/end")
def end_person(user_id: int) -> Answer:
    """Takes a person away."""
    caller = _administrator()
    try:
        delete_user(current_session(), Deed(caller, user_id, now()))
    except DomainError as error:
        return _page(caller, user_id, error), refusal_of(error).status
    return _back(user_id)


@blueprint.post("/people/<int:user_id>/restore")
def restore_person(user_id: int) -> Answer:
    """Lets a person who was taken away come back."""
    caller = _administrator()
    try:
        restore(current_session(), Deed(caller, user_id, now()))
    except DomainError as error:
        return _page(caller, user_id, error), refusal_of(error).status
    return _back(user_id)


def _administrator() -> Caller:
    caller = desk_caller()
    caller.require_everywhere("user.list")
    return caller


def _list(caller: Caller, error: DomainError | None = None) -> str:
    session = current_session()
    every = list_users(session, ever=True)
    return show_page(
        "people.html",
        caller=caller,
        users=[each for each in every if each.deleted_at is None],
        gone=[each for each in every if each.deleted_at is not None],
        roles=list_people_assignments(session, caller.on),
        error=refusal_of(error).message if error else None,
        typed=request.form,
        mails=sends_mail(current_home()),
    )


def _page(caller: Caller, user_id: int, error: DomainError | None = None, link: Link | None = None) -> str:
    session = current_session()
    user: UserView | None = find_user(session, user_id, ever=True)
    if user is None:
        raise NotFound("people.unknown", value=user_id)
    projects = {each.id: each.name for each in list_projects(session)}
    return show_page(
        "person.html",
        caller=caller,
        user=user,
        granted=[(each, _spot(each, projects)) for each in list_actor_assignments(session, user_id)],
        projects=projects,
        offered=ROLES,
        error=refusal_of(error).message if error else None,
        link=link,
        address=reachable(link.url) if link else None,
        sent=request.args.get("sent") == "1" and sends_mail(current_home()),
    )


def _spot(each: AssignmentView, projects: dict[int, str]) -> dict[str, Any]:
    scope = "form" if each.form else "project" if each.project_id else SITE
    return {"scope": scope, "project": projects.get(each.project_id or 0, ""), "form": each.form}


def _grant() -> GrantView:
    role, place = request.form.get("role", ""), request.form.get("place", "")
    if role not in ROLES:
        raise NotFound("people.unknown_role", role=role)
    if place == SITE:
        return GrantView(role, SITE, None, None, None, None, None)
    known = {str(each.id): each.id for each in list_projects(current_session())}
    if place not in known:
        raise NotFound("project.unknown", value=place)
    return GrantView(role, "project", known[place], None, None, None, None)


def _back(user_id: int) -> Response:
    return redirect(url_for("desk.one_person", user_id=user_id))
