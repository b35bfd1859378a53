"""The commands `thonban forms …`: for those who write forms, and for scripts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from forms.errors import FormsError
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import JudgeContext, judge
from server.config import Config

Command = Callable[[Config, argparse.Namespace, Console], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]


def add_forms_commands(add: Add) -> None:
    """Adds each command of the group; `add(name, command, text)` gives the parser for its options."""
    made = add("judge", _judge, "judges filled forms, one JSON job a line, and prints one JSON line for each")
    made.add_argument("--jobs", metavar="FILE", required=True, help="the jobs; - for standard input")


def _judge(config: Config, options: argparse.Namespace, console: Console) -> int:
    """One line out for each line in; a job that cannot be read says why, and the others go on."""
    del config, console
    with open(0 if options.jobs == "-" else options.jobs, encoding="utf-8", closefd=options.jobs != "-") as lines:
        for line in lines:
            if line.strip():
                sys.stdout.write(json.dumps(_judged(json.loads(line)), ensure_ascii=False) + "\n")
    return 0


def _judged(job: dict[str, str]) -> dict[str, object]:
    try:
        form = parse_form(_content(job, "form"), strict=False)
        instance = read_instance(_content(job, "instance"))
    except FormsError as error:
        return {"id": job.get("id"), "error": str(error)}
    found = judge(form, instance, JudgeContext(now=datetime.now(UTC)))
    findings = [{"rule": each.kind, "severity": each.severity, "ref": each.path} for each in found]
    return {"id": job.get("id"), "findings": findings}


def _content(job: dict[str, str], name: str) -> bytes:
    return job[f"{name}Xml"].encode() if f"{name}Xml" in job else Path(job[name]).read_bytes()
