"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.authenticate import SignedIn, sign_in, sign_out
from server.web.answers import moment
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import Credentials, LiveSession, NewSession
from server.web.context import (
    current_home,
    current_live_session,
    current_session,
    forget_session,
    keep_session,
    now,
    session_token,
)

nouns = Nouns("sessions", "Signing in and out")


@nouns.public("POST /sessions", body=Credentials, answer=NewSession())
def create_session(body: dict[str, str]) -> Response:
    """Signs in by e-mail and password. The token goes into `Authorization: Bearer`; browsers get cookies."""
    made = sign_in(current_session(), current_home(), body["email"], body["password"], now())
    return keep_session(jsonify(_body(made)), made)


@nouns.view("GET /sessions/restore", SIGNED_IN, answer=LiveSession())
def restore_session(here: Here) -> Any:
    """When the web session of this request began and ends."""
    live = current_live_session()
    if live is None:
        raise NotFound("auth.no_session")
    return live


@nouns.view("DELETE /sessions/current", SIGNED_IN, answer=Success())
def end_current_session(here: Here) -> Response:
    """Signs out."""
    sign_out(current_session(), here.caller, session_token() or "", now())
    return forget_session(jsonify(SUCCESS))


@nouns.view("DELETE /sessions/<token>", SIGNED_IN, answer=Success())
def end_session(here: Here, token: str) -> dict[str, bool]:
    """Ends another web session, or revokes the key of an app user."""
    sign_out(current_session(), here.caller, token, now())
    return SUCCESS


def _body(made: SignedIn) -> dict[str, str | None]:
    return {
        "token": made.token,
        "csrf": made.csrf,
        "createdAt": moment(made.created_at),
        "expiresAt": moment(made.expires_at),
    }
