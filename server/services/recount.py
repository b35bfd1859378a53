"""Counts submissions again where the tallies disagree with what there is. They should not; each night looks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.storage.database import writing
from server.storage.tallies import count_again, list_wrong, lock_tallies


def recount(session: Session) -> int:
    """How many tallies disagreed; all are right afterwards."""
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
