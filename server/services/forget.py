"""Forms that were deleted long ago are forgotten, with all that was sent for them. The audit keeps that they were."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.services.aggregate import aggregate
from server.services.authenticate import system_caller
from server.services.campaign import campaign_of
from server.services.remove import AT_ONCE, KEPT
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.form_removals import forget_form, list_long_deleted_forms, list_sent, take_away
from server.storage.forms import find_deleted_form
from server.storage.locks import is_form_frozen
from server.storage.removals import forget_submissions


def forget(session: Session, now: datetime, *, keep: timedelta = KEPT) -> int:
    """Forgets forms that were deleted longer ago than `keep`; returns how many. Villages that a forgotten sheet spoke
    for are judged without it. Files go with the next sweep. Raises Unavailable."""
    server = system_caller(session, now)
    forgotten = 0
    for project_id, form_id in list_long_deleted_forms(session, now - keep):
        if is_form_frozen(session, form_id):
            # figures that somebody locked rest on what was sent for it
            continue
        while _forget_some(session, project_id, form_id, now):
            pass
        with writing(session) as connection:
            form = find_deleted_form(connection, project_id, form_id)
            if form is None or list_sent(connection, form_id, 1):
                continue
            forget_form(connection, form_id)
            details, where = {"projectId": project_id, "xmlFormId": form.xml_form_id}, Where(project_id)
            write_audit(connection, server.entry("form.purge", f"form:{form_id}", now, where, **details))
            session.commit()
            forgotten += 1
    return forgotten


def _forget_some(session: Session, project_id: int, form_id: int, now: datetime) -> bool:
    """A part of what was sent, in a transaction short enough for others to bear. False when nothing is left, or when
    the form was brought back meanwhile."""
    with writing(session) as connection:
        if find_deleted_form(connection, project_id, form_id) is None:
            return False
        ids = list_sent(connection, form_id, AT_ONCE)
        if not ids:
            return False
        places = take_away(connection, ids, now)
        _judge_again(connection, project_id, places, now)
        forget_submissions(connection, ids)
        session.commit()
    return True


def _judge_again(connection: Connection, project_id: int, places: list[tuple[int, str]], now: datetime) -> None:
    if not places:
        return
    campaign = campaign_of(connection, project_id)
    for round_id, area_id in places:
        found = campaign.find_round_by_id(round_id)
        if found is not None:
            aggregate(connection, campaign, (found, area_id), now)
