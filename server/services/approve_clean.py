"""Many submissions approved in one move: what is clean of those chosen, or of all that an inbox is narrowed to.

First it is written which they are and what was seen of each; then they are worked off some at a time, each decision a
transaction of its own by the rules of services/review.py, so that what is interrupted goes on where it stood. The whole
is taken back likewise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import Conflict, DomainError, Missing, NotFound
from server.domain.review import APPROVED as TO_APPROVED
from server.domain.review import UNDO_WITHIN, write_sight
from server.services.authenticate import Caller
from server.services.inbox import InboxWish, filter_of, ground_of
from server.services.review import Decision, review, undo
from server.storage.audits import Where, write_audit
from server.storage.bulk_approvals import (
    APPROVED,
    KEPT,
    UNDONE,
    BulkView,
    add_bulk,
    find_bulk,
    list_items,
    mark_bulk_undone,
    put_outcomes,
)
from server.storage.database import writing
from server.storage.inbox import InboxFilter, count_inbox, find_waiting, list_inbox, list_seen, list_these_waiting
from server.storage.reviews import find_newest_move, list_moves
from server.storage.waiting import CLEAN

MOST = 2_000
"""Submissions of one order."""
MOST_CHOSEN = 200
"""Submissions that are named one by one."""
AT_ONCE = 20
NOT_CLEAN = "inbox.not_clean"


@dataclass(frozen=True)
class Clean:
    """What an order would be: `ids` are clean, `more` are beyond what one order takes; of those that were chosen
    `with_findings` are not clean and `gone` do not wait (any more)."""

    ids: tuple[int, ...]
    more: int = 0
    with_findings: int = 0
    gone: int = 0


def find_clean(
    session: Session, caller: Caller, project_id: int, wish: InboxWish, chosen: Sequence[int] | None
) -> Clean:
    """What of the submissions chosen, or (None) of all that fit the wish, is clean and waits for the caller. Raises
    NotFound as services/inbox.py does, Missing when none is chosen."""
    ground = ground_of(session, caller, project_id)
    if not ground.offices:
        return Clean((), gone=len(chosen or ()))
    wanted = filter_of(session, caller, project_id, wish, ground)
    if chosen is not None:
        return _of_chosen(session, wanted, tuple(dict.fromkeys(chosen))[:MOST_CHOSEN])
    clean = replace(wanted, weights=(CLEAN,)) if CLEAN in wanted.weights else None
    if clean is None:
        return Clean(())
    found = list_inbox(session, clean, None, MOST)
    total = sum(group.number for group in count_inbox(session, clean)) if len(found) == MOST else len(found)
    return Clean(tuple(each.submission_id for each in found), more=total - len(found))


def _of_chosen(session: Session, wanted: InboxFilter, chosen: tuple[int, ...]) -> Clean:
    if not chosen:
        raise Missing("inbox.none_chosen")
    found = list_these_waiting(session, wanted, chosen)
    ids = tuple(each.submission_id for each in found if each.weight == CLEAN)
    return Clean(ids, with_findings=len(found) - len(ids), gone=len(chosen) - len(found))


def order_approval(session: Session, caller: Caller, project_id: int, ids: Sequence[int], now: datetime) -> BulkView:
    """Writes that these are to be approved, as they are seen now. What does not wait for the caller, or is not clean,
    is left out. Raises Missing where nothing is left, NotFound."""
    ground = ground_of(session, caller, project_id)
    wanted = filter_of(session, caller, project_id, InboxWish(), ground) if ground.offices else None
    clean: list[int] = []
    for some in _parts(tuple(dict.fromkeys(ids))[:MOST], MOST_CHOSEN):
        if wanted is not None:
            clean += _of_chosen(session, wanted, tuple(some)).ids
    if not clean:
        raise Missing("inbox.none_clean")
    seen = list_seen(session, clean)
    session.rollback()
    sights = {each: write_sight(*seen[each]) for each in clean if each in seen}
    with writing(session) as connection:
        bulk_id = add_bulk(connection, project_id, caller.actor_id, sights, now)
        told = {"bulk": bulk_id, "submissions": len(sights)}
        write_audit(connection, caller.entry("submission.bulk.approve", None, now, Where(project_id), **told))
        session.commit()
    return get_bulk(session, caller, project_id, bulk_id)


def get_bulk(session: Session, caller: Caller, project_id: int, bulk_id: int) -> BulkView:
    """An order of the caller. Raises NotFound, for another's too."""
    found = find_bulk(session, bulk_id)
    if found is None or found.project_id != project_id or found.actor_id != caller.actor_id:
        raise NotFound("http.not_found")
    return found


