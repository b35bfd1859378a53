"""Signing in and out at the desk, by cookie."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Forbidden, NotSignedIn
from server.services.authenticate import sign_in as begin
from server.services.authenticate import sign_out as end
from server.services.mail import sends_mail
from server.web.context import (
    CSRF_COOKIE,
    attempt_of,
    cookie_name,
    current_home,
    current_session,
    find_caller,
    is_private,
    now,
    session_token,
)
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import refusal_of

FORM_COOKIE = "sign_in"
"""Holds what the sign-in form must send back: a page of somebody else cannot sign us in as its author."""
FORM_SECONDS = 3600


@blueprint.get("/sign-in")
def sign_in_page() -> Response:
    """The form; who is signed in already goes where they wanted."""
    try:
        caller = find_caller()
    except DomainError:
        caller = None
    if caller is not None:
        return redirect(_wanted())
    return _form(None, "", 200)


@blueprint.post("/sign-in")
def sign_in() -> Response:
    """Begins a session and goes to the page that was wanted; else shows the form again with what was wrong."""
    email = request.form.get("email", "").strip()
    kept, sent = request.cookies.get(FORM_COOKIE, ""), request.form.get("form_token", "")
    if not kept or not hmac.compare_digest(kept.encode(), sent.encode()):
        return _form(refusal_of(Forbidden("auth.csrf")).message, email, 403)
    if not is_private():
        return _form(refusal_of(NotSignedIn("auth.basic_needs_https")).message, email, 403)
    try:
        made = begin(current_session(), current_home(), attempt_of(email, request.form.get("password", "")), now())
    except DomainError as error:
        refusal = refusal_of(error)
        return _form(refusal.message, email, refusal.status)
    answer = redirect(_wanted())
    secure = request.is_secure
    answer.set_cookie(
        cookie_name(), made.token, expires=made.expires_at, path="/", secure=secure, httponly=True, samesite="Lax"
    )
    answer.set_cookie(CSRF_COOKIE, made.csrf, expires=made.expires_at, path="/", secure=secure, samesite="Strict")
    answer.delete_cookie(FORM_COOKIE, path="/sign-in")
    return answer


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Ends the session."""
    caller = desk_caller()
    token = session_token()
    if token is not None:
        end(current_session(), caller, token, now())
    answer = redirect(url_for("desk.sign_in_page"))
    answer.delete_cookie(cookie_name(), path="/", secure=request.is_secure)
    answer.delete_cookie(CSRF_COOKIE, path="/", secure=request.is_secure)
    return answer


def _form(error: str | None, email: str, status: int) -> Response:
    token = secrets.token_urlsafe(24)
    page = show_page(
        "sign_in.html",
        error=error,
        email=email,
        form_token=token,
        private=is_private(),
        wanted=_wanted(),
        mails=sends_mail(current_home()),
    )
    answer = make_response(page, status)
    answer.set_cookie(
        FORM_COOKIE,
        token,
        FORM_SECONDS,
        path="/sign-in",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return answer


def _wanted() -> str:
    # only a path of this server: an address elsewhere could imitate it
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted)
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if own and "\\" not in wanted else url_for("desk.home")
