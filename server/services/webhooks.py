"""Webhooks made, changed, paused and taken away by people; messages sent again, and an address tried."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from server.domain.webhooks import (
    EVENTS,
    KEPT,
    LONGEST_NAME,
    OLD_SECRET_HOLDS,
    PING,
    WAITING,
    read_url,
    told_at,
)
from server.services.authenticate import Caller
from server.services.campaign import touch
from server.services.home import Home
from server.services.notify import HEARS
from server.storage.area_views import find_seen
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.verdicts import find_project_synthetic
from server.storage.webhooks import (
    DeliveryView,
    HookView,
    add_delivery,
    add_hook,
    change_delivery,
    change_hook,
    find_delivery,
    find_hook,
    forget_deliveries,
    list_deliveries,
    list_hooks,
    wait_anew,
)

SECRET_BYTES = 32
AT_ONCE = 500
MOST = 50
"""Webhooks of a project: each is asked about with every sheet that comes."""
PERSON = "person"
SEEN_BY = "webhook.list"


@dataclass(frozen=True)
class Asked:
    """What a webhook is to be. `area`: an own id, or a code as of today; None: all that its owner sees."""

    name: str
    url: str
    events: Sequence[str]
    form: str | None = None
    area: str | None = None


@dataclass(frozen=True)
class Made:
    """A webhook with the secret that its messages are signed with, which is shown this once."""

    hook: HookView
    secret: str = field(repr=False)


def create_webhook(session: Session, home: Home, caller: Caller, which: tuple[int, Asked], now: datetime) -> Made:
    """Makes a webhook of the caller's own in a project (`which`: its number, what is asked). Raises Forbidden, Missing,
    Invalid, NotFound (a form or an area that the caller does not see), Conflict (there are too many)."""
    project_id, asked = which
    caller.require("webhook.create", project_id)
    values = _values(session, home, caller, project_id, asked)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with writing(session) as connection:
        if len(list_hooks(connection, project_id)) >= MOST:
            raise Conflict("webhook.too_many", most=MOST)
        made = {"project_id": project_id, "sealed": home.seal(secret), "created_by": caller.actor_id}
        hook_id = add_hook(connection, **values, **made, created_at=now, failures=0)
        # whoever takes something in looks for webhooks from now on
        touch(connection)
        where = Where(project_id, values["area_id"])
        told = {"name": values["name"], "url": values["url"], "events": values["events"]}
        write_audit(connection, caller.entry("webhook.create", f"webhook:{hook_id}", now, where, **told))
        session.commit()
    return Made(get_webhook(session, caller, project_id, hook_id), secret)


def change_webhook(
    session: Session, home: Home, caller: Caller, which: tuple[HookView, Asked], now: datetime
) -> HookView:
    """Changes what a webhook is; for its owner. Raises Forbidden, Missing, Invalid, NotFound."""
    hook, asked = which
    require_own(caller, hook)
    caller.require("webhook.update", hook.project_id)
    values = _values(session, home, caller, hook.project_id, asked)
    changed = {name: value for name, value in values.items() if getattr(hook, name) != value}
    if not changed:
        return hook
    with writing(session) as connection:
        change_hook(connection, hook.id, **changed, updated_at=now)
        told = {name: value for name, value in changed.items() if name != "area_id"}
        where = Where(hook.project_id, values["area_id"])
        write_audit(connection, caller.entry("webhook.update", f"webhook:{hook.id}", now, where, **told))
        session.commit()
    return get_webhook(session, caller, hook.project_id, hook.id)


def pause_webhook(session: Session, caller: Caller, hook: HookView, now: datetime) -> HookView:
    """Sends nothing more until it is resumed; what happens meanwhile waits. Raises Forbidden."""
    caller.require("webhook.update", hook.project_id)
    if hook.paused_at is None:
        with writing(session) as connection:
            change_hook(connection, hook.id, paused_at=now, paused_why=PERSON, updated_at=now)
            write_audit(connection, caller.entry("webhook.pause", f"webhook:{hook.id}", now, _where(hook)))
            session.commit()
    return get_webhook(session, caller, hook.project_id, hook.id)


def resume_webhook(session: Session, caller: Caller, hook: HookView, now: datetime) -> HookView:
    """Sends again, first what has waited. Raises Forbidden."""
    caller.require("webhook.update", hook.project_id)
    if hook.paused_at is not None:
        with writing(session) as connection:
            awake = {"paused_at": None, "paused_why": None, "failures": 0, "failing_since": None, "resting_until": None}
            change_hook(connection, hook.id, **awake, updated_at=now)
            wait_anew(connection, hook.id, now)
            write_audit(connection, caller.entry("webhook.resume", f"webhook:{hook.id}", now, _where(hook)))
            session.commit()
    return get_webhook(session, caller, hook.project_id, hook.id)


def renew_secret(session: Session, home: Home, caller: Caller, hook: HookView, now: datetime) -> Made:
    """Another secret, for the owner; for a day messages are signed with the one before as well. Raises Forbidden."""
    require_own(caller, hook)
    caller.require("webhook.update", hook.project_id)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with writing(session) as connection:
        before = {"old_sealed": hook.sealed, "old_until": now + OLD_SECRET_HOLDS}
        change_hook(connection, hook.id, sealed=home.seal(secret), **before, updated_at=now)
        write_audit(connection, caller.entry("webhook.renew", f"webhook:{hook.id}", now, _where(hook)))
        session.commit()
    return Made(get_webhook(session, caller, hook.project_id, hook.id), secret)


def delete_webhook(session: Session, caller: Caller, hook: HookView, now: datetime) -> None:
    """Takes a webhook away, with its secret; what was delivered to it is forgotten. Raises Forbidden."""
    caller.require("webhook.delete", hook.project_id)
    with writing(session) as connection:
        change_hook(connection, hook.id, deleted_at=now, sealed=None, old_sealed=None, updated_at=now)
        told = {"name": hook.name, "url": hook.url}
        write_audit(connection, caller.entry("webhook.delete", f"webhook:{hook.id}", now, _where(hook), **told))
        session.commit()


def send_again(session: Session, caller: Caller, which: tuple[HookView, int], now: datetime) -> DeliveryView:
    """Has a message sent once more, whatever became of it, with its own id. Raises Forbidden, NotFound."""
    hook, delivery_id = which
    caller.require("webhook.update", hook.project_id)
    get_delivery(session, caller, hook, delivery_id)
    with writing(session) as connection:
        anew = {"state": WAITING, "since": now, "next_at": now, "attempts": 0, "again_by": caller.actor_id}
        change_delivery(connection, delivery_id, **anew, again_at=now)
        # somebody has mended the other end, and does not wait an hour to see it
        change_hook(connection, hook.id, resting_until=None)
        told = {"delivery": delivery_id}
        write_audit(connection, caller.entry("webhook.again", f"webhook:{hook.id}", now, _where(hook), **told))
        session.commit()
    return get_delivery(session, caller, hook, delivery_id)


def try_webhook(session: Session, caller: Caller, hook: HookView, now: datetime) -> DeliveryView:
    """Has a message sent that says nothing, to see whether it arrives. Raises Forbidden."""
    caller.require("webhook.update", hook.project_id)
    with writing(session) as connection:
        delivery_id = add_delivery(connection, _ping(connection, hook, str(uuid.uuid4()), now))
        change_hook(connection, hook.id, resting_until=None)
        write_audit(connection, caller.entry("webhook.test", f"webhook:{hook.id}", now, _where(hook)))
        session.commit()
    return get_delivery(session, caller, hook, delivery_id)


def list_webhooks(session: Session, caller: Caller, project_id: int) -> list[HookView]:
    """The caller's own webhooks in a project; all of them for who may see them in all of it."""
    everywhere = caller.reach(SEEN_BY, project_id).everywhere
    return list_hooks(session, project_id, None if everywhere else caller.actor_id)


