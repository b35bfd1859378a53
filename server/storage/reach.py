"""Which area lies in which, and when: a row for each pair, so that a question about a subtree is a condition of SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    SmallInteger,
    String,
    and_,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    true,
)
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from server.domain.areas import AreaChange, AreaVersion
from server.domain.reach import Within
from server.domain.roles import Scope
from server.storage.areas import AreaChangeRow, AreaRow, AreaVersionRow
from server.storage.database import Base
from server.storage.memory import Memory
from server.storage.settings import TREE_REVISION, find_revision, put_revision

AT_ONCE = 5000
FEW_OUTSIDE, KEPT = 200, 512
_outside: Memory[tuple[str, frozenset[str], date], frozenset[str]] = Memory(KEPT)
One = TypeVar("One")


class AreaReachRow(Base):
    """`descendant_id` lies in `ancestor_id` (or is it: distance 0) from `valid_from` up to, not including, `valid_to`;
    open ends are the first and the last day there is. How it is worked out: domain/reach.py."""

    __tablename__ = "area_reach"
    __table_args__ = (
        Index("ix_area_reach_upwards", "descendant_id", "ancestor_id", "valid_from", "valid_to"),
        {"sqlite_with_rowid": False},
    )
    ancestor_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"), primary_key=True)
    descendant_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    distance: Mapped[int] = mapped_column(SmallInteger)


# as plain tables: a statement over classes takes twice as long to put together, and every page of a list needs some
_reach = AreaReachRow.__table__
_above = _reach.alias()


def lies_in(area: Any, tops: Collection[str], on: date) -> ColumnElement[bool]:
    """The condition that an area (a column) is one of these or lies below one of them on a day."""
    return area.in_(list_below(tops, on)) if tops else false()


def one_by_one(area: Any, tops: Collection[str], on: date) -> ColumnElement[bool]:
    """The same for a query that reads in an order of its own and stops early: each row is looked up by itself."""
    if not tops:
        return false()
    found = (
        select(_above.c.ancestor_id)
        .where(
            _above.c.descendant_id == area,
            _above.c.ancestor_id.in_(sorted(tops)),
            _above.c.valid_from <= on,
            _above.c.valid_to > on,
        )
        .correlate_except(_above)
        .limit(1)
        .scalar_subquery()
    )
    # so written PostgreSQL makes neither a join nor a hash of it, which would read all that lies below first
    return found.is_not(None)


class _Led(FunctionElement[bool]):
    """A column, and a statement that tells which values it may have."""

    name = "led"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Itself: a condition already, not a value that SQLite would have to hold against 1, past any index."""
        return self


@compiles(_Led)
def _write_led(element: _Led, compiler: SQLCompiler, **rest: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **rest)} IN {compiler.process(values, **rest)}"


@compiles(_Led, "postgresql")
def _write_led_by_array(element: _Led, compiler: SQLCompiler, **rest: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **rest)} = ANY (ARRAY{compiler.process(values, **rest)})"


def led_by_area(area: Any, tops: Collection[str], on: date) -> ColumnElement[bool]:
    """The same for a query in which few of the rows lie in these areas: what lies below is found first, and each area
    looked up in the index on it. Of a subquery PostgreSQL guesses how many it tells, and at a wrong guess reads the
    whole table and looks every row up; of an array it takes that to be little."""
    return _Led(area, list_below(tops, on).scalar_subquery()) if tops else false()


def list_below(tops: Collection[str], on: date) -> Select[str]:
    """The ids of these areas and of all that lies in them on a day, as a statement; one may come twice."""
    return select(_reach.c.descendant_id).where(
        _reach.c.ancestor_id.in_(sorted(tops)), _reach.c.valid_from <= on, _reach.c.valid_to > on
    )


def in_scope(scope: Scope, area: Any, form: Any = None) -> ColumnElement[bool]:
    """The condition that somebody sees what lies in an area (a column), answered with a form (a column, where the thing
    has one)."""
    if scope.everywhere:
        return true()
    seen = [lies_in(area, scope.areas, scope.on)]
    if form is not None:
        for form_id, reached in scope.forms:
            where = true() if reached.everywhere else lies_in(area, reached.area_ids, scope.on)
            seen.append(and_(form == form_id, where))
    return or_(*seen)


