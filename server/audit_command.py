"""`thonban audit`: seals the audit, and looks whether the seals hold."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

from rich.console import Console

from server.config import Config
from server.sentences import SENTENCES
from server.services.home import open_home
from server.services.seal import list_noted, seal
from server.services.verify_audit import Fault, Walk
from server.storage.schema import open_sessions
from server.web.launch import configure_logs

Command = Callable[[Config, argparse.Namespace, Console], int]
FAILED = 1
MOST_IN_JSON = 1000
"""Faults that are written out in the JSON; the rest is counted."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def add_audit_commands(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for options."""
    add("seal", seal_audit, "seals the lines of the audit that lie under no seal yet")
    verify = add("verify", verify_audit, "looks whether a line of the audit was altered, removed or added")
    verify.add_argument("--json", action="store_true", help="the result as JSON")
    verify.add_argument(
        "--expect", type=_hash, metavar="HASH", help="the SHA-256 of a seal that you noted; it must be in the chain"
    )


def seal_audit(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Seals what is not; 0."""
    del options
    configure_logs(config.log_level)
    home = open_home(config)
    sessions = open_sessions(home.config.database_url)
    with sessions() as session:
        seals, lines = seal(session, home, datetime.now(UTC))
    sessions.kw["bind"].dispose()
    _say(console, "audit.sealed", seals=seals, lines=lines)
    return 0


def verify_audit(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Walks the chain and tells each fault; 1 when there is one."""
    home = open_home(config)
    sessions = open_sessions(home.config.database_url)
    with sessions() as session:
        walk = Walk(session, list_noted(home), options.expect)
        code = _as_json(walk) if options.json else _as_text(walk, console)
    sessions.kw["bind"].dispose()
    return code


def _as_text(walk: Walk, console: Console) -> int:
    found = 0
    for fault in walk.faults():
        found += 1
        params = {name: "–" if value is None else value for name, value in asdict(fault).items()}
        _say(console, f"audit.{fault.kind}", **params)
    told = {"lines": walk.lines, "seals": walk.seals, "head": walk.head, "unsealed": walk.unsealed, "faults": found}
    _say(console, "audit.bad" if found else "audit.good", **told)
    return FAILED if found else 0


def _as_json(walk: Walk) -> int:
    faults = walk.faults()
    shown = [asdict(fault) for fault in islice(faults, MOST_IN_JSON)]
    kinds = Counter(fault["kind"] for fault in shown)
    kinds.update(_kinds(faults))
    found = sum(kinds.values())
    told = {
        "good": not found,
        "seals": walk.seals,
        "lines": walk.lines,
        "unsealed": walk.unsealed,
        "head": walk.head,
        "count": dict(sorted(kinds.items())),
        "faults": shown,
    }
    print(json.dumps(told, indent=2))
    return FAILED if found else 0


def _kinds(faults: Iterator[Fault]) -> Iterator[str]:
    for fault in faults:
        yield fault.kind


def _hash(text: str) -> str:
    found = text.strip().lower()
    if not _SHA256.fullmatch(found):
        raise argparse.ArgumentTypeError("64 hex digits")
    return found


def _say(console: Console, sentence: str, **params: object) -> None:
    filled = SENTENCES[sentence].filled(params)
    console.print(filled.vi, markup=False)
    console.print(filled.en, style="dim", markup=False)
