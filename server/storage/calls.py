"""Calls to villages in a round. A row is never changed but by who takes the own call back; what was taken back is shown
nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, func, insert, select, true, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.calls import LONGEST_TEXT, Call, NewCall
from server.domain.roles import ALL, Reach, Scope
from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.reach import in_scope, lies_in
from server.storage.submissions import BigId

AT_ONCE, MANY = 500, 3_000
"""Villages that one statement asks for; above `MANY` a whole round is read at once."""


class CallRow(Base):
    """A call: `outcome` as in domain/calls.py; `sends_on`: the day that was promised; `text`: what help is needed."""

    __tablename__ = "village_calls"
    __table_args__ = (
        Index("ix_village_calls_place", "round_id", "area_id", "id"),
        Index("ix_village_calls_actor", "round_id", "actor_id", "area_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    outcome: Mapped[str] = mapped_column(String(16))
    sends_on: Mapped[date | None]
    text: Mapped[str | None] = mapped_column(String(LONGEST_TEXT))
    called_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class CallsOf:
    """The calls of a round that somebody may see: of villages within `reached`, as of the day `on`, and in sight of
    `scope`. `area`: of those alone that lay in an area on a day; `actor_id`: of one caller alone."""

    round_id: int
    reached: Reach
    on: date
    scope: Scope = ALL
    area: tuple[str, date] | None = None
    actor_id: int | None = None

    @property
    def wanted(self) -> Sequence[ColumnElement[bool]]:
        """What a row has to be."""
        found = [CallRow.round_id == self.round_id, CallRow.taken_back_at.is_(None), in_scope(self.scope, _AREA)]
        found.append(true() if self.reached.everywhere else lies_in(_AREA, self.reached.area_ids, self.on))
        if self.area is not None:
            found.append(lies_in(_AREA, [self.area[0]], self.area[1]))
        if self.actor_id is not None:
            found.append(CallRow.actor_id == self.actor_id)
        return found


_AREA: Any = CallRow.area_id
_CALLS: Select[*tuple[Any, ...]] = select(
    CallRow.id,
    CallRow.area_id,
    CallRow.actor_id,
    Actor.display_name,
    CallRow.outcome,
    CallRow.sends_on,
    CallRow.text,
    CallRow.called_at,
).join(Actor, Actor.id == CallRow.actor_id)


def list_last_calls(session: Session | Connection, of: CallsOf, area_ids: Collection[str]) -> dict[str, Call]:
    """The newest call of each of these villages, where there is one. More may come than were asked for."""
    found: dict[str, Call] = {}
    listed = sorted(area_ids)
    for start in range(0, len(listed), AT_ONCE):
        newest = select(func.max(CallRow.id)).where(*of.wanted).group_by(_AREA)
        if len(listed) <= MANY:
            newest = newest.where(_AREA.in_(listed[start : start + AT_ONCE]))
        found |= {row[1]: Call(*row) for row in session.execute(_CALLS.where(CallRow.id.in_(newest)))}
        if len(listed) > MANY:
            break
    return found


def list_called(session: Session | Connection, of: CallsOf) -> set[str]:
    """The villages of which there is a call."""
    return set(session.execute(select(_AREA).where(*of.wanted).distinct()).scalars())


def list_calls(session: Session | Connection, of: CallsOf, first: int, most: int) -> list[Call]:
    """Calls, the newest first."""
    query = _CALLS.where(*of.wanted).order_by(CallRow.id.desc()).offset(first).limit(most)
    return [Call(*row) for row in session.execute(query)]


def list_calls_of(session: Session | Connection, round_id: int, area_id: str) -> list[Call]:
    """All calls of a village in a round, the newest first."""
    query = _CALLS.where(CallRow.round_id == round_id, area_id == _AREA, CallRow.taken_back_at.is_(None))
    return [Call(*row) for row in session.execute(query.order_by(CallRow.id.desc()))]


def find_call(session: Session | Connection, round_id: int, call_id: int) -> Call | None:
    """One call of a round; None for one that was taken back."""
    query = _CALLS.where(CallRow.id == call_id, CallRow.round_id == round_id, CallRow.taken_back_at.is_(None))
    row = session.execute(query).first()
    return Call(*row) if row is not None else None


def add_call(connection: Connection, place: tuple[int, str], said: NewCall, by: tuple[int, datetime]) -> int:
    """Writes a call down; returns its number. `place`: round and village; `by`: who called, and when."""
    values = {
        "round_id": place[0],
        "area_id": place[1],
        "actor_id": by[0],
        "outcome": said.outcome,
        "sends_on": said.sends_on,
        "text": said.text,
        "called_at": by[1],
    }
    return int(connection.execute(insert(CallRow).values(values).returning(CallRow.id)).scalar_one())


def take_call_back(connection: Connection, call_id: int, now: datetime) -> bool:
    """Takes a call back; False: somebody has done so already."""
    stands = update(CallRow).where(CallRow.id == call_id, CallRow.taken_back_at.is_(None))
    return bool(connection.execute(stands.values(taken_back_at=now)).rowcount)
