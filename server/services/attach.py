"""Files put where they are expected: media of a draft, attachments of a submission."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.hold import hold
from server.services.home import Home, require_space
from server.services.lists import LISTS
from server.services.review import place_of
from server.storage.audits import AuditEntry, Where, write_audit
from server.storage.blobs import name_blob
from server.storage.database import writing
from server.storage.forms import FormAttachmentView, FormView, find_form_attachment
from server.storage.intake import SlotView, fill_slot, list_slots
from server.storage.readings import SubmissionView
from server.storage.versions import change_form_attachment
from sync.envelope import Part


@dataclass(frozen=True)
class Answered:
    """A submission and the form it belongs to."""

    form: FormView
    submission: SubmissionView


def attach_to_draft(
    session: Session, home: Home, caller: Caller, form: FormView, part_at: tuple[Part, datetime]
) -> FormAttachmentView:
    """Puts a file of the draft in its place; a list that the server makes gives way to it. Raises NotFound (no draft,
    or the draft does not expect that name), Forbidden, Unavailable."""
    caller.require("form.update", form.project_id, form.id)
    require_space(home)
    part, now = part_at
    _slot_of_draft(session, form, part.name)
    md5 = _md5(part)
    _store(home, part)
    with writing(session) as connection:
        draft_id, slot = _slot_of_draft(connection, hold(connection, form), part.name)
        name_blob(connection, part.sha256, part.size, now)
        values = {"sha256": part.sha256, "md5": md5, "content_type": part.content_type, "size": part.size}
        change_form_attachment(connection, slot.id, now, **values, list_name=None)
        write_audit(connection, _line(caller, form, now, name=part.name))
        session.commit()
    return find_form_attachment(session, draft_id, part.name) or slot


def detach_from_draft(session: Session, caller: Caller, form: FormView, name: str, now: datetime) -> None:
    """Takes a file of the draft away; a list that the server makes comes back. Raises NotFound (nothing is there),
    Forbidden."""
    caller.require("form.update", form.project_id, form.id)
    empty = {"sha256": None, "md5": None, "content_type": None, "size": None}
    with writing(session) as connection:
        _, slot = _slot_of_draft(connection, hold(connection, form), name)
        if not slot.exists:
            raise NotFound("form.file_unknown", name=name, form=form.xml_form_id)
        change_form_attachment(connection, slot.id, now, **empty, list_name=LISTS.get(name))
        write_audit(connection, _line(caller, form, now, name=name))
        session.commit()


def link_list(
    session: Session, caller: Caller, change: tuple[FormView, str, bool], now: datetime
) -> FormAttachmentView:
    """Makes a file of the draft a list of the server's (form, name, True), or nothing at all (False); a file that was
    uploaded gives way. Raises NotFound (no draft, a name that it does not expect, no such list), Forbidden."""
    form, name, linked = change
    caller.require("form.update", form.project_id, form.id)
    empty = {"sha256": None, "md5": None, "content_type": None, "size": None}
    with writing(session) as connection:
        draft_id, slot = _slot_of_draft(connection, hold(connection, form), name)
        if linked and name not in LISTS:
            raise NotFound("form.no_list", name=name)
        change_form_attachment(connection, slot.id, now, **empty, list_name=LISTS[name] if linked else None)
        write_audit(connection, _line(caller, form, now, name=name, dataset=linked))
        session.commit()
    return find_form_attachment(session, draft_id, name) or slot


def attach_to_submission(
    session: Session, home: Home, caller: Caller, answered: Answered, part_at: tuple[Part, datetime]
) -> None:
    """Puts a file that an answer names in its place. Raises NotFound when no answer names it; who may only send fills
    empty places of his or her own (Forbidden)."""
    form, submission = answered.form, answered.submission
    part, now = part_at
    slot = get_slot(session, submission.current.id, part.name)
    if not caller.may_in("submission.update", place_of(session, form, submission, caller.on)):
        caller.require("submission.create", form.project_id, form.id)
        if submission.submitter_id != caller.actor_id or slot.sha256 is not None:
            raise Forbidden("auth.forbidden")
    require_space(home)
    _store(home, part)
    with writing(session) as connection:
        name_blob(connection, part.sha256, part.size, now)
        row = {"name": part.name, "sha256": part.sha256, "content_type": part.content_type, "updated_at": now}
        fill_slot(connection, submission.current.id, row)
        write_audit(connection, _line_of_answer(caller, answered, now, part.name))
        session.commit()


def detach_from_submission(session: Session, caller: Caller, answered: Answered, name: str, now: datetime) -> None:
    """Takes a file away; the answer that names it stays. Raises NotFound, Forbidden."""
    form, submission = answered.form, answered.submission
    if not caller.may_in("submission.update", place_of(session, form, submission, caller.on)):
        raise Forbidden("auth.forbidden")
    get_slot(session, submission.current.id, name)
    with writing(session) as connection:
        empty = {"name": name, "sha256": None, "content_type": None, "updated_at": now}
        fill_slot(connection, submission.current.id, empty)
        write_audit(connection, _line_of_answer(caller, answered, now, name))
        session.commit()


def get_slot(session: Session, version_id: int, name: str) -> SlotView:
    """A file that an answer of this version names. Raises NotFound."""
    slot = next((each for each in list_slots(session, version_id) if each.name == name), None)
    if slot is None:
        raise NotFound("submission.attachment_unexpected", name=name)
    return slot


def _line(caller: Caller, form: FormView, now: datetime, **details: Any) -> AuditEntry:
    return caller.entry("form.attachment.update", f"form:{form.id}", now, Where(form.project_id), **details)


def _line_of_answer(caller: Caller, answered: Answered, now: datetime, name: str) -> AuditEntry:
    sent = answered.submission
    told, where = {"name": name, "instanceId": sent.instance_id}, Where(answered.form.project_id, sent.area_id)
    return caller.entry("submission.attachment.update", f"submission:{sent.id}", now, where, **told)


def _slot_of_draft(session: Session | Connection, form: FormView, name: str) -> tuple[int, FormAttachmentView]:
    if form.draft is None:
        raise NotFound("form.no_draft", form=form.xml_form_id)
    slot = find_form_attachment(session, form.draft.id, name)
    if slot is None:
        raise NotFound("form.attachment_unexpected", name=name, form=form.xml_form_id)
    return form.draft.id, slot


def _store(home: Home, part: Part) -> None:
    if isinstance(part.content, Path):
        home.blobs.put_file(part.content, part.sha256)
    else:
        home.blobs.put(part.content)


def _md5(part: Part) -> str:
    if isinstance(part.content, bytes):
        return hashlib.md5(part.content, usedforsecurity=False).hexdigest()
    with part.content.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
