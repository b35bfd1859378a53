"""What the criteria say of an area in a round, kept with the reasons and the answers it rests on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.criteria.ruleset import NOT_MET, UNKNOWN
from server.domain.roles import Scope
from server.storage.database import Base
from server.storage.forms import Form
from server.storage.prepared import Prepared
from server.storage.projects import Project
from server.storage.reach import in_scope
from server.storage.submissions import BigId, Submission

APPROVED, NEWEST = "approved", "newest"
"""What a verdict rests on: the newest approved submission; the newest of all that count, where that is another one."""


class VerdictRow(Base):
    """`clauses` is the outcome clause by clause as the API shows it; `facts` maps a fact to its value and source.
    `basis`: APPROVED or NEWEST; `klass`: the class, of a rule set that gives one; `region`: where it was judged to
    lie; `spans`: of facts not known, the least and the greatest they can be."""

    __tablename__ = "verdicts"
    __table_args__ = (Index("uq_verdicts_once", "round_id", "area_id", "rule_set", "basis", unique=True),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    rule_set: Mapped[str] = mapped_column(String(64))
    rule_set_sha256: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(24))
    clauses: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]]
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    synthetic: Mapped[bool] = mapped_column(default=False)
    computed_at: Mapped[datetime]
    basis: Mapped[str] = mapped_column(String(12), default=NEWEST)
    klass: Mapped[str | None] = mapped_column(String(64))
    region: Mapped[str | None] = mapped_column(String(64))
    spans: Mapped[dict[str, Any] | None]


_KEY = ("round_id", "area_id", "rule_set", "basis")
_KEPT = (
    "klass",
    "region",
    "spans",
    "rule_set_sha256",
    "verdict",
    "clauses",
    "facts",
    "submission_id",
    "synthetic",
    "computed_at",
)


def put_verdicts(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Writes verdicts, each in place of the one of the same round, area, rule set and basis."""
    _PUT.many(connection, rows)


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(VerdictRow)
    return statement.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={column: statement.excluded[column] for column in _KEPT},
    )


_PUT = Prepared(
    lambda dialect: _upsert(postgresql if dialect == "postgresql" else sqlite),
    (*_KEY, *_KEPT),
)


def remove_verdicts(connection: Connection, round_id: int, area_id: str, bases: Collection[str]) -> None:
    """Takes the verdicts of an area on these bases away: nothing speaks for it so any more."""
    connection.execute(
        delete(VerdictRow).where(
            VerdictRow.round_id == round_id, VerdictRow.area_id == area_id, VerdictRow.basis.in_(sorted(bases))
        )
    )


def drop_verdicts(connection: Connection, round_id: int, kept: Collection[str]) -> None:
    """Takes the verdicts of a round by other rule sets than these away: the round no longer asks them."""
    others = VerdictRow.rule_set.not_in(sorted(kept))
    connection.execute(delete(VerdictRow).where(VerdictRow.round_id == round_id, others))


@dataclass(frozen=True, slots=True)
class VerdictKept:
    """A verdict as it was kept."""

    area_id: str
    rule_set: str
    verdict: str
    clauses: list[Any]
    facts: dict[str, Any]
    submission_id: int | None
    computed_at: datetime | None
    basis: str
    klass: str | None
    region: str | None
    spans: dict[str, Any] | None
    synthetic: bool
    instance_id: str | None


_COLUMNS: tuple[Any, ...] = (
    VerdictRow.area_id,
    VerdictRow.rule_set,
    VerdictRow.verdict,
    VerdictRow.clauses,
    VerdictRow.facts,
    VerdictRow.submission_id,
    VerdictRow.computed_at,
    VerdictRow.basis,
    VerdictRow.klass,
    VerdictRow.region,
    VerdictRow.spans,
    VerdictRow.synthetic,
    Submission.instance_id,
)


def list_kept(
    session: Session | Connection, round_id: int, scope: Scope, area_ids: Collection[str] | None = None
) -> list[VerdictKept]:
    """The verdicts of a round that are in sight, of these areas (a few hundred at most) or of all."""
    query = select(*_COLUMNS)
    query = query.outerjoin(Submission, Submission.id == VerdictRow.submission_id).where(
        VerdictRow.round_id == round_id, in_scope(scope, VerdictRow.area_id)
    )
    if area_ids is not None:
        query = query.where(VerdictRow.area_id.in_(sorted(area_ids)))
    return [VerdictKept(*row) for row in session.execute(query)]


def has_verdicts(session: Session | Connection) -> bool:
    """Whether anything was judged yet."""
    return session.execute(select(VerdictRow.id).limit(1)).first() is not None


def list_verdicts_of(
    session: Session | Connection, round_id: int, area_ids: Sequence[str]
) -> dict[tuple[str, int], dict[str, str]]:
    """The verdicts of areas by what they rest on: by (area, submission) a verdict for each rule set id."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for start in range(0, len(area_ids), 500):
        query = select(
            VerdictRow.area_id, VerdictRow.submission_id, VerdictRow.rule_set, VerdictRow.verdict, VerdictRow.klass
        ).where(VerdictRow.round_id == round_id, VerdictRow.area_id.in_(area_ids[start : start + 500]))
        for area_id, submission_id, rule_set, verdict, klass in session.execute(query):
            if submission_id is not None:
                found.setdefault((area_id, submission_id), {})[rule_set] = klass or verdict
    return found


def list_clauses_of(
    session: Session | Connection, round_id: int, area_ids: Sequence[str]
) -> dict[tuple[str, int], dict[str, list[Any]]]:
    """The clauses of what areas do not meet, or may not, by what that rests on: by (area, submission) a list for each
    rule set id."""
    found: dict[tuple[str, int], dict[str, list[Any]]] = {}
    for start in range(0, len(area_ids), 500):
        query = select(VerdictRow.area_id, VerdictRow.submission_id, VerdictRow.rule_set, VerdictRow.clauses).where(
            VerdictRow.round_id == round_id,
            VerdictRow.area_id.in_(area_ids[start : start + 500]),
            VerdictRow.verdict.in_((NOT_MET, UNKNOWN)),
        )
        for area_id, submission_id, rule_set, clauses in session.execute(query):
            if submission_id is not None:
                found.setdefault((area_id, submission_id), {})[rule_set] = clauses
    return found


def list_reported(session: Session | Connection, round_id: int, xml_form_id: str) -> list[str]:
    """The areas of which a submission of that form has come for a round, by id."""
    query = (
        select(Submission.area_id)
        .join(Form, Form.id == Submission.form_id)
        .where(
            Submission.round_id == round_id,
            Submission.area_id.is_not(None),
            Form.xml_form_id == xml_form_id,
            Submission.deleted_at.is_(None),
            Submission.is_draft.is_(False),
        )
        .distinct()
        .order_by(Submission.area_id)
    )
    return [area_id for area_id in session.scalars(query) if area_id is not None]


def find_project_synthetic(session: Session | Connection, project_id: int) -> bool:
    """Whether the numbers of a project are invented."""
    return bool(session.execute(select(Project.synthetic).where(Project.id == project_id)).scalar_one_or_none())
