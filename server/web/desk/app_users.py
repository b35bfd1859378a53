"""The phones: who holds a key, and the picture that sets up ODK Collect with it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.services.authenticate import sign_out
from server.services.people import NewAppUser, create_app_user, get_app_user, list_app_users, place_of
from server.services.qr import draw_svg
from server.storage.audits import Where
from server.storage.forms import list_forms
from server.storage.key_holders import list_home_areas
from server.web.context import current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.exports import tell_export
from server.web.phone_settings import PhoneSettings, is_reachable, settings_of


@dataclass(frozen=True)
class Card:
    """One card of the sheet: who it is for, their villages, and the picture."""

    name: str
    areas: tuple[str, ...]
    picture: Markup


@blueprint.get("/projects/<int:project_id>/phones")
def phones(project_id: int) -> str:
    """Who holds a key of this project."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    users = list_app_users(current_session(), current_home(), caller, project_id)
    forms = [form for form in list_forms(current_session(), project_id) if form.current is not None]
    may_add = caller.may("field_key.create", project_id)
    return show_page("phones.html", caller=caller, project=project, users=users, forms=forms, may_add=may_add)


@blueprint.get("/projects/<int:project_id>/phones/<int:actor_id>")
def one_phone(project_id: int, actor_id: int) -> str:
    """One phone's address and picture. Whoever has them is who they name: they are shown on this page only."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    user = get_app_user(current_session(), current_home(), caller, project_id, actor_id)
    settings = settings_of(user, project)
    if settings is not None:
        where = place_of(current_session(), project_id, actor_id, caller.on)
        tell_export(caller, "field_key.show", f"actor:{actor_id}", where)
    return show_page(
        "phone.html",
        caller=caller,
        project=project,
        user=user,
        address=settings.address if settings else None,
        picture=_picture(settings) if settings else None,
        reachable=is_reachable(),
        may_revoke=caller.may("session.end", project_id),
    )


@blueprint.get("/projects/<int:project_id>/phones/cards")
def phone_cards(project_id: int) -> str:
    """A card for everybody who holds a key, eight on a sheet of A4, to be cut and handed out."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    session = current_session()
    homes = list_home_areas(session, project_id, caller.on)
    areas = {actor_id: [each.name for each in found] for actor_id, found in homes.items()}
    holders = list_app_users(session, current_home(), caller, project_id)
    cards = [
        Card(user.name, tuple(areas.get(user.id, ())), _picture(settings))
        for user in sorted(holders, key=lambda user: (areas.get(user.id, []), user.name))
        if (settings := settings_of(user, project)) is not None
    ]
    tell_export(caller, "field_key.print", f"project:{project_id}", Where(project_id), keys=len(cards))
    return show_page("cards.html", caller=caller, project=project, cards=cards, reachable=is_reachable())


@blueprint.post("/projects/<int:project_id>/phones")
def add_phone(project_id: int) -> Response:
    """Adds a key holder, who may fill the forms that were ticked."""
    caller = desk_caller()
    project_of(caller, project_id)
    session = current_session()
    known = {form.id for form in list_forms(session, project_id)}
    chosen = tuple(int(form) for form in request.form.getlist("form") if form.isdecimal() and int(form) in known)
    new = NewAppUser(project_id, request.form.get("name", ""), form_ids=chosen)
    made = create_app_user(session, current_home(), caller, new, now())
    return redirect(url_for("desk.one_phone", project_id=project_id, actor_id=made.id), 303)


@blueprint.post("/projects/<int:project_id>/phones/<int:actor_id>/revoke")
def revoke_phone(project_id: int, actor_id: int) -> Response:
    """Ends a key: the phone is refused from now on; what it sent stays."""
    caller = desk_caller()
    project_of(caller, project_id)
    user = get_app_user(current_session(), current_home(), caller, project_id, actor_id)
    if user.token is not None:
        sign_out(current_session(), caller, user.token, now())
    return redirect(url_for("desk.one_phone", project_id=project_id, actor_id=actor_id), 303)


def _picture(settings: PhoneSettings) -> Markup:
    # drawn by ourselves from text of ours
    return Markup(draw_svg(settings.text))  # noqa: S704
