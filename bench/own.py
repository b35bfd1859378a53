"""What it costs to tell a phone what became of what it sent (`GET …/sheets`): somebody with 500 sheets, among many.

    python -m bench.own [--database postgresql+psycopg://…] [--count 50000] [--own 500] [--asked 60] [--home FOLDER]

The submissions are households of `hh_water` (bench/water.py); the newest are one key's. Asked in the process of a
worker, whole and with the tag of the last answer. Ends with 1 when the whole answer takes more than 50 ms at p95: a
phone asks for it whenever it has a line.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from bench.asked import open_app, signed_in
from bench.phones import share
from bench.water import furnish
from server.storage.database import db, writing

MOST_MS = 50.0
NEWEST = "SELECT id FROM submissions ORDER BY created_at DESC, id DESC LIMIT :own"


def give(app: Flask, own: int) -> str:
    """A key whose sheets the newest are; its address."""
    client, headers = signed_in(app)
    user = client.post("/v1/projects/1/app-users", json={"displayName": "bench"}, headers=headers).get_json()
    made = client.post(f"/v1/projects/1/forms/hh_water/assignments/2/{user['id']}", headers=headers)
    if made.status_code != 200:
        raise SystemExit(made.get_data(as_text=True))
    with app.app_context(), writing(db.session()) as connection:
        values = {"who": user["id"], "own": own}
        for table, key in (("submissions", "id"), ("submission_versions", "submission_id")):
            # the names are ours
            change = f"UPDATE {table} SET submitter_id = :who WHERE {key} IN ({NEWEST})"
            connection.execute(sa.text(change), values)
        db.session().commit()
    return f"/v1/key/{user['token']}/projects/1/sheets"


def ask(client: FlaskClient, path: str, tag: str = "") -> tuple[float, int, str, int]:
    """Seconds, status, tag and size of one answer."""
    began = time.perf_counter()
    answer = client.get(path, headers={"If-None-Match": tag} if tag else {})
    return time.perf_counter() - began, answer.status_code, answer.headers.get("ETag", ""), len(answer.data)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--own", type=int, default=500)
    parser.add_argument("--asked", type=int, default=60)
    parser.add_argument("--home", type=Path, help="a home that was filled before, or is to be kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        home = given.home or Path(folder) / "home"
        if not home.exists():
            furnish(home, given.database, given.count)
        app = open_app(home, given.database)
        path = give(app, given.own)
        client = app.test_client()
        _, status, tag, size = ask(client, path)
        if status != 200 or size < 100 * given.own:
            raise SystemExit(f"{status}, {size} bytes")
        whole = [ask(client, path)[0] for _ in range(given.asked)]
        unchanged = [ask(client, path, tag) for _ in range(given.asked)]
        with app.app_context():
            db.engine.dispose()
    if {each[1] for each in unchanged} != {304}:
        raise SystemExit("not answered with 304")
    table = Table("answer", "p50 ms", "p95 ms", "bytes", title=f"{given.own} own sheets of {given.count:,}")
    for kind, times in (("200", whole), ("304", [each[0] for each in unchanged])):
        table.add_row(kind, str(share(times, 0.5)), str(share(times, 0.95)), f"{size:,}" if kind == "200" else "")
    Console().print(table)
    return 0 if share(whole, 0.95) <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
