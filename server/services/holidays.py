"""Holidays as an office loads them, and the calendar that deadlines are counted by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.domain.area_records import RowProblem
from server.domain.fixed_holidays import fixed_of
from server.domain.holiday_rows import COLUMNS, header_problems, read_holidays
from server.domain.working_days import Calendar, Holiday, calendar_of
from server.services.area_tables import read_table
from server.services.authenticate import Caller
from server.storage.audits import write_audit
from server.storage.database import writing
from server.storage.holidays import list_holidays, put_holidays

VERB = "round.update"
LONGEST_FILE = 1_000_000
"""Bytes of a file of holidays."""
_EXAMPLES = (
    ("2030-12-31", "Ngày nghỉ mẫu, hãy xóa dòng này", "0", "Số và ngày của thông báo nghỉ"),
    ("2030-12-28", "Ngày làm bù mẫu, hãy xóa dòng này", "1", "Số và ngày của thông báo nghỉ"),
)


@dataclass(frozen=True)
class Loading:
    """What loading a table does or would do: days that are new, that say something else than before, and that are
    there already; with `problems` nothing is written."""

    new: Sequence[Holiday] = ()
    changed: Sequence[Holiday] = ()
    same: int = 0
    problems: Sequence[RowProblem] = ()

    @property
    def years(self) -> tuple[int, ...]:
        """The years that something changes in."""
        return tuple(sorted({each.day.year for each in (*self.new, *self.changed)}))


def load_holidays(
    session: Session, caller: Caller, table: tuple[bytes, str], now: datetime, *, dry: bool = False
) -> Loading:
    """Takes a table in (`table`: its bytes, and how its name ends): all of it or nothing. A day that is there already
    is replaced; loading the same again changes nothing. `dry`: only says what would change. Raises Forbidden,
    Unreadable."""
    caller.require_everywhere(VERB)
    content, ending = table
    if not content.strip():
        return Loading(problems=[RowProblem(0, "holiday.empty")])
    read = read_table(content[: LONGEST_FILE + 1], ending)
    problems = header_problems(read.columns)
    days, wrong = ([], problems) if problems else read_holidays(read.rows)
    if wrong or len(content) > LONGEST_FILE:
        return Loading(problems=wrong or [RowProblem(0, "holiday.too_large", {"most": LONGEST_FILE})])
    if dry:
        return _compare(list_holidays(session), days)
    with writing(session) as connection:
        made = _compare(list_holidays(connection), days)
        if made.new or made.changed:
            put_holidays(connection, made.new, made.changed)
            told = {"new": len(made.new), "changed": len(made.changed), "years": list(made.years)}
            write_audit(connection, caller.entry("round.holiday.import", None, now, **told))
        session.commit()
    return made


def _compare(before: Iterable[Holiday], after: Iterable[Holiday]) -> Loading:
    known = {each.day: each for each in before}
    listed = list(after)
    new = [each for each in listed if each.day not in known]
    changed = [each for each in listed if known.get(each.day, each) != each]
    return Loading(new, changed, len(listed) - len(new) - len(changed))


def calendar_between(session: Session, first: date, last: date) -> Calendar:
    """The calendar from the year of one day to ten years after that of another."""
    years = range(first.year, min(last.year + 11, date.max.year + 1))
    return calendar_of(fixed_of(years), list_holidays(session))


def holidays_template() -> bytes:
    """A CSV file with the columns and two rows to follow, with the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([COLUMNS, *_EXAMPLES])
    return b"\xef\xbb\xbf" + text.getvalue().encode()
