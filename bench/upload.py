"""What one upload costs inside the application: one process, one thread, no HTTP server between.

    python -m bench.upload [--count 1500] [--forms hh_water village_criteria] [--profile FILE]

Publishes both forms in an empty home on SQLite with synchronous=FULL, then hands the application prepared uploads as
an HTTP server would, and prints the CPU time and the time by the clock of one. CPU time is the figure to compare
changes by: it does not wait for the disk or for other programs. `--profile` keeps what cProfile saw, and is slower.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from rich.console import Console
from rich.table import Table

from bench.intake import bodies, prepare, serving
from bench.phones import BOUNDARY, share
from server.app import create_app
from server.config import Config


def environ_of(url: str, body: bytes) -> dict[str, Any]:
    """What gunicorn hands over for one upload (PEP 3333)."""
    parts = urlsplit(url)
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"{parts.path}/submission",
        "RAW_URI": f"{parts.path}/submission?deviceID=bench:1",
        "QUERY_STRING": "deviceID=bench:1",
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "HTTP_X_OPENROSA_VERSION": "1.0",
        "HTTP_USER_AGENT": "thonban-bench",
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


class Server:
    """The WSGI side of an HTTP server (PEP 3333), which keeps the status of the last answer."""

    status = ""

    def start(self, status: str, _headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        """What the application calls before it answers."""
        self.status = status
        return lambda _data: None


def send(app: Flask, url: str, uploads: list[bytes]) -> tuple[list[float], list[float]]:
    """Seconds of CPU and by the clock of each upload. Raises SystemExit when one is not accepted."""
    server = Server()
    used, passed = [], []
    for body in uploads:
        environ = environ_of(url, body)
        began, clock = time.thread_time(), time.perf_counter()
        answer = app.wsgi_app(environ, server.start)
        said = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        used.append(time.thread_time() - began)
        passed.append(time.perf_counter() - clock)
        if not server.status.startswith("201"):
            raise SystemExit(f"{server.status}: {said.decode()}")
    return used, passed


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--forms", nargs="+", default=["hh_water", "village_criteria"])
    parser.add_argument("--profile", type=Path, help="write cProfile's statistics to this file")
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    given = parser.parse_args()
    given.workers = given.threads = 1
    table = Table("form", "CPU ms, median", "p95", "clock ms, median", "p95", title="one upload, in the application")
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        with serving(given, Path(folder) / "home") as server:
            url = prepare(server)
            piles = {form: (bodies(url, form, 200, 1), bodies(url, form, given.count, 2)) for form in given.forms}
        app = create_app(Config.from_env(server.environment))
        profile = cProfile.Profile() if given.profile else None
        for form, (first, uploads) in piles.items():
            send(app, url, first)
            if profile is not None:
                profile.enable()
            used, passed = send(app, url, uploads)
            if profile is not None:
                profile.disable()
            table.add_row(form, *(str(share(times, of)) for times in (used, passed) for of in (0.5, 0.95)))
        if profile is not None:
            profile.dump_stats(given.profile)
    Console(width=120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
