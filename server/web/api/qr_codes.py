"""The picture that sets up ODK Collect for a key holder."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.draft_links import link_of
from server.services.people import get_app_user, place_of
from server.services.qr import DRAFT_INK, draw_png, draw_svg_file
from server.web.api.forms import FORM, draft_of
from server.web.api.nouns import Here, Nouns
from server.web.context import current_home, current_session
from server.web.errors import say
from server.web.exports import tell_export
from server.web.phone_settings import draft_settings, settings_of
from server.web.wire import Content, Wire, told

nouns = Nouns("qr_codes", "Pictures that set up a phone")

KINDS: Mapping[str, tuple[str, Callable[[str], bytes]]] = {
    "png": ("image/png", draw_png),
    "svg": ("image/svg+xml", draw_svg_file),
}
PICTURES = Wire(gives=tuple(Content(kind, "The picture.") for kind, _ in KINDS.values()))


@nouns.view("GET /projects/<int:project_id>/app-users/<int:actor_id>/qr.<any(png, svg):picture>", "field_key.list")
@told(PICTURES)
def draw_settings(here: Here, actor_id: int, picture: str) -> Response:
    """The settings QR of a key holder, to be scanned in ODK Collect; 404 once the key was revoked. Whoever has the
    picture is who it names."""
    user = get_app_user(current_session(), current_home(), here.caller, here.project.id, actor_id)
    settings = settings_of(user, here.project)
    if settings is None:
        raise NotFound("people.unknown", value=actor_id)
    content_type, draw = KINDS[picture]
    where = place_of(current_session(), here.project.id, actor_id, here.caller.on)
    tell_export(here.caller, "field_key.show", f"actor:{actor_id}", where)
    return _picture(draw(settings.text), content_type, f"{actor_id}.{picture}")


@nouns.view(f"GET {FORM}/draft/qr.<any(png, svg):picture>", "form.update")
@told(PICTURES)
def draw_draft_settings(here: Here, picture: str) -> Response:
    """The QR with which a phone tries the draft, in another colour than those for work; the project that it makes on
    the phone is called a draft. It ends when the draft is published or thrown away."""
    token = link_of(current_home(), draft_of(here))
    if token is None:
        raise NotFound("form.no_link", form=here.form.xml_form_id)
    text = draft_settings(here.form, token).text
    title = say("form.draft_project", {"form": here.form.xml_form_id})
    drawn = draw_png(text, ink=DRAFT_INK) if picture == "png" else draw_svg_file(text, title, DRAFT_INK)
    return _picture(drawn, KINDS[picture][0], f"draft.{picture}")


def _picture(drawn: bytes, content_type: str, name: str) -> Response:
    answer = Response(drawn, content_type=content_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer
