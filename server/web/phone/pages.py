"""The phone app's files (sync/phone, built by Vite), with a policy of their own. All are public: they hold no data."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, redirect, url_for

from server.domain.errors import NotFound, Unavailable
from server.web.built_files import ASKED_EACH_TIME, FOR_A_YEAR, send_built
from server.web.context import choose_locale
from server.web.desk.pages import BARE
from server.web.errors import refusal_of

blueprint = Blueprint("phone", __name__, url_prefix="/phone")

FOLDER = Path(__file__).with_name("static")
ASSETS = "assets"
KINDS = {".webmanifest": "application/manifest+json", ".js": "text/javascript; charset=utf-8"}
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere; the form engine reads XPath by a grammar in WebAssembly."""
ALLOWED = "camera=(self), geolocation=(self), microphone=(self)"


@blueprint.get("", strict_slashes=True)
def phone_home() -> Response:
    """The app's address ends with a slash, as its files lie below it."""
    answer = redirect(url_for("phone.phone_app"), 301)
    assert isinstance(answer, Response)
    return answer


@blueprint.get("/", strict_slashes=True)
def phone_app() -> Response:
    """The app. Public: who one is is said by the card, which the app keeps on the device."""
    return _built("index.html")


@blueprint.get("/<path:name>")
def phone_file(name: str) -> Response:
    """A file of the app. Public."""
    if name == "index.html":
        raise NotFound("http.not_found")
    return _built(name)


def _built(name: str) -> Response:
    if not (FOLDER / "index.html").exists():
        raise Unavailable("desk.assets_missing")
    hashed = name.startswith(f"{ASSETS}/")
    answer = send_built(FOLDER, name, FOR_A_YEAR if hashed else ASKED_EACH_TIME)
    kind = KINDS.get(Path(name).suffix)
    if kind:
        answer.headers["Content-Type"] = kind
    return answer


@blueprint.errorhandler(Unavailable)
def tell_missing(error: Unavailable) -> tuple[str, int]:
    """What to do where the app was not built."""
    refusal = refusal_of(error)
    return BARE.format(language=choose_locale(), message=refusal.message), refusal.status


@blueprint.after_request
def close_app(answer: Response) -> Response:
    """The headers of every answer of the app."""
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers["Permissions-Policy"] = ALLOWED
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
