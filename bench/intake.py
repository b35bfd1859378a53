"""How many submissions a second the server takes in, judged by their form's rules and the law, each safely on disk.

    python -m bench.intake [--workers 2] [--threads 4] [--count 3000] [--connections 1 8 32] [--database URL]

Starts the product on an empty home (SQLite with synchronous=FULL, or the empty PostgreSQL database of `--database`),
publishes `hh_water` (bench/hh_water.md) and `village_criteria`, and drives each from a second process on the same
machine. Prints a table, and the most memory that all processes of the server held together.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from bench.phones import body_of
from bench.sheets import criteria_sheets, water_sheets
from forms.calculate import fill
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext
from server.app import create_app
from server.config import Config
from server.domain.data_files import list_areas, list_changes, list_demo_commune_facts, list_demo_villages
from server.domain.demo_facts import CUTOFF_2019
from server.domain.rounds import Round
from server.services.areas import load_areas, set_root
from server.services.rounds import open_round
from server.storage.database import db
from sync.client import Phone

EMAIL, PASSWORD = "bench@localhost", "bench-password-1"
HERE = Path(__file__).parent
LIBRARY = HERE.parent / "forms" / "library"


@dataclass(frozen=True)
class Server:
    """A server under test: where it answers, its process, and the environment it was started with."""

    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]


@contextmanager
def serving(given: argparse.Namespace, home: Path) -> Iterator[Server]:
    """`thonban run --empty` on a free port, ended with SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "THONBAN_HOME": str(home),
        "THONBAN_ADMIN_EMAIL": EMAIL,
        "THONBAN_ADMIN_PASSWORD": PASSWORD,
        "THONBAN_WORKERS": str(given.workers),
        "THONBAN_THREADS": str(given.threads),
        "PORT": str(port),
    }
    if given.database:
        environment["THONBAN_DATABASE_URL"] = given.database
    command = [str(Path(sys.executable).parent / "thonban"), "run", "--empty"]
    with (home.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield Server(url, process, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{url}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise SystemExit("the server did not start; see server.log")


def prepare(server: Server) -> str:
    """Areas, a round, two forms and a phone that may fill them; returns the phone's server URL."""
    config = Config.from_env(server.environment)
    app = create_app(config)
    with app.app_context():
        session, now = db.session(), datetime.now(UTC)
        areas = [*list_areas(), *list_demo_villages()]
        load_areas(session, areas, list_changes(), list_demo_commune_facts(), now)
        set_root(session, 1, next(area.uuid for area in areas if area.kind == "province"))
        open_round(session, 1, Round("2019", "2019", "2019", CUTOFF_2019, CUTOFF_2019, CUTOFF_2019), now)
        session.close()
    api = requests.Session()
    answer = api.post(f"{server.url}/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    api.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    project = f"{server.url}/v1/projects/1"
    user = api.post(f"{project}/app-users", json={"displayName": "bench"}).json()
    for source in (HERE / "hh_water.md", LIBRARY / "village_criteria.md"):
        made = api.post(
            f"{project}/forms?publish=true&ignoreWarnings=true",
            data=source.read_bytes(),
            headers={"Content-Type": "text/markdown"},
        )
        made.raise_for_status()
        granted = api.post(f"{project}/forms/{made.json()['xmlFormId']}/assignments/2/{user['id']}")
        granted.raise_for_status()
    return f"{server.url}/v1/key/{user['token']}/projects/1"


def bodies(phone_url: str, form_id: str, count: int, seed: int) -> list[bytes]:
    """Uploads of a form as a phone would fill it in, all different."""
    chance = random.Random(seed)
    with Phone(phone_url, "bench:1") as phone:
        entry = next(entry for entry in phone.form_list() if entry.form_id == form_id)
        downloaded = phone.download(entry)
    definition = parse_form(downloaded.xml)
    tables = {name: table_from_csv(content) for name, content in downloaded.media.items()}
    context = JudgeContext(now=datetime.now(UTC), tables=tables, device_id="bench:1", random=chance.random)
    sheets = water_sheets(chance) if form_id == "hh_water" else criteria_sheets(seed)
    return [body_of(fill(definition, next(sheets), context, instance_id=f"uuid:{_uuid(chance)}")) for _ in range(count)]


def _uuid(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def drive(url: str, uploads: list[bytes], connections: int, folder: Path) -> dict[str, Any]:
    """Sends from a second process; returns what it measured."""
    file = folder / "bodies"
    file.write_bytes(b"".join(f"{len(body)}\n".encode() + body for body in uploads))
    command = [sys.executable, "-m", "bench.phones", "--url", f"{url}/submission?deviceID=bench:1"]
    command += ["--bodies", str(file), "--connections", str(connections)]
    done = subprocess.run(command, capture_output=True, check=False, cwd=HERE.parent)
    if not done.stdout:
        raise SystemExit(done.stderr.decode())
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def peak_memory(process: subprocess.Popen[bytes]) -> float:
    """Megabytes that the server and all below it hold at most, shared pages counted for each process (VmHWM)."""
    total = 0
    for pid in _family(process.pid):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
    return total / 1024


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def main() -> int:
    """Measures and prints; 1 when anything was not accepted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    parser.add_argument("--forms", nargs="+", default=["hh_water", "village_criteria"])
    given = parser.parse_args()
    kind = "PostgreSQL" if given.database else "SQLite, synchronous=FULL"
    table = Table("form", "connections", "submissions/s", "p50 ms", "p95 ms", "p99 ms", "answers", title=kind)
    refused = 0
    with (
        tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder,
        serving(given, Path(folder) / "home") as server,
    ):
        url = prepare(server)
        for form_id in given.forms:
            drive(url, bodies(url, form_id, 200, 1), 8, Path(folder))
            for seed, connections in enumerate(given.connections, start=2):
                told = drive(url, bodies(url, form_id, given.count, seed), connections, Path(folder))
                refused += sum(told["answers"].values()) - told["accepted"]
                times = (str(told[key]) for key in ("p50", "p95", "p99"))
                answers = f"{told['answers']} {told['said']}".strip()
                table.add_row(form_id, str(connections), str(told["per_second"]), *times, answers)
        memory = peak_memory(server.process)
    console = Console(width=120)
    console.print(table)
    console.print(f"{given.workers} workers of {given.threads} threads; peak memory of all processes {memory:.0f} MB")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
