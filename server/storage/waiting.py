"""Submissions that wait for somebody's decision: a row for each, kept along with them, with all that an inbox orders
and narrows by. What waits for whom follows from domain/review.py; what is with its sender, or settled by the highest
office, has no row.

Whoever writes a submission's state, place, version, findings or files says so here (`wait_again`), in the same
transaction; `list_wrong_waiting` tells when somebody did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Insert,
    Select,
    SmallInteger,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.areas import COMMUNE_KINDS
from server.domain.review import APPROVED, LEVELS, REJECTED, rank_of
from server.storage.areas import AreaVersionRow
from server.storage.database import Base
from server.storage.forms import Form
from server.storage.prepared import Prepared, always
from server.storage.quality import QualityFindingRow, QualityLook
from server.storage.reviews import STANDS, ReviewMove
from server.storage.submissions import BigId, FindingRow, Submission, SubmissionAttachment, SubmissionVersion

CLEAN, WARNED, WRONG = 0, 1, 2
"""How heavy the findings of a submission weigh: none, warnings (a file that is missing too), a rule that was broken."""


class WaitingRow(Base):
    """A submission that waits. `reached`: the rank of the office whose word it has (0: nobody's), so that it waits for
    the next above that there is; a commune's own sheet has reached the commune. `returned`: a text of it before
    this one was returned. `since`: when it began to wait there."""

    __tablename__ = "waiting_submissions"
    __table_args__ = (
        # in the order of the inbox, and counted by what it is narrowed by; each with all that is asked
        Index(
            "ix_waiting_submissions_order",
            "project_id",
            "round_id",
            "weight",
            "since",
            "submission_id",
            "area_id",
            "form_id",
            "reached",
            "state",
            "returned",
        ),
        Index(
            "ix_waiting_submissions_count",
            "project_id",
            "reached",
            "round_id",
            "form_id",
            "weight",
            "state",
            "returned",
        ),
        Index("ix_waiting_submissions_area", "area_id", "project_id"),
        {"sqlite_with_rowid": False},
    )
    submission_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("submissions.id"), primary_key=True, autoincrement=False
    )
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("areas.id"))
    reached: Mapped[int] = mapped_column(SmallInteger)
    weight: Mapped[int] = mapped_column(SmallInteger)
    errors: Mapped[int]
    warnings: Mapped[int]
    missing: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    returned: Mapped[bool]
    since: Mapped[datetime]


_COLUMNS = tuple(column.name for column in WaitingRow.__table__.columns)
_HIGHEST = LEVELS[-1].name


def _number(query: Select[Any]) -> Any:
    return query.scalar_subquery()


def _severity(severity: str) -> Any:
    return _number(
        select(func.count())
        .select_from(FindingRow)
        .where(FindingRow.version_id == SubmissionVersion.id, FindingRow.severity == severity)
    )


_UNSEEN = _number(
    select(func.count())
    .select_from(QualityFindingRow)
    .where(
        QualityFindingRow.submission_id == Submission.id,
        QualityFindingRow.severity == "warning",
        ~exists().where(
            QualityLook.submission_id == QualityFindingRow.submission_id,
            QualityLook.fingerprint == QualityFindingRow.fingerprint,
            QualityLook.undone_at.is_(None),
        ),
    )
)
_MISSING = _number(
    select(func.count())
    .select_from(SubmissionAttachment)
    .where(
        SubmissionAttachment.version_id == SubmissionVersion.id,
        SubmissionAttachment.expected,
        SubmissionAttachment.sha256.is_(None),
    )
)
_OF_COMMUNE = exists().where(
    AreaVersionRow.area_id == Submission.area_id,
    # no list: a statement that is prepared once holds none
    or_(*(AreaVersionRow.kind == kind for kind in COMMUNE_KINDS)),
)
_RETURNED = exists().where(
    ReviewMove.submission_id == Submission.id,
    ReviewMove.to_state == REJECTED,
    ReviewMove.version_id != SubmissionVersion.id,
    STANDS,
)
_WORD = case(
    *(
        (and_(Submission.review_state == APPROVED, Submission.review_level == level.name), rank_of(level.name))
        for level in LEVELS
    ),
    else_=0,
)
_LOWEST = rank_of(LEVELS[0].name)


def _waiting(*conditions: Any) -> Select[Any]:
    """The rows as they would be made now of the submissions that fit."""
    inner = (
        select(
            Submission.id.label("submission_id"),
            Form.project_id.label("project_id"),
            Submission.form_id.label("form_id"),
            Submission.round_id.label("round_id"),
            Submission.area_id.label("area_id"),
            case((and_(_WORD == 0, _OF_COMMUNE), _LOWEST), else_=_WORD).label("reached"),
            _severity("error").label("errors"),
            (_severity("warning") + _UNSEEN).label("warnings"),
            _MISSING.label("missing"),
            Submission.review_state.label("state"),
            _RETURNED.label("returned"),
            case(
                (Submission.review_state == APPROVED, func.coalesce(Submission.updated_at, Submission.created_at)),
                else_=SubmissionVersion.created_at,
            ).label("since"),
        )
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.is_current))
        .where(
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            Submission.review_state != REJECTED,
            or_(
                Submission.review_state != APPROVED,
                Submission.review_level.is_(None),
                Submission.review_level != _HIGHEST,
            ),
            *conditions,
        )
        .subquery()
    )
    weight = case((inner.c.errors > 0, WRONG), (or_(inner.c.warnings > 0, inner.c.missing > 0), WARNED), else_=CLEAN)
    return select(*(weight.label(name) if name == "weight" else inner.c[name] for name in _COLUMNS))


def _put(*conditions: Any) -> Insert:
    return insert(WaitingRow).from_select(list(_COLUMNS), _waiting(*conditions))


def _hold(dialect: str) -> Any:
    query = select(Submission.id).where(Submission.id == bindparam("submission"))
    # of two who write about one submission each writes what the other has written too
    return query.with_for_update(key_share=True) if dialect == "postgresql" else query


_HOLD = Prepared(_hold)
_TAKE = Prepared(always(delete(WaitingRow).where(WaitingRow.submission_id == bindparam("submission"))))
_PUT = Prepared(always(_put(Submission.id == bindparam("submission"))))


def wait_again(connection: Connection, submission_id: int) -> None:
    """Something about a submission changed: it waits as it is now, or for nobody."""
    if connection.dialect.name == "postgresql":
        _HOLD.rows(connection, {"submission": submission_id})
    _TAKE.many(connection, [{"submission": submission_id}])
    _PUT.many(connection, [{"submission": submission_id}])


def wait_version_again(connection: Connection, version_id: int) -> None:
    """The same of the submission that a version is of, unless that is a draft's."""
    query = select(SubmissionVersion.submission_id).where(
        SubmissionVersion.id == version_id, SubmissionVersion.is_draft.is_(False)
    )
    for submission_id in connection.execute(query).scalars().all():
        wait_again(connection, submission_id)


def stop_waiting(connection: Connection, submission_ids: Sequence[int]) -> None:
    """These wait for nobody: they are deleted."""
    connection.execute(delete(WaitingRow).where(WaitingRow.submission_id.in_(submission_ids)))


def wait_all_again(connection: Connection) -> None:
    """Works out anew what waits."""
    connection.execute(delete(WaitingRow))
    connection.execute(_put())


def list_wrong_waiting(session: Session | Connection) -> set[int]:
    """The submissions whose row is not what it would be made now."""
    kept = {tuple(row) for row in session.execute(select(*(getattr(WaitingRow, name) for name in _COLUMNS)))}
    there = {tuple(row) for row in session.execute(_waiting())}
    return {row[0] for row in kept ^ there}
