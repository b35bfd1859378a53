"""Webhooks: who is told of what happens in a project, what was delivered, and what can be done about it."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Forbidden
from server.domain.webhooks import EVENTS
from server.services.authenticate import Caller
from server.services.webhooks import (
    Asked,
    Made,
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
from server.storage.audit_names import name_areas
from server.storage.forms import FormView, list_forms
from server.storage.webhooks import HookView, count_deliveries
from server.web.context import current_home, current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of

Answer = Response | str | tuple[str, int]
PAGE = 50
DONE = ("paused", "resumed", "tried", "again", "deleted")
"""What a page says was done."""
_FIELDS = ("name", "url", "form", "area")


@blueprint.get("/projects/<int:project_id>/webhooks")
def webhooks(project_id: int) -> str:
    """One's own webhooks in a project, or all of them for who sees these."""
    return _list(project_id)


@blueprint.post("/projects/<int:project_id>/webhooks")
def add_webhook(project_id: int) -> Answer:
    """Makes one; its secret is on the page that answers, and on no other."""
    caller = desk_caller()
    project_of(caller, project_id)
    given = {name: request.form.get(name, "").strip() for name in _FIELDS}
    asked = Asked(
        given["name"], given["url"], request.form.getlist("event"), given["form"] or None, given["area"] or None
    )
    try:
        made = create_webhook(current_session(), current_home(), caller, (project_id, asked), now())
    except Forbidden:
        raise
    except DomainError as error:
        return _list(project_id, error=refusal_of(error).message, given=asked), refusal_of(error).status
    return _one(project_id, made.hook.id, made)


@blueprint.get("/projects/<int:project_id>/webhooks/<int:hook_id>")
def one_webhook(project_id: int, hook_id: int) -> str:
    """A webhook and what was delivered to it."""
    return _one(project_id, hook_id)


@blueprint.post("/projects/<int:project_id>/webhooks/<int:hook_id>/pause")
def pause_one_webhook(project_id: int, hook_id: int) -> Response:
    """Sends nothing for now."""
    caller, hook = _found(project_id, hook_id)
    pause_webhook(current_session(), caller, hook, now())
    return _back(hook, "paused")


@blueprint.post("/projects/<int:project_id>/webhooks/<int:hook_id>/resume")
def resume_one_webhook(project_id: int, hook_id: int) -> Response:
    """Sends again, first what has waited."""
    caller, hook = _found(project_id, hook_id)
    resume_webhook(current_session(), caller, hook, now())
    return _back(hook, "resumed")


@blueprint.post("/projects/<int:project_id>/webhooks/<int:hook_id>/test")
def try_one_webhook(project_id: int, hook_id: int) -> Response:
    """Has a message sent that says nothing."""
    caller, hook = _found(project_id, hook_id)
    try_webhook(current_session(), caller, hook, now())
    return _back(hook, "tried")


@blueprint.post("/projects/<int:project_id>/webhooks/<int:hook_id>/secret")
def renew_one_webhook(project_id: int, hook_id: int) -> str:
    """Another secret, on the page that answers."""
    caller, hook = _found(project_id, hook_id)
    return _one(project_id, hook_id, renew_secret(current_session(), current_home(), caller, hook, now()))


@blueprint.post("/projects/<int:project_id>/webhooks/<int:hook_id>/delete")
def delete_one_webhook(project_id: int, hook_id: int) -> Response:
    """Takes it away."""
    caller, hook = _found(project_id, hook_id)
    delete_webhook(current_session(), caller, hook, now())
    return redirect(url_for("desk.webhooks", project_id=project_id, done="deleted"), 303)


@blueprint.post("/projects/<int:project_id>/webhooks/<int:hook_id>/deliveries/<int:delivery_id>/again")
def send_webhook_again(project_id: int, hook_id: int, delivery_id: int) -> Response:
    """Has a message sent once more."""
    caller, hook = _found(project_id, hook_id)
    send_again(current_session(), caller, (hook, delivery_id), now())
    return _back(hook, "again")


def _found(project_id: int, hook_id: int) -> tuple[Caller, HookView]:
    caller = desk_caller()
    project_of(caller, project_id)
    caller.require("webhook.list", project_id)
    return caller, get_webhook(current_session(), caller, project_id, hook_id)


def _back(hook: HookView, done: str) -> Response:
    return redirect(url_for("desk.one_webhook", project_id=hook.project_id, hook_id=hook.id, done=done), 303)


def _list(project_id: int, *, error: str | None = None, given: Asked | None = None) -> str:
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("webhook.list", project_id)
    session = current_session()
    hooks = list_webhooks(session, caller, project_id)
    return show_page(
        "webhooks.html",
        caller=caller,
        project=project,
        hooks=hooks,
        counts=count_deliveries(session, [each.id for each in hooks]),
        areas=name_areas(session, (each.area_id for each in hooks)),
        forms=_forms(caller, project_id),
        events=EVENTS,
        given=given or Asked("", "", EVENTS),
        error=error,
        may_add=caller.may("webhook.create", project_id),
        done=_done(),
    )


def _one(project_id: int, hook_id: int, made: Made | None = None) -> str:
    caller, hook = _found(project_id, hook_id)
    session, before = current_session(), whole("before")
    found = list_messages(session, caller, hook, PAGE + 1, before)
    return show_page(
        "webhook.html",
        caller=caller,
        project=project_of(caller, project_id),
        hook=hook,
        secret=made.secret if made else None,
        renewed=made is not None and hook.old_until is not None,
        counts=count_deliveries(session, [hook.id]).get(hook.id, {}),
        area=name_areas(session, (hook.area_id,)).get(hook.area_id or ""),
        deliveries=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        before=before,
        is_own=hook.created_by == caller.actor_id,
        may_change=caller.may("webhook.update", project_id),
        may_delete=caller.may("webhook.delete", project_id),
        done=_done(),
    )


def _forms(caller: Caller, project_id: int) -> list[FormView]:
    listed = list_forms(current_session(), project_id)
    return [form for form in listed if form.current and caller.may("submission.list", project_id, form.id)]


def _done() -> str | None:
    done = request.args.get("done")
    return done if done in DONE else None