def find_outside(session: Session | Connection, scope: Scope) -> frozenset[str] | None:
    """The areas in which somebody with a scope of areas sees nothing, where these are but a few; None: they are many.
    Kept in memory while neither the areas nor the day change."""
    revision = find_revision(session)
    key = (revision, scope.areas, scope.on)
    found = _outside.find(key)
    if found is None:
        below = list_below(scope.areas, scope.on)
        beyond = select(AreaRow.id).where(AreaRow.id.not_in(below)).limit(FEW_OUTSIDE + 1)
        found = frozenset(session.execute(beyond).scalars())
        if revision:
            _outside.put(key, found)
    return found if len(found) <= FEW_OUTSIDE else None


def find_above(session: Session | Connection, area_id: str, on: date) -> tuple[str, ...]:
    """The ids of what an area lies in on a day, itself first while it is in being, then nearest first; () when it is
    unknown. An area that ended lies in its whole successor and in what it lay in."""
    query = select(AreaReachRow.ancestor_id).where(
        AreaReachRow.descendant_id == area_id, AreaReachRow.valid_from <= on, AreaReachRow.valid_to > on
    )
    rows = session.execute(query.order_by(AreaReachRow.distance, AreaReachRow.ancestor_id))
    return tuple(row[0] for row in rows)


def count_below(session: Session | Connection, tops: Collection[str], on: date) -> int:
    """How many areas these and what lies in them are on a day."""
    below = list_below(tops, on).distinct().subquery()
    return session.execute(select(func.count()).select_from(below)).scalar_one()


def are_few_below(session: Session | Connection, tops: Collection[str], on: date, most: int) -> bool:
    """Whether these and what lies in them are no more than so many. No more is read than tells."""
    some = list_below(tops, on).limit(most + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one() <= most


def read_tree(session: Session | Connection) -> tuple[list[AreaVersion], list[AreaChange]]:
    """Every version of every area, and what became of them where the day is known."""
    versions = session.execute(
        select(
            AreaVersionRow.area_id,
            AreaVersionRow.name,
            AreaVersionRow.code,
            AreaVersionRow.kind,
            AreaVersionRow.parent_id,
            AreaVersionRow.valid_from,
            AreaVersionRow.valid_to,
            AreaVersionRow.source,
            AreaVersionRow.status,
        ).order_by(AreaVersionRow.id)
    )
    changes = session.execute(
        select(
            AreaChangeRow.from_area_id,
            AreaChangeRow.to_area_id,
            AreaChangeRow.on,
            AreaChangeRow.extent,
            AreaChangeRow.decree,
            AreaChangeRow.status,
        )
        .where(AreaChangeRow.on.is_not(None))
        .order_by(AreaChangeRow.id)
    )
    return (
        [AreaVersion(*row) for row in versions],
        [AreaChange(row[0], row[1], row[2], row[3], row[4], row[5]) for row in changes if row[2] is not None],
    )


def has_reach(session: Session | Connection) -> bool:
    """Whether the reach of areas was worked out, or there is no area."""
    if session.execute(select(AreaReachRow.ancestor_id).limit(1)).first() is not None:
        return True
    return session.execute(select(AreaRow.id).limit(1)).first() is None


def replace_reach(connection: Connection, rows: Iterable[Within], of: Collection[str] | None) -> None:
    """Writes where these areas lie in place of what was written of them; None: of all areas."""
    put_revision(connection)
    put_revision(connection, TREE_REVISION)
    if of is None:
        connection.execute(delete(AreaReachRow))
    else:
        for part in _parts(sorted(of), AT_ONCE // 10):
            connection.execute(delete(AreaReachRow).where(AreaReachRow.descendant_id.in_(part)))
    for some in _parts(rows, AT_ONCE):
        connection.execute(
            insert(AreaReachRow),
            [
                {
                    "ancestor_id": row.ancestor_id,
                    "descendant_id": row.descendant_id,
                    "valid_from": row.valid_from,
                    "valid_to": row.valid_to,
                    "distance": row.distance,
                }
                for row in some
            ],
        )


def _parts(values: Iterable[One], size: int) -> Iterator[list[One]]:
    waiting = iter(values)
    while part := list(islice(waiting, size)):
        yield part
