"""People: who signs in, who holds a phone's key, and what each was granted. What people change of themselves and of
each other afterwards: users.py; forgotten passwords: reset.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Exists, Forbidden, Invalid, Missing, NotFound
from server.domain.roles import find_role
from server.services.area_lookup import require_in_being
from server.services.authenticate import Caller, digest, hash_password, home_of, is_token, new_token
from server.services.home import Home, SecretChanged
from server.services.mail import Letter, post
from server.storage.accounts import (
    add_actor,
    add_grant,
    add_token,
    add_user,
    change_actor,
    redate_grant,
    remove_grant,
    revoke_tokens,
    set_password,
)
from server.storage.actors import (
    AppUserView,
    GrantView,
    UserView,
    find_actor_name,
    find_token,
    find_user_by_email,
    list_grants,
)
from server.storage.assignments import find_live_actor, is_area, lock_administrators, lock_grants
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.key_holders import find_app_user, list_home_areas
from server.storage.key_holders import list_app_users as list_kept_app_users
from server.storage.reach import find_above

LONGEST_NAME = 255
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
"""One at sign, nothing that would be more than an address in the header of a mail."""


@dataclass(frozen=True)
class NewUser:
    """A person to be. `password` None: cannot sign in with a password yet. `role`: of the whole site, if any."""

    email: str
    password: str | None = field(default=None, repr=False)
    name: str | None = None
    locale: str = "vi"
    role: str | None = None


@dataclass(frozen=True)
class NewAppUser:
    """A phone's key holder to be. With an area, what is granted reaches that area and below. `token`: a key made
    elsewhere (64 characters as ours); None makes one. `form_ids`: the forms he or she may fill."""

    project_id: int
    display_name: str
    area_id: str | None = None
    token: str | None = field(default=None, repr=False)
    form_ids: tuple[int, ...] = ()


def create_user(session: Session, caller: Caller, new: NewUser, now: datetime, home: Home | None = None) -> UserView:
    """Adds a person who signs in; a home that sends mail tells them so, with a link to set a password when they were
    given none. Raises Missing, Invalid, Exists, Forbidden."""
    caller.require_everywhere("user.create")
    email, name = email_of(new.email), name_of(new.name or new.email)
    hashed = hash_password(new.password, email) if new.password is not None else None
    grant = GrantView(new.role, "site", None, None, None, None, None) if new.role is not None else None
    if grant is not None:
        _require_held(session, caller, grant)
    with writing(session) as connection:
        if find_user_by_email(connection, email) is not None:
            raise Exists("request.exists", fields=["email"], values=[email])
        actor_id = add_actor(connection, "user", name, now=now)
        change_actor(connection, actor_id, locale=new.locale, created_by=caller.actor_id)
        if not add_user(connection, actor_id, email, hashed):
            raise Exists("request.exists", fields=["email"], values=[email])
        if grant is not None:
            write_grant(connection, caller, actor_id, grant, now)
        write_audit(connection, caller.entry("user.create", f"actor:{actor_id}", now, email=email))
        if home is not None:
            post(connection, home, Letter("invited" if hashed is None else "created", email, actor_id), now)
        session.commit()
    return UserView(actor_id, email, name, new.locale, hashed, now, None)


def email_of(text: str) -> str:
    """An e-mail address as it is kept: in lower case. Raises Missing, Invalid."""
    email = text.strip().lower()
    if not email:
        raise Missing("request.fields_missing", fields=["email"])
    if len(email) > LONGEST_NAME:
        raise Invalid("request.too_long", field="email", most=LONGEST_NAME)
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise Invalid("people.email", value=email)
    return email


def name_of(text: str) -> str:
    """A person's name as it is kept. Raises Missing, Invalid."""
    name = text.strip()
    if not name:
        raise Missing("request.fields_missing", fields=["displayName"])
    if len(name) > LONGEST_NAME:
        raise Invalid("request.too_long", field="displayName", most=LONGEST_NAME)
    if not name.isprintable():
        raise Invalid("people.name")
    return name