def get_webhook(session: Session, caller: Caller, project_id: int, hook_id: int) -> HookView:
    """A webhook that the caller may see. Raises NotFound."""
    found = find_hook(session, hook_id)
    if found is None or found.project_id != project_id or not _sees(caller, found):
        raise NotFound("webhook.unknown", value=hook_id)
    return found


def list_messages(
    session: Session, caller: Caller, hook: HookView, limit: int, before: int | None = None
) -> list[DeliveryView]:
    """The deliveries of a webhook, newest first, `before` (older than) one of them: of what happened where the caller
    sees it today. Whoever was told of a place and has another now reads no more of it here."""
    return list_deliveries(session, hook.id, caller.scope(HEARS, hook.project_id), limit, before)


def get_delivery(session: Session, caller: Caller, hook: HookView, delivery_id: int) -> DeliveryView:
    """A delivery to a webhook, as `list_messages`. Raises NotFound."""
    found = find_delivery(session, hook.id, delivery_id, caller.scope(HEARS, hook.project_id))
    if found is None:
        raise NotFound("webhook.delivery_unknown", value=delivery_id)
    return found


def forget_old_deliveries(session: Session, now: datetime) -> int:
    """Forgets what was delivered, or was to be, longer ago than 30 days; returns how many. Raises Unavailable."""
    forgotten = 0
    while True:
        with writing(session) as connection:
            count = forget_deliveries(connection, now - KEPT, AT_ONCE)
            session.commit()
        forgotten += count
        if count < AT_ONCE:
            return forgotten


