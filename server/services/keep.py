"""Decides what a judged upload is beside what is already here, and writes it: the inside of the write transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from forms.errors import Finding
from server.domain.returned import EDITED
from server.domain.supervision import FORM as SUPERVISION
from server.services.judge import Judged, Upload
from server.services.returned import link_correction
from server.services.sight import fill_scope
from server.storage.blobs import name_blob
from server.storage.coverage import refresh_sheet
from server.storage.intake import (
    Beside,
    Known,
    add_findings,
    add_slots,
    add_submission,
    add_variant,
    add_version,
    change_submission,
    fill_slot,
    find_known,
    list_beside,
    list_slots,
    put_variant_file,
    supersede,
    variant_files,
)
from server.storage.reach import find_above
from server.storage.returns import end_returns
from server.storage.rounds import find_lock_of
from server.storage.waiting import wait_again
from sync.decide import Arrival, Decision, Dialect, Place, Store, Stored, decide
from sync.decide import Known as KnownThings
from sync.envelope import clipped

REASONS = {
    "variant": "other_xml",
    "conflict": "outdated",
    "foreign": "foreign",
    "deleted": "deleted",
    "held": "held",
}


@dataclass(slots=True)
class Keeping:
    """One upload inside its transaction, with what is here under its ids and beside it."""

    connection: Connection
    upload: Upload
    judged: Judged
    known: dict[str, Known]
    beside: list[Beside]

    @property
    def ids(self) -> tuple[str, str | None]:
        """Instance id and the id that this instance replaces."""
        return self.judged.instance_id, self.judged.instance.deprecated_id

    @property
    def original(self) -> Known | None:
        """The version that this instance says it replaces, if it is here."""
        return self.known.get(self.ids[1] or "")


def look(connection: Connection, upload: Upload, judged: Judged, skip_variant: int | None = None) -> Keeping:
    """Reads what is here under the ids of an upload. `skip_variant`: the held edit that is being applied, which is not
    to meet itself."""
    ids = (judged.instance_id, judged.instance.deprecated_id)
    known = find_known(connection, judged.form.form_id, upload.target.draft, *ids)
    beside = [] if upload.target.draft else list_beside(connection, judged.form.form_id, judged.instance_id)
    return Keeping(connection, upload, judged, known, [one for one in beside if one.id != skip_variant])


def decide_on(keeping: Keeping) -> Decision:
    """The row of the intake table (sync/decide.py) that this upload falls in. What was sent to try a draft is never
    kept apart: nobody would look for it there, and whoever tries it is told."""
    upload, judged = keeping.upload, keeping.judged
    arrival = Arrival(
        instance_id=judged.instance_id,
        xml_sha256=upload.envelope.sha256,
        deprecated_id=judged.instance.deprecated_id,
        instance_id_made=judged.instance.instance_id is None,
        attachments=upload.envelope.contents,
        broken_rules=judged.broken,
        must_edit=upload.target.must_edit,
    )
    same = _stored(keeping, keeping.known.get(judged.instance_id))
    original = keeping.original
    things = KnownThings(
        accepts=upload.target.draft or judged.form.state != "closed",
        version_known=judged.form.exact,
        may_edit=original is None or upload.target.draft or _may_edit(keeping, original),
        same_id=(*same, *_beside(keeping)),
        original=() if original is None else (Stored(original.sha256, _place(original)),),
    )
    decision = decide(arrival, things, upload.target.dialect)
    if upload.target.draft and decision.store in (Store.VARIANT, Store.HELD):
        return decide(arrival, things, Dialect.REST)
    return decision


def _may_edit(keeping: Keeping, original: Known) -> bool:
    """Whether what was sent is the sender's own, or lies where the sender reports from or decides. Who knows the id of
    somebody else's sheet has no say in it; a village head's successor has. What a supervision board wrote is changed by
    who sent it alone: the commune that is supervised answers."""
    caller, form = keeping.upload.caller, keeping.judged.form
    if original.submitter_id == caller.actor_id:
        return True
    if form.xml_form_id == SUPERVISION:
        return False
    scopes = (
        fill_scope(caller, form.project_id, form.form_id),
        caller.scope("submission.update", form.project_id, form.form_id),
    )
    if any(scope.everywhere for scope in scopes):
        return True
    above = set(find_above(keeping.connection, original.area_id, caller.on)) if original.area_id else set()
    return any(above & scope.areas for scope in scopes)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where an upload is now: a submission, or a variant beside one. `expected`: how many files its answers name,
    `missing`: how many of them are not here. `round_id`: the round it is in; `after_lock`: that was locked when it
    came, and its figures stay as they are."""

    submission_id: int | None = None
    variant_id: int | None = None
    expected: int = 0
    missing: int = 0
    round_id: int | None = None
    after_lock: bool = False


