"""`thonban programme …`: who remains on a day, and the register taken in from a table."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from server.config import Config
from server.domain.programme import COMMUNE, LEVELS, VILLAGE
from server.domain.roles import ALL
from server.rounds_parts import GOOD, WRONG, Add, Words, careful, complain, opened, say
from server.sentences import Sentence
from server.services.authenticate import day_of, system_caller
from server.services.enlist import find_programme, load_units, try_units, units_template
from server.services.remain import read_programme

WORDS: Words = {
    "remaining": Sentence(
        "{day}: còn {communes} xã, {villages} thôn.", "{day}: {communes} communes and {villages} villages remain."
    ),
    "synthetic": Sentence("Có dữ liệu mẫu (synthetic).", "Holds sample data (synthetic)."),
    "commune": Sentence(
        "Xã: {entered} vào − {exited} ra − {merged} nhập + {inherited} thay = {remaining}",
        "Communes: {entered} entered − {exited} left − {merged} merged + {inherited} inherited = {remaining}",
    ),
    "village": Sentence(
        "Thôn: {entered} vào − {exited} ra − {merged} nhập + {inherited} thay = {remaining}",
        "Villages: {entered} entered − {exited} left − {merged} merged + {inherited} inherited = {remaining}",
    ),
    "loaded": Sentence(
        "Đã ghi: {new} đơn vị mới, {changed} thay đổi, {unchanged} như cũ.",
        "Written: {new} new units, {changed} changed, {unchanged} as before.",
    ),
    "dry": Sentence(
        "Chạy thử, chưa ghi gì: {new} đơn vị mới, {changed} thay đổi, {unchanged} như cũ.",
        "A trial, nothing is written: {new} new units, {changed} changed, {unchanged} as before.",
    ),
    "refused": Sentence("Chưa ghi gì: {count} dòng phải sửa.", "Nothing was written: {count} rows have to be mended."),
    "template": Sentence("Đã ghi tệp mẫu {file}.", "The template is written to {file}."),
}


def add_programme_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for its options."""
    shown = add("show", careful(_show), "who remains on a day, and how that number comes about")
    shown.add_argument("--on", metavar="DATE", type=date.fromisoformat, help="the day, as 2019-06-30; today without it")
    _which(shown)
    loaded = add("load", careful(_load), "takes a table of units in, all of it or nothing")
    loaded.add_argument("file", metavar="FILE", nargs="?", type=Path, help=".csv, .xlsx, .xls or .ods")
    loaded.add_argument("--dry-run", action="store_true", help="only says what would change")
    loaded.add_argument("--template", metavar="FILE", type=Path, help="writes a file with the columns to fill in")
    _which(loaded)


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", metavar="N", type=int, default=1, help="the number of the project (1)")
    parser.add_argument("--programme", metavar="SLUG", help="which programme; the one that began last without it")


def _show(config: Config, options: argparse.Namespace, console: Console) -> int:
    with opened(config) as session:
        programme = find_programme(session, options.project, options.programme)
        on = options.on or day_of(datetime.now(UTC))
        state = read_programme(session, programme, on, ALL)
    counts = {"communes": state.count(COMMUNE), "villages": state.count(VILLAGE)}
    say(console, WORDS["remaining"], day=on.isoformat(), **counts)
    if state.synthetic:
        say(console, WORDS["synthetic"])
    for level in LEVELS:
        moved = state.movements[level]
        say(console, WORDS[level], **{name: getattr(moved, name) for name in _MOVED})
    for each in state.units:
        if each.inside:
            plan = str(each.plan.year) if each.plan else "–"
            console.print(f"  {each.code or '–'}  {each.name}  {plan}  {each.readiness}", markup=False)
    return GOOD


_MOVED = ("entered", "exited", "merged", "inherited", "remaining")


def _load(config: Config, options: argparse.Namespace, console: Console) -> int:
    if options.template is not None:
        options.template.write_bytes(units_template())
        say(console, WORDS["template"], file=options.template)
        return GOOD
    now, file = datetime.now(UTC), options.file or Path("-")
    table = (file.read_bytes(), file.suffix.lower())
    with opened(config) as session:
        caller = replace(system_caller(session, now), note="thonban programme load")
        programme = find_programme(session, options.project, options.programme)
        if options.dry_run:
            made = try_units(session, caller, programme, table, caller.on)
        else:
            made = load_units(session, caller, programme, table, now)
    if made.problems:
        complain(console, made.problems)
        say(console, WORDS["refused"], count=len(made.problems))
        return WRONG
    say(console, WORDS["dry" if options.dry_run else "loaded"], **made.count())
    return GOOD
