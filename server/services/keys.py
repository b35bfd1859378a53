"""What becomes of a phone's key: another one in its place, its end, another phone to hold it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.services.authenticate import Caller, digest, new_token
from server.services.home import Home
from server.services.people import opened, place_of, require_app_user
from server.storage.accounts import add_token, change_actor, revoke_tokens
from server.storage.actors import AppUserView
from server.storage.audits import write_audit
from server.storage.database import writing
from server.storage.devices import let_go, list_devices, move_pin
from server.storage.key_holders import find_app_user


def renew_key(session: Session, home: Home, caller: Caller, which: tuple[int, int], now: datetime) -> AppUserView:
    """Another key in place of the one that (project id, actor id) has, which ends at once; the phone that uses the new
    one first is its phone. Raises NotFound, Forbidden."""
    project_id, actor_id = which
    token = new_token()
    sealed = home.seal(token)
    with writing(session) as connection:
        holder = require_app_user(connection, caller, "field_key.update", project_id, actor_id)
        revoke_tokens(connection, actor_id, "field_key", now)
        add_token(
            connection, actor_id=actor_id, kind="field_key", token_hash=digest(token), sealed=sealed, created_at=now
        )
        let_go(connection, actor_id)
        change_actor(connection, actor_id, updated_at=now)
        where = place_of(connection, project_id, actor_id, caller.on)
        write_audit(connection, caller.entry("field_key.renew", f"actor:{actor_id}", now, where))
        session.commit()
    return replace(holder, sealed=sealed, token=token, updated_at=now, device_id=None)


def revoke_key(session: Session, caller: Caller, which: tuple[int, int], now: datetime) -> None:
    """Ends the key of (project id, actor id): its phone is refused from now on, what was sent stays. Ending it twice
    changes nothing. Raises NotFound, Forbidden."""
    project_id, actor_id = which
    with writing(session) as connection:
        holder = require_app_user(connection, caller, "session.end", project_id, actor_id)
        if holder.sealed is None:
            return
        revoke_tokens(connection, actor_id, "field_key", now)
        let_go(connection, actor_id)
        where = place_of(connection, project_id, actor_id, caller.on)
        write_audit(connection, caller.entry("field_key.session.end", f"actor:{actor_id}", now, where))
        session.commit()


def release_phone(
    session: Session, home: Home, caller: Caller, which: tuple[int, int, str | None], now: datetime
) -> AppUserView:
    """Lets the phone go that the key of (project id, actor id, phone) is pinned to. It is pinned to the phone that is
    named instead, one that was seen with this key; None: to the next that comes. Raises NotFound, Forbidden."""
    project_id, actor_id, device_id = which
    with writing(session) as connection:
        before = require_app_user(connection, caller, "field_key.update", project_id, actor_id)
        seen = {each.device_id for each in list_devices(connection, [actor_id]).get(actor_id, ())} - {""}
        if before.sealed is None or (device_id is not None and device_id not in seen):
            raise NotFound("devices.unknown", value=device_id or "")
        let_go(connection, actor_id)
        move_pin(connection, actor_id, device_id)
        where = place_of(connection, project_id, actor_id, caller.on)
        told = {"before": before.device_id, "after": device_id}
        write_audit(connection, caller.entry("field_key.release", f"actor:{actor_id}", now, where, **told))
        reached = caller.reach("field_key.update", project_id)
        after = find_app_user(connection, project_id, actor_id, reached, caller.on)
        session.commit()
    return opened(home, after or before)
