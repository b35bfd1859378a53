"""What people change of themselves and administrators of others: name, address, password, being here at all, and what
each set in a client."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Exists, Invalid, NotFound, NotSignedIn, TooLarge
from server.services.authenticate import Caller, hash_password, home_of, is_password
from server.services.home import Home
from server.services.mail import Letter, post
from server.services.people import LONGEST_NAME, email_of, name_of, require_other_administrator
from server.services.throttle import Knock, count_failure, forgive, throttle
from server.storage.accounts import change_actor, change_email, end_user, set_password
from server.storage.accounts import restore_user as restore_kept_user
from server.storage.actors import UserView, find_user, find_user_by_email, lock_user
from server.storage.audits import AuditEntry, Where, write_audit
from server.storage.database import writing
from server.storage.preferences import count_preferences, list_preferences, put_preference, remove_preference
from server.storage.projects import find_project
from server.storage.tallies import count_renamed

MOST_PREFERENCES = 500
"""Of one person: clients keep a few."""
LONGEST_PREFERENCE = 10_000
"""In characters of JSON."""


@dataclass(frozen=True)
class UserChange:
    """What shall be different in a person; None stays."""

    email: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class PasswordChange:
    """Another password, proved by the one before. `session_id`: the web session that goes on; `address`: from where."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    session_id: int | None = None
    address: str | None = None


def get_user(session: Session, caller: Caller, user_id: int, verb: str) -> UserView:
    """A person about whom the caller may do so: himself or herself always. Raises NotFound, Forbidden."""
    if user_id != caller.actor_id:
        caller.require_everywhere(verb)
    found = find_user(session, user_id)
    if found is None:
        raise NotFound("people.unknown", value=user_id)
    return found


@dataclass(frozen=True)
class Deed:
    """Who does something to whom, and when."""

    caller: Caller
    user_id: int
    now: datetime


def change_user(session: Session, home: Home, deed: Deed, change: UserChange) -> UserView:
    """Changes name or address; the former address is told. Raises NotFound, Forbidden, Missing, Invalid, Exists."""
    user = get_user(session, deed.caller, deed.user_id, "user.update")
    email = user.email if change.email is None else email_of(change.email)
    name = user.name if change.name is None else name_of(change.name)
    told = {
        key: new for key, new, old in (("email", email, user.email), ("displayName", name, user.name)) if new != old
    }
    with writing(session) as connection:
        other = find_user_by_email(connection, email)
        if (other and other.id != user.id) or not change_email(connection, user.id, email):
            raise Exists("request.exists", fields=["email"], values=[email])
        change_actor(connection, user.id, display_name=name, updated_at=deed.now)
        if name != user.name:
            count_renamed(connection, user.id)
        write_audit(connection, _line(connection, "user.update", deed, data=told))
        if email != user.email:
            letter = Letter("email_changed", user.email, user.id, {"old": user.email, "new": email})
            post(connection, home, letter, deed.now)
        session.commit()
    return get_user(session, deed.caller, user.id, "user.update")


def change_password(session: Session, home: Home, deed: Deed, change: PasswordChange) -> None:
    """Sets another password for who knows the one before; ends the account's other sessions and its links. Raises
    NotFound, Forbidden, Invalid, NotSignedIn (the former password is wrong), TooMany (that too often)."""
    user = get_user(session, deed.caller, deed.user_id, "user.update")
    knock = Knock(user.email, change.address)
    counted = throttle(session, home, knock, deed.now)
    if not is_password(user.password_hash, change.old):
        count_failure(session, home, knock, deed.now, _line(session, "user.password.fail", deed))
        raise NotSignedIn("auth.old_password")
    if counted:
        forgive(session, knock)
    hashed = hash_password(change.new, user.email)
    with writing(session) as connection:
        before = lock_user(connection, user.id)
        if before is None or before.password_hash != user.password_hash:
            # somebody else was faster: what was proved is no longer so
            raise NotSignedIn("auth.old_password")
        set_password(connection, user.id, hashed, deed.now, keep=change.session_id)
        post(connection, home, Letter("password_changed", user.email, user.id), deed.now)
        write_audit(connection, _line(connection, "user.update", deed, data={"password": True}))
        session.commit()


