"""Applies an edit that came before its original, once the original is here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import Forbidden
from server.services.authenticate import caller_of
from server.services.home import Home
from server.services.judge import Target, Upload, read_and_judge
from server.services.keep import REASONS, decide_on, keep, look
from server.services.receive import settle
from server.storage.database import lock_instances, writing
from server.storage.intake import change_reason, find_variant, mark_applied
from sync.decide import Outcome, Store
from sync.envelope import Envelope, Part


def apply_held(session: Session, home: Home, variant_id: int, now: datetime) -> Outcome | None:
    """Makes a held edit the version it was meant to be, in the name of who sent it. Returns what became of it, None
    when it was applied before. Still held when its original is not here after all; kept apart for another reason when
    it cannot become a version, and listed as such."""
    variant = find_variant(session, variant_id)
    if variant is None or variant.applied_at is not None:
        return None
    parts = tuple(_part(home, *file) for file in variant.files)
    envelope = Envelope(variant.xml, parts, variant.device_id, variant.user_agent)
    caller = caller_of(session, variant.submitter_id, now)
    upload = Upload(envelope, Target(variant.project_id), caller, now)
    try:
        judged = read_and_judge(session, home, upload)
    except Forbidden:
        # the sender may fill in this form no more
        with writing(session) as connection:
            change_reason(connection, variant_id, REASONS[Outcome.FOREIGN])
            session.commit()
        return Outcome.FOREIGN
    with writing(session) as connection:
        lock_instances(connection, judged.form.form_id, judged.instance_id, judged.instance.deprecated_id)
        keeping = look(connection, upload, judged, skip_variant=variant_id)
        decision = decide_on(keeping)
        if decision.store is Store.VARIANT:
            change_reason(connection, variant_id, REASONS[decision.outcome.value])
        elif decision.outcome is not Outcome.HELD:
            settle(keeping, decision, keep(keeping, decision))
            mark_applied(connection, variant_id, now)
        session.commit()
    return decision.outcome


def _part(home: Home, name: str, sha256: str, content_type: str | None) -> Part:
    with home.blobs.open(sha256) as file:
        return Part(name, content_type or "application/octet-stream", file.read(), sha256)
