"""The blueprint of the desk and the headers of all its answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, request
from werkzeug.wrappers import Response

from server.web.context import LANGUAGE_COOKIE, LOCALES, current_home

blueprint = Blueprint("desk", __name__, template_folder="templates")

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere."""
YEAR_SECONDS = 31_536_000


def policy_with(tiles: str | None) -> str:
    """The policy where maps have a ground: pictures and requests may go to the host of the tiles too."""
    if tiles is None:
        return POLICY
    parts = urlsplit(tiles)
    host = f"{parts.scheme}://{parts.netloc}"
    return POLICY.replace("blob:;", f"blob: {host};") + f"; connect-src 'self' {host}"


@blueprint.after_request
def close_page(answer: Response) -> Response:
    """Sets the headers of every answer of the desk, and keeps a language that was just chosen."""
    answer.headers.setdefault("Content-Security-Policy", policy_with(current_home().config.map_tiles))
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers.setdefault("Cache-Control", "private, no-store")
    chosen = request.args.get("lang")
    if chosen in LOCALES:
        answer.set_cookie(
            LANGUAGE_COOKIE, str(chosen), YEAR_SECONDS, samesite="Lax", secure=request.is_secure, httponly=True
        )
    return answer
