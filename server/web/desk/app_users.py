"""The phones: who holds a key, when each was heard of, the picture that sets up ODK Collect, what becomes of a key."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.services.keys import release_phone, renew_key, revoke_key
from server.services.people import NewAppUser, create_app_user, get_app_user, place_of
from server.services.phones import SHOWN, Wanted, app_of, lines_of, look_at_phones
from server.services.projects import ProjectChange, change_project
from server.storage.forms import list_forms
from server.web.context import current_home, current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.cards import picture_of
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.exports import tell_export
from server.web.phone_settings import is_reachable, settings_of

PAGE = 50
LONGEST_SEARCH = 100


@blueprint.get("/projects/<int:project_id>/phones")
def phones(project_id: int) -> str:
    """Who holds a key of this project, within the reader's reach, and what is known of each phone."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    session = current_session()
    show = request.args.get("show") if request.args.get("show") in SHOWN else None
    wanted = Wanted(request.args.get("q", "").strip()[:LONGEST_SEARCH], show, max(whole("page", 1) or 1, 1), PAGE)
    forms = [form for form in list_forms(session, project_id) if form.current is not None]
    found = look_at_phones(session, caller, project_id, wanted, now())
    return show_page(
        "phones.html",
        caller=caller,
        project=project,
        found=found,
        wanted=wanted,
        shown=SHOWN,
        pages=max(1, -(-found.total // PAGE)),
        app_of=app_of,
        forms=forms,
        may_add=caller.reach("field_key.create", project_id).everywhere,
        may_name=caller.may("field_key.create", project_id) and caller.may("assignment.create", project_id),
        may_set=caller.reach("project.update", project_id).everywhere,
    )


@blueprint.get("/projects/<int:project_id>/phones/<int:actor_id>")
def one_phone(project_id: int, actor_id: int) -> str:
    """One phone's address and picture. Whoever has them is who they name: they are shown on this page only."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    session = current_session()
    user = get_app_user(session, current_home(), caller, project_id, actor_id)
    settings = settings_of(user, project)
    if settings is not None:
        where = place_of(session, project_id, actor_id, caller.on)
        tell_export(caller, "field_key.show", f"actor:{actor_id}", where)
    return show_page(
        "phone.html",
        caller=caller,
        project=project,
        user=user,
        line=lines_of(session, caller, project_id, [actor_id])[0],
        app_of=app_of,
        address=settings.address if settings else None,
        picture=picture_of(settings.text) if settings else None,
        page_address=settings.page if settings else None,
        page_picture=picture_of(settings.page) if settings else None,
        reachable=is_reachable(),
        may_revoke=caller.may("session.end", project_id),
        may_renew=caller.may("field_key.update", project_id),
    )


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
    return _back(project_id, made.id)


@blueprint.post("/projects/<int:project_id>/phones/rule")
def set_phone_rule(project_id: int) -> Response:
    """Says what a second phone gets."""
    caller = desk_caller()
    project_of(caller, project_id)
    caller.require_everywhere("project.update", project_id)
    change = ProjectChange(second_device=request.form.get("rule", ""))
    change_project(current_session(), caller, project_id, change, now())
    return redirect(url_for("desk.phones", project_id=project_id), 303)


@blueprint.post("/projects/<int:project_id>/phones/<int:actor_id>/revoke")
def revoke_phone(project_id: int, actor_id: int) -> Response:
    """Ends a key: the phone is refused from now on; what it sent stays."""
    caller = desk_caller()
    project_of(caller, project_id)
    revoke_key(current_session(), caller, (project_id, actor_id), now())
    return _back(project_id, actor_id)


@blueprint.post("/projects/<int:project_id>/phones/<int:actor_id>/renew")
def renew_phone(project_id: int, actor_id: int) -> Response:
    """Another key, for another card; the old one ends at once."""
    caller = desk_caller()
    project_of(caller, project_id)
    renew_key(current_session(), current_home(), caller, (project_id, actor_id), now())
    return _back(project_id, actor_id)


@blueprint.post("/projects/<int:project_id>/phones/<int:actor_id>/release")
def release_one_phone(project_id: int, actor_id: int) -> Response:
    """Another phone holds the key: the one that is named, or the next that comes."""
    caller = desk_caller()
    project_of(caller, project_id)
    which = (project_id, actor_id, request.form.get("device") or None)
    release_phone(current_session(), current_home(), caller, which, now())
    return _back(project_id, actor_id)


def _back(project_id: int, actor_id: int) -> Response:
    return redirect(url_for("desk.one_phone", project_id=project_id, actor_id=actor_id), 303)
