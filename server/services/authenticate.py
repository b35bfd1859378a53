"""Who calls: by an app user's key, by a web session, by password; signing in and out."""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.devices import ALERT
from server.domain.errors import Forbidden, Invalid, NotFound, NotSignedIn
from server.domain.roles import Grant, Place, Reach, Scope, forms_within, permits, reach, scope_of, verbs_at
from server.services.home import Home
from server.services.throttle import Knock, count_failure, forgive, throttle
from server.storage.accounts import add_actor, add_token, revoke_token
from server.storage.actors import (
    GrantView,
    TokenView,
    UserView,
    find_actor_name,
    find_system_actor,
    find_token,
    find_user_by_email,
    list_grants,
)
from server.storage.audits import NOWHERE, AuditEntry, Where, write_audit
from server.storage.database import writing
from server.storage.devices import Pin
from server.storage.memory import Memory

TOKEN_BYTES = 48
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 72
"""In characters, as ODK Central has it."""
FEWEST_CHARACTERS = 4
"""That differ from each other in a password."""
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When an app user's key ends, as clients of ODK Central see it."""

VIETNAM = timezone(timedelta(hours=7))
"""Whose calendar the dates of grants follow."""

KEPT = 4096
"""Actors whose grants a process keeps in memory."""

_TOKEN = re.compile(r"[A-Za-z0-9!$]{64}")
# RFC 9106 section 4, the second recommended option: 64 MiB, three passes
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


def _hash_of_nothing() -> str:
    # as argon2 writes it, but drawn: to work one out would hold up every start of every program
    salt, result = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${result}"


# an unknown e-mail costs the same time as a wrong password
_NOBODY = _hash_of_nothing()
_kept: Memory[tuple[str, int, date], tuple[Grant, ...]] = Memory(KEPT)


@dataclass(frozen=True)
class Caller:
    """Who acts, with what they were granted and in force now. kind: user | field_key | public_link | system.

    `note` is what the caller wants remembered of this one action, `address` the network address it comes from (audit).
    `pin`: of who comes with a phone's key, which phone that is pinned to (devices.py). `revision`: the word under which
    what follows from these grants may be kept in memory (storage/forms_revision.py); empty: it may not.
    """

    actor_id: int
    kind: str
    name: str
    locale: str
    project_id: int | None
    grants: tuple[Grant, ...] = field(default=(), repr=False)
    note: str | None = None
    address: str | None = None
    on: date = field(kw_only=True)
    pin: Pin | None = field(default=None, kw_only=True, repr=False)
    revision: str = field(default="", kw_only=True, repr=False)

    def may(self, verb: str, project_id: int | None = None, form_id: int | None = None) -> bool:
        """Whether a grant of this caller carries the verb at this place (the site, a project, a form), in all of it or
        in some area."""
        return bool(self.reach(verb, project_id, form_id))

    def may_in(self, verb: str, place: Place) -> bool:
        """The same about a thing that lies in an area (`place.area_path`)."""
        return permits(self.grants, verb, place, self.on)

    def verbs_in(self, place: Place) -> frozenset[str]:
        """All this caller may do about a thing that lies there."""
        return verbs_at(self.grants, place, self.on)

    def reach(self, verb: str, project_id: int | None = None, form_id: int | None = None) -> Reach:
        """In how much of a project or form: everywhere, or in which areas and what lies below them."""
        return reach(self.grants, verb, Place(project_id, form_id), self.on)

    def scope(self, verb: str, project_id: int, form_id: int | None = None) -> Scope:
        """What the verb reaches of what was sent to a project, or to one form of it, as of today."""
        found = scope_of(self.grants, verb, project_id, self.on)
        return found if form_id is None else found.of_form(form_id)

    def forms(self, verb: str, project_id: int) -> frozenset[int] | None:
        """The forms of a project about which this caller may do so; None: all of them."""
        return forms_within(self.grants, verb, project_id, self.on)

    def knows(self, project_id: int, form_id: int | None = None) -> bool:
        """Whether anything at all is granted to this caller in a project, or about a form of it. What lies elsewhere is
        not told from what is not there."""
        return any(
            grant.scope == "site"
            or (grant.project_id == project_id and (form_id in (None, grant.form_id) or grant.scope == "project"))
            for grant in self.grants
        )

    def require(self, verb: str, project_id: int | None = None, form_id: int | None = None) -> None:
        """Raises Forbidden unless `may`."""
        if not self.may(verb, project_id, form_id):
            raise Forbidden("auth.forbidden")

    def require_everywhere(self, verb: str, project_id: int | None = None, form_id: int | None = None) -> None:
        """Raises Forbidden unless this caller may do so in all of a place, not just in some area of it."""
        if not self.reach(verb, project_id, form_id).everywhere:
            raise Forbidden("auth.forbidden")

    @property
    def area_id(self) -> str | None:
        """The one area that all grants of this caller name, if there is one: where he or she is at home."""
        return home_area(self.grants)

    def entry(
        self,
        action: str,
        acted_on: str | None,
        now: datetime,
        where: Where = NOWHERE,
        /,
        **details: Any,
    ) -> AuditEntry:
        """A line of the audit in this caller's name; `where`: the project and the area of what is done."""
        return AuditEntry(
            self.actor_id, action, acted_on, now, details, self.note, self.address, where.project_id, where.area_id
        )


