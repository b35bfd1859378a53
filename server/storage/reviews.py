"""What people said and decided about a submission: comments and moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, and_, false, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.review import QuestionReason
from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.submissions import BigId, Submission


class Comment(Base):
    """What a person wrote on a submission; never edited."""

    __tablename__ = "comments"
    __table_args__ = (Index("ix_comments_submission", "submission_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class ReviewMove(Base):
    """One move of domain/review.py: who, when, from where to where, at which level, and why: of the whole sheet and of
    single `questions` ([{path, text}]). One that was taken back stays, beside the one that took it back (`undoes_id`).
    """

    __tablename__ = "review_moves"
    __table_args__ = (Index("ix_review_moves_submission", "submission_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    level: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    from_level: Mapped[str | None] = mapped_column(String(16))
    questions: Mapped[list[Any] | None]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("review_moves.id"))
    undone: Mapped[bool] = mapped_column(default=False, server_default=false())


STANDS = and_(ReviewMove.undoes_id.is_(None), ~ReviewMove.undone)
"""Of moves: those that were neither taken back nor took another back."""


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment with the name of who wrote it."""

    actor_id: int
    actor: str
    body: str
    created_at: datetime


def list_comments(session: Session | Connection, submission_id: int) -> list[CommentView]:
    """The comments on a submission, newest first."""
    rows = session.execute(
        select(Comment.actor_id, Actor.display_name, Comment.body, Comment.created_at)
        .join(Actor, Actor.id == Comment.actor_id)
        .where(Comment.submission_id == submission_id)
        .order_by(Comment.id.desc())
    )
    return [CommentView(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class MoveView:
    """A decision on a submission with the name of who took it. `questions`: what was said of single questions.
    `from_level`: of the office that had decided before. `undoes_id`: the move that this one takes back; `undone`: it
    was taken back. `id` and `version_id`: 0 for one that is not written yet."""

    actor_id: int
    actor: str
    from_state: str
    to_state: str
    level: str | None
    reason: str | None
    created_at: datetime
    questions: tuple[QuestionReason, ...] = ()
    from_level: str | None = None
    undoes_id: int | None = None
    undone: bool = False
    id: int = 0
    version_id: int = 0

    @property
    def stands(self) -> bool:
        """Whether it was neither taken back nor took another back."""
        return self.undoes_id is None and not self.undone


def list_moves(session: Session | Connection, submission_id: int) -> list[MoveView]:
    """The decisions on a submission, newest first, those too that were taken back."""
    rows = session.execute(
        select(
            ReviewMove.actor_id,
            Actor.display_name.label("actor"),
            ReviewMove.from_state,
            ReviewMove.to_state,
            ReviewMove.level,
            ReviewMove.reason,
            ReviewMove.created_at,
            ReviewMove.questions,
            ReviewMove.from_level,
            ReviewMove.undoes_id,
            ReviewMove.undone,
            ReviewMove.id,
            ReviewMove.version_id,
        )
        .join(Actor, Actor.id == ReviewMove.actor_id)
        .where(ReviewMove.submission_id == submission_id)
        .order_by(ReviewMove.id.desc())
    )
    return [MoveView(**{**row._asdict(), "questions": reasons_of(row.questions)}) for row in rows]


def reasons_of(kept: Iterable[Mapping[str, str]] | None) -> tuple[QuestionReason, ...]:
    """What was said of single questions, from how it is kept."""
    return tuple(QuestionReason(each["path"], each["text"]) for each in kept or ())


def find_newest_move(session: Session | Connection, submission_id: int) -> int:
    """The id of the newest decision on a submission; 0 for none."""
    query = select(func.max(ReviewMove.id)).where(ReviewMove.submission_id == submission_id)
    return session.execute(query).scalar_one() or 0


def hold_submission(connection: Connection, submission_id: int) -> None:
    """Waits for who decides on a submission; nobody else can until this transaction ends."""
    connection.execute(select(Submission.id).where(Submission.id == submission_id).with_for_update())


def mark_undone(connection: Connection, move_id: int) -> None:
    """Says that a decision was taken back."""
    connection.execute(update(ReviewMove).where(ReviewMove.id == move_id).values(undone=True))


def add_comment(connection: Connection, submission_id: int, comment: CommentView) -> None:
    """Writes a comment."""
    connection.execute(
        insert(Comment).values(
            submission_id=submission_id, actor_id=comment.actor_id, body=comment.body, created_at=comment.created_at
        )
    )


def add_move(connection: Connection, submission_id: int, version_id: int, move: MoveView) -> int:
    """Writes a decision; its id."""
    written = connection.execute(
        insert(ReviewMove)
        .values(
            submission_id=submission_id,
            version_id=version_id,
            actor_id=move.actor_id,
            from_state=move.from_state,
            to_state=move.to_state,
            level=move.level,
            reason=move.reason,
            from_level=move.from_level,
            questions=[{"path": each.path, "text": each.text} for each in move.questions] or None,
            undoes_id=move.undoes_id,
            undone=move.undone,
            created_at=move.created_at,
        )
        .returning(ReviewMove.id)
    )
    return int(written.scalar_one())
