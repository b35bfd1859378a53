"""The blueprint, and the headers that every answer to a phone carries."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from server.domain.errors import Invalid
from server.web.context import choose_locale, current_home, host_url
from sync.openrosa import LENGTH_HEADER, VERSION, VERSION_HEADER

blueprint = Blueprint("openrosa", __name__, url_prefix="/v1")

PLACES = ("/key/<key>/projects/<int:project_id>", "/projects/<int:project_id>")
"""With the token in the URL, as phones have it, and without it, for bearers and Basic."""


def require_version() -> None:
    """Raises Invalid when the request does not say which OpenRosa it speaks (ODK Central answers 400.6)."""
    if request.headers.get(VERSION_HEADER) != VERSION:
        raise Invalid("request.bad_header", field=VERSION_HEADER, value=request.headers.get(VERSION_HEADER, ""))


def origin() -> str:
    """The address of this home, as it is set or as the request came."""
    return (current_home().config.base_url or host_url()).rstrip("/")


def base_url() -> str:
    """What every URL told to a phone begins with, up to and including /v1 and the key it called with."""
    key = (request.view_args or {}).get("key")
    return f"{origin()}/v1" + (f"/key/{key}" if key else "")


@blueprint.after_request
def add_headers(answer: Response) -> Response:
    """OpenRosa asks for the version, the time and the largest request on every answer, errors too; the time is written
    by the HTTP server."""
    answer.headers[VERSION_HEADER] = VERSION
    answer.headers[LENGTH_HEADER] = str(current_home().config.max_upload)
    answer.headers["Content-Language"] = choose_locale()
    return answer
