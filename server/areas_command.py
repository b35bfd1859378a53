"""`thonban areas …`: loads areas from files and packages, shows one as of a day, writes the template."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy.orm import Session

from server.area_print import print_report
from server.area_words import PROBLEMS, WORDS
from server.catalogues import read_catalogue
from server.config import Config
from server.domain.area_files import header_problems, is_of_facts, read_areas, read_facts
from server.domain.area_plan import Effect, Plan
from server.domain.area_records import AreaRecord, FactRecord, RowProblem
from server.domain.areas import STATUSES
from server.domain.errors import DomainError
from server.services.area_facts import FactPlan, import_facts
from server.services.area_lookup import look_up
from server.services.area_reach import compare_reach, rebuild_reach
from server.services.area_report import report_body
from server.services.area_shapes import Drawing, import_shapes
from server.services.area_sources import SOURCES, read_source
from server.services.area_tables import make_template, read_table
from server.services.areas import Wish, import_areas
from server.storage.areas import list_area_ids
from server.storage.schema import open_sessions
from server.web.errors import fill

Add = Callable[..., argparse.ArgumentParser]
Command = Callable[[Config, argparse.Namespace, Console], int]

GOOD, WRONG, USAGE = 0, 1, 2
SHOWN = 40
"""Lines of a list that are printed; the rest is counted."""
COUNTED = ("new", "changed", "ended", "unchanged", "differs")
TOLD = ("new", "changed", "ended", "differs")


def add_areas_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for its options."""
    made = add("import", _careful(_import), "loads areas or decided facts; all of a file or nothing")
    made.add_argument("file", metavar="FILE", nargs="?", type=Path, help=".csv, .xlsx, .xls or .ods: see docs/areas.md")
    for name in SOURCES:
        made.add_argument(f"--{name}", dest="country", action="store_const", const=name, help="a whole country instead")
    made.add_argument("--status", choices=STATUSES, default="unverified", metavar="WORD", help="where a row says none")
    _add_loading(made)
    made = add("boundaries", _careful(_boundaries), "loads boundaries and points from GeoJSON")
    made.add_argument("file", metavar="FILE", type=Path, help="a FeatureCollection in WGS 84")
    made.add_argument("--tolerance", type=float, default=20.0, metavar="M", help="simplified by so many metres (20)")
    _add_loading(made)
    made = add("show", _careful(_show), "one area as of a day: above, below, what it came from, what became of it")
    made.add_argument("code", metavar="CODE", help="a code as of the day, or an own id")
    made.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day (today)")
    made.add_argument("--json", action="store_true", help="for scripts")
    made.add_argument("--lang", choices=("vi", "en"), default="vi", help="the language of labels")
    made = add("template", _careful(_template), "writes a file with the columns to fill in")
    made.add_argument("file", metavar="FILE", type=Path, help="a .csv or .xlsx to write")
    made = add("reach", _careful(_reach), "looks whether what lies in what agrees with the areas")
    made.add_argument("--rebuild", action="store_true", help="works it out anew")


def _add_loading(made: argparse.ArgumentParser) -> None:
    made.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day codes are read as of (today)")
    made.add_argument("--source", help="where it is from, where a row does not say (the file's name)")
    made.add_argument("--dry-run", action="store_true", help="only says what would change")


def _careful(command: Command) -> Command:
    """Says what cannot be read, in a sentence."""

    def run(config: Config, options: argparse.Namespace, console: Console) -> int:
        try:
            return command(config, options, console)
        except DomainError as error:
            told = [read_catalogue("errors", language).gettext(error.code) for language in ("vi", "en")]
            console.print(fill(told[0], error.params), markup=False)
            console.print(fill(told[1], error.params), style="dim", markup=False)
            return WRONG
        except OSError as error:
            _say(console, "unreadable", file=getattr(options, "file", "–"), error=error.strerror or error)
            return USAGE

    return run


def _import(config: Config, options: argparse.Namespace, console: Console) -> int:
    if (options.file is None) == (options.country is None):
        _say(console, "what")
        return USAGE
    now = datetime.now(UTC)
    on = options.on or now.date()
    if options.country is not None:
        records: Sequence[AreaRecord] = read_source(options.country)
        with _opened(config) as session:
            return _tell(console, import_areas(session, Wish(records, on, True, options.dry_run), now), options.dry_run)
    table = read_table(options.file.read_bytes(), options.file.suffix.lower())
    problems = header_problems(table.columns)
    if problems:
        return _refuse(console, problems)
    facts: Sequence[FactRecord] = ()
    source = options.source or options.file.name
    if is_of_facts(table.columns):
        facts, problems = read_facts(table.rows, options.status, source)
    else:
        records, problems = read_areas(table.rows, options.status, source)
    if problems:
        return _refuse(console, problems)
    with _opened(config) as session:
        if is_of_facts(table.columns):
            return _tell(console, import_facts(session, facts, on, now, dry=options.dry_run), options.dry_run)
        return _tell(console, import_areas(session, Wish(records, on, dry=options.dry_run), now), options.dry_run)


