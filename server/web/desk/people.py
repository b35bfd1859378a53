"""The people who sign in: a list for administrators, a page for each with name, roles (where, in which area, from when
until when) and what they let the person do, a link for the password, and the way out and back in."""

from __future__ import annotations

from flask import redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Invalid, NotFound
from server.domain.powers import IN_FORCE, by_noun
from server.domain.roles import ALL, PROGRAMME_ROLES, find_role
from server.services.area_lookup import search_areas
from server.services.authenticate import Caller
from server.services.explain import areas_of, explain
from server.services.locate import describe, locate
from server.services.mail import sends_mail
from server.services.people import NewUser, create_user, grant_role, revoke_one
from server.services.reset import Link, hand_link
from server.services.users import Deed, UserChange, change_user, delete_user
from server.services.users import restore_user as restore
from server.storage.actors import GrantView, UserView, find_user, list_users
from server.storage.assignments import list_people_assignments
from server.storage.forms import list_forms_of
from server.storage.projects import list_projects
from server.web.context import current_home, current_session, date_of, now, reachable
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import refusal_of

SITE = "site"
MOST_OFFERED = 12
"""Areas that are offered while somebody types."""
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


@blueprint.get("/people/areas")
def offer_areas() -> str:
    """Areas like what is typed, as options: each is written so that it is understood when it is sent."""
    caller, session = _administrator(), current_session()
    found = search_areas(session, ALL, caller.on, request.args.get("area", "").replace("\0", ""), (0, MOST_OFFERED))
    options = (Markup('<option value="{}"></option>').format(describe(session, area, caller.on)) for area in found)
    return Markup("").join(options)


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
    """A role on the site, in a project or on a form; in an area, for dates. Given already, it gets the dates."""
    caller = _administrator()
    try:
        grant_role(current_session(), caller, user_id, _wanted(caller), now())
    except DomainError as error:
        return _page(caller, user_id, error), refusal_of(error).status
    return _back(user_id)


@blueprint.post("/people/<int:user_id>/roles/take")
def take_role(user_id: int) -> Answer:
    """Takes a role away again, in the one area where that line has it."""
    caller = _administrator()
    try:
        revoke_one(current_session(), caller, user_id, _kept(), now())
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
    projects = list_projects(session)
    forms = list_forms_of(session, [each.id for each in projects])
    return show_page(
        "person.html",
        caller=caller,
        user=user,
        told=explain(session, user_id, caller.on) if user.deleted_at is None else None,
        in_force=IN_FORCE,
        by_noun=by_noun,
        areas_of=areas_of,
        places=[(each, [form for form in forms if form.project_id == each.id]) for each in projects],
        offered=ROLES,
        typed=request.form if error else {},
        error=refusal_of(error).message if error else None,
        link=link,
        address=reachable(link.url) if link else None,
        sent=request.args.get("sent") == "1" and sends_mail(current_home()),
    )


def _wanted(caller: Caller) -> GrantView:
    """The role that is to be given, as it was typed. Raises NotFound, Invalid."""
    role = request.form.get("role", "")
    if role not in ROLES:
        raise NotFound("people.unknown_role", role=role)
    since, until = (date_of(name, request.form.get(name, "")) for name in ("from", "to"))
    typed = request.form.get("area", "").strip()
    area_id = locate(current_session(), typed, max(caller.on, since or caller.on)) if typed else None
    return GrantView(role, *_place(), area_id, since, until)


def _kept() -> GrantView:
    """The role of a line of the page. Raises NotFound."""
    role = request.form.get("role", "")
    if find_role(role) is None:
        raise NotFound("people.unknown_role", role=role)
    return GrantView(role, *_place(), request.form.get("area_id") or None, None, None)


def _place() -> tuple[str, int | None, int | None]:
    """(scope, project, form) of a choice: `site`, a project's number, or that and a form's own number. Raises
    NotFound."""
    place = request.form.get("place", "")
    if place == SITE:
        return SITE, None, None
    known = {str(each.id): each.id for each in list_projects(current_session())}
    project, _, form = place.partition("/")
    if project not in known:
        raise NotFound("project.unknown", value=project)
    if not form:
        return "project", known[project], None
    forms = {str(each.id): each.id for each in list_forms_of(current_session(), [known[project]])}
    if form not in forms:
        raise NotFound("form.unknown", form=form)
    return "form", known[project], forms[form]


def _back(user_id: int) -> Response:
    return redirect(url_for("desk.one_person", user_id=user_id))
