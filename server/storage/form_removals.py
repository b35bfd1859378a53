"""What is forgotten of forms that were deleted long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.actors import Grant
from server.storage.coverage import forget_form_rows, refresh_sheet
from server.storage.exports import ExportRow
from server.storage.forms import Form, FormAttachment, FormVersion
from server.storage.quality import mark_sheet
from server.storage.submissions import Submission, Variant, VariantAttachment
from server.storage.tallies import TallyRow, count_moved, find_counted
from server.storage.verdicts import VerdictRow
from server.storage.waiting import stop_waiting


def list_long_deleted_forms(session: Session | Connection, before: datetime) -> list[tuple[int, int]]:
    """(project id, form id) of the forms that were deleted before that moment, the oldest first."""
    query = select(Form.project_id, Form.id).where(Form.deleted_at < before).order_by(Form.deleted_at, Form.id)
    return [(row[0], row[1]) for row in session.execute(query)]


def list_sent(connection: Connection, form_id: int, most: int) -> list[int]:
    """The numbers of some of what was sent for a form, deleted before or not, drafts' too."""
    query = select(Submission.id).where(Submission.form_id == form_id).order_by(Submission.id).limit(most)
    return list(connection.execute(query).scalars())


def take_away(connection: Connection, submission_ids: Sequence[int], now: datetime) -> list[tuple[int, str]]:
    """Marks submissions as deleted; returns (round id, area id) of the villages whose verdicts rest on them."""
    rest = select(VerdictRow.round_id, VerdictRow.area_id).where(VerdictRow.submission_id.in_(submission_ids))
    places = [(row[0], row[1]) for row in connection.execute(rest.distinct())]
    gone = update(Submission).where(Submission.id.in_(submission_ids), Submission.deleted_at.is_(None))
    for submission_id in submission_ids:
        counted = find_counted(connection, submission_id)
        count_moved(connection, submission_id, counted, None)
        if counted:
            mark_sheet(connection, submission_id)
    connection.execute(gone.values(deleted_at=now))
    stop_waiting(connection, submission_ids)
    for submission_id in submission_ids:
        refresh_sheet(connection, submission_id)
    return places


def forget_form(connection: Connection, form_id: int) -> None:
    """Takes a form for which nothing is kept any more away: its versions, what they expect, copies kept apart, and the
    roles that somebody had for it."""
    variants = select(Variant.id).where(Variant.form_id == form_id)
    versions = select(FormVersion.id).where(FormVersion.form_id == form_id)
    connection.execute(delete(VariantAttachment).where(VariantAttachment.variant_id.in_(variants)))
    connection.execute(delete(Variant).where(Variant.form_id == form_id))
    connection.execute(delete(FormAttachment).where(FormAttachment.version_id.in_(versions)))
    connection.execute(delete(FormVersion).where(FormVersion.form_id == form_id))
    connection.execute(delete(Grant).where(Grant.form_id == form_id))
    connection.execute(delete(TallyRow).where(TallyRow.form_id == form_id))
    forget_form_rows(connection, form_id)
    # their files are swept at night
    connection.execute(delete(ExportRow).where(ExportRow.form_id == form_id))
    connection.execute(delete(Form).where(Form.id == form_id))
