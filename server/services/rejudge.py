"""Judges again what was judged by a rule set that has changed: it was loaded anew, or a clause of it was confirmed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.services.aggregate import CRITERIA_FORM, aggregate
from server.services.campaign import campaign_of
from server.storage.database import writing
from server.storage.jobs import Work, enqueue, has_undone
from server.storage.projects import list_projects
from server.storage.rollups import mark_all
from server.storage.verdicts import has_verdicts, list_reported

KIND, ALL_OF_THEM = "rejudge", "*"
AT_ONCE = 100
"""Villages in one transaction: nobody who sends waits longer than these take."""


def ask_to_rejudge(connection: Connection, rule_set_id: str, now: datetime) -> None:
    """Writes the work down in the transaction of its cause. ALL_OF_THEM: what decisions say of areas has changed."""
    enqueue(connection, Work(KIND, {"rule_set": rule_set_id}, key=rule_set_id), now)


def ask_to_rejudge_round(connection: Connection, round_id: int, now: datetime) -> None:
    """The same of one round by all its rule sets: what it asks has changed, or it was reopened."""
    enqueue(connection, Work(KIND, {"rule_set": ALL_OF_THEM, "round": round_id}, key=f"round:{round_id}"), now)


def is_rejudging(session: Session | Connection) -> bool:
    """Whether something is still to be judged again."""
    return has_undone(session, KIND)


def unsettle(connection: Connection, now: datetime) -> None:
    """Says that what decisions say of areas, or where they lie, has changed: all that was judged is judged again."""
    if has_verdicts(connection):
        ask_to_rejudge(connection, ALL_OF_THEM, now)
        mark_all(connection)


def rejudge(session: Session, rule_set_id: str, now: datetime, round_id: int | None = None) -> int:
    """Judges every village that reported in a round on whose cut-off date the rule set is in force (`round_id`: in that
    one alone); returns how many. Bears being run twice, and being ended in between."""
    judged = 0
    for project in list_projects(session):
        campaign = campaign_of(session, project.id)
        rule_set = campaign.book.rule_sets.get(rule_set_id)
        for round_view in campaign.rounds:
            if round_view.is_locked or round_id not in (None, round_view.id):
                continue
            if rule_set_id != ALL_OF_THEM and rule_set not in campaign.book.on_any(round_view.cutoff):
                continue
            areas = list_reported(session, round_view.id, CRITERIA_FORM)
            session.rollback()
            for start in range(0, len(areas), AT_ONCE):
                with writing(session) as connection:
                    for area_id in areas[start : start + AT_ONCE]:
                        aggregate(connection, campaign, (round_view, area_id), now)
                    session.commit()
            judged += len(areas)
    return judged