def reset_password(session: Session, caller: Caller, email: str, password: str, now: datetime) -> None:
    """Gives a person another password and ends all their web sessions. Raises NotFound, Invalid, Forbidden."""
    user = find_user_by_email(session, email)
    if user is None:
        raise NotFound("people.unknown", value=email)
    if user.id != caller.actor_id:
        caller.require_everywhere("user.update")
    hashed = hash_password(password, user.email)
    with writing(session) as connection:
        set_password(connection, user.id, hashed, now)
        where = home_of(connection, user.id, now)
        write_audit(connection, caller.entry("user.update", f"actor:{user.id}", now, where, changed=["password"]))
        session.commit()


def create_app_user(session: Session, home: Home, caller: Caller, new: NewAppUser, now: datetime) -> AppUserView:
    """Adds a key holder; the view carries the key. Raises Missing, Invalid, Exists (the key is taken), and Forbidden:
    somebody who looks after some area adds people there only."""
    reached = caller.reach("field_key.create", new.project_id)
    above = find_above(session, new.area_id, caller.on) if new.area_id is not None else ()
    if not reached.everywhere and not reached.area_ids & set(above):
        raise Forbidden("auth.forbidden")
    name = new.display_name.strip()
    if not name:
        raise Missing("request.fields_missing", fields=["displayName"])
    if len(name) > LONGEST_NAME:
        raise Invalid("request.too_long", field="displayName", most=LONGEST_NAME)
    token = new.token or new_token()
    if not is_token(token):
        raise Invalid("people.key_malformed")
    sealed = home.seal(token)
    with writing(session) as connection:
        if find_token(connection, digest(token)) is not None:
            raise Exists("people.key_taken", fields=["token"], values=[])
        actor_id = add_actor(connection, "field_key", name, now=now, project_id=new.project_id)
        change_actor(connection, actor_id, created_by=caller.actor_id)
        add_token(
            connection, actor_id=actor_id, kind="field_key", token_hash=digest(token), sealed=sealed, created_at=now
        )
        for form_id in new.form_ids:
            grant = GrantView("app-user", "form", new.project_id, form_id, new.area_id, None, None)
            write_grant(connection, caller, actor_id, grant, now)
        where = Where(new.project_id, new.area_id)
        write_audit(connection, caller.entry("field_key.create", f"actor:{actor_id}", now, where, name=name))
        session.commit()
    return AppUserView(actor_id, new.project_id, name, now, None, sealed, token)


def list_app_users(session: Session, home: Home, caller: Caller, project_id: int) -> list[AppUserView]:
    """The key holders of a project within the caller's reach, with their keys, newest first; a revoked one's is
    None."""
    reached = caller.reach("field_key.list", project_id)
    return [opened(home, each) for each in list_kept_app_users(session, project_id, reached, caller.on)]


def get_app_user(session: Session, home: Home, caller: Caller, project_id: int, actor_id: int) -> AppUserView:
    """One key holder with the key. Raises NotFound, also for one outside the caller's reach."""
    reached = caller.reach("field_key.list", project_id)
    found = find_app_user(session, project_id, actor_id, reached, caller.on)
    if found is None:
        raise NotFound("people.unknown", value=actor_id)
    return opened(home, found)


def require_app_user(
    session: Session | Connection, caller: Caller, verb: str, project_id: int, actor_id: int
) -> AppUserView:
    """One key holder about whom the caller may do so. Raises NotFound, also for one that the caller may not know of,
    and Forbidden for one that he or she may only look at."""
    found = find_app_user(session, project_id, actor_id, caller.reach(verb, project_id), caller.on)
    if found is not None:
        return found
    if find_app_user(session, project_id, actor_id, caller.reach("field_key.list", project_id), caller.on):
        raise Forbidden("auth.forbidden")
    raise NotFound("people.unknown", value=actor_id)


def delete_app_user(session: Session, caller: Caller, project_id: int, actor_id: int, now: datetime) -> None:
    """Takes a key holder away: the key ends, what was sent stays. Raises NotFound, Forbidden."""
    caller.require("field_key.delete", project_id)
    with writing(session) as connection:
        require_app_user(connection, caller, "field_key.delete", project_id, actor_id)
        where = place_of(connection, project_id, actor_id, caller.on)
        revoke_tokens(connection, actor_id, "field_key", now)
        change_actor(connection, actor_id, deleted_at=now)
        write_audit(connection, caller.entry("field_key.delete", f"actor:{actor_id}", now, where))
        session.commit()


