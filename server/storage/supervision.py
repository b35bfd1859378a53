"""What was said of the findings of supervision boards: answers of the commune, and whether they settle it. A row is
never changed: one is taken back by another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, delete, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.supervision import Word
from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.submissions import BigId

AT_ONCE = 500


class SupervisionWord(Base):
    """What somebody said of a finding, or `undo` of a row before. `number` is the finding's place in its sheet, and
    `quoted` what it said then; `on` the day of the answer itself, which may be of paper."""

    __tablename__ = "supervision_words"
    __table_args__ = (Index("ix_supervision_words_submission", "submission_id", "number"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    finding: Mapped[str] = mapped_column(String(300))
    number: Mapped[int]
    said: Mapped[str] = mapped_column(String(16))
    on: Mapped[date]
    text: Mapped[str] = mapped_column(Text)
    quoted: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    undoes: Mapped[int | None] = mapped_column(ForeignKey("supervision_words.id"))
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class NewWord:
    """A row to be written: see the table."""

    submission_id: int
    finding: str
    number: int
    said: str
    on: date
    text: str
    quoted: str
    actor_id: int
    created_at: datetime
    undoes: int | None = None


def add_word(connection: Connection, word: NewWord) -> int:
    """Writes a row; returns its number."""
    values = {
        "submission_id": word.submission_id,
        "finding": word.finding,
        "number": word.number,
        "said": word.said,
        "on": word.on,
        "text": word.text,
        "quoted": word.quoted,
        "actor_id": word.actor_id,
        "undoes": word.undoes,
        "created_at": word.created_at,
    }
    made = connection.execute(insert(SupervisionWord).values(values).returning(SupervisionWord.id))
    return int(made.scalar_one())


def list_words(session: Session | Connection, submission_ids: Collection[int]) -> list[Word]:
    """What was said of the findings of these sheets, oldest first, with what was taken back."""
    found: list[Word] = []
    listed = sorted(submission_ids)
    for start in range(0, len(listed), AT_ONCE):
        query = (
            select(
                SupervisionWord.finding,
                SupervisionWord.said,
                SupervisionWord.on,
                SupervisionWord.created_at,
                SupervisionWord.text,
                Actor.display_name,
                SupervisionWord.actor_id,
                SupervisionWord.id,
                SupervisionWord.undoes,
            )
            .join(Actor, Actor.id == SupervisionWord.actor_id)
            .where(SupervisionWord.submission_id.in_(listed[start : start + AT_ONCE]))
            .order_by(SupervisionWord.id)
        )
        found.extend(Word(*row) for row in session.execute(query))
    return found


def forget_words(connection: Connection, submission_ids: Collection[int]) -> None:
    """Takes away what was said of the findings of sheets that are forgotten."""
    # those that take others back first: they point at them
    own = SupervisionWord.submission_id.in_(sorted(submission_ids))
    connection.execute(delete(SupervisionWord).where(own, SupervisionWord.undoes.is_not(None)))
    connection.execute(delete(SupervisionWord).where(own))
