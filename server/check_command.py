"""`thonban forms check FILE …`: what will go wrong with a form, before it is published."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from forms.errors import ConversionError, DefinitionError, Problem
from forms.lint import examine_source
from forms.places import problems_of
from server.catalogues import read_catalogue
from server.config import Config
from server.sentences import SENTENCES, Sentence
from server.services.publish import KINDS
from server.web.errors import fill
from server.web.problems import problem_body

Add = Callable[..., argparse.ArgumentParser]

GOOD, WRONG, USAGE = 0, 1, 2
LANGUAGES = ("vi", "en")
MARKS = {"error": "✗", "warning": "!", "advice": "·"}


def add_check_command(add: Add) -> None:
    """Adds the command; `add(name, command, text)` gives the parser for its options."""
    made = add("check", _check, "says what will fail, differ or never be asked; 0: may be published, 1: errors")
    made.add_argument("files", metavar="FILE", nargs="+", type=Path, help=".xlsx, .xls, .csv, .md or an XForm's .xml")
    made.add_argument("--json", action="store_true", help="one JSON line for each file")


def _check(config: Config, options: argparse.Namespace, console: Console) -> int:
    """0: nothing but warnings and advice; 1: errors; 2: a file that cannot be read."""
    del config
    worst = GOOD
    for file in options.files:
        kind = file.suffix.lower().removeprefix(".")
        try:
            content = file.read_bytes() if kind in (*KINDS, "xml") else None
        except OSError as error:
            _print(console, SENTENCES["check.unreadable"].filled({"file": file, "error": error.strerror}))
            worst = USAGE
            continue
        if content is None:
            _print(console, SENTENCES["check.kind"].filled({"file": file}))
            worst = USAGE
            continue
        problems = problems_in(content, kind, file.stem)
        if options.json:
            sys.stdout.write(json.dumps(as_json(file, problems), ensure_ascii=False) + "\n")
        else:
            _show(console, file, problems)
        worst = max(worst, WRONG if any(each.weight == "error" for each in problems) else GOOD)
    return worst


def problems_in(content: bytes, kind: str, name: str) -> tuple[Problem, ...]:
    """All that is to be said of a form; what is no form at all is one error."""
    try:
        return examine_source(content, "xml" if kind == "xml" else KINDS[kind], name).problems
    except ConversionError as error:
        params = {**error.params, "name": name}
        return error.problems or (Problem(None, None, error.code, "conversion.remedy.file", params),)
    except DefinitionError as error:
        return problems_of(error.errors, None)


def as_json(file: Path, problems: tuple[Problem, ...]) -> dict[str, Any]:
    """What was found in a file, for scripts: counts, and each problem with its sentences in both languages."""
    counts = Counter(each.weight for each in problems)
    found = []
    for problem in problems:
        told = {language: problem_body(problem, partial(_say, language)) for language in LANGUAGES}
        one = told["vi"] | {name: {key: body[name] for key, body in told.items()} for name in ("message", "remedy")}
        del one["text"]
        found.append(one | {"params": {key: str(value) for key, value in problem.params.items()}})
    named = {"errors": counts["error"], "warnings": counts["warning"], "advice": counts["advice"]}
    return {"file": str(file), **named, "problems": found}


def _say(language: str, message_id: str, params: Mapping[str, object]) -> str:
    text = read_catalogue("errors", language).gettext(message_id)
    return message_id if text == message_id else fill(text, params)


def _show(console: Console, file: Path, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        vi, en = (problem_body(problem, partial(_say, language)) for language in LANGUAGES)
        weight = Sentence(*(_say(language, f"form.weight.{problem.weight}", {}) for language in LANGUAGES))
        head = f"{MARKS[problem.weight]} {weight.vi} · {weight.en}  {_where(problem)}  {vi['code']}"
        console.print(head, style="bold", markup=False)
        _print(console, Sentence(f"  {vi['message']} → {vi['remedy']}", f"  {en['message']} → {en['remedy']}"))
    counts = Counter(each.weight for each in problems)
    params = {"file": file, **{name: counts[name] for name in ("error", "warning", "advice")}}
    _print(console, SENTENCES["check.found" if problems else "check.clean"].filled(params))


def _where(problem: Problem) -> str:
    if problem.row is None:
        return problem.path or problem.sheet or "–"
    place = f"{problem.sheet}:{problem.row}"
    return f"{place} [{problem.column}]" if problem.column else place


def _print(console: Console, said: Sentence) -> None:
    console.print(said.vi, markup=False)
    console.print(said.en, style="dim", markup=False)
