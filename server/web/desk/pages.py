"""What every page of the desk has, and how its errors look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Forbidden, NotFound, NotSignedIn, Unavailable
from server.services.authenticate import Caller
from server.services.health import check_health, home_notices, is_demo
from server.storage.projects import ProjectView, find_project, list_projects
from server.web.context import (
    CSRF_COOKIE,
    LOCALES,
    choose_locale,
    current_caller,
    current_home,
    current_session,
    find_caller,
    own_url,
)
from server.web.desk import words
from server.web.desk.blueprint import blueprint
from server.web.desk.built import find_built
from server.web.desk.rooms import Rooms, rooms_for
from server.web.errors import refusal_of, say

DESK_KINDS = ("user", "system")
LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}
BARE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>thonban</title><main><h1>thonban</h1><p>{message}</p><pre>make assets</pre></main></html>"
)
"""Shown without the built browser files: a page that needs none."""


@dataclass(frozen=True)
class Frame:
    """What stands around a page: who reads it, where else to go, what everybody must know now."""

    caller: Caller | None
    project: ProjectView | None
    notices: tuple[str, ...]
    loading: tuple[int, int] | None
    demo: bool
    may_phones: bool
    rooms: Rooms | None
    tiles: tuple[str, str] | None


def desk_caller() -> Caller:
    """Who reads the page. Raises NotSignedIn when nobody says so, Forbidden for a phone's key."""
    caller = current_caller()
    if caller.kind not in DESK_KINDS:
        raise Forbidden("auth.forbidden")
    return caller


def projects_of(caller: Caller) -> list[ProjectView]:
    """The projects that somebody may read."""
    return [project for project in list_projects(current_session()) if caller.may("project.read", project.id)]


def project_of(caller: Caller, project_id: int) -> ProjectView:
    """A project that the caller may read. Raises NotFound: that it is there is not told either."""
    project = find_project(current_session(), project_id)
    if project is None or not caller.may("project.read", project_id):
        raise NotFound("http.not_found")
    return project


def show_page(template: str, *, caller: Caller | None = None, project: ProjectView | None = None, **values: Any) -> str:
    """A page in its frame. Raises Unavailable when the browser files were not built."""
    # settled once: each number and each sentence of a page asks for it
    g.locale = choose_locale()
    return render_template(
        f"desk/{template}",
        built=find_built(),
        frame=_frame(caller, project),
        project=project,
        locale=choose_locale(),
        languages=[(name, LANGUAGE_NAMES[name], _in_language(name)) for name in LOCALES],
        csrf=request.cookies.get(CSRF_COOKIE, ""),
        t=words.say,
        own=words.own,
        day=words.day,
        moment=words.moment,
        number=words.number,
        **values,
    )


def _frame(caller: Caller | None, project: ProjectView | None) -> Frame:
    session, home = current_session(), current_home()
    health = check_health(session, home)
    if project is None and caller is not None:
        project = next(iter(projects_of(caller)), None)
    return Frame(
        caller=caller,
        project=project,
        notices=tuple(say(notice.code, notice.params) for notice in home_notices(home)),
        loading=(health.done, health.total) if health.reason == "loading" else None,
        demo=is_demo(session),
        may_phones=caller is not None and project is not None and caller.may("field_key.list", project.id),
        rooms=rooms_for(caller, project) if caller is not None else None,
        tiles=(home.config.map_tiles, home.config.map_attribution) if home.config.map_tiles else None,
    )


def _in_language(locale: str) -> str:
    arguments = request.args.to_dict() | {"lang": locale}
    # a slash within an id stays one
    path = own_url().removeprefix(request.root_url.rstrip("/"))
    return f"{path}?{urlencode(arguments)}"


@blueprint.errorhandler(NotSignedIn)
def ask_to_sign_in(error: NotSignedIn) -> Response | tuple[str, int]:
    """Who is not signed in is asked to, and comes back to the page that was wanted."""
    if request.method != "GET" or request.endpoint in ("desk.sign_in_page", "desk.sign_in"):
        return show_error(error)
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("desk.sign_in_page", next=None if wanted == "/" else wanted))


@blueprint.errorhandler(DomainError)
def show_error(error: DomainError) -> tuple[str, int]:
    """An error of ours as a page that says what to do."""
    refusal = refusal_of(error)
    if error.code == "desk.assets_missing":
        return BARE.format(language=choose_locale(), message=refusal.message), refusal.status
    try:
        caller = find_caller()
    except DomainError:
        caller = None
    try:
        return show_page("error.html", caller=caller, message=refusal.message, status=refusal.status), refusal.status
    except Unavailable as missing:
        return BARE.format(language=choose_locale(), message=refusal_of(missing).message), refusal.status
