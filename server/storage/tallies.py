"""How many submissions there are of each form in each area and review state: kept along with them, never counted anew.

How often anything about them changed is kept beside (`changes`): whoever made a file of them can tell that it would be
another one now (ADR 0019).

A heading over a million submissions must not read them. Drafts and deleted submissions are not counted. Who writes a
submission's form, area, state or deletion says so here, in the same transaction; `list_wrong` tells when somebody did
not. Rows of no area are spread over `SLOTS`, so that uploads of a form without villages do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    String,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.roles import Scope
from server.storage.database import Base
from server.storage.prepared import Prepared
from server.storage.reach import find_outside, list_below
from server.storage.reviews import ReviewMove
from server.storage.submissions import Submission, SubmissionVersion

NOWHERE = ""
"""What stands for the area of submissions that lie in none."""
SLOTS = 16
GLANCE = 150
"""Areas that tell as a rule whether much or little is in sight."""
TOPS = 3
"""Areas of a grant that are glanced at."""


class TallyRow(Base):
    """So many submissions (`number`) of a form in an area are in a review state. `changes` only grows: by one whenever
    a submission comes, goes, or is changed there, its files too."""

    __tablename__ = "submission_tallies"
    __table_args__ = ({"sqlite_with_rowid": False},)
    form_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    area_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    review_state: Mapped[str] = mapped_column(String(16), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int]
    changes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


_tallies = TallyRow.__table__


@dataclass(frozen=True, slots=True)
class Counted:
    """Where a submission is counted."""

    form_id: int
    area_id: str | None
    review_state: str

    def row(self, submission_id: int, number: int) -> dict[str, Any]:
        """The row that it adds `number` to."""
        slot = submission_id % SLOTS if self.area_id is None else 0
        where = {"form_id": self.form_id, "area_id": self.area_id or NOWHERE, "review_state": self.review_state}
        return where | {"slot": slot, "number": number, "changes": 1}


def _upsert(dialect: str) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(TallyRow)
    return made.on_conflict_do_update(
        index_elements=["form_id", "area_id", "review_state", "slot"],
        set_={
            "number": TallyRow.number + made.excluded.number,
            "changes": TallyRow.changes + made.excluded.changes,
        },
    )


_ADD = Prepared(_upsert, ("form_id", "area_id", "review_state", "slot", "number", "changes"))


def count_new(connection: Connection, submission_id: int, counted: Counted) -> None:
    """A submission has come."""
    _ADD.many(connection, [counted.row(submission_id, 1)])


def count_moved(connection: Connection, submission_id: int, before: Counted | None, after: Counted | None) -> None:
    """A submission was changed, and may stand elsewhere than before; None: it is not counted (deleted)."""
    if before == after:
        if after is not None:
            _ADD.many(connection, [after.row(submission_id, 0)])
        return
    rows = [each.row(submission_id, number) for each, number in ((before, -1), (after, 1)) if each is not None]
    # everybody in one order, so that two never wait for each other
    _ADD.many(connection, sorted(rows, key=lambda row: (row["form_id"], row["area_id"], row["review_state"])))


def find_counted(connection: Connection, submission_id: int) -> Counted | None:
    """Where a submission is counted now; None for a draft's and a deleted one."""
    row = connection.execute(
        select(Submission.form_id, Submission.area_id, Submission.review_state).where(
            Submission.id == submission_id, *_LIVE
        )
    ).first()
    return Counted(*row) if row else None


_LIVE = (Submission.is_draft.is_(False), Submission.deleted_at.is_(None))


def count_changed(connection: Connection, version_id: int) -> None:
    """The files of a version of a submission were changed."""
    of = select(SubmissionVersion.submission_id).where(SubmissionVersion.id == version_id).scalar_subquery()
    submission_id = connection.execute(select(Submission.id).where(Submission.id == of)).scalar()
    if submission_id is not None:
        standing = find_counted(connection, submission_id)
        count_moved(connection, submission_id, standing, standing)


def count_renamed(connection: Connection, actor_id: int) -> None:
    """Somebody has another name: all that he or she sent or decided on reads otherwise."""
    decided = select(ReviewMove.submission_id).where(ReviewMove.actor_id == actor_id)
    theirs = or_(Submission.submitter_id == actor_id, Submission.id.in_(decided))
    query = select(Submission.id, Submission.form_id, Submission.area_id, Submission.review_state)
    found = connection.execute(query.where(theirs, *_LIVE))
    places = {(row[1], row[2] or NOWHERE, row[3], row[0] % SLOTS if row[2] is None else 0): row for row in found}
    rows = [Counted(row[1], row[2], row[3]).row(row[0], 0) for _, row in sorted(places.items())]
    if rows:
        _ADD.many(connection, rows)


