"""The `thonban` command. Settings come from the environment (see .env.example); options on the command line win."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from server.areas_command import add_areas_commands
from server.audit_command import add_audit_commands
from server.bundle_command import add_bundle_commands
from server.config import Config, ConfigError
from server.diagnoses import DIAGNOSES
from server.domain.errors import DomainError
from server.export_command import add_export_commands
from server.forms_commands import add_forms_commands
from server.people_command import add_people_commands
from server.phones_command import add_phones_command
from server.programme_command import add_programme_commands
from server.rounds_command import add_rounds_commands
from server.rules_command import add_rules_commands
from server.run import Run, drain_until_told, load_demo
from server.sentences import SENTENCES
from server.services.backup import backup
from server.services.doctor import ERROR, OK, examine
from server.services.health import home_kind
from server.services.home import open_home
from server.services.prepare import REAL, prepare
from server.services.record import record_own
from server.services.restore import RestoreRefused, restore
from server.storage.migrate import upgrade
from server.storage.schema import head_revision, open_sessions
from server.storage.snapshots import SnapshotFailed
from server.web.launch import Certificate, serve

FAILED, USAGE = 1, 2
GROUPS: tuple[tuple[str, Callable[[Callable[..., argparse.ArgumentParser]], None], str], ...] = (
    ("areas", add_areas_commands, "units of the tree: load them, and show one as of a day"),
    ("audit", add_audit_commands, "who did what, and that nobody altered it since"),
    ("bundle", add_bundle_commands, "sheets of a phone without a link, in a file: check it, take it in"),
    ("export", add_export_commands, "answers as files for programs that analyse"),
    ("forms", add_forms_commands, "what a form says before it is published, and of what was sent"),
    ("people", add_people_commands, "administrators, passwords, roles, and what somebody may do where"),
    ("programme", add_programme_commands, "the programme register: who is in, who left, who remains on a day"),
    ("rounds", add_rounds_commands, "review rounds, and the holidays that their deadlines are counted by"),
    ("rules", add_rules_commands, "the law as data: list, check, judge by it, load, confirm what was read"),
)
"""Commands that have commands of their own."""
_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "error": "[red]✗[/]"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0 done, 1 not done, 2 it was asked wrongly."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    try:
        environment = _environment(options, os.environ)
        config = Config.from_env(environment)
        command: Callable[[Config, argparse.Namespace, Console], int] = options.command
        return command(config, options, console)
    except ConfigError as error:
        console.print(str(error), style="red", markup=False)
        return USAGE
    except DomainError as error:
        said = ", ".join(f"{name}: {value}" for name, value in error.params.items())
        say(console, "failed", error=f"{error.code} {said}".strip())
        return FAILED


def say(console: Console, sentence: str, **params: object) -> None:
    """Prints a sentence, Vietnamese first."""
    filled = SENTENCES[sentence].filled(params)
    console.print(filled.vi, markup=False)
    console.print(filled.en, style="dim", markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thonban", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(
        name: str, command: Callable[[Config, argparse.Namespace, Console], int], text: str, group: Any = commands
    ) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = group.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        made.add_argument("--home", metavar="DIR", help="data folder (THONBAN_HOME)")
        return made

    run = add("run", _run, "everything in one: tables, demo, web, worker; until SIGTERM or Ctrl-C")
    kind = run.add_mutually_exclusive_group()
    kind.add_argument(
        "--demo", dest="kind", action="store_const", const="demo", help="a new home gets demo data (default)"
    )
    kind.add_argument(
        "--empty", dest="kind", action="store_const", const="real", help="a new home stays empty, for real data"
    )
    for made in (run, add("serve", _serve, "the web only; migrate first, and run a worker beside it")):
        _add_listening(made)
    add("worker", _worker, "background work: drains the outbox; with THONBAN_BROKER_URL as a Celery worker")
    add("migrate", _migrate, "brings the tables to the revision this program needs")
    demo = add("demo", _demo, "sends what is missing of the demo to the running server of a demo home")
    demo.add_argument("--url", help="where the server answers (default: http://127.0.0.1:PORT)")
    add_phones_command(add)
    made = add("backup", _backup, "copies a home into one file while it works")
    made.add_argument("file", type=Path, help="the tar to write; .gz or .tgz: compressed")
    made = add("restore", _restore, "makes a new home from a backup")
    made.add_argument("file", type=Path, help="what `thonban backup` or a night wrote")
    add("doctor", _doctor, "looks the home over and says what to do")
    for name, add_group, text in GROUPS:
        group = commands.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="what")
        add_group(partial(add, group=group))
    add("version", _version, "prints the version")
    return parser


def _add_listening(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", help="address to listen on (THONBAN_HOST)")
    command.add_argument("--port", help="port to listen on (PORT)")
    command.add_argument("--workers", help="processes that answer (THONBAN_WORKERS)")
    command.add_argument("--threads", help="threads of each (THONBAN_THREADS)")
    command.add_argument("--tls-cert", type=Path, metavar="FILE", help="PEM chain, for TLS without a proxy")
    command.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM key that belongs to it")


def _environment(options: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    found = dict(environ)
    names = {"home": "THONBAN_HOME", "host": "THONBAN_HOST", "port": "PORT"}
    names |= {"workers": "THONBAN_WORKERS", "threads": "THONBAN_THREADS"}
    for option, variable in names.items():
        value = getattr(options, option, None)
        if value is not None:
            found[variable] = str(value)
    return found


def _certificate(options: argparse.Namespace) -> Certificate | None:
    chain, key = options.tls_cert, options.tls_key
    if chain is None and key is None:
        return None
    if chain is None or key is None or not (chain.is_file() and key.is_file()):
        sentence = SENTENCES["run.certificate"]
        raise ConfigError("TLS", sentence.vi, sentence.en)
    return Certificate(chain.absolute(), key.absolute())


def _run(config: Config, options: argparse.Namespace, console: Console) -> int:
    run = Run(config, lambda name, params: say(console, name, **params))
    return run.run(options.kind, _certificate(options))


def _serve(config: Config, options: argparse.Namespace, console: Console) -> int:
    del console
    return serve(config, _certificate(options))


def _worker(config: Config, options: argparse.Namespace, console: Console) -> int:
    del options
    if config.broker_url:
        program = Path(sys.executable).with_name("celery")
        if not program.is_file():
            say(console, "worker.extra")
            return USAGE
        celery = [str(program), "-A", "server.jobs.celery_app", "worker", "--beat", "--schedule"]
        os.execv(program, [*celery, str(config.home / "celery.beat"), "--loglevel", "WARNING"])  # noqa: S606
    return drain_until_told(config)


def _migrate(config: Config, options: argparse.Namespace, console: Console) -> int:
    """What `run` does before it serves, for those who start web and worker themselves: a new home is for real data."""
    del options
    home = open_home(config)
    before, after = upgrade(config.database_url)
    say(console, "migrate.done", before=before or "–", after=after)
    with open_sessions(config.database_url)() as session:
        kind = None if home_kind(session) else REAL
        prepared = prepare(session, home, kind, 0, datetime.now(UTC))
    say(console, "run.admin", email=prepared.admin_email)
    if prepared.password is not None:
        say(console, "run.password", password=prepared.password)
    return 0


def _demo(config: Config, options: argparse.Namespace, console: Console) -> int:
    url = options.url or config.base_url or f"http://127.0.0.1:{config.port}"
    return load_demo(config, url, lambda name, params: say(console, name, **params))


def _backup(config: Config, options: argparse.Namespace, console: Console) -> int:
    try:
        made = backup(open_home(config), options.file, datetime.now(UTC))
        _tell(config, made.revision, "backup.create", file=options.file.name)
    except SnapshotFailed as error:
        say(console, f"snapshot.{error.reason}", **error.params)
        return FAILED
    except OSError as error:
        say(console, "backup.failed", error=error)
        return FAILED
    say(console, "backup.done", file=options.file, blobs=len(made.blobs), bytes=options.file.stat().st_size)
    if made.secret is None:
        say(console, "backup.no_secret")
    if made.missing:
        say(console, "backup.missing", count=len(made.missing))
    return FAILED if made.missing else 0


def _restore(config: Config, options: argparse.Namespace, console: Console) -> int:
    try:
        done = restore(options.file, config)
    except RestoreRefused as error:
        say(console, f"restore.{error.reason}", **error.params)
        return FAILED
    except SnapshotFailed as error:
        say(console, f"snapshot.{error.reason}", **error.params)
        return FAILED
    except OSError as error:
        say(console, "restore.failed", error=error)
        return FAILED
    made = done.manifest
    _tell(config, made.revision, "backup.restore", file=options.file.name, made_at=made.made_at)
    say(console, "restore.done", home=config.home, made_at=done.manifest.made_at, blobs=done.blobs)
    if done.manifest.secret is None:
        say(console, "backup.no_secret")
    return 0


def _tell(config: Config, revision: str | None, action: str, **details: str) -> None:
    """A line of the audit about what was done from here, where the tables are those of this program."""
    if revision != head_revision():
        return
    sessions = open_sessions(config.database_url)
    with sessions() as session:
        record_own(session, action, datetime.now(UTC), **details)
    sessions.kw["bind"].dispose()


def _doctor(config: Config, options: argparse.Namespace, console: Console) -> int:
    del options
    worst = 0
    with open_sessions(config.database_url)() as session:
        for check in examine(session, open_home(config), datetime.now(UTC)):
            said = DIAGNOSES[check.name, check.state].filled(check.params)
            console.print(f"{_MARKS[check.state]} ", end="")
            console.print(said.vi, markup=False)
            console.print(f"  {said.en}", style="dim", markup=False)
            worst = max(worst, {OK: 0, ERROR: FAILED}.get(check.state, 0))
    return worst


def _version(config: Config, options: argparse.Namespace, console: Console) -> int:
    del config, options
    console.print(version("thonban"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