def require_own(caller: Caller, hook: HookView) -> None:
    """Raises Forbidden for who did not make a webhook: it hears what its owner may hear."""
    if hook.created_by != caller.actor_id:
        raise Forbidden("webhook.not_yours", name=hook.owner)


def _sees(caller: Caller, hook: HookView) -> bool:
    return caller.actor_id == hook.created_by or caller.reach(SEEN_BY, hook.project_id).everywhere


def _values(session: Session, home: Home, caller: Caller, project_id: int, asked: Asked) -> dict[str, Any]:
    name, url = asked.name.strip(), asked.url.strip()
    missing = [what for what, given in (("name", name), ("url", url), ("events", asked.events)) if not given]
    if missing:
        raise Missing("request.fields_missing", fields=missing)
    if "\0" in name or len(name) > LONGEST_NAME:
        raise Invalid("request.wrong_type", fields=["name"])
    unknown = [each for each in asked.events if each not in EVENTS]
    if unknown:
        raise Invalid("webhook.unknown_event", value=str(unknown[0])[:80], allowed=", ".join(EVENTS))
    read_url(url, home.config.webhook_networks)
    form, area_id = asked.form or None, None
    if form is not None:
        found = find_form(session, project_id, form)
        if found is None or not caller.may("submission.list", project_id, found.id):
            raise NotFound("form.unknown", form=form)
    if asked.area:
        area_id = find_seen(session, caller.scope("submission.list", project_id), asked.area, caller.on)
        if area_id is None:
            raise NotFound("area.unknown", value=asked.area[:80], on=caller.on.isoformat())
    events = [each for each in EVENTS if each in asked.events]
    return {"name": name, "url": url, "events": events, "form": form, "area_id": area_id}


def _where(hook: HookView) -> Where:
    return Where(hook.project_id, hook.area_id)


def _ping(connection: Connection, hook: HookView, event_id: str, now: datetime) -> Mapping[str, Any]:
    empty = dict.fromkeys(("form", "instanceId", "area", "round", "reviewState", "verdict"))
    said = {"id": event_id, "event": PING, "at": told_at(now), "project": hook.project_id}
    payload = said | empty | {"links": {}, "synthetic": find_project_synthetic(connection, hook.project_id)}
    times = {"created_at": now, "since": now, "next_at": now}
    about = {"webhook_id": hook.id, "event_id": event_id, "event": PING, "subject": f"{PING}:{event_id}"}
    return about | times | {"payload": payload, "form_id": None, "area_id": None, "state": WAITING, "attempts": 0}
