"""`thonban rounds holidays`: loads the days that no calendar knows by itself, and lists what is loaded."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from server.config import Config
from server.rounds_parts import GOOD, WRONG, Add, Words, careful, complain, opened, say
from server.sentences import Sentence
from server.services.authenticate import system_caller
from server.services.holidays import Loading, holidays_template, load_holidays
from server.storage.holidays import list_holidays

WORDS: Words = {
    "loaded": Sentence(
        "Đã nạp: {new} ngày mới, {changed} ngày thay đổi, {same} ngày như cũ.",
        "Loaded: {new} new days, {changed} changed, {same} as before.",
    ),
    "dry": Sentence(
        "Chạy thử, chưa ghi gì: {new} ngày mới, {changed} ngày thay đổi, {same} ngày như cũ.",
        "A trial, nothing is written: {new} new days, {changed} changed, {same} as before.",
    ),
    "refused": Sentence(
        "Chưa nạp gì: {count} dòng phải sửa.",
        "Nothing was loaded: {count} rows have to be mended.",
    ),
    "year": Sentence("{year}: {count} ngày", "{year}: {count} days"),
    "none": Sentence(
        "Chưa nạp lịch nghỉ của năm nào. Tết, Giỗ Tổ, ngày nghỉ thứ hai dịp 2/9 và ngày hoán đổi phải nạp từng năm.",
        "No year's holidays are loaded. Tết, the Hùng Kings' day, the second day of 2/9, swapped days: set yearly.",
    ),
    "template": Sentence("Đã ghi tệp mẫu {file}.", "The template is written to {file}."),
}


def add_holidays_command(add: Add) -> None:
    """Adds the command; `add(name, command, text)` gives the parser for its options."""
    made = add("holidays", careful(_holidays), "loads holidays that are set year by year; without a file: lists them")
    made.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help="columns day, name, works, source: .csv, .xlsx"
    )
    made.add_argument("--dry-run", action="store_true", help="only says what would change")
    made.add_argument("--template", metavar="FILE", type=Path, help="writes a file with the columns to fill in")


def _holidays(config: Config, options: argparse.Namespace, console: Console) -> int:
    if options.template is not None:
        options.template.write_bytes(holidays_template())
        say(console, WORDS["template"], file=options.template)
        return GOOD
    if options.file is None:
        return _list(config, console)
    now = datetime.now(UTC)
    table = (options.file.read_bytes(), options.file.suffix.lower())
    with opened(config) as session:
        caller = replace(system_caller(session, now), note="thonban rounds holidays")
        return _tell(console, load_holidays(session, caller, table, now, dry=options.dry_run), options.dry_run)


def _tell(console: Console, made: Loading, dry: bool) -> int:
    if made.problems:
        complain(console, made.problems)
        say(console, WORDS["refused"], count=len(made.problems))
        return WRONG
    counts = {"new": len(made.new), "changed": len(made.changed), "same": made.same}
    say(console, WORDS["dry" if dry else "loaded"], **counts)
    return GOOD


def _list(config: Config, console: Console) -> int:
    with opened(config) as session:
        days = list_holidays(session)
    if not days:
        say(console, WORDS["none"])
    for year, count in sorted(Counter(each.day.year for each in days).items()):
        say(console, WORDS["year"], year=year, count=count)
        for each in days:
            if each.day.year == year:
                mark = "+" if each.works else "–"
                console.print(f"  {mark} {each.day.isoformat()}  {each.name}  ({each.source})", markup=False)
    return GOOD