@dataclass(frozen=True)
class Attempt:
    """Somebody who says who he is by password, from a network address, with a program."""

    email: str
    password: str = field(repr=False)
    address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True)
class SignedIn:
    """A web session that has just begun; the only time its token and csrf are known in clear."""

    token: str = field(repr=False)
    csrf: str = field(repr=False)
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Live:
    """A web session that holds."""

    id: int
    created_at: datetime
    expires_at: datetime
    csrf_hash: str | None = field(repr=False)


def new_token() -> str:
    """64 characters of [A-Za-z0-9!$] from 48 random bytes: base64 made fit for a path."""
    return base64.b64encode(secrets.token_bytes(TOKEN_BYTES), b"$!").decode()


def is_token(text: str) -> bool:
    """Whether the text has the form of a token of ours."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256 in hex. It has 384 random bits, so that no salt is needed."""
    return sha256(token.encode()).hexdigest()


def hash_password(password: str, email: str = "") -> str:
    """The argon2id hash of a password. Raises Invalid when it is shorter than 10 characters or longer than 72, repeats
    a character or two, or is the person's own e-mail address."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("auth.password_short", least=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise Invalid("auth.password_long", most=LONGEST_PASSWORD)
    if len(set(password)) < FEWEST_CHARACTERS or password.strip().lower() == email.strip().lower():
        raise Invalid("auth.password_weak", least=FEWEST_CHARACTERS)
    return _hasher.hash(_composed(password))


def caller_by_key(session: Session, token: str, now: datetime) -> Caller:
    """The app user who holds this key. Raises NotSignedIn when it cannot be a key at all, Forbidden when it is none of
    ours or was revoked: a phone asks its owner for a password on the former, so that the two are kept apart."""
    if not is_token(token):
        raise NotSignedIn("auth.failed")
    found = find_token(session, digest(token))
    if found is None or found.kind != "field_key" or not _holds(found, now):
        raise Forbidden("auth.key_unknown")
    pin = Pin(found.id, found.actor_id, found.device_id, found.second_device or ALERT)
    return _caller(session, found, now, pin)


def caller_by_session(session: Session, token: str, now: datetime) -> Caller:
    """The person whose web session this is. Raises NotSignedIn when it is none, has ended or was ended."""
    found = find_token(session, digest(token)) if is_token(token) else None
    if found is None or found.kind != "session" or not _holds(found, now):
        raise NotSignedIn("auth.failed")
    return _caller(session, found, now)


def caller_by_password(session: Session, home: Home, attempt: Attempt, now: datetime) -> Caller:
    """The person with this e-mail (in any case) and password. Raises NotSignedIn without saying which was wrong, and
    TooMany when that was so too often of late (throttle.py)."""
    knock = Knock(attempt.email, attempt.address)
    counted = throttle(session, home, knock, now)
    user = find_user_by_email(session, attempt.email)
    good = is_password(user.password_hash if user else None, attempt.password)
    if user is None or not good:
        count_failure(session, home, knock, now, _failed(session, attempt, user, now))
        raise NotSignedIn("auth.failed")
    if counted:
        forgive(session, knock)
    grants = _grants(list_grants(session, user.id), day_of(now))
    return Caller(user.id, "user", user.name, user.locale, None, grants, address=attempt.address, on=day_of(now))


def find_live(session: Session, token: str, now: datetime) -> Live | None:
    """The web session with this token if it holds."""
    found = find_token(session, digest(token)) if is_token(token) else None
    if found is None or found.kind != "session" or not _holds(found, now):
        return None
    return Live(found.id, found.created_at, found.expires_at or FOREVER, found.csrf_hash)


def sign_in(session: Session, home: Home, attempt: Attempt, now: datetime) -> SignedIn:
    """Begins a web session. Raises NotSignedIn, TooMany."""
    caller = caller_by_password(session, home, attempt, now)
    made = SignedIn(new_token(), new_token(), now, now + timedelta(hours=home.config.session_hours))
    with writing(session) as connection:
        add_token(
            connection,
            actor_id=caller.actor_id,
            kind="session",
            token_hash=digest(made.token),
            csrf_hash=digest(made.csrf),
            created_at=now,
            expires_at=made.expires_at,
        )
        told, where = _agent(attempt), Where(area_id=caller.area_id)
        write_audit(connection, caller.entry("user.session.create", f"actor:{caller.actor_id}", now, where, **told))
        session.commit()
    return made


def sign_out(session: Session, caller: Caller, token: str | None, now: datetime) -> None:
    """Ends the web session that the caller came with. Raises NotFound when he came without one."""
    if token is None:
        raise NotFound("auth.no_session")
    end_session(session, caller, token, now)


def end_session(session: Session, caller: Caller, token: str, now: datetime) -> None:
    """Ends the web session, or revokes the app user's key, with this token. A key cannot end itself. Raises Forbidden
    when there is no such token or it is somebody else's and the caller may not end it: which of both is not said."""
    found = find_token(session, digest(token)) if is_token(token) else None
    over = found is None or found.revoked_at is not None or found.kind not in ("session", "field_key")
    if found is None or over or caller.kind == "field_key":
        raise Forbidden("auth.forbidden")
    if found.actor_id != caller.actor_id:
        caller.require_everywhere("session.end", found.project_id)
    with writing(session) as connection:
        if not revoke_token(connection, found.id, now):
            raise Forbidden("auth.forbidden")
        action = "user.session.end" if found.kind == "session" else "field_key.session.end"
        where = Where(found.project_id, home_area(_grants(list_grants(connection, found.actor_id), caller.on)))
        write_audit(connection, caller.entry(action, f"actor:{found.actor_id}", now, where))
        session.commit()


