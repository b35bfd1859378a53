"""What belongs to the request being answered: the home, who calls, the clock, the language."""

from __future__ import annotations

import hmac
import ipaddress
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, unquote

from flask import current_app, g, has_request_context, request
from sqlalchemy.orm import Session
from werkzeug.sansio.utils import get_current_url
from werkzeug.wrappers import Response

from server.domain.errors import Forbidden, Invalid, NotSignedIn
from server.services.authenticate import (
    Attempt,
    Caller,
    Live,
    SignedIn,
    caller_by_key,
    caller_by_password,
    caller_by_session,
    day_of,
    find_live,
)
from server.services.home import Home
from server.storage.database import db
from server.web.paths import SLASH

LOCALES = ("vi", "en")
SECURE_COOKIE = "__Host-session"
PLAIN_COOKIE = "session"
CSRF_COOKIE = "__csrf"
LANGUAGE_COOKIE = "language"
LONGEST_AGENT = 255
LONGEST_WHOLE = 15
"""Digits of a number in a query: what databases and JSON carry without loss."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


def current_home() -> Home:
    """The home that this app serves."""
    home: Home = current_app.extensions["thonban"]
    return home


def current_session() -> Session:
    """The database session of this request."""
    session: Session = db.session()
    return session


def now() -> datetime:
    """The instant at which this request is answered: one and the same for all it does."""
    moment: datetime | None = g.get("now")
    if moment is None:
        moment = g.now = instant()
    return moment


def instant() -> datetime:
    """The instant it is."""
    return datetime.now(UTC)


def today() -> date:
    """The date of this request in Việt Nam."""
    return day_of(now())


def is_private() -> bool:
    """Whether passwords and cookies may pass: over HTTPS, or from this very machine."""
    return request.is_secure or (
        request.remote_addr in LOOPBACK and request.host.rsplit(":", 1)[0].strip("[]") in LOOPBACK
    )


def cookie_name() -> str:
    """`__Host-session` over HTTPS; browsers refuse that name without TLS, so that loopback has a plain one."""
    return SECURE_COOKIE if request.is_secure else PLAIN_COOKIE


def choose_locale() -> str:
    """vi or en: what a view or the caller settled, `?lang=`, the language cookie, Accept-Language, Vietnamese."""
    if not has_request_context():
        return LOCALES[0]
    settled = g.get("locale")
    if settled is None and (view_args := request.view_args) and "key" in view_args and (caller := g.get("caller")):
        settled = caller.locale
    if settled in LOCALES:
        return str(settled)
    for wanted in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LOCALES:
            return str(wanted)
    return request.accept_languages.best_match(LOCALES, LOCALES[0]) or LOCALES[0]


def find_caller() -> Caller | None:
    """Who calls, or None when no credential was presented.

    The first credential presented decides and none after it is tried: a key in the URL, Bearer, Basic, cookie.
    Raises NotSignedIn or Forbidden when it is not good.
    """
    if "caller" not in g:
        caller = _read_credential()
        if caller is not None:
            note = request.headers.get("X-Action-Notes")
            # PostgreSQL keeps no text with a zero in it
            text = unquote(note).replace("\x00", "") if note else None
            caller = replace(caller, note=text, address=network_address())
        g.caller = caller
    found: Caller | None = g.caller
    return found


def current_caller() -> Caller:
    """Who calls. Raises NotSignedIn when nobody says so."""
    caller = find_caller()
    if caller is None:
        raise NotSignedIn("auth.no_credentials")
    return caller


def _read_credential() -> Caller | None:
    key = (request.view_args or {}).get("key")
    if key is not None:
        return caller_by_key(current_session(), key, now())
    if request.headers.get("Authorization"):
        # one that cannot be read was presented all the same
        given = request.authorization
        if given is None:
            raise NotSignedIn("auth.failed")
        if given.type == "bearer":
            return caller_by_session(current_session(), given.token or "", now())
        if given.type == "basic":
            if not is_private():
                raise NotSignedIn("auth.basic_needs_https")
            attempt = attempt_of(given.username or "", given.password or "")
            return caller_by_password(current_session(), current_home(), attempt, now())
        raise NotSignedIn("auth.failed")
    token = request.cookies.get(cookie_name())
    if not token or not is_private():
        return None
    caller = caller_by_session(current_session(), token, now())
    if request.method == "POST":
        _require_csrf(token)
    return caller


def attempt_of(email: str, password: str) -> Attempt:
    """Somebody who says who he is by password in this request."""
    agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
    return Attempt(email, password, network_address(), agent or None)


def network_address() -> str | None:
    """Where this request comes from; None where that is no network address. What X-Forwarded-For says is believed of as
    many proxies as are set (THONBAN_TRUSTED_PROXIES), which some of them write with a port."""
    return _address_in(request.remote_addr or "")


@lru_cache(maxsize=1024)
def _address_in(text: str) -> str | None:
    with_port = _WITH_PORT.fullmatch(text)
    try:
        known = ipaddress.ip_address((with_port[1] or with_port[2] if with_port else text).partition("%")[0])
    except ValueError:
        return None
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    return str(mapped or known)


def session_token() -> str | None:
    """The token of the web session this request came with, from Bearer or cookie; None with another credential."""
    given = request.authorization
    if given is not None:
        return given.token if given.type == "bearer" else None
    return request.cookies.get(cookie_name())


def current_live_session() -> Live | None:
    """When the session of this request began and ends; None without one."""
    token = session_token()
    return find_live(current_session(), token, now()) if token else None


def _require_csrf(token: str) -> None:
    # a page of somebody else can make a browser post a form, but not send a header of its own or know the token
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return
    said = request.headers.get("X-CSRF-Token") or request.form.get(CSRF_COOKIE)
    if said is None and request.is_json:
        body = request.get_json(silent=True)
        said = body.get(CSRF_COOKIE) if isinstance(body, dict) else None
    live = find_live(current_session(), token, now())
    kept = live.csrf_hash if live else None
    if not said or not kept or not hmac.compare_digest(sha256(str(said).encode()).hexdigest(), kept):
        raise Forbidden("auth.csrf")


def whole(name: str, default: int | None = None) -> int | None:
    """A query parameter that is a whole number from 0. Raises Invalid when it is something else."""
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_WHOLE:
        raise Invalid("request.not_a_number", field=name, value=text)
    return int(text)


def date_asked(name: str) -> date | None:
    """A query parameter that is a date, as 2025-07-01; empty is none. Raises Invalid when it is something else."""
    return date_of(name, request.args.get(name, ""))


def date_of(name: str, written: str) -> date | None:
    """A date as it was written in a field, as 2025-07-01; empty is none. Raises Invalid when it is something else."""
    text = written.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError as error:
        raise Invalid("request.not_a_date", field=name, value=text) from error


def flag(name: str) -> bool:
    """A query parameter that is true or false in any case; what is neither counts as not set."""
    return request.args.get(name, "").lower() == "true"


def is_extended() -> bool:
    """Whether the client asks for more than the plain answer, as clients of ODK Central do."""
    return request.headers.get("X-Extended-Metadata", "").lower() == "true"


def host_url() -> str:
    """The address under which this request came, without a path: `https://example.vn`."""
    return _host_url(request.scheme, request.host)


@lru_cache(maxsize=256)
def _host_url(scheme: str, host: str) -> str:
    return get_current_url(scheme, host).rstrip("/")


def reachable(url: str) -> str:
    """An address of this home, or a path of it with the address under which this request came."""
    return url if "://" in url else host_url() + url


def own_url() -> str:
    """The address of this request without its query, as a client has to write it: ids with slashes, percent signs and
    accents encoded."""
    path = quote(request.path, safe="/$'()*:!,;=@&+").replace(quote(SLASH), "%2F")
    return request.root_url.rstrip("/") + path


def keep_session(answer: Response, made: SignedIn) -> Response:
    """Gives the browser the cookies of a web session that has just begun, where cookies may pass. The page's own
    scripts read `__csrf`, to send it back."""
    if not is_private():
        return answer
    secure = request.is_secure
    life = int((made.expires_at - made.created_at).total_seconds())
    answer.set_cookie(
        cookie_name(), made.token, max_age=life, path="/", secure=secure, httponly=True, samesite="Strict"
    )
    answer.set_cookie(CSRF_COOKIE, made.csrf, max_age=life, path="/", secure=secure, samesite="Strict")
    return answer


def forget_session(answer: Response) -> Response:
    """Takes the cookies of the web session away."""
    for name in (cookie_name(), CSRF_COOKIE):
        answer.delete_cookie(name, path="/", secure=request.is_secure, httponly=True, samesite="Strict")
    return answer
