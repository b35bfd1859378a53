"""Days that are no working days though they look like one, and Saturdays or Sundays on which people work instead."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.storage.database import Base


class HolidayRow(Base):
    """`works`: whether people work on that day (made up for a day given off elsewhere). `source`: the decision."""

    __tablename__ = "holidays"
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    works: Mapped[bool]
    source: Mapped[str] = mapped_column(String(500))
