"""What the pages of the desk cost that are asked for all day: the inbox, the coverage board, the first page.

    python -m bench.desk [--villages 20176] [--communes 5266] [--submissions 200000] [--count 40] [--database URL]
                         [--home FOLDER]

Fills a home with an invented country (bench/desk_country.py), signs in who decides for the country, for a province and
for a commune, and asks each for the same pages. Prints p95 in milliseconds with the goal of 200 ms, then the plan of
every query those pages make: none may read a big table from its first row to its last. 1 when a goal is not met or a
query does. The application answers in this process, on one thread: the network is left out.

With `--home` the home is kept, and measured again as it is when the folder is there already.

On PostgreSQL a plan is asked for with sequential scans made dear: what is read so all the same has no index.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from bench.desk_country import NEWEST_ROUND, READERS, furnish
from bench.phones import share
from bench.scope import sign_in
from server.storage.database import db

GOAL_MS = 200.0
BIG = 1_000
"""Rows from which on a table is big."""
PAGES = {
    "inbox": "/projects/1/inbox",
    "inbox, what is clean": "/projects/1/inbox?findings=clean",
    "inbox, returned and corrected": "/projects/1/inbox?returned=1",
    "inbox, a round and a form": f"/projects/1/inbox?round={NEWEST_ROUND}&form=village_criteria",
    "inbox, words of a name": "/projects/1/inbox?q=thon+77",
    "coverage board": f"/projects/1/rounds/{NEWEST_ROUND}/coverage",
    "first page": "/",
    "dashboard: waiting": "/projects/1/dashboard/waiting",
    "dashboard: remaining": "/projects/1/dashboard/remaining",
    "dashboard: readiness": "/projects/1/dashboard/readiness",
    "dashboard: training": "/projects/1/dashboard/training",
    "dashboard: works": "/projects/1/dashboard/works",
    "dashboard: evidence": "/projects/1/dashboard/evidence",
}
NEXT = re.compile(r'hx-get="([^"]+)"')


def ask(client: FlaskClient, path: str, count: int) -> list[float]:
    """How long each of so many answers took, in seconds; two before them are not counted."""
    times = []
    for _ in range(count + 2):
        began = time.perf_counter()
        answer = client.get(path)
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
    return times[2:]


def pages_of(client: FlaskClient) -> dict[str, str]:
    """The pages, and the second of the inbox where there is one."""
    found = NEXT.search(client.get(PAGES["inbox"]).get_data(as_text=True))
    return PAGES | ({"inbox, further down": found[1].replace("&amp;", "&")} if found else {})


@contextmanager
def listened() -> Iterator[dict[str, Any]]:
    """The statements that are made meanwhile, each with the last parameters it was made with."""
    heard: dict[str, Any] = {}

    def hear(*told: Any) -> None:
        statement, parameters, many = told[2], told[3], told[5]
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            heard[statement] = parameters

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)


def big_tables(connection: sa.Connection) -> dict[str, int]:
    """Rows by table, of those that are big."""
    names = sa.inspect(connection).get_table_names()
    counted = {name: connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}
    return {name: number for name, number in counted.items() if number >= BIG}


def scans_of(connection: sa.Connection, heard: dict[str, Any], big: dict[str, int]) -> Iterator[tuple[str, str]]:
    """(table, statement) wherever a big table is read from its first row to its last."""
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise SystemExit("no connection")
    cursor = driver.cursor()
    if connection.dialect.name == "postgresql":
        cursor.execute("SET enable_seqscan = off")
    for statement, parameters in heard.items():
        if connection.dialect.name == "postgresql":
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            (told,) = cursor.fetchall()[0]
            plan = told if isinstance(told, list) else json.loads(told)
            found = _sequential(plan[0]["Plan"])
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found = _scanned(statement, [str(row[3]) for row in cursor.fetchall()])
        yield from ((table, statement) for table in sorted(found & big.keys()))


def _sequential(node: dict[str, Any]) -> set[str]:
    here = {node["Relation Name"]} if node["Node Type"] == "Seq Scan" else set()
    return here.union(*(_sequential(each) for each in node.get("Plans", ())))


SCAN = re.compile(r"^SCAN (?:TABLE )?(\w+)")


def _scanned(statement: str, plan: list[str]) -> set[str]:
    """The tables of a plan of SQLite that are read whole; an alias is looked up in the statement."""
    named = (found[1] for line in plan if (found := SCAN.match(line)))
    aliases = dict(re.findall(r"(\w+) AS (\w+)", statement))
    return {next((table for table, alias in aliases.items() if alias == name), name) for name in named}


def measure(app: Flask, count: int) -> tuple[Table, float, dict[str, Any]]:
    """The table, the worst p95 and every statement that was made."""
    table = Table("page", *(f"{who} ms" for who in READERS), title=f"p95, goal {GOAL_MS:g} ms")
    rows: dict[str, list[str]] = {}
    worst, statements = 0.0, dict[str, Any]()
    for place, email in enumerate(READERS.values()):
        client = sign_in(app, email)
        for name, path in pages_of(client).items():
            took = share(ask(client, path, count), 0.95)
            worst = max(worst, took)
            cells = rows.setdefault(name, [])
            cells += ["–"] * (place - len(cells)) + [f"{took:.1f}"]
            with app.app_context(), listened() as heard:
                client.get(path)
            statements |= heard
    for name, cells in rows.items():
        table.add_row(name, *cells, *["–"] * (len(READERS) - len(cells)))
    return table, worst, statements


def main() -> int:
    """Measures and prints; 1 when a goal is not met or a query reads a big table whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--villages", type=int, default=20_176)
    parser.add_argument("--communes", type=int, default=5_266)
    parser.add_argument("--submissions", type=int, default=200_000)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    parser.add_argument("--home", type=Path, help="a folder that is kept: filled the first time, measured again after")
    parser.add_argument("--statements", action="store_true", help="print every statement that was looked at")
    given: Any = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        began = time.perf_counter()
        app = furnish(given, given.home or Path(folder) / "home")
        console.print(
            f"{given.villages:,} villages, {given.submissions:,} submissions: {time.perf_counter() - began:.0f} s"
        )
        table, worst, statements = measure(app, given.count)
        console.print(table)
        with app.app_context():
            with db.engine.connect() as connection:
                big = big_tables(connection)
                scans = list(scans_of(connection, statements, big))
            db.engine.dispose()
    for name, statement in scans:
        console.print(f"read whole: {name} ({big[name]:,} rows)\n  {' '.join(statement.split())}", markup=False)
    if given.statements:
        for statement in statements:
            console.print(" ".join(statement.split()), markup=False)
    console.print(f"at most {worst:.1f} of {GOAL_MS:g} ms: {'met' if worst <= GOAL_MS else 'NOT met'}")
    console.print(f"{len(statements)} queries, {len(scans)} read a big table whole: {'NOT met' if scans else 'met'}")
    return 0 if worst <= GOAL_MS and not scans else 1


if __name__ == "__main__":
    sys.exit(main())
