"""Training as it is kept: the sheets of classes and of attendance as they stand, the people who were added at the desk,
and which persons somebody said are one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, delete, insert, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.review import APPROVED, REJECTED
from server.domain.roles import Scope
from server.domain.training import Trainee
from server.storage.database import Base
from server.storage.forms import Form
from server.storage.reach import in_scope
from server.storage.submissions import BigId, Submission, SubmissionAttachment, SubmissionVersion

AT_ONCE = 200


class TraineeRow(Base):
    """Somebody who was in a class (`submission_id`: the sheet that announced it), as entered at the desk. A row is not
    changed: it is taken back."""

    __tablename__ = "trainees"
    __table_args__ = (Index("ix_trainees_class", "submission_id"), Index("ix_trainees_project", "project_id"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    name: Mapped[str] = mapped_column(String(255))
    birth_year: Mapped[int | None]
    sex: Mapped[str | None] = mapped_column(String(8))
    ethnicity: Mapped[str | None] = mapped_column(String(16))
    audience: Mapped[str | None] = mapped_column(String(32))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    represents: Mapped[str | None] = mapped_column(String(16))
    household: Mapped[int | None]
    days: Mapped[int | None]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    added_at: Mapped[datetime]
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    removed_at: Mapped[datetime | None]


class PersonMergeRow(Base):
    """Somebody said that two who attended (ids within their classes: domain/training.py) are one person; `undone_at`:
    and took that back."""

    __tablename__ = "person_merges"
    __table_args__ = (Index("ix_person_merges_project", "project_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    one: Mapped[str] = mapped_column(String(32))
    other: Mapped[str] = mapped_column(String(32))
    merged_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    merged_at: Mapped[datetime]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    undone_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class StandingSheet:
    """A sheet as it stands: not deleted and not returned. `version_id`: of its current text."""

    submission_id: int
    version_id: int
    instance_id: str
    area_id: str | None
    created_at: datetime
    approved: bool
    answers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that stands."""

    id: int
    one: str
    other: str
    merged_at: datetime


def iterate_standing(
    session: Session | Connection, project_id: int, xml_form_id: str, scope: Scope
) -> Iterator[StandingSheet]:
    """The sheets in sight of a form of a project that stand, oldest first."""
    named = select(Form.id).where(
        Form.project_id == project_id, Form.xml_form_id == xml_form_id, Form.deleted_at.is_(None)
    )
    form_ids = session.execute(named).scalars().all()
    if not form_ids:
        return
    # of a form told by number PostgreSQL knows how few its sheets are; by name it would read all that were ever sent,
    # in the order they came in. To the sheets of who sees but some areas these lead
    of_form = Submission.form_id.in_(form_ids if scope.everywhere else named)
    query: Select[*tuple[Any, ...]] = (
        select(
            Submission.id,
            SubmissionVersion.id,
            Submission.instance_id,
            Submission.area_id,
            Submission.created_at,
            Submission.review_state,
            SubmissionVersion.answers,
        )
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .where(
            of_form,
            Submission.review_state != REJECTED,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            # what came for a closed form is kept apart until somebody approves it
            or_(Submission.arrival == "normal", Submission.review_state == APPROVED),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
        .order_by(Submission.created_at, Submission.id)
    )
    with session.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for row in rows:
            yield StandingSheet(row[0], row[1], row[2], row[3], row[4], row[5] == APPROVED, row[6] or {})


def list_added(
    session: Session | Connection, project_id: int, classes: Collection[int] | None = None
) -> dict[int, list[Trainee]]:
    """By class (the submission that announced it) who was added at the desk and not taken back; of some, or of all."""
    query: Select[*tuple[Any, ...]] = select(
        TraineeRow.submission_id,
        TraineeRow.name,
        TraineeRow.birth_year,
        TraineeRow.sex,
        TraineeRow.ethnicity,
        TraineeRow.audience,
        TraineeRow.area_id,
        TraineeRow.represents,
        TraineeRow.household,
        TraineeRow.days,
        TraineeRow.id,
    ).where(TraineeRow.project_id == project_id, TraineeRow.removed_at.is_(None))
    if classes is not None:
        query = query.where(TraineeRow.submission_id.in_(sorted(classes)))
    found: dict[int, list[Trainee]] = {}
    for row in session.execute(query.order_by(TraineeRow.id)):
        found.setdefault(row[0], []).append(Trainee(*row[1:]))
    return found


def add_trainees(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes who was in a class."""
    if rows:
        connection.execute(insert(TraineeRow), list(rows))


def remove_trainees(
    connection: Connection, submission_id: int, ids: Iterable[int] | None, who: tuple[int | None, datetime]
) -> int:
    """Takes rows of a class back, all that stand or these; returns how many. `who`: the actor, and when."""
    wanted = update(TraineeRow).where(TraineeRow.submission_id == submission_id, TraineeRow.removed_at.is_(None))
    if ids is not None:
        wanted = wanted.where(TraineeRow.id.in_(sorted(ids)))
    return connection.execute(wanted.values(removed_by=who[0], removed_at=who[1])).rowcount


def forget_trainees(connection: Connection, submission_ids: Sequence[int]) -> None:
    """Forgets who was added to classes whose sheets are forgotten."""
    connection.execute(delete(TraineeRow).where(TraineeRow.submission_id.in_(submission_ids)))


def list_merges(session: Session | Connection, project_id: int) -> list[Merge]:
    """The merges of a project that stand, oldest first."""
    query = (
        select(PersonMergeRow.id, PersonMergeRow.one, PersonMergeRow.other, PersonMergeRow.merged_at)
        .where(PersonMergeRow.project_id == project_id, PersonMergeRow.undone_at.is_(None))
        .order_by(PersonMergeRow.id)
    )
    return [Merge(*row) for row in session.execute(query)]


def add_merges(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes merges."""
    if rows:
        connection.execute(insert(PersonMergeRow), list(rows))


def undo_merges(connection: Connection, ids: Collection[int], who: tuple[int | None, datetime]) -> None:
    """Takes merges back. `who`: the actor, and when."""
    undone = update(PersonMergeRow).where(PersonMergeRow.id.in_(sorted(ids)), PersonMergeRow.undone_at.is_(None))
    connection.execute(undone.values(undone_by=who[0], undone_at=who[1]))


def list_photos(session: Session | Connection, version_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """By version the files that are here: the SHA-256 of each by its name."""
    query = select(SubmissionAttachment.version_id, SubmissionAttachment.name, SubmissionAttachment.sha256).where(
        SubmissionAttachment.version_id.in_(sorted(version_ids)), SubmissionAttachment.sha256.is_not(None)
    )
    found: dict[int, dict[str, str]] = {}
    for version_id, name, sha256 in session.execute(query):
        if sha256 is not None:
            found.setdefault(version_id, {})[name] = sha256
    return found