def sum_changes(session: Session | Connection, form_id: int, seen: Scope) -> int:
    """How often anything changed about the submissions of a form that lie in `seen`: another number after each change.
    What comes later adds to it, in whatever order transactions end."""
    query = select(func.coalesce(func.sum(TallyRow.changes), 0)).where(TallyRow.form_id == form_id)
    if not seen.everywhere:
        query = query.where(_counts(session, seen))
    return int(session.execute(query).scalar_one())


def count_states_of(session: Session | Connection, form_ids: Sequence[int], seen: Scope) -> dict[str, int]:
    """How many submissions of these forms are in each review state, of what lies in `seen` (the same for all)."""
    query = select(TallyRow.review_state, func.sum(TallyRow.number)).where(TallyRow.form_id.in_(form_ids))
    if not seen.everywhere:
        query = query.where(_counts(session, seen))
    found = {row[0]: int(row[1]) for row in session.execute(query.group_by(TallyRow.review_state))}
    return {state: number for state, number in found.items() if number}


def _counts(session: Session | Connection, seen: Scope) -> ColumnElement[bool]:
    outside = find_outside(session, seen)
    if outside is None:
        return TallyRow.area_id.in_(list_below(seen.areas, seen.on))
    # who sees nearly everything: it is quicker to leave out what they do not see
    return TallyRow.area_id.not_in([NOWHERE, *sorted(outside)])


def are_few(session: Session | Connection, form_ids: Sequence[int], seen: Scope, few: int) -> bool:
    """Whether no more than so many submissions of these forms lie in `seen` (areas). No more is read than tells."""
    glanced = sorted(seen.areas)[:TOPS]
    # so written the areas are gone through and each looked up, on either database; a join is read from its other end
    each = GLANCE // len(glanced)
    some = union_all(*(_some_below(top, seen, each) for top in glanced)).subquery()
    here = (
        select(func.sum(_tallies.c.number))
        .where(_tallies.c.form_id.in_(form_ids), _tallies.c.area_id == some.c.descendant_id)
        .scalar_subquery()
    )
    first = session.execute(select(here).select_from(some)).scalars().all()
    found = sum(number or 0 for number in first)
    if found > few or (len(first) < each and len(glanced) == len(seen.areas)):
        return found <= few
    return sum(count_states_of(session, form_ids, seen).values()) <= few


def _some_below(top: str, seen: Scope, most: int) -> Select[str]:
    # in the order of their ids, which were drawn at random: in any other the provinces and communes come first
    return select(list_below((top,), seen.on).order_by("descendant_id").limit(most).subquery())


def lock_tallies(connection: Connection) -> None:
    """Whoever writes a submission waits until the transaction ends; who is just writing one is waited for. On SQLite
    the write gate has seen to that."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE submission_tallies IN EXCLUSIVE MODE"))


def count_again(connection: Connection) -> None:
    """Counts what there is. The changes go on from above all that was told before, for every part of the areas."""
    before = connection.execute(select(func.coalesce(func.sum(TallyRow.changes), 0))).scalar_one()
    connection.execute(delete(TallyRow))
    area = func.coalesce(Submission.area_id, NOWHERE)
    beside = (literal(0), func.count(), literal(int(before) + 1))
    counted = select(Submission.form_id, area, Submission.review_state, *beside).where(*_LIVE)
    columns = ["form_id", "area_id", "review_state", "slot", "number", "changes"]
    grouped = counted.group_by(Submission.form_id, area, Submission.review_state)
    connection.execute(insert(TallyRow).from_select(columns, grouped))


def list_wrong(session: Session | Connection) -> list[tuple[int, str, str, int, int]]:
    """(form, area, state, kept, counted) wherever what is kept is not what there is."""
    area = func.coalesce(Submission.area_id, NOWHERE)
    counted = (
        select(Submission.form_id, area, Submission.review_state, func.count())
        .where(*_LIVE)
        .group_by(Submission.form_id, area, Submission.review_state)
    )
    kept = select(TallyRow.form_id, TallyRow.area_id, TallyRow.review_state, func.sum(TallyRow.number)).group_by(
        TallyRow.form_id, TallyRow.area_id, TallyRow.review_state
    )
    there = {(row[0], row[1], row[2]): int(row[3]) for row in session.execute(counted)}
    said = {(row[0], row[1], row[2]): int(row[3]) for row in session.execute(kept)}
    both = ((each, said.get(each, 0), there.get(each, 0)) for each in sorted(there.keys() | said.keys()))
    return [(*each, told, found) for each, told, found in both if told != found]
