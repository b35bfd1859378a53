"""What happens when an instance arrives, the whole of it in order.

Reading, judging and writing attachments to disk come first and hold nobody up; then one short write transaction decides
(sync/decide.py) and keeps. What was acknowledged is on disk; what is sent again is recognised; a readable instance is
never refused to a phone for what it says.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.domain.errors import NotFound, Unreadable
from server.domain.review import APPROVED, EDITED, RECEIVED
from server.domain.webhooks import Change
from server.services.aggregate import COMMUNE_FORM, CRITERIA_FORM, aggregate, keep_verdicts
from server.services.campaign import touch
from server.services.home import Home, require_space
from server.services.judge import Judged, Upload, read_and_judge
from server.services.keep import Keeping, Kept, decide_on, keep, look
from server.services.notify import notify_arrival, watching
from server.services.quarantine import quarantine
from server.services.refusals import refusal
from server.storage.audits import Where, write_audit
from server.storage.database import lock_instances, transaction
from server.storage.jobs import Work, enqueue
from server.storage.rollups import mark
from server.storage.verdicts import NEWEST
from sync.decide import Decision, Dialect, Outcome, Store
from sync.envelope import glimpse
from sync.receipt_number import write_number

AFTER_LOCK = "submission.after_lock"
"""What the sender of something is told that came after its round was locked: it is kept, and changes no figure."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told. `status`: 201 or 202 over OpenRosa, 200 over REST. `message` is a message id."""

    status: int
    message: str
    outcome: Outcome
    instance_id: str
    kept: Kept
    findings: int

    @property
    def submission_id(self) -> int | None:
        """None when it was kept apart."""
        return self.kept.submission_id

    @property
    def number(self) -> str:
        """What a person writes down: see sync/receipt_number.py; "" for what is nowhere."""
        if self.kept.submission_id:
            return write_number(self.kept.submission_id)
        return write_number(self.kept.variant_id, apart=True) if self.kept.variant_id else ""


def receive(session: Session, home: Home, upload: Upload) -> Receipt:
    """Takes in one upload. Raises Unavailable (nothing was kept: send again), Unreadable and NotFound (a phone's is
    kept in quarantine), Forbidden, and over REST the refusals of sync/decide.py."""
    require_space(home)
    try:
        judged = read_and_judge(session, home, upload)
    except (Unreadable, NotFound) as error:
        raise _put_away(session, home, upload, error) from error
    store_files(home, upload)
    with transaction(session) as connection:
        lock_instances(connection, judged.form.form_id, judged.instance_id, judged.instance.deprecated_id)
        keeping = look(connection, upload, judged)
        decision = decide_on(keeping)
        if decision.code is not None:
            raise refusal(decision, judged)
        kept = keep(keeping, decision)
        settle(keeping, decision, kept)
        _tell_carried(keeping, decision, kept)
        connection.commit()
    return Receipt(
        status=decision.status or 201,
        message=AFTER_LOCK if kept.after_lock else decision.message,
        outcome=decision.outcome,
        instance_id=judged.instance_id,
        kept=kept,
        findings=len(judged.findings),
    )


def _tell_carried(keeping: Keeping, decision: Decision, kept: Kept) -> None:
    """A line of the audit where somebody brought what its sender could not send. What came over a line is its own
    record."""
    upload, judged = keeping.upload, keeping.judged
    if upload.carried is None or decision.store is Store.NOTHING:
        return
    acted_on = f"submission:{kept.submission_id}" if kept.submission_id else f"variant:{kept.variant_id}"
    entry = upload.carried.carrier.entry(
        "submission.bundle.import",
        acted_on,
        upload.now,
        Where(upload.target.project_id, judged.area_id),
        bundle=upload.carried.sha256,
        sender=upload.caller.actor_id,
        instance=judged.instance_id,
        outcome=decision.outcome.value,
    )
    write_audit(keeping.connection, entry)


