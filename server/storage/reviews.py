"""What people said and decided about a submission: comments and moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.submissions import BigId


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
    """One move of domain/review.py: who, when, from where to where, at which level, and why."""

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
    """A decision on a submission with the name of who took it."""

    actor_id: int
    actor: str
    from_state: str
    to_state: str
    level: str | None
    reason: str | None
    created_at: datetime


def list_moves(session: Session | Connection, submission_id: int) -> list[MoveView]:
    """The decisions on a submission, newest first."""
    rows = session.execute(
        select(
            ReviewMove.actor_id,
            Actor.display_name,
            ReviewMove.from_state,
            ReviewMove.to_state,
            ReviewMove.level,
            ReviewMove.reason,
            ReviewMove.created_at,
        )
        .join(Actor, Actor.id == ReviewMove.actor_id)
        .where(ReviewMove.submission_id == submission_id)
        .order_by(ReviewMove.id.desc())
    )
    return [MoveView(*row) for row in rows]


def add_comment(connection: Connection, submission_id: int, comment: CommentView) -> None:
    """Writes a comment."""
    connection.execute(
        insert(Comment).values(
            submission_id=submission_id, actor_id=comment.actor_id, body=comment.body, created_at=comment.created_at
        )
    )


def add_move(connection: Connection, submission_id: int, version_id: int, move: MoveView) -> None:
    """Writes a decision."""
    connection.execute(
        insert(ReviewMove).values(
            submission_id=submission_id,
            version_id=version_id,
            actor_id=move.actor_id,
            from_state=move.from_state,
            to_state=move.to_state,
            level=move.level,
            reason=move.reason,
            created_at=move.created_at,
        )
    )
