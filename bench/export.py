"""What it costs to take all answers out: each format's time, first byte, bytes and peak memory, and how many times the
floor that is.

    python -m bench.export --database postgresql+psycopg://… [--count 50000] [--only csv.zip odata]

The floor, in the same run: a bare loop that reads the same rows from the database, past SQLAlchemy, as they lie, and
writes the same bytes through the same compressor. Each format is taken by a process of its own, by one worker of the
server asked in it, so that its memory is its own (`idle`: before it began); the floor by another. `odata` is the whole
table, `odata page` a page of 250 rows as `@odata.nextLink` gives it, at depths from the first to the last.

Ends with 1 when a goal is missed: CSV and OData at most 2.5 times the floor, 150 MB (Parquet 300), a page 15 ms p50,
300 ms to the first byte.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.asked import ODATA
from bench.water import furnish
from server.exports.formats import list_formats

MOST_TIMES, MOST_MB, MOST_PAGE_MS, MOST_FIRST_MS = 2.5, 150, 15, 300
GOAL = ("csv.zip", ODATA)
MORE_MB = {"parquet.zip": 300}
"""DuckDB, which writes it, takes 55 MB to be there at all, and a group of rows in columns before they are pressed."""
WHOLE = ("xlsx",)
"""What is sent when it is whole: it has no first byte before its last."""


def child(given: Any, home: Path, *what: str) -> dict[str, Any]:
    """One measurement in a process of its own; what it found."""
    asked = [sys.executable, "-m", "bench.asked", "--database", given.database, "--count", str(given.count)]
    done = subprocess.run([*asked, "--home", str(home), *what], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(what)}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(given: Any, home: Path, folder: Path) -> tuple[Table, list[str]]:
    """The table, and the goals that were missed."""
    table = Table("format", "seconds", "first byte ms", "MB", "idle MB", "peak MB", "floor s", "× floor")
    missed: list[str] = []
    for name in given.only or [*list_formats(), ODATA]:
        made = folder / f"out.{name}"
        took = child(given, home, name, str(made))
        bare = child(given, home, "floor", str(made))
        times = took["seconds"] / bare["seconds"]
        cells = (f"{took['seconds']:.1f}", f"{took['first'] * 1000:.0f}", f"{took['bytes'] / 1e6:.1f}")
        table.add_row(
            name, *cells, f"{took['idle']:.0f}", f"{took['peak']:.0f}", f"{bare['seconds']:.1f}", f"{times:.2f}"
        )
        if name in GOAL and times > MOST_TIMES:
            missed.append(f"{name}: ×{times:.2f}")
        if took["peak"] > MORE_MB.get(name, MOST_MB):
            missed.append(f"{name}: {took['peak']:.0f} MB")
        if name not in WHOLE and took["first"] * 1000 > MOST_FIRST_MS:
            missed.append(f"{name}: first byte {took['first'] * 1000:.0f} ms")
    if not given.only or ODATA in given.only:
        found = child(given, home, "pages")
        for name, milliseconds in found.items():
            table.add_row(f"odata page, {name}", f"{milliseconds:.1f} ms", "", "", "", "", "", "")
            if milliseconds > MOST_PAGE_MS:
                missed.append(f"page of {name}: {milliseconds:.1f} ms")
    return table, missed


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True, help="an empty PostgreSQL database")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--only", nargs="*", help="these formats; all when absent")
    parser.add_argument("--home", help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        home = Path(given.home) if given.home else Path(folder) / "home"
        if not given.home:
            furnish(home, given.database, given.count)
        table, missed = measure(given, home, Path(folder))
    table.title = f"{given.count:,} submissions, three rows each in their repeat"
    Console(width=110).print(table)
    print(f"missed: {'; '.join(missed)}" if missed else "every goal met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
