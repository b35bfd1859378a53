"""Webhooks: made, changed, paused, tried, taken away; what was delivered, and sending it again."""

from __future__ import annotations

from typing import Any

from server.domain.webhooks import DEAD, SENT, WAITING
from server.services.webhooks import (
    Asked,
    Made,
    change_webhook,
    create_webhook,
    delete_webhook,
    get_webhook,
    list_messages,
    list_webhooks,
    pause_webhook,
    renew_secret,
    resume_webhook,
    send_again,
    try_webhook,
)
from server.storage.webhooks import DeliveryView, HookView, count_deliveries
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.webhooks import (
    DeliveryBody,
    NewWebhookBody,
    SecretWebhookBody,
    WebhookBody,
    WebhookChangeBody,
)
from server.web.context import current_home, current_session, now, whole
from server.web.wire import LIMIT, WHOLE, Parameter, Wire, told

nouns = Nouns("webhooks", "Addresses that are told of what happens, each within its owner's sight")
HOOKS = "/projects/<int:project_id>/webhooks"
HOOK = f"{HOOKS}/<int:hook_id>"
DELIVERY = f"{HOOK}/deliveries/<int:delivery_id>"
BEFORE = Parameter("before", "Older than the delivery of this number: the last of the page before.", WHOLE, 99999)
MOST, USUAL = 500, 100
_FIELDS = ("name", "url", "events", "form", "area")


@nouns.view(f"GET {HOOKS}", "webhook.list", answer=WebhookBody(many=True))
def list_all(here: Here) -> list[dict[str, Any]]:
    """One's own webhooks in a project; all of them for who may see them in all of it."""
    found = list_webhooks(current_session(), here.caller, here.project.id)
    counts = count_deliveries(current_session(), [each.id for each in found])
    return [_hook(each, counts.get(each.id, {})) for each in found]


@nouns.view(f"POST {HOOKS}", "webhook.create", body=NewWebhookBody, answer=SecretWebhookBody())
def create_one(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    """Makes a webhook, which hears what its owner sees. The answer has its secret, which is shown this once."""
    asked = Asked(**{name: body[name] for name in _FIELDS})
    return _made(create_webhook(current_session(), current_home(), here.caller, (here.project.id, asked), now()))


@nouns.view(f"GET {HOOK}", "webhook.list", answer=WebhookBody())
def get_one(here: Here, hook_id: int) -> dict[str, Any]:
    """A webhook."""
    return _whole(_found(here, hook_id))


@nouns.view(f"PATCH {HOOK}", "webhook.update", body=WebhookChangeBody, answer=WebhookBody())
def change_one(here: Here, body: dict[str, Any], hook_id: int) -> dict[str, Any]:
    """Changes, pauses or resumes a webhook. What it hears and where it leads is its owner's to say."""
    session, hook = current_session(), _found(here, hook_id)
    given = {name: body[name] for name in _FIELDS if name in body}
    if given:
        before = {"name": hook.name, "url": hook.url, "events": hook.events, "form": hook.form, "area": hook.area_id}
        hook = change_webhook(session, current_home(), here.caller, (hook, Asked(**(before | given))), now())
    if "paused" in body:
        switch = pause_webhook if body["paused"] else resume_webhook
        hook = switch(session, here.caller, hook, now())
    return _whole(hook)


@nouns.view(f"DELETE {HOOK}", "webhook.delete", answer=Success())
def delete_one(here: Here, hook_id: int) -> dict[str, bool]:
    """Takes a webhook away, with its secret and what was delivered to it."""
    delete_webhook(current_session(), here.caller, _found(here, hook_id), now())
    return SUCCESS


@nouns.view(f"POST {HOOK}/secret", "webhook.update", answer=SecretWebhookBody())
def renew_one(here: Here, hook_id: int) -> dict[str, Any]:
    """Another secret, shown this once. For 24 hours messages are signed with the one before as well."""
    hook = _found(here, hook_id)
    return _made(renew_secret(current_session(), current_home(), here.caller, hook, now()))


@nouns.view(f"POST {HOOK}/test", "webhook.update", answer=DeliveryBody())
def test_one(here: Here, hook_id: int) -> dict[str, Any]:
    """Has a message of the kind `ping` sent, to see whether it arrives."""
    return _delivery(try_webhook(current_session(), here.caller, _found(here, hook_id), now()))


@nouns.view(f"GET {HOOK}/deliveries", "webhook.list", answer=DeliveryBody(many=True))
@told(Wire(reads=(LIMIT, BEFORE)))
def list_its_deliveries(here: Here, hook_id: int) -> list[dict[str, Any]]:
    """The deliveries of a webhook in the last 30 days, newest first, a hundred at a time if nothing else is asked, at
    most 500."""
    limit, before = whole("limit", USUAL), whole("before")
    hook = _found(here, hook_id)
    most = min(USUAL if limit is None else limit, MOST)
    return [_delivery(each) for each in list_messages(current_session(), here.caller, hook, most, before)]


@nouns.view(f"POST {DELIVERY}/again", "webhook.update", answer=DeliveryBody())
def send_one_again(here: Here, hook_id: int, delivery_id: int) -> dict[str, Any]:
    """Has a message sent once more, whatever became of it; it keeps its id."""
    return _delivery(send_again(current_session(), here.caller, (_found(here, hook_id), delivery_id), now()))


def _found(here: Here, hook_id: int) -> HookView:
    return get_webhook(current_session(), here.caller, here.project.id, hook_id)


def _whole(hook: HookView) -> dict[str, Any]:
    return _hook(hook, count_deliveries(current_session(), [hook.id]).get(hook.id, {}))


def _made(made: Made) -> dict[str, Any]:
    return _whole(made.hook) | {"secret": made.secret}


def _hook(hook: HookView, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "id": hook.id,
        "projectId": hook.project_id,
        "name": hook.name,
        "url": hook.url,
        "events": hook.events,
        "form": hook.form,
        "area": hook.area_id,
        "ownerId": hook.created_by,
        "ownerName": hook.owner,
        "createdAt": hook.created_at,
        "updatedAt": hook.updated_at,
        "pausedAt": hook.paused_at,
        "pausedWhy": hook.paused_why,
        "failures": hook.failures,
        "failingSince": hook.failing_since,
        **{state: counts.get(state, 0) for state in (WAITING, SENT, DEAD)},
    }


def _delivery(each: DeliveryView) -> dict[str, Any]:
    return {
        "id": each.id,
        "eventId": each.event_id,
        "event": each.event,
        "state": each.state,
        "attempts": each.attempts,
        "createdAt": each.created_at,
        "triedAt": each.tried_at,
        "nextAt": each.next_at if each.state == WAITING else None,
        "status": each.status,
        "error": each.error,
        "detail": each.detail,
        "milliseconds": each.milliseconds,
        "againAt": each.again_at,
        "againBy": each.again_by,
        "payload": each.payload,
    }