def delete_user(session: Session, deed: Deed) -> None:
    """Takes a person away: sessions and links end, what was done stays, the address is free for others. Raises
    NotFound, Forbidden, and Conflict when nobody would be left who administers the site."""
    deed.caller.require_everywhere("user.delete")
    with writing(session) as connection:
        # the administrators first: two who take each other away wait for each other once, not crosswise
        require_other_administrator(connection, deed.user_id, deed.caller.on)
        if lock_user(connection, deed.user_id) is None:
            raise NotFound("people.unknown", value=deed.user_id)
        end_user(connection, deed.user_id, deed.now)
        write_audit(connection, _line(connection, "user.delete", deed))
        session.commit()


def restore_user(session: Session, deed: Deed) -> None:
    """Lets a person who was taken away come back, with all roles. Raises NotFound, Forbidden, and Exists when somebody
    else has the address by now."""
    deed.caller.require_everywhere("user.delete")
    with writing(session) as connection:
        user = find_user(connection, deed.user_id, ever=True)
        if user is None or user.deleted_at is None:
            raise NotFound("people.unknown", value=deed.user_id)
        if find_user_by_email(connection, user.email) or not restore_kept_user(connection, user.id):
            raise Exists("request.exists", fields=["email"], values=[user.email])
        write_audit(connection, _line(connection, "user.restore", deed))
        session.commit()


def _line(session: Session | Connection, action: str, deed: Deed, **details: Any) -> AuditEntry:
    where = home_of(session, deed.user_id, deed.now)
    return deed.caller.entry(action, f"actor:{deed.user_id}", deed.now, where, **details)


@dataclass(frozen=True)
class Setting:
    """A name that a client knows, for the site or (`project_id`) for one project; `value`: anything JSON can say."""

    name: str
    project_id: int | None = None
    value: Any = None


def prefer(session: Session, caller: Caller, setting: Setting, now: datetime) -> None:
    """Keeps what somebody set in a client. Raises NotFound, Invalid, TooLarge."""
    if len(setting.name) > LONGEST_NAME:
        raise Invalid("request.too_long", field="propertyName", most=LONGEST_NAME)
    if len(json.dumps(setting.value)) > LONGEST_PREFERENCE:
        raise TooLarge("people.preference_large", most=LONGEST_PREFERENCE)
    with writing(session) as connection:
        if setting.project_id is not None and find_project(connection, setting.project_id) is None:
            raise NotFound("project.unknown", value=setting.project_id)
        put_preference(connection, caller.actor_id, setting.project_id, setting.name, setting.value)
        if count_preferences(connection, caller.actor_id) > MOST_PREFERENCES:
            raise TooLarge("people.preferences_many", most=MOST_PREFERENCES)
        _note(connection, caller, "update", setting, now)
        session.commit()


def forget_preference(session: Session, caller: Caller, setting: Setting, now: datetime) -> None:
    """Forgets it. Raises NotFound."""
    with writing(session) as connection:
        if not remove_preference(connection, caller.actor_id, setting.project_id, setting.name):
            raise NotFound("people.no_preference", name=setting.name)
        _note(connection, caller, "delete", setting, now)
        session.commit()


def preferences_of(session: Session, actor_id: int) -> dict[str, Any]:
    """All that somebody set: {"site": {name: value}, "projects": {id: {name: value}}}."""
    site: dict[str, Any] = {}
    projects: dict[str, dict[str, Any]] = {}
    for project_id, name, value in list_preferences(session, actor_id):
        place = site if project_id is None else projects.setdefault(str(project_id), {})
        place[name] = value
    return {"site": site, "projects": projects}


def _note(connection: Any, caller: Caller, verb: str, setting: Setting, now: datetime) -> None:
    place = "site" if setting.project_id is None else "project"
    where = Where(setting.project_id, caller.area_id)
    entry = caller.entry(f"user.preference.{verb}", f"actor:{caller.actor_id}", now, where, **{place: setting.name})
    write_audit(connection, entry)
