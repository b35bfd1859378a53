"""What stands above villages, computed after what they reported: one row for a round, an area and a basis. What has
changed since is marked; a mark is a row of its own, so that no two submissions wait for each other over a commune."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.criteria.rollup import Rollup
from server.domain.roles import Scope
from server.storage.areas import AreaVersionRow, valid_on
from server.storage.database import Base
from server.storage.prepared import Prepared, always
from server.storage.reach import AreaReachRow, in_scope
from server.storage.submissions import BigId


class RollupRow(Base):
    """`sums` and `verdicts` as in criteria/rollup.py; `basis` as in verdicts.py: only what was approved counts, or the
    approved and where there is none the newest. `clauses` NULL: computed before criteria were counted."""

    __tablename__ = "rollups"
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"), primary_key=True)
    basis: Mapped[str] = mapped_column(String(12), primary_key=True)
    villages: Mapped[int]
    reported: Mapped[int]
    approved: Mapped[int]
    sums: Mapped[dict[str, Any]]
    verdicts: Mapped[dict[str, Any]]
    synthetic: Mapped[bool]
    computed_at: Mapped[datetime]
    clauses: Mapped[dict[str, Any] | None]


class RollupMark(Base):
    """An area of which something changed in a round since its rollup was made."""

    __tablename__ = "rollup_marks"
    __table_args__ = (Index("ix_rollup_marks_place", "round_id", "area_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"))


_MARK = Prepared(always(insert(RollupMark)), ("round_id", "area_id"))


def mark(connection: Connection, round_id: int, area_id: str) -> None:
    """Says that what an area reported in a round has changed."""
    _MARK.many(connection, [{"round_id": round_id, "area_id": area_id}])


def mark_all(connection: Connection) -> None:
    """Says so of every area that has a rollup: the tree has changed, or what decisions say of it."""
    made = select(RollupRow.round_id, RollupRow.area_id).distinct()
    connection.execute(insert(RollupMark).from_select(["round_id", "area_id"], made))


def mark_round(connection: Connection, round_id: int) -> None:
    """Says so of every area that has a rollup in a round."""
    made = select(RollupRow.round_id, RollupRow.area_id).where(RollupRow.round_id == round_id).distinct()
    connection.execute(insert(RollupMark).from_select(["round_id", "area_id"], made))


def lock_rollups(connection: Connection) -> None:
    """Waits for whoever works marks off, and lets nobody else do so until the transaction ends. SQLite's gate does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE rollups IN SHARE ROW EXCLUSIVE MODE"))


def list_marks(session: Session | Connection, limit: int) -> list[tuple[int, int, str]]:
    """(number, round, area) of the oldest marks."""
    query = select(RollupMark.id, RollupMark.round_id, RollupMark.area_id).order_by(RollupMark.id).limit(limit)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def forget_marks(connection: Connection, numbers: Collection[int]) -> None:
    """The marks are worked off."""
    listed = sorted(numbers)
    for start in range(0, len(listed), 500):
        connection.execute(delete(RollupMark).where(RollupMark.id.in_(listed[start : start + 500])))


def count_marks(session: Session | Connection) -> int:
    """How many changes are not yet in what stands above villages."""
    return int(session.execute(select(func.count()).select_from(RollupMark)).scalar_one())


def count_pending(session: Session | Connection, round_id: int) -> int:
    """The same of one round, up to a thousand: a page says that there are some, not how many thousands."""
    some = select(RollupMark.id).where(RollupMark.round_id == round_id).limit(1000).subquery()
    return int(session.execute(select(func.count()).select_from(some)).scalar_one())


def put_rollup(connection: Connection, place: tuple[int, str, str], rollup: Rollup, **more: Any) -> None:
    """Writes a rollup in place of the one there was. `place`: round, area, basis; `more`: synthetic, computed_at."""
    round_id, area_id, basis = place
    connection.execute(
        delete(RollupRow).where(RollupRow.round_id == round_id, RollupRow.area_id == area_id, RollupRow.basis == basis)
    )
    connection.execute(
        insert(RollupRow).values(
            round_id=round_id,
            area_id=area_id,
            basis=basis,
            villages=rollup.villages,
            reported=rollup.reported,
            approved=rollup.approved,
            sums={name: list(found) for name, found in rollup.sums.items()},
            verdicts={name: dict(counts) for name, counts in rollup.verdicts.items()},
            clauses={name: dict(counts) for name, counts in rollup.clauses.items()},
            **more,
        )
    )


def list_rollups(
    session: Session | Connection, round_id: int, scope: Scope, area_ids: Collection[str] | None = None
) -> dict[tuple[str, str], Rollup]:
    """By (area, basis), of areas in sight; of these areas alone, or of all there are."""
    query = select(
        RollupRow.area_id,
        RollupRow.basis,
        RollupRow.villages,
        RollupRow.reported,
        RollupRow.approved,
        RollupRow.sums,
        RollupRow.verdicts,
        RollupRow.clauses,
    ).where(RollupRow.round_id == round_id, in_scope(scope, RollupRow.area_id))
    if area_ids is not None:
        query = query.where(RollupRow.area_id.in_(sorted(area_ids)))
    rows = session.execute(query)
    return {(row[0], row[1]): Rollup(row[2], row[3], row[4], _sums(row[5]), row[6], row[7] or {}) for row in rows}


def _sums(kept: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    return {name: (int(found[0]), int(found[1])) for name, found in kept.items()}


def list_children(
    session: Session | Connection, parents: Iterable[str], on: date, kinds: Collection[str] | None = None
) -> dict[str, list[str]]:
    """The areas right below each of these on a day, of these kinds or of all."""
    wanted = sorted(parents)
    query = select(AreaVersionRow.parent_id, AreaVersionRow.area_id).where(
        AreaVersionRow.parent_id.in_(wanted), valid_on(AreaVersionRow, on)
    )
    if kinds is not None:
        query = query.where(AreaVersionRow.kind.in_(sorted(kinds)))
    found: dict[str, list[str]] = {parent: [] for parent in wanted}
    for parent, child in session.execute(query.order_by(AreaVersionRow.area_id)):
        found[str(parent)].append(child)
    return found


def count_villages(session: Session | Connection, area_id: str, on: date, kinds: Collection[str]) -> int:
    """How many villages lay below an area on a day."""
    query = (
        select(func.count(func.distinct(AreaReachRow.descendant_id)))
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaReachRow.descendant_id)
        .where(
            AreaReachRow.ancestor_id == area_id,
            AreaReachRow.valid_from <= on,
            AreaReachRow.valid_to > on,
            valid_on(AreaVersionRow, on),
            AreaVersionRow.kind.in_(sorted(kinds)),
        )
    )
    return int(session.execute(query).scalar_one())
