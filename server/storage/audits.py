"""Who did what to which thing, when, where and from which address. Lines are written and read; none is changed ever,
but for the seal it lies under (audit_seals.py)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    and_,
    false,
    func,
    insert,
    or_,
    select,
    true,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.audit_scope import AuditScope
from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.reach import lies_in, list_below
from server.storage.submissions import BigId

RECENT = 5_000
"""So many ids back a page is looked for line by line; what is older, by index."""
AT_ONCE = 500


class Audit(Base):
    """`action` as Central names it (form.create, submission.update …); `acted_on` such as "form:3". `project_id` and
    `area_id`: where what was done lies, for those who may read the audit of it; `address`: the network address it came
    from; `seal_id`: the seal it lies under, none until the next batch is sealed."""

    __tablename__ = "audits"
    __table_args__ = (
        Index("ix_audits_at", "at"),
        Index("ix_audits_area", "area_id", "id"),
        Index("ix_audits_project", "project_id", "id"),
        Index("ix_audits_actor", "actor_id", "id"),
        Index("ix_audits_acted_on", "acted_on", "id"),
        Index("ix_audits_unsealed", "seal_id", "id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    action: Mapped[str] = mapped_column(String(64))
    acted_on: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    address: Mapped[str | None] = mapped_column(String(45))
    seal_id: Mapped[int | None] = mapped_column(ForeignKey("audit_seals.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))


@dataclass(frozen=True, slots=True)
class Where:
    """The project and the area of what is done, as far as it has them."""

    project_id: int | None = None
    area_id: str | None = None


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit, before it is written."""

    actor_id: int | None
    action: str
    acted_on: str | None
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    address: str | None = None
    project_id: int | None = None
    area_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line as it was read; `actor_name`: of who did it, when that is known. `sealed`: whether it lies under a
    seal."""

    id: int
    actor_id: int | None
    action: str
    acted_on: str | None
    at: datetime
    details: dict[str, Any]
    note: str | None
    address: str | None
    project_id: int | None
    area_id: str | None
    sealed: bool
    actor_name: str | None
    actor_kind: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """Which lines of the audit: of one action or of a group of them ("submission" is all that begin with it); of one
    actor; of an area and what lies below it; from `start` up to, not including, `end`; with ids below `before`; and
    how many to pass over."""

    action: str | None = None
    actor_id: int | None = None
    area_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None
    skip: int = 0


def write_audit(connection: Connection, entry: AuditEntry) -> None:
    """Writes a line in the transaction of what it tells."""
    connection.execute(insert(Audit).values(**_row(entry)))


def write_audits(connection: Connection, entries: Iterable[AuditEntry]) -> None:
    """Writes many lines at once."""
    rows = [_row(entry) for entry in entries]
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(insert(Audit), rows[start : start + AT_ONCE])


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "actor_id": entry.actor_id,
        "action": entry.action,
        "acted_on": entry.acted_on,
        "details": entry.details,
        "note": entry.note,
        "at": entry.at,
        "address": entry.address,
        "project_id": entry.project_id,
        "area_id": entry.area_id,
    }


_LINES: Select[*tuple[Any, ...]] = select(
    Audit.id,
    Audit.actor_id,
    Audit.action,
    Audit.acted_on,
    Audit.at,
    Audit.details,
    Audit.note,
    Audit.address,
    Audit.project_id,
    Audit.area_id,
    Audit.seal_id.is_not(None),
    Actor.display_name,
    Actor.kind,
).outerjoin(Actor, Actor.id == Audit.actor_id)


def list_lines(session: Session | Connection, scope: AuditScope, looked: Looked, most: int) -> list[AuditLine]:
    """The newest lines first, of those that somebody sees. The newest of all are looked through one by one; where that
    does not fill the page, older ones are asked for by index: either alone would read the whole table for somebody."""
    statement = _LINES.where(*_conditions(looked)).order_by(Audit.id.desc())
    near, far = _where(scope, looked, lies_in), _where(scope, looked, _is_below)
    if looked.skip:
        return _read(session, statement.where(near).offset(looked.skip).limit(most))
    newest = session.execute(select(func.max(Audit.id))).scalar() or 0
    floor = min(newest, looked.before or newest) - RECENT
    found = _read(session, statement.where(near, Audit.id > floor).limit(most))
    if len(found) < most and floor > 0:
        older = statement.where(far, Audit.id <= floor)
        if _is_by_area(scope, looked):
            # sorted by what is no index: PostgreSQL would walk all ids back to an area where nothing happened lately
            older = older.order_by(None).order_by((Audit.id + 0).desc())
        found += _read(session, older.limit(most - len(found)))
    return found


def stream_lines(session: Session | Connection, scope: AuditScope, looked: Looked) -> Iterator[AuditLine]:
    """The same without an end, a page at a time."""
    page = list_lines(session, scope, looked, AT_ONCE)
    while page:
        yield from page
        page = list_lines(session, scope, replace(looked, before=page[-1].id, skip=0), AT_ONCE)


def list_audits(
    session: Session | Connection, acted_on: str | None = None, most: int = 100, action: str | None = None
) -> list[AuditLine]:
    """The newest lines first, of one thing or of all, of one action or of all, for who may see these things."""
    statement = _LINES.where(*_conditions(Looked(action=action))).order_by(Audit.id.desc()).limit(most)
    return _read(session, statement if acted_on is None else statement.where(Audit.acted_on == acted_on))


def _read(session: Session | Connection, statement: Select[*tuple[Any, ...]]) -> list[AuditLine]:
    return [AuditLine(*row) for row in session.execute(statement)]


def _conditions(looked: Looked) -> Iterator[ColumnElement[bool]]:
    if looked.action is not None:
        yield or_(Audit.action == looked.action, Audit.action.startswith(f"{looked.action}.", autoescape=True))
    if looked.actor_id is not None:
        yield Audit.actor_id == looked.actor_id
    if looked.start is not None:
        yield Audit.at >= looked.start
    if looked.end is not None:
        yield Audit.at < looked.end
    if looked.before is not None:
        yield Audit.id < looked.before


Lies = Callable[[Any, Collection[str], date], ColumnElement[bool]]


def _is_below(area: Any, tops: Collection[str], on: date) -> ColumnElement[bool]:
    # the same as lies_in, said so that the index on the area is used
    found: ColumnElement[bool] = area.in_(list_below(tops, on))
    return found


def _is_by_area(scope: AuditScope, looked: Looked) -> bool:
    within = any(not reached.everywhere for _, reached in scope.projects)
    return looked.area_id is not None or (not scope.everywhere and (bool(scope.areas) or within))


def _where(scope: AuditScope, looked: Looked, lies: Lies) -> ColumnElement[bool]:
    """What somebody sees, and of it what lies in the area that is looked for."""
    asked = [] if looked.area_id is None else [lies(Audit.area_id, {looked.area_id}, scope.on)]
    if scope.everywhere:
        return and_(true(), *asked)
    seen = [lies(Audit.area_id, scope.areas, scope.on)] if scope.areas else []
    for project_id, reached in scope.projects:
        if reached.everywhere:
            seen.append(Audit.project_id == project_id)
        else:
            # what is done to an area or to a person belongs to no project; said so that the area's index is used, not
            # the project's
            of_it = func.coalesce(Audit.project_id, project_id) == project_id
            seen.append(and_(of_it, lies(Audit.area_id, reached.area_ids, scope.on)))
    return and_(or_(false(), *seen), *asked)
