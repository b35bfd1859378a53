"""Works out anew which area lies in which, in the transaction that changed the areas."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.reach import Tree
from server.storage.database import writing
from server.storage.reach import has_reach, read_tree, replace_reach


def work_out_reach(connection: Connection, changed: Collection[str] | None = None) -> None:
    """Writes where areas lie at every time: of those that changed and of all that hangs on them; None: of all."""
    tree = Tree(*read_tree(connection))
    of = None if changed is None else tree.touched_by(changed)
    replace_reach(connection, tree.rows(of), of)


def complete_reach(session: Session) -> None:
    """The same where it was never done: a home whose areas are older than this table."""
    if has_reach(session):
        return
    with writing(session) as connection:
        if not has_reach(connection):
            work_out_reach(connection)
        session.commit()
