"""Form ids and instance ids in paths: they may hold a slash (`%2F`), which WSGI servers decode before anyone can route.

`RawPaths` looks at the path as it came over the wire and keeps an encoded slash inside a segment apart from one between
segments; the URL converter `segment` turns it back. Werkzeug and gunicorn give `RAW_URI`, waitress `REQUEST_URI`.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, unquote_to_bytes, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.routing import BaseConverter, IntegerConverter

SLASH = "\ue02f"
"""Stands for a slash within a segment; a character for private use that no id of a form has."""


LARGEST_ID = 2**31 - 1
"""Of a row: larger ones no database here knows, and drivers fail at them."""


class Number(IntegerConverter):
    """A whole number that can be a row's id. A larger one is the largest there is, which no row has: it is looked for
    and not found, as any other."""

    def to_python(self, value: str) -> int:
        """Bounded."""
        return LARGEST_ID if len(value) > len(str(LARGEST_ID)) else min(int(value), LARGEST_ID)


class Segment(BaseConverter):
    """One segment of a path, any characters, encoded slashes included."""

    regex = "[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> str:
        """As the client meant it."""
        return value.replace(SLASH, "/")

    def to_url(self, value: object) -> str:
        """As it goes over the wire."""
        return quote(str(value), safe="")


class RawPaths:
    """WSGI middleware: PATH_INFO with encoded slashes kept apart."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Passes the request on."""
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        if "%2f" in raw.lower():
            path = urlsplit(raw).path if raw.startswith("http") else raw.partition("?")[0]
            inner = environ.get("SCRIPT_NAME", "")
            marked = path.replace("%2f", "%2F").replace("%2F", quote(SLASH))
            decoded = unquote_to_bytes(marked).decode("latin-1")
            environ["PATH_INFO"] = decoded.removeprefix(inner) if inner else decoded
        return self._app(environ, start_response)