def keep(keeping: Keeping, decision: Decision) -> Kept:
    """Writes what was decided."""
    for part in keeping.upload.envelope.attachments:
        name_blob(keeping.connection, part.sha256, part.size, keeping.upload.now)
    if decision.store in (Store.SUBMISSION, Store.LATE):
        return _new_submission(keeping, decision)
    if decision.store is Store.VERSION and keeping.original is not None:
        return _new_version(keeping, keeping.original, decision)
    if decision.store in (Store.VARIANT, Store.HELD):
        return _keep_apart(keeping, REASONS[decision.outcome.value])
    if decision.existing is not None and decision.existing.place in (Place.VARIANT, Place.HELD):
        return _keep_apart(keeping, "other_xml")
    known = keeping.known.get(keeping.judged.instance_id)
    if known is None:
        return Kept()
    if decision.store is Store.ATTACHMENTS:
        for slot in _slots_sent(keeping):
            fill_slot(keeping.connection, known.version_id, slot)
    return _as_kept(keeping, known)


def _as_kept(keeping: Keeping, known: Known) -> Kept:
    """What was here already, with the files that it has by now."""
    slots = [slot for slot in list_slots(keeping.connection, known.version_id) if slot.expected]
    missing = sum(slot.sha256 is None for slot in slots)
    return Kept(known.submission_id, expected=len(slots), missing=missing)


def _new_submission(keeping: Keeping, decision: Decision) -> Kept:
    upload, judged = keeping.upload, keeping.judged
    submission_id = add_submission(
        keeping.connection,
        {
            "form_id": judged.form.form_id,
            "instance_id": judged.instance_id,
            "is_draft": upload.target.draft,
            "submitter_id": upload.caller.actor_id,
            "device_id": clipped(upload.envelope.device_id),
            "user_agent": clipped(upload.envelope.user_agent),
            "review_state": decision.review_state or "received",
            "arrival": "late" if decision.store is Store.LATE else "normal",
            "area_id": judged.area_id,
            "round_id": judged.round_view.id if judged.round_view else None,
            "created_at": upload.now,
        },
    )
    kept = _write_version(keeping, submission_id, decision, {})
    if not upload.target.draft:
        what = (submission_id, upload.caller.actor_id, kept.round_id)
        link_correction(keeping.connection, judged, what, upload.now)
        wait_again(keeping.connection, submission_id)
    refresh_sheet(keeping.connection, submission_id)
    return kept


def _round_of(keeping: Keeping) -> int | None:
    """The round that it goes to: of an edit that leaves it open the one that a person gave its original."""
    joining, original = keeping.judged.joining, keeping.original
    if joining.round is not None:
        return joining.round.id
    return original.round_id if original is not None and joining.why not in ("none", "unknown") else None


def _new_version(keeping: Keeping, original: Known, decision: Decision) -> Kept:
    """The edit becomes the current version; files that it names and did not bring come over by their names."""
    connection, judged = keeping.connection, keeping.judged
    carried = {
        slot.name: {"sha256": slot.sha256, "content_type": slot.content_type, "updated_at": slot.updated_at}
        for slot in list_slots(connection, original.version_id)
        if slot.sha256
    }
    supersede(connection, original.submission_id)
    kept = _write_version(keeping, original.submission_id, decision, carried)
    end_returns(connection, original.submission_id, keeping.upload.now, EDITED)
    change_submission(
        connection,
        original.submission_id,
        review_state="edited",
        review_level=None,
        updated_at=keeping.upload.now,
        area_id=judged.area_id,
        round_id=kept.round_id,
    )
    return kept


