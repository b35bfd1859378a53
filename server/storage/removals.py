"""What is forgotten of submissions that were deleted long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.bulk_approvals import forget_items
from server.storage.quality import forget_checks
from server.storage.returns import forget_returns
from server.storage.reviews import Comment, ReviewMove
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion
from server.storage.supervision import forget_words
from server.storage.training import forget_trainees


def list_long_deleted(session: Session | Connection, before: datetime, most: int) -> list[int]:
    """The numbers of submissions that were deleted before that moment, the oldest first."""
    query = select(Submission.id).where(Submission.deleted_at < before).order_by(Submission.deleted_at).limit(most)
    return list(session.execute(query).scalars())


def forget_submissions(connection: Connection, ids: Sequence[int]) -> int:
    """Takes submissions and all that hangs on them away; returns how many. One that was brought back meanwhile
    stays."""
    deleted = select(Submission.id).where(Submission.id.in_(ids), Submission.deleted_at.is_not(None))
    gone = list(connection.execute(deleted).scalars())
    versions = select(SubmissionVersion.id).where(SubmissionVersion.submission_id.in_(gone))
    connection.execute(delete(FindingRow).where(FindingRow.version_id.in_(versions)))
    connection.execute(delete(SubmissionAttachment).where(SubmissionAttachment.version_id.in_(versions)))
    connection.execute(delete(Comment).where(Comment.submission_id.in_(gone)))
    forget_returns(connection, gone)
    connection.execute(delete(ReviewMove).where(ReviewMove.submission_id.in_(gone)))
    forget_checks(connection, gone, also_looks=True)
    forget_words(connection, gone)
    forget_trainees(connection, gone)
    forget_items(connection, gone)
    connection.execute(delete(SubmissionVersion).where(SubmissionVersion.submission_id.in_(gone)))
    connection.execute(delete(Submission).where(Submission.id.in_(gone)))
    return len(gone)
