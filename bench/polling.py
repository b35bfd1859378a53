"""What it costs to ask whether there is anything new: the form list of many forms, and its 304.

    python -m bench.polling [--forms 100] [--count 500] [--workers 1] [--threads 4]

Starts the product on an empty home, publishes copies of `hh_water` (bench/hh_water.md) under other ids, and asks over
one kept-alive connection as ODK Collect does. Prints a table, and whether it is within 10 ms for the list and 2 ms for
a 304, both at p50.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
from rich.console import Console
from rich.table import Table

from bench.intake import EMAIL, HERE, PASSWORD, Server, serving
from bench.phones import share

OPENROSA = {"X-OpenRosa-Version": "1.0", "User-Agent": "thonban-bench", "Accept-Encoding": "gzip"}
LIST_MS, UNCHANGED_MS = 10.0, 2.0


def publish(server: Server, count: int) -> str:
    """Many forms and a phone that may fill them all; returns the phone's server URL."""
    api = requests.Session()
    answer = api.post(f"{server.url}/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    api.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    project = f"{server.url}/v1/projects/1"
    source = (HERE / "hh_water.md").read_bytes()
    made = api.post(
        f"{project}/forms?publish=true&ignoreWarnings=true", data=source, headers={"Content-Type": "text/markdown"}
    )
    made.raise_for_status()
    xml = api.get(f"{project}/forms/hh_water.xml").content
    user = api.post(f"{project}/app-users", json={"displayName": "bench"}).json()
    ids = ["hh_water", *(f"hh_water_{number:03}" for number in range(1, count))]
    for form_id in ids:
        if form_id != "hh_water":
            copy = xml.replace(b'id="hh_water"', f'id="{form_id}"'.encode())
            headers = {"Content-Type": "application/xml"}
            api.post(f"{project}/forms?publish=true&ignoreWarnings=true", data=copy, headers=headers).raise_for_status()
        api.post(f"{project}/forms/{form_id}/assignments/2/{user['id']}").raise_for_status()
    return f"{server.url}/v1/key/{user['token']}/projects/1"


class Asker:
    """One phone with one connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path
        self._line = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80)

    def ask(self, path: str, tag: str = "") -> tuple[float, int, http.client.HTTPMessage, bytes]:
        """Seconds, status, headers and body of one GET."""
        headers = OPENROSA | ({"If-None-Match": tag} if tag else {})
        began = time.perf_counter()
        self._line.request("GET", f"{self._path}{path}?deviceID=bench:1", headers=headers)
        answer = self._line.getresponse()
        body = answer.read()
        return time.perf_counter() - began, answer.status, answer.headers, body


def measure(asker: Asker, path: str, count: int, table: Table) -> tuple[float, float]:
    """Adds two rows to the table; returns the p50 of the whole answer and of the 304, in milliseconds."""
    _, status, headers, body = asker.ask(path)
    if status != 200:
        raise SystemExit(f"{path}: {status}")
    size = len(gzip.decompress(body)) if headers["Content-Encoding"] == "gzip" else len(body)
    whole = [asker.ask(path)[0] for _ in range(count)]
    unchanged = [asker.ask(path, headers["ETag"]) for _ in range(count)]
    if {one[1] for one in unchanged} != {304}:
        raise SystemExit(f"{path}: not answered with 304")
    for kind, times, told in (
        ("200", whole, f"{size:,} bytes, {len(body):,} sent"),
        ("304", [one[0] for one in unchanged], ""),
    ):
        table.add_row(path, kind, *(str(share(times, of)) for of in (0.5, 0.95, 0.99)), told)
    return share(whole, 0.5), share([one[0] for one in unchanged], 0.5)


def main() -> int:
    """Measures and prints; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--forms", type=int, default=100)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    given = parser.parse_args()
    table = Table("what", "answer", "p50 ms", "p95 ms", "p99 ms", "", title=f"{given.forms} forms, 1 connection")
    with (
        tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder,
        serving(given, Path(folder) / "home") as server,
    ):
        asker = Asker(publish(server, given.forms))
        listed, unchanged = measure(asker, "/formList", given.count, table)
        measure(asker, "/forms/hh_water.xml", given.count, table)
    console = Console(width=120)
    console.print(table)
    met = listed <= LIST_MS and unchanged <= UNCHANGED_MS
    console.print(
        f"form list {listed} ms of {LIST_MS}, 304 {unchanged} ms of {UNCHANGED_MS}: {'met' if met else 'NOT met'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
