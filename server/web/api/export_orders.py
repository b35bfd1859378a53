"""Files of answers that are made in the background: ordered, watched, fetched, in parts too, and cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from server.domain.wishes import NAMES, read_wish, wish_from
from server.services.extract import Asked
from server.services.order_export import cancel_order, find_order, list_orders, shown_state
from server.storage.exports import UNDONE, ExportView
from server.web.api.exports import nouns
from server.web.api.forms import FORM
from server.web.api.nouns import Here
from server.web.api.schemas.exports import ExportBody, OrderBody
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.context import current_home, current_session, now
from server.web.errors import say
from server.web.export_files import answer_export_file, order_file
from server.web.wire import FILE, Parameter, Wire, told

ORDERS = f"{FORM}/exports"
ORDER = f"{ORDERS}/<uuid>"
_PART = Parameter("Range", "One part: `bytes=1000-`, the rest from there.", example="bytes=0-99", place="header")
_IF = Parameter("If-Range", "The ETag of what is there already: the part only of the same file.", place="header")


@nouns.view(f"POST {ORDERS}", "submission.list", body=OrderBody, answer=ExportBody())
@told(Wire(also=(202,)))
def order_one(here: Here, body: dict[str, Any]) -> Any:
    """Orders a file, which is made in the background of what the caller sees (202). What was made of just the same
    before is there at once (200)."""
    said = {name: _said(body[own]) for name, own in _own_names().items() if own in body}
    order = order_file(here.caller, _asked(here), read_wish(body["format"], said))
    place = url_for("exports.get_order", project_id=here.project.id, form_id=here.form.xml_form_id, uuid=order.uuid)
    return _export(order), 202 if order.state in UNDONE else 200, {"Location": place}


@nouns.view(f"GET {ORDERS}", "submission.list", answer=ExportBody(many=True))
def list_its_orders(here: Here) -> list[dict[str, Any]]:
    """The caller's own, the newest first, fifty at most; those of everybody for who runs the whole project."""
    return [_export(each) for each in list_orders(current_session(), here.caller, _asked(here))]


@nouns.view(f"GET {ORDER}", "submission.list", answer=ExportBody())
def get_order(here: Here, uuid: str) -> dict[str, Any]:
    """One of them: how far it is, how large, until when it is kept."""
    return _export(find_order(current_session(), here.caller, _asked(here), uuid))


@nouns.view(f"DELETE {ORDER}", "submission.list", answer=Success())
def cancel_one(here: Here, uuid: str) -> dict[str, bool]:
    """Takes it away; what is being made stops soon."""
    session = current_session()
    order = find_order(session, here.caller, _asked(here), uuid)
    cancel_order(session, current_home(), here.caller, order, now())
    return SUCCESS


@nouns.view(f"GET {ORDER}/file", "submission.list")
@told(Wire(reads=(_PART, _IF), gives=(FILE,), also=(206,), refuses=(409, 416), etag=True))
def get_its_file(here: Here, uuid: str) -> Any:
    """The file, or a part of it: what was cut off can be gone on with. Refused to who sees less now than what it holds;
    409 while it is not ready."""
    return answer_export_file(here.caller, _asked(here), uuid)


def _asked(here: Here) -> Asked:
    return Asked(here.project, here.form, here.form.shown)


def _own_names() -> Mapping[str, str]:
    """By the name in a query that in the body as it was read."""
    return {name: name.removeprefix("$") for name in NAMES}


def _said(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _export(order: ExportView) -> dict[str, Any]:
    wish = wish_from(order.wish)
    plain = wish_from({"ending": wish.ending}).as_json()
    kept = wish.as_json()
    return {
        "uuid": order.uuid,
        "format": wish.ending,
        "fileName": order.name,
        "state": shown_state(order, now()),
        "total": order.total,
        "done": order.done,
        "size": order.size,
        "sha256": order.sha256,
        "tag": order.tag,
        "error": say(order.error, {}) if order.error else None,
        "options": {name: kept[own] for name, own in NAMES.items() if kept[own] != plain[own]},
        "createdBy": {"id": order.actor_id, "displayName": order.actor},
        "createdAt": order.created_at,
        "startedAt": order.started_at,
        "finishedAt": order.finished_at,
        "expiresAt": order.expires_at,
    }
