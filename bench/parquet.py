"""What it costs to take a million submissions out as Parquet: time, time of the processor, bytes, peak memory.

    python -m bench.parquet [--count 100000] [--database postgresql+psycopg://…] [--home FOLDER] [--keep FOLDER]
                            [--spark]

The submissions are households of `hh_water` with three rows in their repeat, written past the server into an empty home
(bench/water.py); `thonban export parquet` is run as it is typed, in a process of its own, whose peak memory is what the
system says of it. Afterwards DuckDB counts what lies there, and with `--spark` Spark too, which joins each row of the
repeat to its household (`pip install pyspark`, and Java). Ends with 1 when a row is missing or more than 400 MB were
used.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from bench.water import ROWS, furnish

MOST_MB = 400


def export(home: Path, database: str | None, to: Path) -> tuple[float, float, float]:
    """Seconds, those of the processor, and peak memory in MB, of the command."""
    environment = dict(os.environ) | {"THONBAN_HOME": str(home), "THONBAN_LOG_LEVEL": "ERROR"}
    if database:
        environment["THONBAN_DATABASE_URL"] = database
    command = [sys.executable, "-m", "server.cli", "export", "parquet", "--project", "1", "--form", "hh_water"]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--to", str(to)], env=environment, check=True, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, busy, after.ru_maxrss / 1000


def count(to: Path) -> dict[str, int]:
    """Rows by table, as DuckDB reads them."""
    found = {}
    with duckdb.connect() as connection:
        for table in sorted(to.glob("form=*/table=*")):
            asked = connection.execute("SELECT count(DISTINCT KEY) FROM read_parquet($1)", [f"{table}/**/*.parquet"])
            found[table.name.removeprefix("table=")] = int((asked.fetchone() or (0,))[0])
    return found


def count_with_spark(to: Path) -> dict[str, int]:
    """Rows by table as Spark reads them; those of a repeat as they join their form."""
    sql: Any = importlib.import_module("pyspark.sql")
    spark = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        (form,) = to.glob("form=*")
        read = spark.read.option("basePath", str(to))
        households = read.parquet(str(form / "table=Submissions"))
        found = {"Submissions": int(households.select("KEY").distinct().count())}
        keys = households.select(households.KEY.alias("above"))
        for table in sorted(form.glob("table=Submissions.*")):
            rows = read.parquet(str(table))
            joined = rows.join(keys, keys.above == rows.PARENT_KEY).select(rows.KEY)
            found[table.name.removeprefix("table=")] = int(joined.distinct().count())
        return found
    finally:
        spark.stop()


def main() -> int:
    """Prints the table; 1 when a row is missing or it took too much memory."""
    parser = argparse.ArgumentParser(prog="python -m bench.parquet", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--database", help="an empty PostgreSQL database; left out: SQLite")
    parser.add_argument("--home", type=Path, help="a home that was furnished before, or is to be kept")
    parser.add_argument("--keep", type=Path, help="where the files go; left out: nowhere for long")
    parser.add_argument("--spark", action="store_true", help="let Spark read it, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, to = given.home or Path(folder) / "home", given.keep or Path(folder) / "out"
        if not home.exists():
            furnish(home, given.database, given.count)
        took, busy, peak = export(home, given.database, to)
        files = [path for path in to.rglob("*.parquet") if path.is_file()]
        size, rows = sum(path.stat().st_size for path in files), count(to)
        as_spark = count_with_spark(to) if given.spark else rows
    table = Table("submissions", "rows of repeats", "seconds", "of CPU", "per second", "files", "MB", "peak MB")
    members = sum(number for name, number in rows.items() if name != "Submissions")
    table.add_row(
        *(f"{number:,}" for number in (rows["Submissions"], members)),
        f"{took:.1f}",
        f"{busy:.1f}",
        f"{rows['Submissions'] / took:,.0f}",
        str(len(files)),
        f"{size / 1e6:.1f}",
        f"{peak:.0f} (most {MOST_MB})",
    )
    Console().print(table)
    if given.spark:
        print(f"as Spark reads it: {as_spark}")
    whole = rows["Submissions"] == given.count and members == ROWS * given.count and as_spark == rows
    return 0 if whole and peak <= MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
