"""Days that are no working day though they look like one, and Saturdays or Sundays on which people work instead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import String, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.working_days import Holiday
from server.storage.database import Base


class HolidayRow(Base):
    """`works`: whether people work on that day (made up for a day given off elsewhere). `source`: the decision."""

    __tablename__ = "holidays"
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    works: Mapped[bool]
    source: Mapped[str] = mapped_column(String(500))


def list_holidays(session: Session | Connection) -> list[Holiday]:
    """Every day that was loaded, in order."""
    query = select(HolidayRow.day, HolidayRow.name, HolidayRow.works, HolidayRow.source).order_by(HolidayRow.day)
    return [Holiday(*row) for row in session.execute(query)]


def put_holidays(connection: Connection, new: Iterable[Holiday], changed: Iterable[Holiday]) -> None:
    """Writes days that are not there yet, and what is said now of those that are."""
    rows = [_row(each) for each in new]
    if rows:
        connection.execute(insert(HolidayRow), rows)
    for each in changed:
        connection.execute(update(HolidayRow).where(HolidayRow.day == each.day).values(**_row(each)))


def _row(holiday: Holiday) -> dict[str, object]:
    return {"day": holiday.day, "name": holiday.name, "works": holiday.works, "source": holiday.source}
