"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services import authenticate
from server.services.authenticate import SignedIn, sign_in, sign_out
from server.web.answers import moment
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import Credentials, LiveSession, NewSession
from server.web.context import (
    attempt_of,
    current_home,
    current_live_session,
    current_session,
    find_caller,
    forget_session,
    keep_session,
    now,
    session_token,
)
from server.web.wire import Wire, told

nouns = Nouns("sessions", "Signing in and out")


@nouns.public("POST /sessions", body=Credentials, answer=NewSession())
@told(Wire(refuses=(401, 429)))
def create_session(body: dict[str, str]) -> Response:
    """Signs in by e-mail and password. The token goes into `Authorization: Bearer`; browsers get cookies. After too
    many wrong passwords the answer is 429 with `Retry-After`."""
    made = sign_in(current_session(), current_home(), attempt_of(body["email"], body["password"]), now())
    return keep_session(jsonify(_body(made)), made)


@nouns.public("GET /sessions/restore", answer=LiveSession())
@told(Wire(refuses=(401, 404, 429)))
def restore_session() -> Any:
    """When the web session of this request began and ends; 404 without one."""
    live = current_live_session() if find_caller() is not None else None
    if live is None:
        raise NotFound("auth.no_session")
    return live


@nouns.view("DELETE /sessions/current", SIGNED_IN, answer=Success())
def end_current_session(here: Here) -> Response:
    """Signs out; 404 when the caller came without a session (Basic)."""
    sign_out(current_session(), here.caller, session_token(), now())
    return forget_session(jsonify(SUCCESS))


@nouns.view("DELETE /sessions/<token>", SIGNED_IN, answer=Success())
def end_session(here: Here, token: str) -> Response:
    """Ends a web session, or revokes the key of an app user; 403 when there is none that the caller may end."""
    authenticate.end_session(current_session(), here.caller, token, now())
    answer = jsonify(SUCCESS)
    return forget_session(answer) if token == session_token() else answer


def _body(made: SignedIn) -> dict[str, str | None]:
    return {
        "token": made.token,
        "csrf": made.csrf,
        "createdAt": moment(made.created_at),
        "expiresAt": moment(made.expires_at),
    }
