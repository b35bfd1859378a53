"""`thonban rules …`: the law as this office has it. Lists, shows and checks rule sets, judges facts by them, loads one,
and notes that somebody read the text of a clause."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy.orm import Session

from server.catalogues import read_catalogue
from server.config import Config
from server.criteria.load import load_rule_sets
from server.criteria.report import rule_set_json
from server.criteria.ruleset import RuleSet, RuleSetError, in_force
from server.domain.errors import DomainError
from server.judge_rules import judge_lines
from server.rule_words import WORDS
from server.services.authenticate import Attempt, caller_by_password, system_caller
from server.services.home import open_home
from server.services.rule_book import PERSONS_NEEDED, confirmed_clauses, rule_book, shipped_rules
from server.services.rules import Reading, Scan, confirm, decode_rules, get_rule_set, load_rules
from server.storage.rule_sets import list_confirmations
from server.storage.schema import is_ready, open_sessions
from server.web.errors import fill

Add = Callable[..., argparse.ArgumentParser]
Command = Callable[[Config, argparse.Namespace, Console], int]
GOOD, WRONG, USAGE = 0, 1, 2
KINDS = ("village", "commune", "household")


def add_rules_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for its options."""
    made = add("list", _careful(_list), "the rule sets, with the dates between which they are in force")
    made.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="only those in force on this day")
    made.add_argument("--json", action="store_true", help="for scripts: see docs/criteria.md")
    made = add("show", _careful(_show), "one rule set: facts with units, clauses with status and citation")
    made.add_argument("ruleset", metavar="RULESET", help="an id, see `thonban rules list`; or a file")
    made.add_argument("--json", action="store_true", help="for scripts: see docs/criteria.md")
    made.add_argument("--lang", choices=("vi", "en"), default="vi", help="the language of titles")
    made = add("check", _careful(_check), "whether files can be used as rule sets; every complaint with its remedy")
    made.add_argument("files", metavar="FILE", nargs="+", type=Path)
    made = add("judge", _careful(_judge), "judges facts, one JSON object a line, and prints one JSON line for each")
    made.add_argument("--ruleset", required=True, metavar="RULESET", help="an id, or a file")
    made.add_argument("--facts", required=True, metavar="FILE", help="the facts; - for standard input")
    made = add("load", _careful(_load), "takes a rule set in, in place of the one of its id")
    made.add_argument("file", metavar="FILE", type=Path)
    made = add("confirm", _careful(_confirm), "notes that a person read the text of a clause; two persons are needed")
    made.add_argument("ruleset", metavar="RULESET")
    made.add_argument("clause", metavar="CLAUSE")
    made.add_argument(
        "--as", dest="email", required=True, metavar="EMAIL", help="who read it; asked for their password"
    )
    made.add_argument("--source", required=True, metavar="TEXT", help="where it was read: gazette, page, day")
    made.add_argument("--quote", metavar="TEXT", help="the words of the law")
    made.add_argument("--scan", type=Path, metavar="FILE", help="a PDF, PNG or JPEG of the text")


def _careful(command: Command) -> Command:
    """Says in a sentence what cannot be done."""

    def run(config: Config, options: argparse.Namespace, console: Console) -> int:
        try:
            return command(config, options, console)
        except RuleSetError as error:
            complain(console, error)
            return WRONG
        except DomainError as error:
            for language, style in (("vi", "red"), ("en", "dim")):
                text = read_catalogue("errors", language).gettext(error.code)
                console.print(fill(text, error.params), style=style, markup=False)
            return WRONG
        except OSError as error:
            _say(console, "no_text", file=error.filename, error=error.strerror)
            return USAGE

    return run


def complain(console: Console, error: RuleSetError) -> None:
    """Every complaint about a file: the file, the place in it, what is wrong, what may stand there."""
    for each in error.all:
        console.print(f"{each.file}: {each.key or '(file)'}", style="bold", markup=False)
        for language, style in (("vi", None), ("en", "dim")):
            text = read_catalogue("errors", language).gettext(each.code)
            console.print(f"  {fill(text, each.params)}", style=style, markup=False)


def _list(config: Config, options: argparse.Namespace, console: Console) -> int:
    rule_sets, loaded = _law(config)
    shown = list(rule_sets.values())
    if options.on:
        shown = [each for kind in KINDS for each in in_force(rule_sets, kind, options.on)]
    if options.json:
        print(json.dumps([_head(each, loaded) for each in shown], ensure_ascii=False, indent=2))
        return GOOD
    if not is_ready(config.database_url):
        _say(console, "shipped")
    for each in shown:
        until = each.in_force_to.isoformat() if each.in_force_to else "…"
        console.print(
            f"{each.id:<28} {each.in_force_from} – {until:<10}  {each.unit_kind}, {each.purpose}", markup=False
        )
        console.print(f"  {each.law}: {each.title['vi']}", style="dim", markup=False)
        if not each.roots:
            _say(console, "not_loaded")
    return GOOD


def _head(rule_set: RuleSet, loaded: frozenset[str]) -> dict[str, Any]:
    return rule_set_json(rule_set) | {"origin": "office" if rule_set.id in loaded else "shipped"}


