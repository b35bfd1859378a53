"""One measurement of bench/export.py, in a process of its own that loads what a worker of the server loads and no more.

    python -m bench.asked --database … --home … --count N (floor FILE | pages | FORMAT FILE)

Prints what it found as JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
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

from server.app import create_app
from server.config import Config
from server.services.home import open_home
from server.storage.database import db

ADMIN, PASSWORD = "bench@localhost", "bench-password-1"
FORM = "/v1/projects/1/forms/hh_water"
ODATA, PAGE = "odata", 250
PART = 1 << 16
_ROWS = """
    SELECT s.instance_id, s.created_at, s.updated_at, s.submitter_id, s.review_state, s.device_id, v.id, v.answers::text
    FROM submissions s JOIN submission_versions v ON v.submission_id = s.id AND v.is_current
    WHERE s.form_id = 1 AND s.deleted_at IS NULL AND NOT s.is_draft ORDER BY s.created_at DESC, s.id DESC
"""


def config_of(folder: Path, database: str | None) -> Config:
    """The settings of a home for a bench."""
    environment = {"THONBAN_HOME": str(folder), "THONBAN_ADMIN_EMAIL": ADMIN, "THONBAN_ADMIN_PASSWORD": PASSWORD}
    return Config.from_env(environment | ({"THONBAN_DATABASE_URL": database} if database else {}))


def open_app(folder: Path, database: str | None) -> Flask:
    """The server on a home whose tables were made."""
    home = open_home(config_of(folder, database))
    return create_app(home.config, home)


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


def main() -> int:
    """Measures once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("what", nargs="+")
    given: Any = parser.parse_args()
    kind, *rest = given.what
    if kind == "floor":
        print(json.dumps(floor(given.database, Path(rest[0]))))
        return 0
    app = open_app(Path(given.home), given.database)
    print(json.dumps(pages(app, given.count) if kind == "pages" else take(app, kind, Path(rest[0]))))
    with app.app_context():
        db.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
