"""The picture that sets up ODK Collect for a key holder."""

from __future__ import annotations

from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.people import get_app_user
from server.services.qr import draw_png, draw_svg_file
from server.web.api.nouns import Here, Nouns
from server.web.context import current_home, current_session
from server.web.phone_settings import settings_of

nouns = Nouns("qr_codes", "Pictures that set up a phone")

KINDS = {"png": ("image/png", draw_png), "svg": ("image/svg+xml", draw_svg_file)}


@nouns.view("GET /projects/<int:project_id>/app-users/<int:actor_id>/qr.<any(png, svg):picture>", "field_key.list")
def draw_settings(here: Here, actor_id: int, picture: str) -> Response:
    """The settings QR of a key holder, to be scanned in ODK Collect; 404 once the key was revoked. Whoever has the
    picture is who it names."""
    user = get_app_user(current_session(), current_home(), here.project.id, actor_id)
    settings = settings_of(user, here.project)
    if settings is None:
        raise NotFound("people.unknown", value=actor_id)
    content_type, draw = KINDS[picture]
    answer = Response(draw(settings.text), content_type=content_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{actor_id}.{picture}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer
