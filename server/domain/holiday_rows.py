"""A table of holidays, row by row: the columns `day`, `name`, `works` and `source`, and what cannot be used and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from server.domain.area_records import RowProblem
from server.domain.working_days import Holiday
from server.domain.written_days import read_day

COLUMNS = ("day", "name", "works", "source")
NEEDED = ("day", "name", "source")
MOST_ROWS = 5_000
LONGEST_NAME, LONGEST_SOURCE = 255, 500
YEARS = range(1990, 2101)
_YES = frozenset({"1", "x", "co", "có", "yes", "y", "true"})
_NO = frozenset({"", "0", "khong", "không", "no", "n", "false"})

Row = Mapping[str, str]


def header_problems(columns: Sequence[str]) -> list[RowProblem]:
    """What is wrong with the first line: columns that must be there and are not."""
    missing = [each for each in NEEDED if each not in columns]
    if not missing:
        return []
    return [RowProblem(1, "holiday.columns_missing", {"row": 1, "columns": ", ".join(missing)})]


def read_holidays(rows: Iterable[tuple[int, Row]]) -> tuple[list[Holiday], list[RowProblem]]:
    """The days of a table, by line, and what is wrong with it. A line without anything in it is passed over."""
    found: dict[date, Holiday] = {}
    problems: list[RowProblem] = []
    for number, row in rows:
        filled = {name: " ".join(row.get(name, "").split()) for name in COLUMNS}
        if not any(filled.values()):
            continue
        if len(found) + len(problems) >= MOST_ROWS:
            problems.append(RowProblem(number, "holiday.too_many", {"row": number, "most": MOST_ROWS}))
            break
        made = _read(number, filled)
        if isinstance(made, RowProblem):
            problems.append(made)
        elif found.get(made.day, made) != made:
            problems.append(RowProblem(number, "holiday.twice", {"row": number, "value": made.day.isoformat()}))
        else:
            found[made.day] = made
    return sorted(found.values(), key=lambda each: each.day), problems


def _read(number: int, row: Row) -> Holiday | RowProblem:
    day = read_day(row["day"], YEARS, "/.-")
    if day is None:
        return RowProblem(number, "holiday.day", {"row": number, "value": row["day"]})
    works = row["works"].casefold()
    if works not in _YES | _NO:
        return RowProblem(number, "holiday.works", {"row": number, "value": row["works"]})
    for name, most in (("name", LONGEST_NAME), ("source", LONGEST_SOURCE)):
        if not 0 < len(row[name]) <= most or "\0" in row[name]:
            return RowProblem(number, f"holiday.{name}", {"row": number, "most": most})
    return Holiday(day, row["name"], works in _YES, row["source"])
