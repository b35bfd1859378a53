"""`thonban forms judge --jobs FILE`: filled forms judged without a server, node by node."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console

from forms.definition import FormDefinition
from forms.errors import FAULTS, EvaluationError, FormsError, InstanceError
from forms.instance import read_instance
from forms.parse import parse_form
from forms.report import finding_as_json, report
from forms.tables import table_from_file
from forms.validate import JudgeContext, judge
from forms.xpath.values import Node
from server.config import Config
from server.sentences import SENTENCES

Add = Callable[..., argparse.ArgumentParser]
Job = Mapping[str, Any]

# Of the fields of a job, what would make another instance is refused, what asks for more than nodes is passed over.
REFUSED = ("doc", "ops")
PASSED_OVER = ("eval", "lang", "finalize", "submission", "choices", "trace")
KEPT_FORMS = 64
USAGE = 2
ZONE = "Asia/Ho_Chi_Minh"


class JobError(Exception):
    """A job that cannot be done; the text says why."""


def add_judge_command(add: Add) -> None:
    """Adds the command; `add(name, command, text)` gives the parser for its options."""
    made = add("judge", _judge, "judges filled forms, one JSON job a line, and prints one JSON line for each")
    made.add_argument("--jobs", metavar="FILE", required=True, help="the jobs; - for standard input")


def _judge(config: Config, options: argparse.Namespace, console: Console) -> int:
    """One line out for each line in; a job that cannot be read says why, and the others go on."""
    del config
    try:
        lines: BinaryIO = sys.stdin.buffer if options.jobs == "-" else Path(options.jobs).open("rb")  # noqa: SIM115
    except OSError as error:
        said = SENTENCES["forms.jobs_unreadable"].filled({"file": options.jobs, "error": error.strerror})
        console.print(said.vi, markup=False)
        console.print(said.en, style="dim", markup=False)
        return USAGE
    with lines:
        for done in judge_jobs(lines, datetime.now().astimezone()):
            try:
                sys.stdout.buffer.write(json.dumps(done, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
                sys.stdout.buffer.flush()
            except BrokenPipeError:  # whoever reads has enough; what Python still holds goes nowhere
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                break
    return 0


def judge_jobs(lines: Iterable[str | bytes], now: datetime) -> Iterator[dict[str, object]]:
    """What each job's submission says: `{id, nodes, findings}`; `{id, error}` of a job that cannot be read; and
    `{id, error, findings}` of a submission that a phone could not open: it is judged all the same.

    A job holds `form` or `formXml`, `instance` or `instanceXml`, and may hold `media` (a folder; else the form's),
    `now` (ISO 8601 with an offset; else the submission's own time, else the clock), `zone` (of the phone, an IANA name;
    else Việt Nam's) and `nodes` (false: findings alone).
    """
    for line in lines:
        if not line.strip():
            continue
        job: Job = {}
        try:
            job = _read(line)
            yield _judged(job, now)
        except (JobError, *FAULTS, FormsError) as error:
            yield {"id": job.get("id"), "error": str(error)}
        except OSError as error:
            yield {"id": job.get("id"), "error": f"{error.strerror}: {error.filename}"}


def _read(line: str | bytes) -> Job:
    try:
        job = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise JobError(f"not JSON: {error}") from None
    if not isinstance(job, dict):
        raise JobError("a job is an object {…}")
    return job


def _judged(job: Job, now: datetime) -> dict[str, object]:
    refused = [name for name in REFUSED if job.get(name)]
    if refused:
        raise JobError(f"not done here: {', '.join(refused)}; give an instance")
    form = _content(job, "form")
    tables = _tables(job, form)
    moment = (_moment(job) or now).astimezone(_zone(job))
    context = JudgeContext(now=moment, tables=tables, own_time=job.get("now") is None)
    definition = _form(form)
    done: dict[str, object] = {"id": job.get("id")}
    instance = read_instance(_content(job, "instance"))
    if job.get("nodes", True):
        try:
            done["nodes"] = [node.as_json() for node in report(definition, instance, context)]
        except (EvaluationError, InstanceError) as error:
            done["error"] = str(error)
    done["findings"] = [finding_as_json(each) for each in judge(definition, instance, context)]
    passed_over = [name for name in PASSED_OVER if job.get(name)]
    return done | {"passedOver": passed_over} if passed_over else done


def _content(job: Job, name: str) -> bytes:
    for key in (f"{name}Xml", name):
        said = job.get(key)
        if isinstance(said, str):
            return said.encode() if key != name else Path(said).read_bytes()
    raise JobError(f"no {name} and no {name}Xml")


def _moment(job: Job) -> datetime | None:
    said = job.get("now")
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        raise JobError(f"now: {said!r} is no moment") from None
    if moment.tzinfo is None:
        raise JobError(f"now: {said!r} has no offset")
    return moment


def _zone(job: Job) -> ZoneInfo:
    said = str(job.get("zone") or ZONE)
    try:
        return ZoneInfo(said)
    except (ZoneInfoNotFoundError, ValueError):
        raise JobError(f"zone: {said!r} is none") from None


@lru_cache(maxsize=KEPT_FORMS)
def _form(xml: bytes) -> FormDefinition:
    return parse_form(xml, strict=False)


def _tables(job: Job, form: bytes) -> dict[str, Node]:
    """The files beside the form that it names."""
    said = job.get("media") or (Path(str(job["form"])).parent if "form" in job and "formXml" not in job else None)
    if said is None:
        return {}
    folder = Path(str(said))
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stem.encode() in form:
            table = _table(path, path.stat().st_mtime_ns)
            if table is not None:
                found[path.name] = table
    return found


@lru_cache(maxsize=KEPT_FORMS)
def _table(path: Path, changed: int) -> Node | None:
    del changed  # part of the key alone
    return table_from_file(path.name, path.read_bytes())