def _tell(console: Console, plan: Plan | FactPlan, dry: bool) -> int:
    if plan.refused:
        return _refuse(console, [each for each in plan.problems if each.grave])
    if dry:
        _list_effects(console, [each for each in plan.effects if each.what in TOLD])
    _say(console, "dry" if dry else "loaded")
    _say(console, "counts", **(dict.fromkeys(COUNTED, 0) | plan.count()))
    if isinstance(plan, Plan) and plan.changes:
        _say(console, "changes", count=len(plan.changes))
    if plan.problems:
        _say(console, "told", count=len(plan.problems))
        _list_problems(console, plan.problems)
    return GOOD


def _refuse(console: Console, problems: Sequence[RowProblem], head: str = "row") -> int:
    _list_problems(console, problems, head)
    _say(console, "refused", count=len(problems))
    return WRONG


def _list_problems(console: Console, problems: Sequence[RowProblem], head: str = "row") -> None:
    for problem in problems[:SHOWN]:
        said = PROBLEMS[problem.code].filled(problem.params)
        if problem.row:
            heads = WORDS[head]
            console.print(heads.vi.format(row=problem.row, told=said.vi), markup=False)
            console.print(heads.en.format(row=problem.row, told=said.en), style="dim", markup=False)
        else:
            console.print(said.vi, markup=False)
            console.print(said.en, style="dim", markup=False)
    if len(problems) > SHOWN:
        _say(console, "more", count=len(problems) - SHOWN)


def _list_effects(console: Console, effects: Sequence[Effect]) -> None:
    for effect in effects[:SHOWN]:
        word = WORDS[effect.what]
        line = f"{effect.row or '':>6}  {word.vi} · {word.en}  {effect.code or '–'}  {effect.name}"
        console.print(line, markup=False)
    if len(effects) > SHOWN:
        _say(console, "more", count=len(effects) - SHOWN)


def _boundaries(config: Config, options: argparse.Namespace, console: Console) -> int:
    on = options.on or datetime.now(UTC).date()
    source = options.source or options.file.name
    drawing = Drawing(options.file.read_bytes(), source, on, max(0.0, options.tolerance), options.dry_run)
    with _opened(config) as session:
        plan = import_shapes(session, drawing, datetime.now(UTC))
    if plan.refused:
        return _refuse(console, plan.problems, "feature")
    before, after = plan.corners
    _say(console, "dry" if options.dry_run else "loaded")
    counts = {"boundaries": plan.count("boundary"), "points": plan.count("point"), "before": before, "after": after}
    _say(console, "boundaries", **counts, metres=f"{drawing.tolerance:g}")
    return GOOD


def _show(config: Config, options: argparse.Namespace, console: Console) -> int:
    with _opened(config) as session:
        body = report_body(look_up(session, options.code, options.on or datetime.now(UTC).date()))
    if options.json:
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
    else:
        print_report(console, body, options.lang)
    return GOOD


def _template(config: Config, options: argparse.Namespace, console: Console) -> int:
    del config
    options.file.write_bytes(make_template(options.file.suffix.lower()))
    _say(console, "template", file=options.file)
    return GOOD


def _reach(config: Config, options: argparse.Namespace, console: Console) -> int:
    with _opened(config) as session:
        wrong = compare_reach(session)
        if not wrong:
            _say(console, "reach.good", count=_count(session))
            return GOOD
        if not options.rebuild:
            _say(console, "reach.bad", count=wrong)
            return WRONG
        rebuild_reach(session)
        _say(console, "reach.mended", count=wrong)
    return GOOD


@contextmanager
def _opened(config: Config) -> Iterator[Session]:
    sessions = open_sessions(config.database_url)
    try:
        with sessions() as session:
            yield session
    finally:
        sessions.kw["bind"].dispose()


def _count(session: Session) -> int:
    return len(list_area_ids(session))


def _say(console: Console, word: str, **params: object) -> None:
    filled = WORDS[word].filled(params)
    console.print(filled.vi, markup=False)
    console.print(filled.en, style="dim", markup=False)
