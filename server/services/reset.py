"""A new password for who has forgotten the old one: by a link that is good once and for a day, sent by mail or handed
over by an administrator. Another way, at the command line: people.reset_password."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.domain.errors import Forbidden, Invalid, NotFound, NotSignedIn
from server.services.authenticate import Caller, digest, hash_password, home_of, is_token, new_token
from server.services.home import Home
from server.services.mail import Letter, post, sends_mail
from server.services.throttle import RESET, Knock, count_failure, throttle
from server.storage.accounts import add_token, revoke_token, set_password
from server.storage.actors import TokenView, UserView, find_token, find_user, find_user_by_email, lock_user
from server.storage.audits import AuditEntry, write_audit
from server.storage.database import writing

LIFE = timedelta(hours=24)
PAGE = "/new-password/"
"""Where the page of the desk stands that a link leads to."""


@dataclass(frozen=True)
class Link:
    """A way to set a password, once. The only time it is known in clear."""

    token: str = field(repr=False)
    url: str = field(repr=False)
    expires_at: datetime


def ask_reset(session: Session, home: Home, knock: Knock, now: datetime) -> None:
    """Sends a link to the account with this e-mail, if there is one: which is not said. Raises Invalid when this home
    sends no mail, TooMany when it was asked for too often."""
    if not sends_mail(home):
        raise Invalid("people.no_mail")
    throttle(session, home, knock, now)
    count_failure(session, home, knock, now)
    user = find_user_by_email(session, knock.email)
    if user is None:
        return
    with writing(session) as connection:
        post(connection, home, Letter("reset", user.email, user.id), now)
        area_id = home_of(connection, user.id, now).area_id
        asked = AuditEntry(None, "user.reset.ask", f"actor:{user.id}", now, address=knock.address, area_id=area_id)
        write_audit(connection, asked)
        session.commit()


def knock_for(email: str, address: str | None) -> Knock:
    """Somebody who asks for a link; counted apart from signing in."""
    return Knock(email, address, RESET)


def invalidate(session: Session, home: Home, caller: Caller, email: str, now: datetime) -> None:
    """Takes a person's password away, ends their sessions and sends a link, if there is such a person. Raises
    Forbidden, and Invalid when this home sends no mail."""
    caller.require_everywhere("user.password.invalidate")
    if not sends_mail(home):
        raise Invalid("people.no_mail")
    with writing(session) as connection:
        user = find_user_by_email(connection, email)
        if user is None:
            return
        set_password(connection, user.id, None, now)
        post(connection, home, Letter("reset", user.email, user.id), now)
        where = home_of(connection, user.id, now)
        write_audit(connection, caller.entry("user.update", f"actor:{user.id}", now, where, data={"password": None}))
        session.commit()


def hand_link(session: Session, home: Home, caller: Caller, user_id: int, now: datetime) -> Link:
    """A link for an administrator to hand over. Raises NotFound, Forbidden."""
    caller.require_everywhere("user.password.invalidate")
    if find_user(session, user_id) is None:
        raise NotFound("people.unknown", value=user_id)
    return make_link(session, home, user_id, now, caller)


def make_link(session: Session, home: Home, user_id: int, now: datetime, caller: Caller | None = None) -> Link:
    """Makes a link for a person who is here; its address begins with THONBAN_BASE_URL, or with the path alone."""
    token = new_token()
    with writing(session) as connection:
        add_token(
            connection,
            actor_id=user_id,
            kind="reset",
            token_hash=digest(token),
            created_at=now,
            expires_at=now + LIFE,
        )
        where, thing = home_of(connection, user_id, now), f"actor:{user_id}"
        plain = AuditEntry(None, "user.reset.link", thing, now, area_id=where.area_id)
        write_audit(connection, caller.entry("user.reset.link", thing, now, where) if caller else plain)
        session.commit()
    return Link(token, f"{home.config.base_url or ''}{PAGE}{token}", now + LIFE)


def find_linked(session: Session, token: str, now: datetime) -> UserView | None:
    """Whose password a link sets; None when it is none of ours, was used or is too old."""
    found = find_token(session, digest(token)) if is_token(token) else None
    if found is None or found.kind != "reset" or not _holds(found, now):
        return None
    return find_user(session, found.actor_id)


@dataclass(frozen=True)
class Renewal:
    """A link's token and the password to be. `address`: the network address it came from."""

    token: str = field(repr=False)
    password: str = field(repr=False)
    address: str | None = None


def reset(session: Session, home: Home, renewal: Renewal, now: datetime) -> None:
    """Sets the password that the link with this token is for; the link and all sessions of the account end. Raises
    NotSignedIn when the link is none of ours, was used or is too old, Forbidden when the token is that of a session,
    and Invalid for a password that will not do: the link stays good then."""
    token, password, address = renewal.token, renewal.password, renewal.address
    found = find_token(session, digest(token)) if is_token(token) else None
    if found is None or not _holds(found, now):
        raise NotSignedIn("auth.link_ended")
    user = find_user(session, found.actor_id)
    if found.kind != "reset" or user is None:
        raise Forbidden("auth.forbidden")
    hashed = hash_password(password, user.email)
    with writing(session) as connection:
        if lock_user(connection, user.id) is None or not revoke_token(connection, found.id, now):
            raise NotSignedIn("auth.link_ended")
        set_password(connection, user.id, hashed, now)
        post(connection, home, Letter("password_changed", user.email, user.id), now)
        told = {"data": {"password": True}, "by": "link"}
        area_id = home_of(connection, user.id, now).area_id
        write_audit(
            connection,
            AuditEntry(user.id, "user.update", f"actor:{user.id}", now, told, address=address, area_id=area_id),
        )
        session.commit()


def _holds(token: TokenView, now: datetime) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)