def _show(config: Config, options: argparse.Namespace, console: Console) -> int:
    rule_set = _named(config, options.ruleset, console)
    if rule_set is None:
        return WRONG
    whole = rule_set_json(rule_set, whole=True)
    if options.json:
        print(json.dumps(whole, ensure_ascii=False, indent=2))
        return GOOD
    lang = options.lang
    console.print(f"{rule_set.law} – {rule_set.title[lang]}", style="bold", markup=False)
    for one in whole["classes"]:
        console.print(f"  {one['id']}: {one['title'][lang]}", markup=False)
    depth: dict[str | None, int] = {None: -1}
    for clause in whole["clauses"]:
        depth[clause["id"]] = depth[clause["parent"]] + 1
        asks = clause["asks"].get("text", "")
        line = f"{'  ' * depth[clause['id']]}{clause['id']}  {clause['title'][lang]}  {asks}"
        console.print(line, f"[{clause['article']}; {clause['status']}; {clause['source']}]", markup=False)
    for name, fact in whole["facts"].items():
        console.print(
            f"{name}: {fact['type']} {fact['unit'] or ''} – {fact['labels'][lang]}", style="dim", markup=False
        )
    return GOOD


def _check(config: Config, options: argparse.Namespace, console: Console) -> int:
    del config
    worst = GOOD
    for path in options.files:
        try:
            rule_set = _read(path)
        except RuleSetError as error:
            complain(console, error)
            _say(console, "bad", file=path, count=len(error.all))
            worst = WRONG
            continue
        counts = {"clauses": len(rule_set.clauses), "examples": len(rule_set.examples)}
        _say(console, "good", file=path, id=rule_set.id, **counts)
    return worst


def _judge(config: Config, options: argparse.Namespace, console: Console) -> int:
    """One line out for each line in; a line that cannot be read says why, and the others go on."""
    rule_set = _named(config, options.ruleset, console)
    if rule_set is None:
        return WRONG
    lines = sys.stdin.buffer if options.facts == "-" else Path(options.facts).open("rb")  # noqa: SIM115
    wrong = 0
    with lines:
        for told in judge_lines(rule_set, lines):
            wrong += "error" in told
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    if wrong:
        error = Console(stderr=True, soft_wrap=True, highlight=False)
        _say(error, "bad_lines", count=wrong)
    return WRONG if wrong else GOOD


def _load(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    text = decode_rules(options.file.read_bytes())
    if not is_ready(config.database_url):
        _say(console, "no_database")
        return USAGE
    with _opened(config) as session:
        caller = replace(system_caller(session, now), note="thonban rules")
        rule_set = load_rules(session, caller, text, now)
    _say(console, "loaded", id=rule_set.id, sha256=rule_set.sha256[:12])
    return GOOD


def _confirm(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    scan = Scan(options.scan.name, options.scan.read_bytes()) if options.scan else None
    reading = Reading(options.ruleset, options.clause, options.source, options.quote, scan)
    if not is_ready(config.database_url):
        _say(console, "no_database")
        return USAGE
    home = open_home(config)
    with _opened(config) as session:
        attempt = Attempt(options.email, _password(console, options.email))
        caller = replace(caller_by_password(session, home, attempt, now), note="thonban rules")
        confirm(session, home, caller, reading, now)
        rule_set = get_rule_set(session, options.ruleset)
        all_of_it = list_confirmations(session, options.ruleset)
        count = len({each.actor_id for each in all_of_it if each.clause_id == options.clause})
        told = {"name": caller.name, "clause": options.clause, "rule_set": rule_set.id}
        _say(console, "confirmed", count=min(count, PERSONS_NEEDED), needed=PERSONS_NEEDED, **told)
        if options.clause in confirmed_clauses(rule_set, all_of_it):
            before = rule_set.clauses[options.clause].status_before
            _say(console, "verified", clause=options.clause, before=before)
    return GOOD


def _password(console: Console, email: str) -> str:
    """Typed where nobody sees it; read from standard input where that is no keyboard."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    _say(console, "who", email=email)
    return getpass.getpass("")


def _named(config: Config, name: str, console: Console) -> RuleSet | None:
    """A rule set by its id, or from a file."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return _read(path)
    found = _law(config)[0].get(name)
    if found is None:
        _say(console, "no_rule_set", id=name)
    return found


def _read(path: Path) -> RuleSet:
    return next(reversed(load_rule_sets([path]).values()))


def _law(config: Config) -> tuple[Mapping[str, RuleSet], frozenset[str]]:
    """The rule sets of this home, and which of them the office loaded; those shipped where there is no home yet."""
    if not is_ready(config.database_url):
        return shipped_rules(), frozenset()
    with _opened(config) as session:
        book = rule_book(session)
        return book.rule_sets, book.loaded


@contextmanager
def _opened(config: Config) -> Iterator[Session]:
    sessions = open_sessions(config.database_url)
    try:
        with sessions() as session:
            yield session
    finally:
        sessions.kw["bind"].dispose()


def _say(console: Console, word: str, **params: object) -> None:
    said = WORDS[word].filled(params)
    console.print(said.vi, markup=False)
    console.print(said.en, style="dim", markup=False)
