"""Working days: Monday to Friday but for holidays, and the Saturdays and Sundays on which people work instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5
ONE_DAY = timedelta(days=1)
LONGEST_COUNT = 2_000
"""Working days that a count goes at most: some eight years."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day that is no working day though it looks like one or, `works`, the other way round. `source`: where that was
    decided; `status`: how well it is known."""

    day: date
    name: str
    works: bool
    source: str
    status: str = "verified"


@dataclass(frozen=True)
class Calendar:
    """Which days are off. `days`: what is known of single days. `loaded`: the years of which the office loaded days;
    of other years nobody has said when Tết is, so that a count through them is not sure."""

    days: Mapping[date, Holiday] = field(default_factory=dict)
    loaded: frozenset[int] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether people work on a day."""
        known = self.days.get(day)
        return known.works if known is not None else day.weekday() < SATURDAY

    def after(self, start: date, count: int) -> date:
        """The `count`-th working day after `start`, which is itself not counted; with 0 the day itself. Raises
        ValueError below 0, above `LONGEST_COUNT`, and where the calendar of all days ends."""
        if not 0 <= count <= LONGEST_COUNT:
            raise ValueError(f"{count} working days")
        day = start
        while count:
            if day == date.max:
                raise ValueError("no such day")
            day += ONE_DAY
            count -= self.is_working(day)
        return day

    def between(self, start: date, end: date) -> int:
        """How many working days come after `start` up to and including `end`; below 0 when `end` is the earlier one."""
        if end < start:
            return -self.between(end, start)
        whole, rest = divmod((end - start).days, 7)
        weekday = (start.weekday() + 1) % 7
        count = 5 * whole + sum((weekday + step) % 7 < SATURDAY for step in range(rest))
        for each in self.days.values():
            if start < each.day <= end:
                count += each.works - (each.day.weekday() < SATURDAY)
        return count

    def passed_over(self, start: date, end: date) -> tuple[Holiday, ...]:
        """The single days after `start` up to and including `end` that make a difference to a count, in order."""
        return tuple(
            sorted(
                (
                    each
                    for each in self.days.values()
                    if start < each.day <= end and each.works != (each.day.weekday() < SATURDAY)
                ),
                key=lambda each: each.day,
            )
        )

    def not_loaded(self, start: date, end: date) -> tuple[int, ...]:
        """The years from that of `start` to that of `end` of which no day was loaded."""
        return tuple(year for year in range(start.year, end.year + 1) if year not in self.loaded)


def calendar_of(fixed: Iterable[Holiday], loaded: Iterable[Holiday]) -> Calendar:
    """The calendar of days that come back each year and of those that were loaded; of one day the latter speak."""
    own = {each.day: each for each in loaded}
    return Calendar({each.day: each for each in fixed} | own, frozenset(day.year for day in own))
