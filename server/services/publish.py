"""Forms from a source to the phones: created, drafted, published, put away."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.convert import Kind
from forms.definition import FormDefinition
from forms.errors import ConversionError, Problem, problem_as_json
from forms.lint import Examined, examine_source
from forms.parse import parse_form
from forms.spoken import list_recordings, with_recordings
from forms.version import with_version
from server.domain.errors import (
    Conflict,
    Exists,
    Invalid,
    Missing,
    NotFound,
    Outdated,
    Rejected,
    VersionTaken,
    Warned,
)
from server.services.authenticate import Caller, digest, new_token
from server.services.campaign import touch
from server.services.definitions import definition_of
from server.services.draft_links import link_of
from server.services.hold import hold, hold_draft, hold_same_draft
from server.services.home import Home, require_space
from server.services.lists import LISTS
from server.storage.audits import Where, write_audit
from server.storage.blobs import name_blob
from server.storage.database import writing
from server.storage.forms import (
    FormView,
    VersionView,
    find_deleted_form,
    find_form,
    find_form_attachment,
    find_form_by_id,
    find_form_xml,
    find_version,
    list_deleted_forms,
    list_form_attachments,
)
from server.storage.heads import lock_project
from server.storage.projects import find_project
from server.storage.readings import delete_draft_submissions
from server.storage.versions import (
    add_form,
    change_form,
    change_form_attachment,
    make_current,
    put_draft,
    put_form_attachments,
    remove_version,
)
from sync.envelope import Part

KINDS: dict[str, Kind] = {"xlsx": "xlsx", "xls": "xls", "csv": "csv", "md": "md"}
RESERVED_ENDINGS = (".xls", ".xlsx", ".xml")
ITEMSETS = "itemsets.csv"
LONGEST_ID = 255
STATES = ("open", "closing", "closed")


@dataclass(frozen=True)
class Source:
    """What a form is made from. kind: xml | xlsx | xls | csv | md. `fallback_id`: its id if the workbook names none."""

    content: bytes
    kind: str = "xml"
    fallback_id: str | None = None
    ignore_warnings: bool = False


@dataclass(frozen=True)
class NewForm:
    """A form to be; published at once or a draft."""

    project_id: int
    source: Source
    publish: bool = False


@dataclass(frozen=True)
class NewDraft:
    """A draft to be, for a form that is there. `source` None: a copy of what is published."""

    form: FormView
    source: Source | None = None


@dataclass(frozen=True)
class Prepared:
    """A source that has become a form. `source_sha256`: of the workbook it was, which is kept. `said`: pyxform's
    warnings; `problems`: all that lint says, advice too."""

    xml: bytes
    definition: FormDefinition
    said: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    source_type: str | None = None
    source_sha256: str | None = None
    source_size: int = 0
    itemsets: bytes | None = None


@dataclass(frozen=True)
class _Draft:
    prepared: Prepared
    form_id: int
    actor_id: int
    token: str
    sealed: bytes
    now: datetime
    renewed: bool


def create_form(session: Session, home: Home, caller: Caller, new: NewForm, now: datetime) -> FormView:
    """Adds a form. Raises ConversionError and DefinitionError (what is wrong, where, what to do), Rejected, Invalid,
    Warned, Exists, NotFound, Forbidden."""
    caller.require("form.create", new.project_id)
    require_space(home)
    prepared = _prepare(home, new.source)
    xml_form_id = prepared.definition.form_id
    _warn(prepared, new.source, _in_the_way(session, new.project_id, xml_form_id))
    with writing(session) as connection:
        lock_project(connection, new.project_id)
        if find_project(connection, new.project_id) is None:
            raise NotFound("project.unknown", value=new.project_id)
        if find_form(connection, new.project_id, xml_form_id) is not None:
            raise Exists("form.exists", fields=["projectId", "xmlFormId"], values=[new.project_id, xml_form_id])
        form_id = add_form(
            connection, project_id=new.project_id, xml_form_id=xml_form_id, created_at=now, created_by=caller.actor_id
        )
        draft_id = _write_draft(connection, _new_draft(home, caller, (prepared, form_id, None), now))
        where = Where(new.project_id)
        write_audit(connection, caller.entry("form.create", f"form:{form_id}", now, where, xmlFormId=xml_form_id))
        if new.publish:
            _publish(connection, caller, (new.project_id, form_id, draft_id), now)
        session.commit()
    return get_form(session, form_id)


def make_draft(session: Session, home: Home, caller: Caller, new: NewDraft, now: datetime) -> FormView:
    """Gives a form a draft, in place of the one there is. Files are taken over by name and kind; what was sent to try
    the draft before goes. Raises as create_form, and Missing when there is nothing to copy."""
    form = new.form
    caller.require("form.update", form.project_id, form.id)
    require_space(home)
    prepared = _copy_of(session, form) if new.source is None else _spoken(session, form, _prepare(home, new.source))
    if prepared.definition.form_id != form.xml_form_id:
        raise Invalid("form.other_id", wanted=form.xml_form_id, value=prepared.definition.form_id)
    if new.source is not None:
        _warn(prepared, new.source, _gone(session, form, prepared))
    with writing(session) as connection:
        held = hold(connection, form)
        delete_draft_submissions(connection, form.id)
        _write_draft(connection, _new_draft(home, caller, (prepared, form.id, held.draft), now))
        write_audit(connection, caller.entry("form.update.draft.set", f"form:{form.id}", now, Where(form.project_id)))
        session.commit()
    return get_form(session, form.id)


@dataclass(frozen=True)
class Redraft:
    """Another text of the same questions for the draft of a form, and a file that comes with it (None: none does).
    `told`: what is written down of it."""

    form: FormView
    xml: bytes
    part: Part | None
    md5: str | None
    told: dict[str, Any]


def redraft(session: Session, home: Home, caller: Caller, new: Redraft, now: datetime) -> FormView:
    """Makes it the draft, in place of the one there is or as a new one; what was sent to try that goes. Raises
    ConversionError (what is wrong with the text), Outdated, Forbidden."""
    form, part = new.form, new.part
    caller.require("form.update", form.project_id, form.id)
    kept = form.draft or form.current
    source = (kept.source_type, kept.source_sha256) if kept else (None, None)
    prepared = Prepared(new.xml, _usable(_examined(Source(new.xml))), source_type=source[0], source_sha256=source[1])
    with writing(session) as connection:
        before = hold_same_draft(connection, form).draft if form.draft else hold(connection, form).draft
        if form.draft is None and before is not None:
            raise Outdated("form.draft_changed", form=form.xml_form_id)
        delete_draft_submissions(connection, form.id)
        draft_id = _write_draft(connection, _new_draft(home, caller, (prepared, form.id, before), now))
        if part is not None:
            name_blob(connection, part.sha256, part.size, now)
            slot = find_form_attachment(connection, draft_id, part.name)
            if slot is not None:
                values = {"sha256": part.sha256, "md5": new.md5, "content_type": part.content_type, "size": part.size}
                change_form_attachment(connection, slot.id, now, **values, list_name=None)
        where = Where(form.project_id)
        write_audit(connection, caller.entry("form.attachment.update", f"form:{form.id}", now, where, **new.told))
        session.commit()
    return get_form(session, form.id)


def _spoken(session: Session, form: FormView, prepared: Prepared) -> Prepared:
    """With the recordings that the form has, of those questions that it still asks."""
    kept = form.draft or form.current
    own = list_recordings(find_form_xml(session, kept.id) or b"") if kept else ()
    if not own:
        return prepared
    brought = list_recordings(prepared.xml)
    known = {(each.path, each.tag) for each in brought}
    xml = with_recordings(prepared.xml, (*brought, *(each for each in own if (each.path, each.tag) not in known)))
    return replace(prepared, xml=xml, definition=_usable(_examined(Source(xml))))


def publish(session: Session, caller: Caller, form: FormView, version: str | None, now: datetime) -> FormView:
    """Makes the draft what phones get, under another version if one is given. Raises NotFound (no draft), VersionTaken,
    Outdated (another draft came meanwhile), ConversionError (a draft of an earlier release that is refused now),
    Forbidden."""
    caller.require("form.update", form.project_id, form.id)
    if form.draft is None:
        raise NotFound("form.no_draft", form=form.xml_form_id)
    if form.current is None or form.current.sha256 != form.draft.sha256:
        _examined(Source(find_form_xml(session, form.draft.id) or b""))
    restamped = _restamped(session, form.draft, version) if version not in (None, form.draft.version) else {}
    with writing(session) as connection:
        hold_same_draft(connection, form)
        wanted = str(restamped.get("version", form.draft.version))
        if find_version(connection, form.id, wanted) is not None:
            raise VersionTaken("form.version_taken", version=wanted, form=form.xml_form_id)
        _publish(connection, caller, (form.project_id, form.id, form.draft.id), now, restamped)
        session.commit()
    return get_form(session, form.id)


def delete_draft(session: Session, caller: Caller, form: FormView, now: datetime) -> None:
    """Throws the draft away. Raises NotFound, Conflict when the form was never published, Forbidden."""
    caller.require("form.update", form.project_id, form.id)
    with writing(session) as connection:
        held = hold_draft(connection, form)
        if held.form.current is None:
            raise Conflict("form.draft_only", form=form.xml_form_id)
        delete_draft_submissions(connection, form.id)
        remove_version(connection, held.draft.id)
        where = Where(form.project_id)
        write_audit(connection, caller.entry("form.update.draft.delete", f"form:{form.id}", now, where))
        session.commit()


def change_state(session: Session, caller: Caller, form: FormView, state: str, now: datetime) -> FormView:
    """open, closing (hidden from lists, still takes in) or closed. Raises Invalid, Forbidden."""
    caller.require("form.update", form.project_id, form.id)
    require_state(state)
    with writing(session) as connection:
        change_form(connection, form.id, state=state, updated_at=now)
        where = Where(form.project_id)
        write_audit(connection, caller.entry("form.update", f"form:{form.id}", now, where, state=state))
        session.commit()
    return get_form(session, form.id)


def require_state(state: str) -> None:
    """Raises Invalid for what is no state of a form."""
    if state not in STATES:
        raise Invalid("form.unknown_state", value=state, allowed=", ".join(STATES))


def delete_form(session: Session, caller: Caller, form: FormView, now: datetime) -> None:
    """Puts a form away: nobody finds it any more, its submissions stay. Raises Forbidden, NotFound when somebody else
    just did so."""
    caller.require("form.delete", form.project_id, form.id)
    with writing(session) as connection:
        hold(connection, form)
        change_form(connection, form.id, deleted_at=now)
        write_audit(connection, caller.entry("form.delete", f"form:{form.id}", now, Where(form.project_id)))
        session.commit()


def restore_form(session: Session, caller: Caller, project_id: int, form_id: int, now: datetime) -> FormView:
    """Brings a deleted form back, with all it had. Raises NotFound, Exists when another form has its id by now,
    Forbidden."""
    caller.require("form.restore", project_id, form_id)
    with writing(session) as connection:
        lock_project(connection, project_id)
        gone = find_deleted_form(connection, project_id, form_id)
        if gone is None:
            raise NotFound("form.unknown", form=form_id)
        if find_form(connection, project_id, gone.xml_form_id) is not None:
            raise Exists("form.exists", fields=["projectId", "xmlFormId"], values=[project_id, gone.xml_form_id])
        change_form(connection, form_id, deleted_at=None)
        write_audit(connection, caller.entry("form.restore", f"form:{form_id}", now, Where(project_id)))
        session.commit()
    return get_form(session, form_id)


def get_form(session: Session, form_id: int) -> FormView:
    """A form by our number. Raises NotFound."""
    found = find_form_by_id(session, form_id)
    if found is None:
        raise NotFound("form.unknown", form=form_id)
    return found


def _prepare(home: Home, source: Source) -> Prepared:
    examined = _examined(source)
    definition = _usable(examined)
    if source.kind == "xml":
        return Prepared(examined.xml, definition, problems=examined.problems)
    sha256 = home.blobs.put(source.content)
    if examined.itemsets is not None:
        home.blobs.put(examined.itemsets)
    kept = (source.kind, sha256, len(source.content), examined.itemsets)
    return Prepared(examined.xml, definition, examined.said, examined.problems, *kept)


def _examined(source: Source) -> Examined:
    """Raises ConversionError with every error that was found, DefinitionError for what is no form at all."""
    kind = "xml" if source.kind == "xml" else KINDS[source.kind]
    examined = examine_source(source.content, kind, source.fallback_id)
    if examined.errors:
        code = "definition.invalid" if kind == "xml" else "conversion.invalid"
        raise ConversionError(code, {"count": len(examined.errors)}, examined.errors)
    return examined


def _warn(prepared: Prepared, source: Source, flow: list[dict[str, Any]]) -> None:
    """What has to be agreed to: as in Central the warnings of a workbook, of an XForm only what becomes of answers."""
    if source.ignore_warnings:
        return
    found = [each for each in prepared.problems if each.weight == "warning" and each.message.startswith("lint.")]
    problems = found if source.kind != "xml" else []
    if prepared.said or problems or flow:
        count = len(prepared.said) + len(problems) + len(flow)
        raise Warned("form.warned", count=count, said=prepared.said, problems=problems, flow=flow)


def _usable(examined: Examined) -> FormDefinition:
    definition = examined.definition
    if definition is None or not definition.form_id:
        raise Missing("form.no_id", field="formId")
    if definition.form_id.lower().endswith(RESERVED_ENDINGS):
        raise Invalid("form.id_reserved", value=definition.form_id, endings=", ".join(RESERVED_ENDINGS))
    if len(definition.form_id) > LONGEST_ID or len(definition.version) > LONGEST_ID:
        raise Invalid("request.too_long", field="xmlFormId", most=LONGEST_ID)
    if not definition.has_meta:
        raise Rejected("form.no_meta", form=definition.form_id)
    return definition


def _copy_of(session: Session, form: FormView) -> Prepared:
    if form.current is None:
        raise Missing("form.nothing_to_copy", form=form.xml_form_id)
    xml = find_form_xml(session, form.current.id) or b""
    definition = definition_of(session, form.current.sha256)
    current = form.current
    return Prepared(xml, definition, source_type=current.source_type, source_sha256=current.source_sha256)


def _gone(session: Session, form: FormView, prepared: Prepared) -> list[dict[str, Any]]:
    """Answers are kept by path: a path keeps its type, and one that goes is worth a word."""
    if form.current is None:
        return []
    fields, before = prepared.definition.fields, definition_of(session, form.current.sha256)
    for path, old in before.fields.items():
        new = fields.get(path)
        if new is not None and (new.kind, new.bind.type) != (old.kind, old.bind.type):
            raise Invalid("form.type_changed", path=path, before=old.bind.type, after=new.bind.type)
    gone = gone_fields(before, prepared.definition)
    return [{"type": "structureChanged", "details": gone}] if gone else []


def gone_fields(before: FormDefinition, after: FormDefinition) -> list[str]:
    """The names of the fields whose paths are not in a form any more: what was answered there has no place in it."""
    return [field.name for path, field in before.fields.items() if path not in after.fields]


def _in_the_way(session: Session, project_id: int, xml_form_id: str) -> list[dict[str, Any]]:
    """A deleted form of the same id: it cannot be brought back beside the new one."""
    gone = any(each.xml_form_id == xml_form_id for each in list_deleted_forms(session, project_id))
    return [{"type": "deletedFormExists", "details": {"xmlFormId": xml_form_id}}] if gone else []


def _new_draft(home: Home, caller: Caller, what: tuple[Prepared, int, VersionView | None], now: datetime) -> _Draft:
    prepared, form_id, before = what
    token = new_token()
    # a link that cannot be shown any more (the secret key was changed) is of no use to who edits
    renewed = before is None or link_of(home, before) is None
    return _Draft(prepared, form_id, caller.actor_id, token, home.seal(token), now, renewed)


def _write_draft(connection: Connection, draft: _Draft) -> int:
    prepared = draft.prepared
    if prepared.source_sha256 is not None and prepared.source_size:
        name_blob(connection, prepared.source_sha256, prepared.source_size, draft.now)
    before = find_form_by_id(connection, draft.form_id)
    kept = (before.draft or before.current) if before else None
    files = {each.name: each for each in list_form_attachments(connection, kept.id)} if kept else {}
    values = {
        "version": prepared.definition.version,
        "title": prepared.definition.title or prepared.definition.form_id,
        "source_sha256": prepared.source_sha256,
        "source_type": prepared.source_type,
        "warnings": [problem_as_json(each) for each in prepared.problems] or None,
        "created_at": draft.now,
        "created_by": draft.actor_id,
    }
    draft_id = put_draft(connection, draft.form_id, values | _text(prepared.xml) | _link(draft, before))
    rows = []
    for expected in prepared.definition.expected_attachments:
        old = files.get(expected.name)
        same = old if old is not None and old.kind == expected.kind else None
        row = {
            "name": expected.name,
            "kind": expected.kind,
            "list_name": same.list_name if same else LISTS.get(expected.name),
            "sha256": same.sha256 if same else None,
            "md5": same.md5 if same else None,
            "content_type": same.content_type if same else None,
            "size": same.size if same else None,
            "updated_at": same.updated_at if same else None,
        }
        if expected.name == ITEMSETS and prepared.itemsets is not None:
            row |= _itemsets_row(connection, prepared.itemsets, draft.now)
        rows.append(row)
    put_form_attachments(connection, draft_id, rows)
    return draft_id


def _link(draft: _Draft, before: FormView | None) -> dict[str, Any]:
    """A test link, unless the draft in whose place this one comes has one: it is on the phones of those who try."""
    if not draft.renewed and before is not None and before.draft is not None:
        return {}
    return {"draft_token_hash": digest(draft.token), "draft_token_sealed": draft.sealed}


def _itemsets_row(connection: Connection, content: bytes, now: datetime) -> dict[str, Any]:
    """What the workbook itself holds as external choices, in the place of the file that the form then expects."""
    sha256 = hashlib.sha256(content).hexdigest()
    name_blob(connection, sha256, len(content), now)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"sha256": sha256, "md5": md5, "content_type": "text/csv", "size": len(content), "updated_at": now}


def _text(xml: bytes) -> dict[str, Any]:
    return {
        "xml": xml,
        "md5": hashlib.md5(xml, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(xml, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(xml).hexdigest(),
    }


def _restamped(session: Session, draft: VersionView, version: str | None) -> dict[str, Any]:
    if version is None or len(version) > LONGEST_ID:
        raise Invalid("request.too_long", field="version", most=LONGEST_ID)
    xml = with_version(find_form_xml(session, draft.id) or b"", version)
    return {"version": parse_form(xml, strict=False).version} | _text(xml)


def _publish(
    connection: Connection,
    caller: Caller,
    ids: tuple[int, int, int],
    now: datetime,
    restamped: dict[str, Any] | None = None,
) -> None:
    project_id, form_id, draft_id = ids
    delete_draft_submissions(connection, form_id)
    values = {"published_at": now, "draft_token_hash": None, "draft_token_sealed": None}
    make_current(connection, form_id, draft_id, values | (restamped or {}))
    change_form(connection, form_id, updated_at=now)
    # lists for phones have a column for each question of the criteria form
    touch(connection)
    where = Where(project_id)
    write_audit(connection, caller.entry("form.update.publish", f"form:{form_id}", now, where, version=draft_id))
