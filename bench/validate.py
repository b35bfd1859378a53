"""What it costs to judge a filled form by its own rules: one core, no server, no disk.

    python -m bench.validate [--count 1000] [--lengths 40 200 1000 3000]

Reads, evaluates and judges made-up sheets of `hh_water` and `village_criteria`, each another one, then sheets of forms
that grow, and weighs the compiled form of 1,000 questions. Prints medians and p95 of the clock and the median of the
CPU, by which goals are met or missed: it does not count the time of other programs. Ends with 1 when one is missed.
That cost grows no faster than the number of questions is told by the calls of functions, the same in every run; the
time of one question also grows once a form no longer fits the processor's cache. Where the library `rxeval` (PyPI) is
installed, it judges the same sheets: it is handed form and sheet as texts and keeps nothing between them.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import random
import statistics
import sys
import time
import tracemalloc
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.long_form import long_form, long_sheet
from bench.phones import share
from bench.sheets import criteria_sheets, water_sheets
from forms.calculate import fill
from forms.convert import convert
from forms.definition import FormDefinition
from forms.flatten import answers_of
from forms.instance import Instance, attachments_named, read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from forms.xpath.values import Node
from server.domain.data_files import list_areas, list_demo_villages

HERE = Path(__file__).parent
SOURCES = {
    "hh_water": HERE / "hh_water.md",
    "village_criteria": HERE.parent / "forms" / "library" / "village_criteria.md",
}
WATER_MS, LONG_MS, LONG_MB, LONG = 0.6, 15.0, 20.0, 1000
GROWTH = 1.1
"""How many times the calls of a question of the shortest form one of the longest may take."""
CAPTION = (
    "mean: of the CPU, with what Python's collector does now and then; flatten: typed answers and file names, after it"
)
HANOI = timezone(timedelta(hours=7))
NOW = datetime.now(UTC)

rxeval: Any = import_module("rxeval") if find_spec("rxeval") is not None else None


@dataclass
class Times:
    """Seconds of each sheet: to read it, to judge it, both and to give it up (clock, CPU), to flatten it."""

    read: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)
    both: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    flat: list[float] = field(default_factory=list)


def media(form: str) -> dict[str, Node]:
    """The lists that come with a form."""
    if form != "village_criteria":
        return {}
    communes, villages = list_areas(), list_demo_villages()
    ids = {area.key: area.uuid for area in communes}
    tables: dict[str, list[tuple[str, ...]]] = {
        "communes.csv": [("name", "label", "code"), *((area.uuid, area.name, area.code) for area in communes)],
        "villages.csv": [
            ("name", "label", "commune", "code", "xa_ntm"),
            *((area.uuid, area.name, ids[area.parent_key or ""], area.code, "khong_ro") for area in villages),
        ],
        "rounds.csv": [("name", "label", "cutoff"), ("2019", "2019", "2019-06-30")],
    }
    texts = {name: "\n".join(",".join(row) for row in rows) for name, rows in tables.items()}
    return {name: table_from_csv(text.encode()) for name, text in texts.items()}


def sheets_of(form: str, definition: FormDefinition, tables: dict[str, Node], count: int) -> list[bytes]:
    """Sheets as a phone in Việt Nam would write them, all different."""
    chance = random.Random(7)
    context = JudgeContext(NOW.astimezone(HANOI), tables, random=chance.random, device_id="bench:1")
    answers = water_sheets(chance) if form == "hh_water" else criteria_sheets(7)
    ids = (f"uuid:{uuid.UUID(int=chance.getrandbits(128), version=4)}" for _ in range(count))
    return [fill(definition, next(answers), context, instance_id=each) for each in ids]


def run(definition: FormDefinition, sheets: Sequence[bytes], context: JudgeContext) -> Times:
    """Each sheet read, judged, flattened and given up once."""
    times = Times()
    clock, cpu = time.perf_counter, time.thread_time
    for sheet in sheets:
        used, began = cpu(), clock()
        instance = read_instance(sheet)
        read = clock()
        judge(definition, instance, context)
        judged, flattening = clock(), cpu()
        _flatten(definition, instance)
        flattened, releasing = clock(), cpu()
        instance.release()
        released = clock()
        times.cpu.append(cpu() - used - (releasing - flattening))
        times.read.append(read - began)
        times.judged.append(judged - read)
        times.flat.append(flattened - judged)
        times.both.append(judged - began + released - flattened)
    return times


def run_other(form: str, sheets: Sequence[bytes]) -> list[float]:
    """Seconds in which the other library reads the form and a sheet and judges it."""
    times = []
    for text in [sheet.decode() for sheet in sheets]:
        began = time.perf_counter()
        rxeval.submission_findings(form, text)
        times.append(time.perf_counter() - began)
    return times


def _flatten(definition: FormDefinition, instance: Instance) -> None:
    answers_of(definition, instance)
    attachments_named(definition, instance)


def measure_forms(table: Table, count: int) -> list[tuple[str, bool]]:
    """Rows of the forms that are in use, and the goals that they meet."""
    goals = []
    for name, source in SOURCES.items():
        xml = convert(source.read_bytes(), "md").xml
        definition, tables = parse_form(xml), media(name)
        context = JudgeContext(NOW, tables, device_id="bench:1")
        sheets = sheets_of(name, definition, tables, min(count, 200)) * (1 + count // 200)
        run(definition, sheets[: max(1, count // 10)], context)
        times = run(definition, sheets[:count], context)
        table.add_row(name, str(len(definition.fields)), *_said(times))
        if name == "hh_water":
            goals.append(_goal("hh_water read and judged, median ms", share(times.cpu, 0.5), WATER_MS))
        if rxeval is not None and name == "hh_water":
            other = run_other(xml.decode(), sheets[:count])
            theirs, ours = statistics.median(other), statistics.median(times.both)
            table.add_row("hh_water by rxeval", "", "", "", f"{theirs * 1000:.3f}", str(share(other, 0.95)))
            goals.append((f"rxeval takes {theirs / ours:.1f} times as long", theirs > ours))
    return goals


def measure_lengths(table: Table, count: int, lengths: Sequence[int]) -> list[tuple[str, bool]]:
    """Rows of forms that grow, and the goals that they meet."""
    goals, calls = [], []
    for length in sorted(lengths):
        definition, context = parse_form(long_form(length)), JudgeContext(NOW)
        turns = max(3, count * 40 // length)
        run(definition, [long_sheet(length, turn) for turn in range(max(1, turns // 10))], context)
        gc.collect()
        times = run(definition, [long_sheet(length, turn) for turn in range(turns)], context)
        each = statistics.median(times.cpu) / length * 1e6
        calls.append(calls_of(definition, long_sheet(length, 0), context) / length)
        told = (f"{each:.1f}", f"{calls[-1]:.1f}")
        table.add_row(f"{length:,} questions", str(len(definition.fields)), *_said(times), *told)
        if length == LONG:
            goals.append(_goal("1,000 questions read and judged, median ms", share(times.cpu, 0.5), LONG_MS))
    goals.append(_goal("calls a question, longest form to shortest", round(calls[-1] / calls[0], 3), GROWTH))
    return goals


def calls_of(definition: FormDefinition, sheet: bytes, context: JudgeContext) -> int:
    """How many functions are called to read and judge a sheet."""
    profile = cProfile.Profile()
    profile.enable()
    judge(definition, read_instance(sheet), context)
    profile.disable()
    return sum(each.callcount for each in profile.getstats())


def weigh(length: int) -> float:
    """Megabytes that Python holds for the compiled form of so many questions."""
    xml = long_form(length)
    gc.collect()
    tracemalloc.start()
    definition = parse_form(xml)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / 1e6 if definition.fields else 0.0


def _said(times: Times) -> tuple[str, ...]:
    middle: Callable[[list[float]], str] = lambda each: f"{statistics.median(each) * 1000:.3f}"  # noqa: E731
    return (
        middle(times.read),
        middle(times.judged),
        middle(times.both),
        str(share(times.both, 0.95)),
        middle(times.cpu),
        f"{statistics.mean(times.cpu) * 1000:.3f}",
        middle(times.flat),
    )


def _goal(said: str, value: float, limit: float) -> tuple[str, bool]:
    return f"{said}: {value:g}, at most {limit:g}", value <= limit


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="sheets of each form")
    parser.add_argument("--lengths", type=int, nargs="+", default=[40, 200, LONG, 3000])
    given = parser.parse_args(arguments)
    columns = ["form", "nodes", "read ms", "judge ms", "both ms", "p95", "CPU ms", "mean", "flatten ms"]
    table = Table(
        *columns,
        "µs each",
        "calls",
        title="one filled form, median",
        caption=CAPTION,
    )
    goals = measure_forms(table, given.count) + measure_lengths(table, given.count, given.lengths)
    goals.append(_goal("compiled form of 1,000 questions, MB", round(weigh(LONG), 1), LONG_MB))
    console = Console(width=130)
    console.print(table)
    if rxeval is None:
        console.print("rxeval is not installed (pip install rxeval): no comparison")
    for said, met in goals:
        console.print(f"[green]met[/]     {said}" if met else f"[red]missed[/]  {said}", highlight=False)
    return 0 if all(met for _, met in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
