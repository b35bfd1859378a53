"""Counts submissions again where the tallies disagree with what there is, and what waits for a decision likewise. They
should not; each night looks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.storage.coverage import list_round_ids, refresh
from server.storage.coverage import list_wrong as list_uncovered
from server.storage.database import writing
from server.storage.tallies import count_again, list_wrong, lock_tallies
from server.storage.waiting import list_wrong_waiting, wait_again

AT_ONCE = 500


def recount(session: Session) -> int:
    """How many tallies, rows of what waits, and villages of rounds disagreed; all are right afterwards."""
    return _recount_tallies(session) + _wait_again(session) + recount_coverage(session)


def recount_coverage(session: Session) -> int:
    """Of how many villages, forms and rounds what is kept of their sheets disagreed; all is right afterwards."""
    wrong = [place for round_id in list_round_ids(session) for place in list_uncovered(session, round_id)]
    session.rollback()
    for start in range(0, len(wrong), AT_ONCE):
        with writing(session) as connection:
            for place in wrong[start : start + AT_ONCE]:
                refresh(connection, place)
            session.commit()
    return len(wrong)


def _wait_again(session: Session) -> int:
    wrong = sorted(list_wrong_waiting(session))
    session.rollback()
    for start in range(0, len(wrong), AT_ONCE):
        with writing(session) as connection:
            for submission_id in wrong[start : start + AT_ONCE]:
                wait_again(connection, submission_id)
            session.commit()
    return len(wrong)


def _recount_tallies(session: Session) -> int:
    if not list_wrong(session):
        session.rollback()
        return 0
    session.rollback()
    with writing(session) as connection:
        # what others are just adding is waited for, and counted
        lock_tallies(connection)
        wrong = len(list_wrong(connection))
        if wrong:
            count_again(connection)
        session.commit()
    return wrong