def place_of(session: Session | Connection, project_id: int, actor_id: int, on: date) -> Where:
    """Where a key holder is at home, for the audit: in an area when there is just one."""
    homes = list_home_areas(session, project_id, on, [actor_id]).get(actor_id, [])
    return Where(project_id, homes[0].area_id if len(homes) == 1 else None)


def grant_role(session: Session, caller: Caller, actor_id: int, grant: GrantView, now: datetime) -> None:
    """Grants a role at a place; granted there already, it gets these dates, and with the same dates nothing changes.
    Raises NotFound for an unknown actor, role or area, Invalid for dates that end before they begin, Conflict when
    nobody would be left who administers the site, and Forbidden: nobody grants verbs that he or she does not hold
    there, in all of the area that is granted."""
    require_grantable(session, caller, grant)
    with writing(session) as connection:
        _require_actor(connection, caller, actor_id, grant)
        write_grant(connection, caller, actor_id, grant, now)
        session.commit()


def revoke_role(session: Session, caller: Caller, actor_id: int, grant: GrantView, now: datetime) -> None:
    """Takes a role at a place away: in one area when the grant names one, else in all of the place. Raises NotFound
    when it was not granted, Forbidden, and Conflict when nobody would be left who administers the site."""
    require_there(session, caller, "assignment.delete", grant)
    with writing(session) as connection:
        _require_actor(connection, caller, actor_id, grant)
        if not take_grant(connection, caller, actor_id, grant, now):
            raise NotFound("people.not_granted", role=grant.role)
        session.commit()


def require_other_administrator(connection: Connection, actor_id: int, on: date) -> None:
    """Raises Conflict when this person alone administers the site without an end."""
    if lock_administrators(connection, on) == {actor_id}:
        raise Conflict("people.last_administrator")


def require_grantable(session: Session, caller: Caller, grant: GrantView) -> None:
    """Raises Forbidden unless the caller may grant this there, NotFound for a role or an area that is not known (or
    that the caller may not know), Invalid for dates that end before they begin and for an area that ended."""
    if grant.valid_from is not None and grant.valid_to is not None and grant.valid_to <= grant.valid_from:
        raise Invalid("people.dates_reversed", since=grant.valid_from.isoformat(), until=grant.valid_to.isoformat())
    require_there(session, caller, "assignment.create", grant)
    _require_held(session, caller, grant)
    if grant.area_id is not None and not is_area(session, grant.area_id):
        raise NotFound("people.unknown_area", value=grant.area_id)
    if grant.area_id is not None:
        require_in_being(session, grant.area_id, max(caller.on, grant.valid_from or caller.on))


def revoke_one(session: Session, caller: Caller, actor_id: int, grant: GrantView, now: datetime) -> None:
    """Takes just this grant away: in the area it names, or the one that names no area. Raises as `revoke_role`."""
    require_there(session, caller, "assignment.delete", grant)
    with writing(session) as connection:
        _require_actor(connection, caller, actor_id, grant)
        alone = _is_alone(connection, actor_id, grant, caller.on)
        found = [each for each in lock_grants(connection, actor_id, grant) if each[1].area_id == grant.area_id]
        if not _remove(connection, caller, (actor_id, alone), found, now):
            raise NotFound("people.not_granted", role=grant.role)
        session.commit()


def take_grant(connection: Connection, caller: Caller, actor_id: int, grant: GrantView, now: datetime) -> bool:
    """Takes a role away within a transaction, as `revoke_role`. False when it was not granted; raises Conflict."""
    alone = _is_alone(connection, actor_id, grant, caller.on)
    return _remove(connection, caller, (actor_id, alone), lock_grants(connection, actor_id, grant), now)


def _remove(
    connection: Connection,
    caller: Caller,
    actor: tuple[int, bool],
    found: Sequence[tuple[int, GrantView]],
    now: datetime,
) -> bool:
    actor_id, alone = actor
    if alone and any(kept.area_id is None for _, kept in found):
        raise Conflict("people.last_administrator")
    for grant_id, kept in found:
        remove_grant(connection, grant_id)
        _write_assignment(connection, caller, "delete", (actor_id, kept), now)
    return bool(found)