def home_area(grants: Iterable[Grant | GrantView]) -> str | None:
    """The one area that all of these grants name; None when they name none, several, or one is not for an area."""
    named = {grant.area_id for grant in grants}
    return named.pop() if len(named) == 1 else None


def home_of(session: Session | Connection, actor_id: int, now: datetime) -> Where:
    """Where somebody is at home, for lines of the audit about him or her."""
    return Where(area_id=home_area(_grants(list_grants(session, actor_id), day_of(now))))


def _failed(session: Session, attempt: Attempt, user: UserView | None, now: datetime) -> AuditEntry:
    """What the audit says of a sign-in that was refused: who it would have been. What is no address of anybody here is
    kept only when it looks like one: people type their password into the wrong field."""
    told: dict[str, Any] = _agent(attempt)
    if user is None and "@" in attempt.email:
        told["email"] = attempt.email.strip().lower()[:320].replace("\x00", "")
    area_id = home_of(session, user.id, now).area_id if user else None
    acted_on = f"actor:{user.id}" if user else None
    return AuditEntry(None, "user.session.fail", acted_on, now, told, address=attempt.address, area_id=area_id)


def _agent(attempt: Attempt) -> dict[str, Any]:
    return {"userAgent": attempt.user_agent} if attempt.user_agent else {}


def caller_of(session: Session | Connection, actor_id: int, now: datetime) -> Caller:
    """Somebody in whose name the server goes on with what they sent, with what they are granted now."""
    kind, name, project_id = find_actor_name(session, actor_id) or ("system", "", None)
    on = day_of(now)
    return Caller(actor_id, kind, name, "vi", project_id, _grants(list_grants(session, actor_id), on), on=on)


def system_caller(session: Session, now: datetime) -> Caller:
    """The server acting for itself (first administrator, demo, command line). Its actor is made when it is missing."""
    actor_id = find_system_actor(session)
    if actor_id is None:
        with writing(session) as connection:
            actor_id = find_system_actor(connection) or add_actor(connection, "system", "thonban", now=now)
            session.commit()
    grant = GrantView("admin", "site", None, None, None, None, None)
    return Caller(actor_id, "system", "thonban", "vi", None, _grants((grant,), day_of(now)), on=day_of(now))


def is_password(kept: str | None, password: str) -> bool:
    """Whether this is the password behind a hash. Without a hash it never is, and takes as long to say."""
    try:
        return _hasher.verify(kept or _NOBODY, _composed(password[: LONGEST_PASSWORD * 4])) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def _composed(password: str) -> str:
    # one keyboard sends ệ as one character, another as three
    return unicodedata.normalize("NFKC", password)


def _holds(token: TokenView, now: datetime) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def _caller(session: Session, token: TokenView, now: datetime, pin: Pin | None = None) -> Caller:
    on = day_of(now)
    return Caller(
        token.actor_id,
        token.actor_kind,
        token.name,
        token.locale,
        token.project_id,
        _grants_of(session, token, on),
        on=on,
        pin=pin,
        revision=token.revision,
    )


def _grants_of(session: Session, token: TokenView, on: date) -> tuple[Grant, ...]:
    key = (token.revision, token.actor_id, on)
    kept = _kept.find(key) if token.revision else None
    if kept is None:
        kept = _grants(list_grants(session, token.actor_id), on)
        if token.revision:
            _kept.put(key, kept)
    return kept


def _grants(kept: tuple[GrantView, ...], on: date) -> tuple[Grant, ...]:
    # those in force: what a grant of the past reached is nobody's business now
    return tuple(
        Grant(*grant)
        for grant in kept
        if (grant.valid_from is None or grant.valid_from <= on) and (grant.valid_to is None or on < grant.valid_to)
    )


def day_of(moment: datetime) -> date:
    """The date in Vietnam at that instant."""
    return moment.astimezone(VIETNAM).date()


def tell_moment(moment: datetime) -> str:
    """That instant as clocks in Vietnam show it, for a sentence in any language: `14/03/2026 09:05`."""
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
