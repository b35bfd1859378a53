"""The public holidays that the Labour Code fixes by the solar calendar: the only ones known without loading a year.

Tết, the Hùng Kings' day, the second day of the National Day, days off in lieu of a Saturday or Sunday, and swapped days
are set year by year, and have to be loaded.
"""

import csv
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from server.domain.working_days import Holiday


@dataclass(frozen=True, slots=True)
class FixedHoliday:
    """A day of each year from `first` up to and including `last` (None: until now)."""

    month: int
    day: int
    name_vi: str
    name_en: str
    first: int
    last: int | None
    source: str
    status: str


def list_fixed() -> tuple[FixedHoliday, ...]:
    """The table as it ships, by source and day."""
    text = files("server.domain").joinpath("data", "fixed_holidays.csv").read_text(encoding="utf-8")
    return tuple(
        FixedHoliday(
            month=int(line["month"]),
            day=int(line["day"]),
            name_vi=line["name_vi"],
            name_en=line["name_en"],
            first=int(line["first_year"]),
            last=int(line["last_year"]) if line["last_year"] else None,
            source=line["source"],
            status=line["status"],
        )
        for line in csv.DictReader(text.splitlines())
    )


def fixed_of(years: range) -> list[Holiday]:
    """The fixed holidays of some years; of years before the table begins there are none."""
    return [
        Holiday(date(year, each.month, each.day), each.name_vi, False, each.source, each.status)
        for each in list_fixed()
        for year in years
        if each.first <= year <= (each.last or year)
    ]
