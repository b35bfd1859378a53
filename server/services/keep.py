"""Decides what a judged upload is beside what is already here, and writes it: the inside of the write transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from forms.errors import Finding
from server.services.judge import Judged, Upload
from server.storage.blobs import name_blob
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
from sync.decide import Arrival, Decision, Place, Store, Stored, decide
from sync.decide import Known as KnownThings
from sync.envelope import clipped

REASONS = {"variant": "other_xml", "conflict": "outdated", "deleted": "deleted", "held": "held"}


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
    beside = list_beside(connection, judged.form.form_id, judged.instance_id)
    return Keeping(connection, upload, judged, known, [one for one in beside if one.id != skip_variant])


def decide_on(keeping: Keeping) -> Decision:
    """The row of the intake table (sync/decide.py) that this upload falls in."""
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
        same_id=(*same, *_beside(keeping)),
        original=() if original is None else (Stored(original.sha256, _place(original)),),
    )
    return decide(arrival, things, upload.target.dialect)


def keep(keeping: Keeping, decision: Decision) -> int | None:
    """Writes what was decided. Returns the submission's id, None when it was kept apart."""
    for part in keeping.upload.envelope.attachments:
        name_blob(keeping.connection, part.sha256, part.size, keeping.upload.now)
    if decision.store in (Store.SUBMISSION, Store.LATE):
        return _new_submission(keeping, decision)
    if decision.store is Store.VERSION and keeping.original is not None:
        return _new_version(keeping, keeping.original, decision)
    if decision.store in (Store.VARIANT, Store.HELD):
        _keep_apart(keeping, REASONS[decision.outcome.value])
        return None
    if decision.store is Store.ATTACHMENTS and decision.existing is not None:
        if decision.existing.place in (Place.VARIANT, Place.HELD):
            _keep_apart(keeping, "other_xml")
            return None
        known = keeping.known[keeping.judged.instance_id]
        for slot in _slots_sent(keeping):
            fill_slot(keeping.connection, known.version_id, slot)
        return known.submission_id
    known_here = keeping.known.get(keeping.judged.instance_id)
    return known_here.submission_id if known_here else None


def _new_submission(keeping: Keeping, decision: Decision) -> int:
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
    _write_version(keeping, submission_id, decision, {})
    return submission_id


def _new_version(keeping: Keeping, original: Known, decision: Decision) -> int:
    """The edit becomes the current version; files that it names and did not bring come over by their names."""
    connection, judged = keeping.connection, keeping.judged
    carried = {
        slot.name: {"sha256": slot.sha256, "content_type": slot.content_type, "updated_at": slot.updated_at}
        for slot in list_slots(connection, original.version_id)
        if slot.sha256
    }
    supersede(connection, original.submission_id)
    _write_version(keeping, original.submission_id, decision, carried)
    change_submission(
        connection,
        original.submission_id,
        review_state="edited",
        review_level=None,
        updated_at=keeping.upload.now,
        area_id=judged.area_id,
        round_id=judged.round_view.id if judged.round_view else None,
    )
    return original.submission_id


def _write_version(keeping: Keeping, submission_id: int, decision: Decision, carried: dict[str, Any]) -> None:
    upload, judged = keeping.upload, keeping.judged
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
        },
    )
    add_findings(keeping.connection, version_id, _finding_rows(judged, decision))
    sent = {slot["name"]: slot for slot in _slots_sent(keeping)}
    slots = []
    for name in (*judged.named, *(name for name in sent if name not in judged.named)):
        found = sent.get(name) or carried.get(name) or {"sha256": None, "content_type": None, "updated_at": None}
        slots.append({**found, "name": name, "expected": name in judged.named})
    add_slots(keeping.connection, version_id, slots)


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


def _finding_rows(judged: Judged, decision: Decision) -> Iterable[dict[str, Any]]:
    about = {"version": judged.instance.version, "instance-id": judged.instance_id}
    for kind in decision.findings:
        yield _finding_row(Finding(kind, "/", "warning", about.get(kind), {}, {"judged_by": judged.form.version}))
    for finding in judged.findings:
        yield _finding_row(finding)


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "path": finding.path,
        "severity": finding.severity,
        "value": finding.value,
        "message": dict(finding.message),
        "params": dict(finding.params),
    }


def _keep_apart(keeping: Keeping, reason: str) -> None:
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