def _put_away(session: Session, home: Home, upload: Upload, error: Unreadable | NotFound) -> Unreadable | NotFound:
    """The error with the ids that can be made out (`form`, `instance`), and for what a phone sent whether it is in
    quarantine now (`kept`)."""
    seen = glimpse(upload.envelope.xml)
    ids = {"form": seen.form_id, "instance": seen.instance_id}
    told = type(error)(error.code, **{name: text for name, text in ids.items() if text} | error.params)
    if upload.target.dialect is Dialect.OPENROSA and not upload.target.draft:
        told.params["kept"] = quarantine(session, home, upload, told)
    return told


def store_files(home: Home, upload: Upload) -> None:
    """Puts the attachments on disk, synced, before any row names them."""
    for part in upload.envelope.attachments:
        if isinstance(part.content, bytes):
            home.blobs.put(part.content)
        else:
            home.blobs.put_file(part.content, part.sha256)


def settle(keeping: Keeping, decision: Decision, kept: Kept) -> None:
    """What follows from a new text: who is told of it, the verdicts of its village, and edits that waited for it."""
    if keeping.upload.target.draft or kept.submission_id is None:
        return
    if decision.store in (Store.SUBMISSION, Store.LATE, Store.VERSION):
        _notify(keeping, decision, kept.submission_id)
    if decision.store not in (Store.SUBMISSION, Store.VERSION):
        return
    _judge_villages(keeping, keeping.judged, decision, kept)
    # also an edit may be what another edit waited for
    for variant in keeping.beside:
        if variant.waits:
            work = Work("apply_held", {"variant_id": variant.id}, key=str(variant.id))
            enqueue(keeping.connection, work, keeping.upload.now)


def _notify(keeping: Keeping, decision: Decision, submission_id: int) -> None:
    judged, original = keeping.judged, keeping.original
    if decision.store is Store.VERSION and original is not None:
        change = Change(original.review_state, EDITED)
    else:
        change = Change(None, decision.review_state or RECEIVED)
    form = (judged.form.form_id, judged.form.xml_form_id)
    notify_arrival(keeping.connection, judged.campaign, (submission_id, change), form, keeping.upload.now)


def _judge_villages(keeping: Keeping, judged: Judged, decision: Decision, kept: Kept) -> None:
    if judged.form.xml_form_id == COMMUNE_FORM:
        _mark_communes(keeping, judged, kept)
    if judged.form.xml_form_id != CRITERIA_FORM:
        return
    connection, now = keeping.connection, keeping.upload.now
    round_view = judged.campaign.find_round_by_id(kept.round_id) if kept.round_id is not None else None
    if judged.area_id and round_view and not kept.after_lock:
        if decision.store is Store.SUBMISSION and judged.verdicts:
            # it is the newest; what was approved before goes on speaking beside it
            with watching(connection, judged.campaign, (round_view.id, judged.area_id, CRITERIA_FORM), now):
                keep_verdicts(connection, judged.verdicts, (kept.submission_id, NEWEST), now)
            mark(connection, round_view.id, judged.area_id)
        else:
            aggregate(connection, judged.campaign, (round_view, judged.area_id), now)
    original = keeping.original
    if decision.store is not Store.VERSION or original is None or original.area_id is None:
        return
    newest = next(iter(judged.campaign.rounds), None)
    if original.review_state == APPROVED and newest is not None and original.round_id != newest.id:
        # lists for phones carry what was approved in earlier rounds
        touch(connection)
    here = (judged.area_id, kept.round_id)
    if (original.area_id, original.round_id) != here and original.round_id is not None:
        # the edit moved the sheet to another village or round: the one it left is judged without it
        before = judged.campaign.find_round_by_id(original.round_id)
        if before is not None:
            aggregate(connection, judged.campaign, (before, original.area_id), now)


def _mark_communes(keeping: Keeping, judged: Judged, kept: Kept) -> None:
    """A commune's own sheet is judged with its villages, after; also where an edit took it away from."""
    if judged.area_id and kept.round_id is not None:
        mark(keeping.connection, kept.round_id, judged.area_id)
    original = keeping.original
    if original is not None and original.area_id is not None and original.round_id is not None:
        mark(keeping.connection, original.round_id, original.area_id)
