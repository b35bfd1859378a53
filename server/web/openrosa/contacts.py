"""Which phone asks, and what it was given: looked at before each answer to a key, remembered after it.

Nothing is written here. What is gathered is written by a thread of the process (`begin_writing`) and at its end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

import structlog
from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from server.domain.errors import DomainError
from server.services.authenticate import Caller
from server.services.contacts import FLUSH_SECONDS, Contact, Contacts, flush
from server.services.devices import require_phone
from server.storage.database import db
from server.web.context import find_caller, now
from server.web.openrosa.blueprint import blueprint
from sync.envelope import LONGEST_FACT

log = structlog.get_logger(__name__)

OPEN_TO_ALL = frozenset({"openrosa.submission", "openrosa.submission_head"})
"""What a phone that is refused may ask all the same: to hand over what its owner has filled in."""
PAUSE_SECONDS = 1.0
NOTED = "thonban.noted"
"""Where a request keeps who asked and what was noted of the phone, for who stands before Flask (again.py)."""
HAS_FORM = frozenset({200, 304})
CORRECTIONS = "corrections.csv"
"""The list of the sheets that were returned."""
_RETURNS = "returns_told"
_EXTENSION, _WRITER = "thonban-contacts", "thonban-contacts-writer"


def contacts_of(app: Flask) -> Contacts:
    """What this process has gathered."""
    found: Contacts = app.extensions.setdefault(_EXTENSION, Contacts())
    return found


@blueprint.before_request
def look_at_phone() -> None:
    """Raises SecondPhone for a phone that its project refuses. A key that is none is told so by the view."""
    if "key" not in (request.view_args or {}):
        return
    try:
        caller = find_caller()
    except DomainError:
        return
    if caller is None or caller.pin is None:
        return
    g.caller = caller = pinned(current_app, caller)
    if request.endpoint not in OPEN_TO_ALL:
        require_phone(caller, _device())


def pinned(app: Flask, caller: Caller) -> Caller:
    """The caller with the phone that the key is pinned to as this process knows it, a moment before it is written."""
    if caller.pin is None:
        return caller
    device_id = contacts_of(app).pinned(caller.pin.token_id, caller.pin.device_id)
    if device_id == caller.pin.device_id:
        return caller
    return replace(caller, pin=replace(caller.pin, device_id=device_id))


@blueprint.after_request
def note_contact(answer: Response) -> Response:
    """Remembers that the phone was here, which form it has now, and whether something of its own came through."""
    caller: Caller | None = g.get("caller")
    place = request.view_args or {}
    if caller is None or caller.pin is None or caller.project_id is None:
        return answer
    if caller.project_id != place.get("project_id"):
        return answer
    form = None
    if request.endpoint == "openrosa.form_xml" and answer.status_code in HAS_FORM:
        # the ETag of a form is the MD5 of its text
        form = (place["xml_form_id"], answer.get_etag()[0] or "")
    contact = Contact(
        token_id=caller.pin.token_id,
        actor_id=caller.actor_id,
        project_id=caller.project_id,
        device_id=_device() or "",
        at=now(),
        user_agent=request.headers.get("User-Agent"),
        form=form,
        sent=request.endpoint == "openrosa.submission" and answer.status_code in (201, 202),
        corrections=request.endpoint == "openrosa.form_file"
        and place["name"] == CORRECTIONS
        and answer.status_code in HAS_FORM,
        returns=g.get(_RETURNS, ()) if answer.status_code in HAS_FORM else (),
    )
    contacts_of(current_app).note(contact, caller.pin.device_id)
    request.environ[NOTED] = (caller, contact)
    return answer


def note_returns(move_ids: Iterable[int]) -> None:
    """Remembers of which returns this answer tells the sender."""
    setattr(g, _RETURNS, tuple(move_ids))


def begin_writing(app: Flask) -> None:
    """Starts the thread that writes what this process gathers. Not before a fork: threads do not come along."""
    stop = threading.Event()
    thread = threading.Thread(target=_write_again_and_again, args=(app, stop), name="contacts", daemon=True)
    app.extensions[_WRITER] = (stop, thread)
    thread.start()


def end_writing(app: Flask) -> None:
    """Ends the thread and writes what is left."""
    writer = app.extensions.pop(_WRITER, None)
    if writer is not None:
        stop, thread = writer
        stop.set()
        contacts_of(app).due.set()
        thread.join(FLUSH_SECONDS)
    write_now(app)


def write_now(app: Flask) -> int:
    """Writes what was gathered; how many phones that were. What cannot be written is kept for the next time."""
    with app.app_context():
        try:
            return flush(db.session(), contacts_of(app))
        except Exception as error:  # noqa: BLE001 - a contact is worth no request, let alone a process
            log.warning("contacts not written", error=type(error).__name__)
            return 0
        finally:
            db.session.remove()


def _write_again_and_again(app: Flask, stop: threading.Event) -> None:
    contacts = contacts_of(app)
    while not stop.is_set():
        contacts.due.wait(FLUSH_SECONDS)
        contacts.due.clear()
        if not stop.is_set():
            write_now(app)
            # many new phones at once are written together
            stop.wait(PAUSE_SECONDS)


def _device() -> str | None:
    return request.args.get("deviceID", "")[:LONGEST_FACT] or None
