"""The phones: who holds a key, and the picture that sets up ODK Collect with it."""

from __future__ import annotations

from flask import request
from markupsafe import Markup

from server.services.people import get_app_user, list_app_users
from server.services.qr import draw_svg
from server.web.context import choose_locale, current_home, current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from sync.settings import encode_settings, field_settings


@blueprint.get("/projects/<int:project_id>/phones")
def phones(project_id: int) -> str:
    """Who holds a key of this project."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    users = list_app_users(current_session(), current_home(), project_id)
    return show_page("phones.html", caller=caller, project=project, users=users)


@blueprint.get("/projects/<int:project_id>/phones/<int:actor_id>")
def one_phone(project_id: int, actor_id: int) -> str:
    """One phone's address and picture. Whoever has them is who they name: they are shown on this page only."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    user = get_app_user(current_session(), current_home(), project_id, actor_id)
    address, picture = None, None
    if user.token is not None:
        base = (current_home().config.base_url or request.host_url).rstrip("/")
        address = f"{base}/v1/key/{user.token}/projects/{project_id}"
        settings = field_settings(address, project.name, choose_locale())
        # drawn by ourselves from text of ours
        picture = Markup(draw_svg(encode_settings(settings)))  # noqa: S704
    loopback = request.host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")
    reachable = bool(current_home().config.base_url) or not loopback
    return show_page(
        "phone.html", caller=caller, project=project, user=user, address=address, picture=picture, reachable=reachable
    )