def write_grant(connection: Connection, caller: Caller, actor_id: int, grant: GrantView, now: datetime) -> None:
    """Grants a role within a transaction, or gives the grant there is these dates. Raises NotFound for an unknown role,
    Conflict when nobody would be left who administers the site."""
    if find_role(grant.role) is None:
        raise NotFound("people.unknown_role", role=grant.role)
    if add_grant(connection, actor_id, grant, caller.actor_id, now):
        _write_assignment(connection, caller, "create", (actor_id, grant), now)
        return
    alone = _is_alone(connection, actor_id, grant, caller.on)
    lasts = grant.valid_to is None and (grant.valid_from or caller.on) <= caller.on
    for grant_id, kept in lock_grants(connection, actor_id, grant):
        if kept.area_id != grant.area_id or kept == grant:
            continue
        if alone and kept.area_id is None and not lasts:
            raise Conflict("people.last_administrator")
        redate_grant(connection, grant_id, grant)
        was = {"validFrom": _text(kept.valid_from), "validTo": _text(kept.valid_to)}
        _write_assignment(connection, caller, "update", (actor_id, grant), now, was=was)


def _write_assignment(
    connection: Connection, caller: Caller, verb: str, granted: tuple[int, GrantView], now: datetime, **more: object
) -> None:
    # Central names the kind of the actor: user.assignment.create, field_key.assignment.delete
    actor_id, grant = granted
    kind = (find_actor_name(connection, actor_id) or ("user",))[0]
    role = find_role(grant.role)
    told = {"role": grant.role, "roleId": role.id if role else None, "scope": grant.scope}
    told |= {"project": grant.project_id, "form": grant.form_id, "area": grant.area_id}
    dates = {"validFrom": _text(grant.valid_from), "validTo": _text(grant.valid_to)}
    told |= {name: day for name, day in dates.items() if day is not None or verb == "update"}
    where = Where(grant.project_id, grant.area_id)
    entry = caller.entry(f"{kind}.assignment.{verb}", f"actor:{actor_id}", now, where, **told, **more)
    write_audit(connection, entry)


def require_there(session: Session | Connection, caller: Caller, verb: str, grant: GrantView) -> None:
    """Raises Forbidden unless the caller may do so at the place of the grant, in all of its area; NotFound where he or
    she does not see that area at all."""
    if _reaches(session, caller, verb, grant):
        return
    if grant.area_id is not None and not _reaches(session, caller, "area.read", grant):
        raise NotFound("people.unknown_area", value=grant.area_id)
    raise Forbidden("auth.forbidden")


def _reaches(session: Session | Connection, caller: Caller, verb: str, grant: GrantView) -> bool:
    reached = caller.reach(verb, grant.project_id, grant.form_id)
    if reached.everywhere or not reached or grant.area_id is None or "\x00" in grant.area_id:
        return reached.everywhere
    return not reached.area_ids.isdisjoint(find_above(session, grant.area_id, caller.on))


def _is_alone(connection: Connection, actor_id: int, grant: GrantView, on: date) -> bool:
    # asked before the grants of one person are held: two who change each other wait for each other once, not crosswise
    if (grant.role, grant.scope) != ("admin", "site"):
        return False
    return lock_administrators(connection, on) == {actor_id}


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _require_held(session: Session, caller: Caller, grant: GrantView) -> None:
    role = find_role(grant.role)
    if role is None:
        raise NotFound("people.unknown_role", role=grant.role)
    for verb in role.verbs:
        require_there(session, caller, verb, grant)


def _require_actor(connection: Connection, caller: Caller, actor_id: int, grant: GrantView) -> None:
    """Raises NotFound for an actor that is not there, and for a key holder whom the caller may not know of: what is
    granted to a key takes it out of the hands of those who look after less than all of it."""
    actor = find_live_actor(connection, actor_id)
    if actor is None:
        raise NotFound("people.unknown", value=actor_id)
    if actor.kind != "field_key" or grant.project_id is None:
        return
    reached = caller.reach("field_key.list", grant.project_id)
    if reached.everywhere or not list_grants(connection, actor_id):
        return
    if find_app_user(connection, grant.project_id, actor_id, reached, caller.on) is None:
        raise NotFound("people.unknown", value=actor_id)


def opened(home: Home, kept: AppUserView) -> AppUserView:
    """A key holder with the key, as far as it can be shown."""
    try:
        return replace(kept, token=home.unseal(kept.sealed)) if kept.sealed else kept
    except SecretChanged:
        # the key still opens its door (its hash is kept); it just cannot be shown any more
        return kept