def _write_version(keeping: Keeping, submission_id: int, decision: Decision, carried: dict[str, Any]) -> Kept:
    upload, judged = keeping.upload, keeping.judged
    round_id = _round_of(keeping)
    lock_id = find_lock_of(keeping.connection, round_id) if round_id is not None and not upload.target.draft else None
    version_id = add_version(
        keeping.connection,
        {
            "submission_id": submission_id,
            "form_id": judged.form.form_id,
            "form_version_id": judged.form.version_id,
            "is_draft": upload.target.draft,
            "instance_id": judged.instance_id,
            "instance_name": judged.instance.instance_name,
            "is_current": True,
            "xml": upload.envelope.xml,
            "sha256": upload.envelope.sha256,
            "answers": judged.answers,
            "stated_version": judged.instance.version,
            "submitter_id": upload.caller.actor_id,
            "device_id": clipped(upload.envelope.device_id),
            "user_agent": clipped(upload.envelope.user_agent),
            "created_at": upload.now,
            "after_lock_id": lock_id,
        },
    )
    sent = {slot["name"]: slot for slot in _slots_sent(keeping)}
    slots = []
    for name in (*judged.named, *(name for name in sent if name not in judged.named)):
        found = sent.get(name) or carried.get(name) or {"sha256": None, "content_type": None, "updated_at": None}
        slots.append({**found, "name": name, "expected": name in judged.named})
    add_slots(keeping.connection, version_id, slots)
    findings = [*_about_the_upload(judged, decision), *judged.findings, *_about_files(judged, slots)]
    add_findings(keeping.connection, version_id, map(_finding_row, findings))
    missing = sum(slot["expected"] and slot["sha256"] is None for slot in slots)
    return Kept(
        submission_id, expected=len(judged.named), missing=missing, round_id=round_id, after_lock=lock_id is not None
    )


def _slots_sent(keeping: Keeping) -> list[dict[str, Any]]:
    return [
        {
            "name": part.name,
            "sha256": part.sha256,
            "content_type": part.content_type[:255],
            "updated_at": keeping.upload.now,
        }
        for part in keeping.upload.envelope.attachments
    ]


def _about_the_upload(judged: Judged, decision: Decision) -> Iterator[Finding]:
    about = {"version": judged.instance.version, "instance-id": judged.instance_id}
    params = {"judged_by": judged.form.version}
    for kind in decision.findings:
        yield Finding(kind, "/", "warning", about.get(kind), {}, params)
    if not judged.form.current and "version" not in decision.findings:
        yield Finding("version", "/", "info", judged.instance.version, {}, params | {"problem": "older"})


def _about_files(judged: Judged, slots: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Files that are named and not here (this goes when the file comes: storage/intake.py), or here and not named."""
    for slot in slots:
        name = slot["name"]
        if slot["expected"] and slot["sha256"] is None:
            yield Finding("attachment", judged.named[name], "warning", name, {}, {"problem": "missing"})
        elif not slot["expected"] and not judged.instance.encrypted:
            yield Finding("attachment", "/", "info", name, {}, {"problem": "unnamed"})


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "path": finding.path,
        "severity": finding.severity,
        "value": finding.value,
        "message": dict(finding.message),
        "params": dict(finding.params),
    }


def _keep_apart(keeping: Keeping, reason: str) -> Kept:
    upload, judged = keeping.upload, keeping.judged
    variant_id = add_variant(
        keeping.connection,
        {
            "form_id": judged.form.form_id,
            "instance_id": judged.instance_id,
            "deprecated_id": judged.instance.deprecated_id,
            "reason": reason,
            "xml": upload.envelope.xml,
            "sha256": upload.envelope.sha256,
            "stated_version": judged.instance.version,
            "submitter_id": upload.caller.actor_id,
            "device_id": clipped(upload.envelope.device_id),
            "user_agent": clipped(upload.envelope.user_agent),
            "created_at": upload.now,
        },
    )
    for slot in _slots_sent(keeping):
        put_variant_file(keeping.connection, variant_id, slot)
    here = {name for name, _ in variant_files(keeping.connection, variant_id)} if judged.named else set()
    missing = sum(name not in here for name in judged.named)
    return Kept(variant_id=variant_id, expected=len(judged.named), missing=missing)


def _stored(keeping: Keeping, known: Known | None) -> tuple[Stored, ...]:
    if known is None:
        return ()
    files: frozenset[tuple[str, str]] = frozenset()
    if known.sha256 == keeping.upload.envelope.sha256 and keeping.upload.envelope.attachments:
        slots = list_slots(keeping.connection, known.version_id)
        files = frozenset((slot.name, slot.sha256) for slot in slots if slot.sha256)
    return (Stored(known.sha256, _place(known), files),)


def _beside(keeping: Keeping) -> list[Stored]:
    """Variants and held edits under the same instance id."""
    found = []
    for variant in keeping.beside:
        if variant.waits:
            continue
        place = Place.HELD if variant.reason == "held" else Place.VARIANT
        same = variant.sha256 == keeping.upload.envelope.sha256
        files = variant_files(keeping.connection, variant.id) if same else frozenset()
        found.append(Stored(variant.sha256, place, files))
    return found


def _place(known: Known) -> Place:
    if known.deleted:
        return Place.DELETED
    if known.arrival == "late":
        return Place.LATE
    return Place.CURRENT if known.is_current else Place.SUPERSEDED
