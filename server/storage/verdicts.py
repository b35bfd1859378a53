"""What the criteria say of an area in a round, kept with the reasons and the answers it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.roles import Scope
from server.storage.database import Base
from server.storage.forms import Form
from server.storage.prepared import Prepared
from server.storage.projects import Project
from server.storage.reach import in_scope
from server.storage.submissions import BigId, Submission


class VerdictRow(Base):
    """`clauses` is the outcome clause by clause as the API shows it; `facts` maps a fact to its value and source."""

    __tablename__ = "verdicts"
    __table_args__ = (Index("uq_verdicts_once", "round_id", "area_id", "rule_set", unique=True),)
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


_KEPT = ("rule_set_sha256", "verdict", "clauses", "facts", "submission_id", "synthetic", "computed_at")


def put_verdicts(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Writes verdicts, each in place of the one of the same round, area and rule set."""
    _PUT.many(connection, rows)


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(VerdictRow)
    return statement.on_conflict_do_update(
        index_elements=["round_id", "area_id", "rule_set"],
        set_={column: statement.excluded[column] for column in _KEPT},
    )


_PUT = Prepared(
    lambda dialect: _upsert(postgresql if dialect == "postgresql" else sqlite),
    ("round_id", "area_id", "rule_set", *_KEPT),
)


def remove_verdicts(connection: Connection, round_id: int, area_id: str) -> None:
    """Takes the verdicts of an area away when nothing speaks for it any more."""
    connection.execute(delete(VerdictRow).where(VerdictRow.round_id == round_id, VerdictRow.area_id == area_id))


@dataclass(frozen=True, slots=True)
class VerdictKept:
    """A verdict as it was kept."""

    area_id: str
    rule_set: str
    verdict: str
    clauses: list[Any]
    facts: dict[str, Any]
    submission_id: int | None
    computed_at: datetime
    instance_id: str | None


def list_kept(
    session: Session | Connection, round_id: int, scope: Scope, area_id: str | None = None
) -> list[VerdictKept]:
    """The verdicts of a round that are in sight, of one area or of all."""
    query = select(
        VerdictRow.area_id,
        VerdictRow.rule_set,
        VerdictRow.verdict,
        VerdictRow.clauses,
        VerdictRow.facts,
        VerdictRow.submission_id,
        VerdictRow.computed_at,
        Submission.instance_id,
    )
    query = query.outerjoin(Submission, Submission.id == VerdictRow.submission_id).where(
        VerdictRow.round_id == round_id, in_scope(scope, VerdictRow.area_id)
    )
    if area_id is not None:
        query = query.where(VerdictRow.area_id == area_id)
    return [VerdictKept(*row) for row in session.execute(query)]


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
