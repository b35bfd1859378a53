"""Somebody says that two persons who were trained are one, and takes that back. A likeness alone merges nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, NotFound
from server.domain.training_people import Attending, Person, find_likenesses, merges_of, require_apart
from server.services.authenticate import Caller
from server.services.training import read_training
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.training import Merge, add_merges, list_merges, undo_merges

VERB = "submission.update"


@dataclass(frozen=True)
class Merged:
    """A merge that stands, with the two as they are written."""

    merge: Merge
    one: Attending
    other: Attending


def merge(session: Session, caller: Caller, project_id: int, ids: Sequence[str], now: datetime) -> None:
    """Makes one person of two or more (`ids` within classes). Raises Forbidden, Invalid: somebody is merged into
    herself, or is in no class that the caller decides on."""
    caller.require(VERB, project_id)
    session.rollback()
    with writing(session) as connection:
        found = require_apart(ids, persons_of(connection, caller, project_id))
        pairs = [(one.id, other.id) for one, other in pairwise(found)]
        add_merges(connection, [_row(project_id, pair, caller, now) for pair in pairs])
        told = {"merged": len(pairs), "persons": [each.id for each in found]}
        where = Where(project_id, found[0].attended[0].count.training.area_id)
        write_audit(connection, caller.entry("training.person.merge", f"project:{project_id}", now, where, **told))
        session.commit()


def merge_exact(session: Session, caller: Caller, project_id: int, now: datetime) -> int:
    """Makes one person of each set whose name, birth year, sex and place are the same and known, as one decision of the
    caller; each merge can be undone by itself. Returns how many. Raises Forbidden, Conflict (there are none)."""
    caller.require(VERB, project_id)
    session.rollback()
    with writing(session) as connection:
        pairs = merges_of(find_likenesses(persons_of(connection, caller, project_id)))
        if not pairs:
            raise Conflict("training.none_to_merge")
        add_merges(connection, [_row(project_id, pair, caller, now) for pair in pairs])
        entry = caller.entry(
            "training.person.merge", f"project:{project_id}", now, Where(project_id, caller.area_id), merged=len(pairs)
        )
        write_audit(connection, entry)
        session.commit()
    return len(pairs)


def undo_merge(session: Session, caller: Caller, project_id: int, merge_id: int, now: datetime) -> None:
    """Takes a merge back. Raises Forbidden, NotFound."""
    caller.require(VERB, project_id)
    session.rollback()
    with writing(session) as connection:
        found = next((each for each in list_merged(connection, caller, project_id) if each.merge.id == merge_id), None)
        if found is None:
            raise NotFound("training.merge_unknown")
        undo_merges(connection, (merge_id,), (caller.actor_id, now))
        told = {"one": found.merge.one, "other": found.merge.other}
        where = Where(project_id, found.one.count.training.area_id)
        entry = caller.entry("training.person.undo", f"project:{project_id}", now, where, **told)
        write_audit(connection, entry)
        session.commit()


def persons_of(session: Session | Connection, caller: Caller, project_id: int) -> Sequence[Person]:
    """The persons of the classes that the caller decides on."""
    return read_training(session, project_id, caller.scope(VERB, project_id)).persons


def list_merged(session: Session | Connection, caller: Caller, project_id: int) -> list[Merged]:
    """The merges of people in classes that the caller decides on, the newest first."""
    known = {each.id: each for person in persons_of(session, caller, project_id) for each in person.attended}
    return [
        Merged(each, known[each.one], known[each.other])
        for each in reversed(list_merges(session, project_id))
        if each.one in known and each.other in known
    ]


def _row(project_id: int, pair: tuple[str, str], caller: Caller, now: datetime) -> dict[str, object]:
    return {
        "project_id": project_id,
        "one": pair[0],
        "other": pair[1],
        "merged_by": caller.actor_id,
        "merged_at": now,
    }
