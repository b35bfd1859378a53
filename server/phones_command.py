"""`thonban phones`: a crowd of simulated phones against the running server of a demo home."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from server.config import Config
from server.sentences import SENTENCES
from server.services.authenticate import system_caller
from server.services.fleet import Plan, Tally, compare, drop_keys, make_keys, run_fleet
from server.services.health import is_demo
from server.services.home import Home, open_home
from server.storage.schema import open_sessions
from sync.line import BreakingLine
from sync.line import Tally as LineTally

Command = Callable[[Config, argparse.Namespace, Console], int]
FAILED, USAGE = 1, 2
ROWS = ("phones", "made", "sent", "whole", "lost", "twice", "refused", "unsent", "failures")


def add_phones_command(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Adds the command; `add(name, command, text)` gives the parser for its options."""
    parser = add("phones", send_as_phones, "a crowd of simulated phones against the running server of a demo home")
    parser.add_argument("--count", type=int, default=200, help="how many phones (200)")
    parser.add_argument("--forms", nargs="+", default=[], metavar="FORM", help="which forms they fill (all published)")
    parser.add_argument("--seconds", type=float, default=60, help="for how long they fill and send (60)")
    parser.add_argument("--pause", type=float, default=4, help="seconds between two sheets of one phone (4)")
    parser.add_argument(
        "--cut", type=float, default=0, metavar="PERCENT", help="of the connections, how many break (0)"
    )
    parser.add_argument("--url", help="where the server answers (default: http://127.0.0.1:PORT)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other answers (0)")


def send_as_phones(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Runs the crowd and prints what became of it; 1 when the server lost something, kept it twice or refused it."""
    plan = Plan(options.count, options.seconds, options.pause, seed=options.seed)
    home, url = open_home(config), options.url or f"http://127.0.0.1:{config.port}"
    sessions = open_sessions(home.config.database_url)
    with sessions() as session:
        if not is_demo(session):
            _say(console, "phones.not_demo", home=config.home)
            return USAGE
        try:
            tally, line = _run(session, home, (plan, url, options), console)
        except LookupError as error:
            _say(console, "phones.no_form", forms=str(error) or "-")
            return USAGE
    sessions.kw["bind"].dispose()
    _show(console, tally, line)
    return 0 if tally.good else FAILED


def _run(
    session: Session, home: Home, wanted: tuple[Plan, str, argparse.Namespace], console: Console
) -> tuple[Tally, LineTally]:
    plan, url, options = wanted
    caller = system_caller(session, datetime.now(UTC))
    keys = make_keys(session, home, caller, plan, options.forms)
    there = urlsplit(url)
    chance = random.Random(plan.seed)  # noqa: S311 - where lines break in a trial, no secret
    port = there.port or (443 if there.scheme == "https" else 80)
    try:
        with (
            BreakingLine(there.hostname or "127.0.0.1", port, options.cut / 100, chance.random) as line,
            tempfile.TemporaryDirectory(prefix="thonban-phones-") as folder,
            console.status("…") as status,
        ):

            def tell(seconds: float, sent: int, failures: int) -> None:
                status.update(f"{seconds:.0f} s · {sent} ✓ · {failures} ✗")
                if not sys.stdout.isatty() and int(seconds * 2) % 20 == 0:
                    console.print(f"{seconds:.0f} s · {sent} ✓ · {failures} ✗", style="dim")

            begin = line.url if there.scheme == "http" and options.cut else url
            urls = [f"{begin}/v1/key/{key}/projects/1" for _, key in keys]
            tally, sent = run_fleet(urls, plan, Path(folder), tell)
    finally:
        drop_keys(session, caller, keys)
    return compare(session, tally, sent, home.blobs.has), line.tally


def _show(console: Console, tally: Tally, line: LineTally) -> None:
    table = Table(show_header=False)
    for name in ROWS:
        value = getattr(tally, name)
        sentence = SENTENCES[f"phones.{name}"]
        table.add_row(sentence.vi, sentence.en, str(value if isinstance(value, int) else len(value)))
    cut = SENTENCES["phones.cut"]
    table.add_row(cut.vi, cut.en, f"{line.cut} / {line.carried}")
    console.print(table)
    for name in ("lost", "twice"):
        for instance_id in getattr(tally, name):
            console.print(f"{name}: {instance_id}", markup=False)
    _say(console, "phones.good" if tally.good else "phones.bad")


def _say(console: Console, sentence: str, **params: object) -> None:
    filled = SENTENCES[sentence].filled(params)
    console.print(filled.vi, markup=False)
    console.print(filled.en, style="dim", markup=False)
