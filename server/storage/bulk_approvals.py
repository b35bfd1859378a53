"""Many submissions approved in one move: which they were, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.submissions import BigId

APPROVED, UNDONE, KEPT = "approved", "undone", "kept"
"""What became of a submission: approved; that was taken back; it could not be taken back. Any other outcome is the code
of the error for which it was not approved."""
AT_ONCE = 500


class BulkApprovalRow(Base):
    """That somebody wants so many (`total`) submissions of a project approved. `undone_at`: and took it back."""

    __tablename__ = "bulk_approvals"
    __table_args__ = (Index("ix_bulk_approvals_actor", "actor_id", "project_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    total: Mapped[int]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class BulkApprovalItem(Base):
    """One of them. `sight`: what was seen of it when it was ordered (services/review.py). `outcome` NULL: not yet its
    turn. `move_id`: of the decision; 0 for none."""

    __tablename__ = "bulk_approval_items"
    __table_args__ = (
        Index("ix_bulk_approval_items_outcome", "bulk_id", "outcome"),
        Index("ix_bulk_approval_items_submission", "submission_id"),
    )
    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulk_approvals.id"), primary_key=True, autoincrement=False)
    submission_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("submissions.id"), primary_key=True, autoincrement=False
    )
    sight: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(64))
    move_id: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclass(frozen=True, slots=True)
class BulkView:
    """An order as it stands: `left` are still to come; `outcomes` counts the others by what became of them."""

    id: int
    project_id: int
    actor_id: int
    total: int
    created_at: datetime
    undone_at: datetime | None
    outcomes: dict[str, int]

    @property
    def left(self) -> int:
        """How many are still to come."""
        return self.total - sum(self.outcomes.values())

    @property
    def approved(self) -> int:
        """How many were approved, and are still."""
        return self.outcomes.get(APPROVED, 0) + self.outcomes.get(KEPT, 0)

    @property
    def kept(self) -> int:
        """How many of these could not be taken back."""
        return self.outcomes.get(KEPT, 0)

    @property
    def undone(self) -> int:
        """How many approvals were taken back."""
        return self.outcomes.get(UNDONE, 0)

    @property
    def refused(self) -> dict[str, int]:
        """How many were not approved, by the code of the reason."""
        return {code: number for code, number in self.outcomes.items() if code not in (APPROVED, UNDONE, KEPT)}


def add_bulk(connection: Connection, project_id: int, actor_id: int, sights: dict[int, str], now: datetime) -> int:
    """Writes an order of these submissions, each with what was seen of it; returns its number."""
    row = {"project_id": project_id, "actor_id": actor_id, "total": len(sights), "created_at": now}
    bulk_id = int(connection.execute(insert(BulkApprovalRow).values(**row).returning(BulkApprovalRow.id)).scalar_one())
    items = [
        {"bulk_id": bulk_id, "submission_id": each, "sight": sight, "move_id": 0} for each, sight in sights.items()
    ]
    if items:
        connection.execute(insert(BulkApprovalItem), items)
    return bulk_id


def find_bulk(session: Session | Connection, bulk_id: int) -> BulkView | None:
    """An order by its number."""
    table = BulkApprovalRow
    query = select(table.id, table.project_id, table.actor_id, table.total, table.created_at, table.undone_at)
    row = session.execute(query.where(table.id == bulk_id)).first()
    if row is None:
        return None
    item = BulkApprovalItem
    counted = select(item.outcome, func.count()).where(item.bulk_id == bulk_id, item.outcome.is_not(None))
    outcomes = {str(found[0]): int(found[1]) for found in session.execute(counted.group_by(item.outcome))}
    return BulkView(*row, outcomes)


def list_items(
    session: Session | Connection, bulk_id: int, outcome: str | None, limit: int
) -> list[tuple[int, str, int]]:
    """(submission, sight, decision) of the first items of an order with an outcome; None: still to come."""
    item = BulkApprovalItem
    query = select(item.submission_id, item.sight, item.move_id).where(item.bulk_id == bulk_id, item.outcome == outcome)
    return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(item.submission_id).limit(limit))]


def put_outcomes(connection: Connection, bulk_id: int, outcomes: Iterable[tuple[int, str, int]]) -> None:
    """Writes what became of items: (submission, outcome, decision)."""
    item = BulkApprovalItem
    for submission_id, outcome, move_id in outcomes:
        connection.execute(
            update(item)
            .where(item.bulk_id == bulk_id, item.submission_id == submission_id)
            .values(outcome=outcome, move_id=move_id)
        )


def mark_bulk_undone(connection: Connection, bulk_id: int, now: datetime) -> None:
    """Says that an order was taken back: what was still to come does not come."""
    connection.execute(update(BulkApprovalRow).where(BulkApprovalRow.id == bulk_id).values(undone_at=now))


def forget_items(connection: Connection, submission_ids: Sequence[int]) -> None:
    """Takes submissions that are forgotten out of all orders."""
    connection.execute(delete(BulkApprovalItem).where(BulkApprovalItem.submission_id.in_(submission_ids)))
