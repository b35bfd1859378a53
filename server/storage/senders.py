"""Who sent submissions, by name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.actors import Actor
from server.storage.submissions import Submission, SubmissionVersion

AT_ONCE = 500


def list_senders(session: Session | Connection, submission_id: int) -> list[tuple[int, str]]:
    """Who sent a submission and each of its later texts: actor and name, each once."""
    first = select(Submission.submitter_id).where(Submission.id == submission_id)
    later = select(SubmissionVersion.submitter_id).where(SubmissionVersion.submission_id == submission_id)
    query = select(Actor.id, Actor.display_name).where(or_(Actor.id.in_(first), Actor.id.in_(later)))
    return [(actor_id, name) for actor_id, name in session.execute(query.order_by(Actor.id))]


def name_senders(session: Session | Connection, submission_ids: Sequence[int]) -> dict[int, str]:
    """The names of those who sent these submissions, by submission."""
    found: dict[int, str] = {}
    for start in range(0, len(submission_ids), AT_ONCE):
        rows = session.execute(
            select(Submission.id, Actor.display_name)
            .join(Actor, Actor.id == Submission.submitter_id)
            .where(Submission.id.in_(submission_ids[start : start + AT_ONCE]))
        )
        for submission_id, name in rows:
            found[submission_id] = name
    return found
