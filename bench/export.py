"""What it costs to take all answers out: each format's time, first byte, bytes and peak memory, and how many times the
floor that is.

    python -m bench.export --database postgresql+psycopg://… [--count 50000] [--only csv.zip odata] [--keep FOLDER]

The floor, in the same run: a bare loop that reads the same rows from the database, past SQLAlchemy, as they lie, and
writes the same bytes through the same compressor. Each format is taken by a process of its own, by one worker of the
server asked in it, so that its memory is its own (`idle`: before it began); the floor by another. `odata` is the whole
table, `odata page` a page of 250 rows as `@odata.nextLink` gives it, at depths from the first to the last.

Ends with 1 when a goal is missed: CSV and OData at most 2.5 times the floor, 150 MB, a page 15 ms p50, 300 ms to the
first byte.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from bench.water import ADMIN, PASSWORD, furnish, open_app
from server.exports.formats import list_formats
from server.storage.database import db

FORM = "/v1/projects/1/forms/hh_water"
ODATA, PAGE = "odata", 250
MOST_TIMES, MOST_MB, MOST_PAGE_MS, MOST_FIRST_MS = 2.5, 150, 15, 300
GOAL = ("csv.zip", ODATA)
PART = 1 << 16
_ROWS = """
    SELECT s.instance_id, s.created_at, s.updated_at, s.submitter_id, s.review_state, s.device_id, v.id, v.answers::text
    FROM submissions s JOIN submission_versions v ON v.submission_id = s.id AND v.is_current
    WHERE s.form_id = 1 AND s.deleted_at IS NULL AND NOT s.is_draft ORDER BY s.created_at DESC, s.id DESC
"""


def path_of(name: str) -> str:
    """Where a format is asked for, without photos: there are none."""
    return f"{FORM}.svc/Submissions?$expand=*" if name == ODATA else f"{FORM}/submissions.{name}"


def signed_in(app: Flask) -> tuple[FlaskClient, dict[str, str]]:
    """A client, and its right to ask."""
    client = app.test_client()
    token = client.post("/v1/sessions", json={"email": ADMIN, "password": PASSWORD}).get_json()["token"]
    return client, {"Authorization": f"Bearer {token}"}


def take(app: Flask, name: str, into: Path) -> dict[str, float]:
    """One format, whole, into a file; what it cost."""
    client, headers = signed_in(app)
    # a server that has run for a while has loaded what it needs
    client.get(f"{FORM}.svc/Submissions?$top=1", headers=headers).close()
    # checking a password takes 64 MB for a moment, which no export does
    Path("/proc/self/clear_refs").write_text("5")
    idle = peak()
    began = time.perf_counter()
    answer = client.get(path_of(name), headers=headers, buffered=False)
    first, size = 0.0, 0
    with into.open("wb") as file:
        for piece in answer.iter_encoded():
            first = first or time.perf_counter() - began
            size += file.write(piece)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise SystemExit(f"{name}: {answer.status_code} {into.read_text()[:300]}")
    return {"seconds": took, "first": first, "bytes": size, "peak": peak(), "idle": idle}


def peak() -> float:
    """The most memory that this process held, in MB; what `getrusage` says is also of what it was started by."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def pages(app: Flask, count: int) -> dict[str, float]:
    """p50 of pages over the whole depth, in milliseconds until the last byte: of the form, of its repeat."""
    client, headers = signed_in(app)
    found: dict[str, float] = {}
    for table in ("Submissions", "Submissions.member"):
        times: list[float] = []
        link: str | None = f"{FORM}.svc/{table}?$top={PAGE}"
        for _ in range(count // PAGE):
            if link is None:
                break
            began = time.perf_counter()
            answer = client.get(link, headers=headers, buffered=False)
            body = b"".join(answer.iter_encoded())
            times.append((time.perf_counter() - began) * 1000)
            # what the client makes of it, and the line of the audit that is written behind it, is not the page's
            answer.close()
            link = json.loads(body).get("@odata.nextLink")
        found[table] = statistics.median(times[1:])
        found[f"{table} last"] = statistics.median(times[-20:])
    return found


def floor(database: str, made: Path) -> dict[str, float]:
    """A bare loop: reads the rows, writes the bytes of `made` as it was written. Unpacked beforehand."""
    plain = list(_unpacked(made))
    address = database.replace("postgresql+psycopg", "postgresql")
    began = time.perf_counter()
    rows = 0
    with psycopg.connect(address) as connection, connection.cursor(name="floor") as cursor:
        cursor.itersize = 500
        for _row in cursor.execute(_ROWS):
            rows += 1
    read = time.perf_counter() - began
    packed = zipfile.is_zipfile(made)
    with tempfile.TemporaryFile() as file:
        for content in plain:
            press = zlib.compressobj(wbits=-15)
            for start in range(0, len(content), PART):
                piece = content[start : start + PART]
                file.write(press.compress(piece) if packed else piece)
            if packed:
                file.write(press.flush())
    return {"seconds": time.perf_counter() - began, "read": read, "rows": rows}


def _unpacked(made: Path) -> Iterator[bytes]:
    if not zipfile.is_zipfile(made):
        yield made.read_bytes()
        return
    with zipfile.ZipFile(made) as archive:
        for name in archive.namelist():
            yield archive.read(name)


def child(given: Any, home: Path, *what: str) -> dict[str, Any]:
    """The same program again, for one measurement; what it found."""
    asked = [sys.executable, "-m", "bench.export", "--database", given.database, "--count", str(given.count)]
    done = subprocess.run([*asked, "--home", str(home), "--child", *what], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(what)}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_child(given: Any) -> int:
    """One measurement, printed as JSON."""
    kind, *rest = given.child
    if kind == "floor":
        print(json.dumps(floor(given.database, Path(rest[0]))))
        return 0
    app = open_app(Path(given.home), given.database)
    if kind == "furnish":
        furnish(app, given.count)
        print("{}")
    else:
        print(json.dumps(pages(app, given.count) if kind == "pages" else take(app, kind, Path(rest[0]))))
    with app.app_context():
        db.engine.dispose()
    return 0


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
        if took["peak"] > MOST_MB:
            missed.append(f"{name}: {took['peak']:.0f} MB")
        if name in GOAL and took["first"] * 1000 > MOST_FIRST_MS:
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
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    if given.child:
        return run_child(given)
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        home = Path(given.home) if given.home else Path(folder) / "home"
        if not given.home:
            child(given, home, "furnish")
        table, missed = measure(given, home, Path(folder))
    table.title = f"{given.count:,} submissions, three rows each in their repeat"
    Console(width=110).print(table)
    print(f"missed: {'; '.join(missed)}" if missed else "every goal met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
