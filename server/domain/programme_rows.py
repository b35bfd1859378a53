"""A table of programme units, row by row: who entered, what is planned, who left; what cannot be used and why.

A row names an area and says one or more of three things: its entry (`entered_on`, with `basis`), a plan (`plan_year`),
its exit (`exit`, with `exited_on`). Each has its decision: number, day, authority. A later row of the same area may add
another plan, which is kept beside the earlier, or the exit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.domain.area_records import Clash, RowProblem
from server.domain.programme import BASES, EXITS, LEVELS, MERGED, SOURCED
from server.domain.written_days import read_day

COLUMNS = (
    *("area", "level", "basis", "entered_on", "entry_number", "entry_date", "entry_authority", "funding"),
    *("plan_year", "plan_number", "plan_date", "plan_authority"),
    *("exit", "exited_on", "exit_number", "exit_date", "exit_authority", "into"),
    *("status", "source"),
)
NEEDED = ("area", "status", "source")
MOST_ROWS = 40_000
"""Rows of one file: more than there are communes and villages in special difficulty."""
LONGEST = {"number": 128, "authority": 255, "funding": 255, "source": 1000}
YEARS = range(1990, 2101)

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A paper by which something was decided; None: not known."""

    number: str | None = None
    day: date | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """From which day a unit is in, on which basis (BASES), by which decision, and who pays."""

    on: date
    basis: str
    decision: Decision
    funding: str | None = None


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """In which year a unit is to leave, by which decision."""

    year: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Exit:
    """How (EXITS) and from which day a unit is out. `into`: codes or own ids of what a merged unit went into."""

    kind: str
    on: date
    decision: Decision
    into: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """What a row says of an area, named by its code or own id. `level` None: what its kind says."""

    row: int
    area: str
    level: str | None
    entry: Entry | None
    plan: ExitPlan | None
    exit: Exit | None
    status: str
    source: str


def header_problems(columns: Sequence[str]) -> list[RowProblem]:
    """What is wrong with the first line: columns that nobody knows, or that must be there."""
    odd = [each for each in columns if each and each not in COLUMNS]
    missing = [each for each in NEEDED if each not in columns]
    problems = []
    if odd:
        told = {"row": 1, "columns": ", ".join(odd), "known": ", ".join(COLUMNS)}
        problems.append(RowProblem(1, "programme.columns_unknown", told))
    if missing:
        problems.append(RowProblem(1, "programme.columns_missing", {"row": 1, "columns": ", ".join(missing)}))
    return problems


def read_units(rows: Iterable[tuple[int, Row]]) -> tuple[list[UnitRecord], list[RowProblem]]:
    """The records of a table, by line, and what is wrong with it. A line without anything in it is passed over."""
    found: list[UnitRecord] = []
    problems: list[RowProblem] = []
    for number, row in rows:
        filled = {name: " ".join(row.get(name, "").split()) for name in ("", *COLUMNS)}
        if not any(filled.values()):
            continue
        if len(found) + len(problems) >= MOST_ROWS:
            problems.append(RowProblem(number, "programme.too_many", {"row": number, "most": MOST_ROWS}))
            break
        try:
            found.append(read_unit(number, filled))
        except Clash as clash:
            told = {"row": number, "name": filled["area"] or "–", **clash.params}
            problems.append(RowProblem(number, clash.code, told))
    return found, problems


def read_unit(number: int, row: Row) -> UnitRecord:
    """One row. Raises Clash with what is wrong with it."""
    if row.get(""):
        raise Clash("programme.too_many_cells", value=row[""])
    area, entry, plan, left = _text(row, "area", 64, needed=True), _entry(row), _plan(row), _exit(row)
    if entry is None and plan is None and left is None:
        raise Clash("programme.says_nothing")
    if entry is not None and left is not None and left.on <= entry.on:
        raise Clash("programme.exit_before_entry", entered=entry.on, exited=left.on)
    level = _one_of(row, "level", LEVELS)
    status = _one_of(row, "status", SOURCED)
    if status is None:
        raise Clash("programme.blank", column="status")
    source = _text(row, "source", LONGEST["source"], needed=True)
    return UnitRecord(number, area, level, entry, plan, left, status, source)


def _entry(row: Row) -> Entry | None:
    on, basis, decision = _day(row, "entered_on"), _one_of(row, "basis", BASES), _decision(row, "entry")
    funding = _text(row, "funding", LONGEST["funding"]) or None
    if on is None and (basis or funding or decision != Decision()):
        raise Clash("programme.blank", column="entered_on")
    if on is None:
        return None
    if basis is None:
        raise Clash("programme.blank", column="basis")
    return Entry(on, basis, decision, funding)


def _plan(row: Row) -> ExitPlan | None:
    text, decision = _text(row, "plan_year", 8), _decision(row, "plan")
    if not text:
        if decision != Decision():
            raise Clash("programme.blank", column="plan_year")
        return None
    if not (text.isascii() and text.isdecimal() and int(text) in YEARS):
        raise Clash("programme.not_a_year", value=text, first=YEARS.start, last=YEARS.stop - 1)
    return ExitPlan(int(text), decision)


def _exit(row: Row) -> Exit | None:
    kind, on, decision = _one_of(row, "exit", EXITS), _day(row, "exited_on"), _decision(row, "exit")
    into = tuple(_text(row, "into", 1000).replace(",", " ").split())
    if kind is None:
        if on is not None or into or decision != Decision():
            raise Clash("programme.blank", column="exit")
        return None
    if on is None:
        raise Clash("programme.blank", column="exited_on")
    if into and kind != MERGED:
        raise Clash("programme.only_merged_into", kind=kind)
    return Exit(kind, on, decision, into)


def _decision(row: Row, prefix: str) -> Decision:
    return Decision(
        _text(row, f"{prefix}_number", LONGEST["number"]) or None,
        _day(row, f"{prefix}_date"),
        _text(row, f"{prefix}_authority", LONGEST["authority"]) or None,
    )


def _one_of(row: Row, column: str, known: Sequence[str]) -> str | None:
    text = _text(row, column, 32).casefold()
    if text and text not in known:
        raise Clash("programme.not_one_of", column=column, value=text, known=", ".join(known))
    return text or None


def _text(row: Row, column: str, most: int, *, needed: bool = False) -> str:
    text = row.get(column, "").strip()
    if needed and not text:
        raise Clash("programme.blank", column=column)
    if len(text) > most:
        raise Clash("programme.too_long", column=column, most=most)
    if not text.isprintable():
        raise Clash("programme.not_printable", column=column)
    return text


def _day(row: Row, column: str) -> date | None:
    text = _text(row, column, 32)
    if not text:
        return None
    made = read_day(text, YEARS, "/.-")
    if made is None:
        raise Clash("programme.not_a_day", column=column, value=text)
    return made
