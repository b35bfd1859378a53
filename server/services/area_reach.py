"""Looks whether the kept rows of what lies in what agree with the versions of areas, and works them out anew."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.domain.reach import Tree
from server.services.campaign import touch
from server.services.reach import work_out_reach
from server.storage.area_book import read_reach
from server.storage.database import writing
from server.storage.reach import read_tree


def compare_reach(session: Session) -> int:
    """In how many rows what is kept and what follows from the versions differ."""
    return len(read_reach(session) ^ set(Tree(*read_tree(session)).rows()))


def rebuild_reach(session: Session) -> None:
    """Works all of it out anew."""
    with writing(session) as connection:
        work_out_reach(connection)
        touch(connection)
        session.commit()
