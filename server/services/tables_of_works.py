"""The official table of community supervision: visits, findings and days to answer by area, and the findings one by
one, of the works in sight as of the day of the round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy.orm import Session

from server.exports.sheets import Sheet
from server.services.authenticate import VIETNAM
from server.services.table_units import Asked, Listed, Row
from server.services.work_tables import make_findings_table
from server.services.works import WorksAsked, list_works


def supervision_table(session: Session, asked: Asked) -> list[Listed]:
    """Sums by area first, then the findings."""
    day = asked.round.cutoff
    area = asked.area.id if asked.area else None
    read = list_works(session, WorksAsked(asked.project, asked.scope, day, day, area))
    sheets, _ = make_findings_table(read, asked.project, datetime.combine(day, time(), VIETNAM))
    return [_listed(each) for each in reversed(sheets)]


def _listed(sheet: Sheet) -> Listed:
    def rows_of(some: Sequence[Any]) -> Iterator[Row]:
        yield from some

    return Listed(sheet.name, sheet.title, sheet.columns, list(sheet.rows), rows_of)
