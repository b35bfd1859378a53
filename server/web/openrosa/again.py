"""The same question again: a phone that is told 304 every quarter of an hour gets there past Flask.

What is remembered is an answer: that this very request (its path, its query and all its headers) from this very caller
(key, grants, language, phone, day, and the word of storage/forms_revision.py) was answered with 304. The caller is
found anew each time, by the same function as in any other request, so that a key that was revoked or has expired, a
grant that began or ended, and every change of forms count at once. Only a view that answers from nothing but the
request, the caller and what the word speaks for may say that its answer can be given again (`may_repeat`).
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker
from werkzeug.wrappers import Response

from server.domain.errors import DomainError
from server.services.authenticate import Caller, caller_by_key
from server.services.contacts import Contact
from server.storage.database import db
from server.storage.memory import Memory
from server.web.context import instant
from server.web.openrosa.contacts import NOTED, contacts_of, pinned

KEPT = 4096
"""Answers that a process remembers."""
UNCHANGED = 304
NUMBER = "X-Request-ID"
_MAY_REPEAT = "thonban.may_repeat"
_PLACE = re.compile(r"/v1/key/([^/]+)/projects/[0-9]+/(?:formList|forms/[^/]+\.xml)")
_FREE = frozenset({"HTTP_DATE", "HTTP_X_REQUEST_ID", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED"})
"""Headers that say when, by which way and under which number a request came: no answer depends on them."""
_COUNTED = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
_BODY = ("CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING")
_ACCESS = logging.getLogger("thonban.access")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer without the number of its request, to whom it was given, and what was noted of the phone."""

    caller: Caller
    contact: Contact
    status: str
    headers: tuple[tuple[str, str], ...]


def may_repeat(answer: Response) -> Response:
    """Says that this answer follows from the request, the caller and what the caller's revision speaks for alone."""
    request.environ[_MAY_REPEAT] = answer.status_code == UNCHANGED
    return answer


class Again:
    """WSGI middleware, right before Flask: what comes here has its final path, host and scheme."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._inner: WSGIApplication = app.wsgi_app
        self._kept: Memory[bytes, Told] = Memory(KEPT)
        self._sessions: Any = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers as before, or passes the request on."""
        place = _PLACE.fullmatch(environ.get("PATH_INFO", ""))
        if place is None or not _is_plain(environ):
            return self._inner(environ, start_response)
        asked = _asked(environ)
        told = self._kept.find(asked)
        if told is not None and self._holds(told, place[1]):
            number = environ.get("HTTP_X_REQUEST_ID", "")[:64] or uuid.uuid4().hex
            start_response(told.status, [*told.headers, (NUMBER, number)])
            return ()
        return self._listen(asked, environ, start_response)

    def _holds(self, told: Told, key: str) -> bool:
        """Whether the same caller asks, who is then noted to have been here."""
        now = instant()
        try:
            caller = pinned(self._app, caller_by_key(self._session(), key, now))
        except (DomainError, DBAPIError):
            # which is told by the view
            return False
        if caller != told.caller or caller.pin is None:
            return False
        contacts_of(self._app).note(replace(told.contact, at=now), caller.pin.device_id)
        return True

    def _session(self) -> Any:
        if self._sessions is None:
            with self._app.app_context():
                self._sessions = sessionmaker(db.engine)
        return self._sessions()

    def _listen(self, asked: bytes, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            caller, contact = environ.get(NOTED, (None, None))
            if environ.get(_MAY_REPEAT) and caller is not None and caller.revision:
                left = tuple(each for each in headers if each[0] != NUMBER)
                self._kept.put(asked, Told(replace(caller, note=None, address=None), contact, status, left))
            return start_response(status, headers, *more)

        return self._inner(environ, start)


def _is_plain(environ: WSGIEnvironment) -> bool:
    # a line of the access log is written where the rest of them is
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "HTTP_IF_NONE_MATCH" in environ
        and not any(environ.get(name) for name in _BODY)
        and not _ACCESS.isEnabledFor(logging.INFO)
    )


def _asked(environ: WSGIEnvironment) -> bytes:
    """The request, as short as a digest."""
    seen = [environ.get(name, "") for name in _COUNTED]
    seen += [(name, environ[name]) for name in environ if name.startswith("HTTP_") and name not in _FREE]
    return hashlib.sha256(repr(seen).encode()).digest()