def work_on(session: Session, caller: Caller, bulk: BulkView, now: datetime, *, at_once: int = AT_ONCE) -> BulkView:
    """Approves the next of an order, each as it was seen when it was ordered; what was decided or changed meanwhile,
    what the caller entered, what may not be decided is left as it is, and the reason kept."""
    if bulk.undone_at is None:
        items = list_items(session, bulk.id, None, at_once)
        done = [(number, *_approve(session, caller, bulk, (number, sight), now)) for number, sight, _ in items]
        _keep(session, bulk, done)
        fresh = get_bulk(session, caller, bulk.project_id, bulk.id)
        if fresh.undone_at is not None:
            # the whole was taken back while these were worked on
            return undo_on(session, caller, fresh, now, at_once=at_once)
    return get_bulk(session, caller, bulk.project_id, bulk.id)


def _approve(session: Session, caller: Caller, bulk: BulkView, item: tuple[int, str], now: datetime) -> tuple[str, int]:
    """What became of one, and the number of the decision."""
    number, sight = item
    waiting, seen = find_waiting(session, number), list_seen(session, [number]).get(number)
    session.rollback()
    # what changed since it was ordered is told by the decision itself, with its reason
    if waiting is not None and waiting.weight != CLEAN and seen and write_sight(*seen) == sight:
        return NOT_CLEAN, 0
    try:
        review(session, caller, Decision(number, TO_APPROVED, seen=sight), now)
    except DomainError as error:
        session.rollback()
        mine = _decided_before(session, caller, bulk, number) if error.code == "review.decided_meanwhile" else 0
        return (APPROVED, mine) if mine else (error.code, 0)
    return APPROVED, find_newest_move(session, number)


def _decided_before(session: Session, caller: Caller, bulk: BulkView, number: int) -> int:
    """The decision of this very order on a submission, where it was taken and what became of it was not written."""
    newest = next(iter(list_moves(session, number)), None)
    ours = (
        newest is not None
        and newest.stands
        and newest.actor_id == caller.actor_id
        and newest.to_state == TO_APPROVED
        and newest.created_at >= bulk.created_at
    )
    return newest.id if newest is not None and ours else 0


def undo_on(session: Session, caller: Caller, bulk: BulkView, now: datetime, *, at_once: int = AT_ONCE) -> BulkView:
    """Takes an order back, the next of it: what is still to come does not come; what was approved stands as it did
    before, unless something came after it. Raises Conflict when it is too long ago."""
    if bulk.undone_at is None:
        if now - bulk.created_at > UNDO_WITHIN:
            raise Conflict("review.undo_too_late", minutes=int(UNDO_WITHIN.total_seconds() // 60))
        with writing(session) as connection:
            mark_bulk_undone(connection, bulk.id, now)
            told = {"bulk": bulk.id, "submissions": bulk.approved}
            write_audit(connection, caller.entry("submission.bulk.undo", None, now, Where(bulk.project_id), **told))
            session.commit()
    done = []
    for number, _, move_id in list_items(session, bulk.id, APPROVED, at_once):
        session.rollback()
        try:
            undo(session, caller, number, move_id, now)
        except DomainError as error:
            session.rollback()
            # by another request for the same, or before what became of it was written
            already = error.code == "review.undone_already"
            done.append((number, UNDONE if already else KEPT, move_id))
        else:
            done.append((number, UNDONE, move_id))
    _keep(session, bulk, done)
    return get_bulk(session, caller, bulk.project_id, bulk.id)


def goes_on(bulk: BulkView) -> bool:
    """Whether there is more to do of an order, or of taking it back."""
    return bulk.left > 0 if bulk.undone_at is None else bulk.outcomes.get(APPROVED, 0) > 0


def may_undo(bulk: BulkView, now: datetime) -> bool:
    """Whether an order can still be taken back."""
    return bulk.undone_at is None and bulk.approved > 0 and now - bulk.created_at <= UNDO_WITHIN


def _keep(session: Session, bulk: BulkView, done: Sequence[tuple[int, str, int]]) -> None:
    session.rollback()
    if done:
        with writing(session) as connection:
            put_outcomes(connection, bulk.id, done)
            session.commit()


def _parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
