"""Locks of the rounds of a programme, what came after them, and sheets that belong to no round plainly, so that walkers
may ask for what is not theirs. Each round is open again afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from server.jobs.registry import list_kinds
from server.services.aggregate import CRITERIA_FORM
from server.services.freeze import Which, lock_round, reopen_round
from server.services.home import Home
from server.services.rejudge import KIND as REJUDGE
from server.storage.database import writing
from server.storage.jobs import Job
from server.storage.locks import RoundLock
from server.storage.submissions import FindingRow, Submission, SubmissionVersion
from server.storage.unplaced import KIND as NO_ROUND

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.kit.scope_world import ScopeWorld
    from tests.kit.world import World


def lock_and_reopen(world: World, which: Which) -> int:
    """Locks a round in the name of the server, and opens it again with all that follows; the lock's id."""
    session, now = world.session, datetime.now(UTC)
    _rejudge(session, world.home, now)
    lock = lock_round(session, world.server_itself, which, "Tỉnh cần số liệu", now)
    reopen_round(session, world.server_itself, which, "Thôn gửi bổ sung", now)
    _rejudge(session, world.home, now)
    return lock.id


def lock_rounds(made: ScopeWorld) -> None:
    """Does so with every round; then each sheet of it counts as late, and those that say nothing of villages belong to
    none any more."""
    locks = {}
    for each in made.kept:
        if each.kind == "round":
            which = Which(int(each.ids["project_id"]), str(each.ids["slug"]))
            locks[which] = lock_and_reopen(made.world, which)
    session = made.world.session
    with writing(session) as connection:
        for lock_id in locks.values():
            of_it = select(RoundLock.round_id).where(RoundLock.id == lock_id)
            sheets = select(Submission.id).where(Submission.round_id.in_(of_it))
            late = update(SubmissionVersion).where(SubmissionVersion.submission_id.in_(sheets))
            connection.execute(late.values(after_lock_id=lock_id))
        for sent in made.known.sent.values():
            if sent.spot.form != CRITERIA_FORM:
                connection.execute(update(Submission).where(Submission.id == sent.number).values(round_id=None))
                leave_without_round(session, sent.number)
        session.commit()


def leave_without_round(session: Session, submission_id: int) -> None:
    """Says of a sheet without a round that its date lies in several; of one with a round nothing."""
    query = select(SubmissionVersion.id).join(Submission, Submission.id == SubmissionVersion.submission_id)
    query = query.where(Submission.id == submission_id, SubmissionVersion.is_current, Submission.round_id.is_(None))
    params = {"problem": "several", "rounds": [], "day": "2026-01-01"}
    row = {"kind": NO_ROUND, "path": "/", "severity": "warning", "value": None, "message": {}, "params": params}
    for version_id in session.execute(query).scalars().all():
        session.execute(insert(FindingRow).values(version_id=version_id, **row))


def _rejudge(session: Session, home: Home, now: datetime) -> None:
    """Judges again what waits for it, and nothing else of what is to be done in the background."""
    waiting = session.execute(select(Job.id, Job.payload).where(Job.kind == REJUDGE, Job.done_at.is_(None))).all()
    for job_id, payload in waiting:
        list_kinds()[REJUDGE].run(session, home, payload, now)
        session.rollback()
        with writing(session) as connection:
            connection.execute(delete(Job).where(Job.id == job_id))
            session.commit()
