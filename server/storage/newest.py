"""The newest submissions of some forms that somebody sees, and how many there are in each review state: a part of an
index is read, never the whole table, however small or large the part of the tree is that they see.

Whoever sees little is served from the index by area: what lies there is read and put in order. Whoever sees much is
served from the index by time: it is read from its newest end, and each row is asked whether it lies in sight, until the
page is full. Which of both it is, the tallies tell, read no further than they must be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import Scope
from server.storage.database import Moment
from server.storage.reach import list_below, one_by_one
from server.storage.submissions import Submission
from server.storage.tallies import are_few, count_states_of

FEW = 5_000
"""Rows up to which all that is in sight is put in order; above it the index by time is the shorter way."""
_OWN = (Submission.id, Submission.created_at)
_ORDER = (Submission.created_at.desc(), Submission.id.desc())


@dataclass(frozen=True, slots=True)
class Part:
    """Which submissions: of these forms (by number), in sight, fitting the conditions (of columns of `submissions`).
    `live`: these say no more than that drafts and deleted ones are left out."""

    form_ids: Sequence[int]
    scope: Scope
    conditions: tuple[ColumnElement[bool], ...] = ()
    live: bool = False


LIVE = (Submission.is_draft.is_(False), Submission.deleted_at.is_(None))
"""The conditions of what counts as sent and not deleted."""


def list_newest(session: Session | Connection, part: Part, offset: int, limit: int) -> list[int]:
    """The numbers of a page of submissions, newest first."""
    most = offset + limit
    ways = [way.order_by(*_ORDER).limit(most).subquery() for way in _ways(session, part)]
    if not ways:
        return []
    found = union_all(*(select(way.c.id, way.c.created_at) for way in ways)).subquery()
    query = select(found.c.id).order_by(found.c.created_at.desc(), found.c.id.desc())
    return list(session.execute(query.offset(offset).limit(limit)).scalars())


def older_than(created_at: datetime, submission_id: int) -> ColumnElement[bool]:
    """The condition that a submission comes after this one in a list."""
    # the moment as its column binds it, on either database
    mark = tuple_(literal(created_at, Moment()), literal(submission_id))
    return tuple_(Submission.created_at, Submission.id) < mark


def count_newest(session: Session | Connection, part: Part) -> dict[str, int]:
    """How many there are in each review state: from the tallies where there are no other conditions (`live`)."""
    found: dict[str, int] = {}
    for form_ids, seen in _groups(part):
        counted = count_states_of(session, form_ids, seen) if part.live else _counted(session, part, form_ids, seen)
        for state, number in counted.items():
            found[state] = found.get(state, 0) + number
    return found


def _counted(session: Session | Connection, part: Part, form_ids: list[int], seen: Scope) -> dict[str, int]:
    state = Submission.review_state
    query = select(state, func.count()).where(Submission.form_id.in_(form_ids), *part.conditions)
    if not seen.everywhere:
        query = query.where(_in_areas(seen))
    return {row[0]: row[1] for row in session.execute(query.group_by(state))}


def _ways(session: Session | Connection, part: Part) -> Iterator[Select[*tuple[Any, ...]]]:
    for form_ids, seen in _groups(part):
        if not seen.everywhere and are_few(session, form_ids, seen, FEW):
            yield select(*_OWN).where(_in_areas(seen), _any_of(form_ids), *part.conditions)
            continue
        checked = () if seen.everywhere else (one_by_one(Submission.area_id, seen.areas, seen.on),)
        for form_id in form_ids:
            yield select(*_OWN).where(Submission.form_id == form_id, *checked, *part.conditions)


def _groups(part: Part) -> list[tuple[list[int], Scope]]:
    """The forms by what is seen of them; those of which nothing is seen are left out."""
    found: dict[Scope, list[int]] = {}
    for form_id in part.form_ids:
        seen = part.scope.of_form(form_id)
        if seen:
            found.setdefault(seen, []).append(form_id)
    return [(form_ids, seen) for seen, form_ids in found.items()]


def _in_areas(seen: Scope) -> ColumnElement[bool]:
    return Submission.area_id.in_(list_below(seen.areas, seen.on))


def _any_of(form_ids: Sequence[int]) -> ColumnElement[bool]:
    # the sum keeps SQLite from taking the index by form and time, which would be read whole
    return (Submission.form_id + 0).in_(form_ids)
