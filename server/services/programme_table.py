"""The units of a programme as a table that people take away: with what the figures are, on which day, known by what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from server.domain.programme import LEVELS
from server.exports.sheets import COUNT, DAY, About, Column, Said, Sheet, Value, Word
from server.services.authenticate import VIETNAM
from server.services.remain import ProgrammeState, UnitStanding

COLUMNS = (
    *(("level", "level", None), ("code", "code", None), ("name", "unit", None), ("commune", "commune", None)),
    *(("state", "state", None), ("entered_on", "entered_on", DAY), ("came", "came", None), ("basis", "basis", None)),
    *(("entry_number", "number", None), ("entry_date", "decided", DAY), ("entry_authority", "authority", None)),
    *(("funding", "funding", None), ("plan_year", "plan", COUNT), ("plan_number", "plan_number", None)),
    *(("exited_on", "exited_on", DAY), ("exit", "exit", None), ("exit_number", "exit_number", None)),
    *(("exit_date", "exit_date", DAY), ("exit_authority", "exit_authority", None), ("readiness", "readiness", None)),
    *(("round", "round", None), ("status", "known", None), ("source", "field.source", None)),
)
"""Name, message id below `desk.programme.`, kind."""


def make_programme_table(
    state: ProgrammeState, names: tuple[str, str], above: Mapping[str, str], now: datetime
) -> tuple[tuple[Sheet, ...], About]:
    """A sheet of the units and one of how the number comes about, and what stands beside. `names`: of the project, and
    of the part that is seen; `above`: names of communes by own id."""
    columns = [
        Column(name, _word(word)) if kind is None else Column(name, _word(word), kind) for name, word, kind in COLUMNS
    ]
    rows = (_row(each, above) for each in state.units)
    return (Sheet("units", _word("sheet_units"), columns, rows), _movement(state)), _about(state, names, now)


def _row(each: UnitStanding, above: Mapping[str, str]) -> Sequence[Value]:
    held, unit = each.membership, each.unit
    own = unit if unit is not None and held.came == "entered" else None
    left = unit if unit is not None and unit.exited_on is not None and unit.exited_on == held.until else None
    entry, out = own.entry if own else None, left.exit if left else None
    return (
        _word(f"level.{held.level}"),
        each.code,
        each.name,
        above.get(each.above or ""),
        _word("show.remaining" if each.inside else "show.left"),
        held.since,
        _word(f"came.{held.came}"),
        _word(f"basis.{own.basis}") if own and own.basis else None,
        *((entry.number, entry.day, entry.authority) if entry else (None, None, None)),
        unit.funding if unit else None,
        each.plan.year if each.plan else None,
        each.plan.decision.number if each.plan else None,
        None if each.inside else held.until,
        None if each.inside else _word(f"ended.{held.ended}"),
        *((out.number, out.day, out.authority) if out and not each.inside else (None, None, None)),
        _word(f"ready.{each.readiness}") if each.readiness else None,
        each.round,
        Word(unit.status, f"desk.status.{unit.status}") if unit else None,
        unit.source if unit else None,
    )


def _movement(state: ProgrammeState) -> Sheet:
    names = ("entered", "exited", "merged", "inherited", "remaining")
    columns = [Column("level", _word("level")), *(Column(name, _word(f"moved.{name}"), COUNT) for name in names)]

    def rows() -> Iterator[Sequence[Value]]:
        for level in LEVELS:
            moved = state.movements[level]
            yield _word(f"level.{level}"), moved.entered, moved.exited, moved.merged, moved.inherited, moved.remaining

    return Sheet("movement", _word("how"), columns, rows())


def _about(state: ProgrammeState, names: tuple[str, str], now: datetime) -> About:
    programme = state.programme
    title = Word(programme.slug, {"vi": programme.name_vi, "en": programme.name_en})
    lines: list[tuple[Said, Value]] = [
        (_word("about.project"), names[0]),
        (_word("about.place"), names[1]),
        (_word("about.programme"), title),
        (_word("field.law"), programme.law),
        (_word("on"), state.on),
        (_word("known"), Word(programme.status, f"desk.status.{programme.status}")),
        (_word("field.source"), programme.source),
        (_word("about.remaining"), _word("defined")),
        (_word("about.synthetic"), _word(f"about.synthetic_{'yes' if state.synthetic else 'no'}")),
        (_word("about.made"), now.astimezone(VIETNAM).date()),
    ]
    return About(title, lines, [_word("about.synthetic_yes")] if state.synthetic else ())


def _word(name: str) -> Word:
    return Word(name.rpartition(".")[2], f"desk.programme.{name}")
