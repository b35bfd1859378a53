"""A receiver of webhooks on this machine: a real HTTP server that takes messages, refuses them, or hangs."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from server.services.home import Home
from tests.kit.served import running

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@dataclass
class Taken:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def signed_by(self, secret: str) -> bool:
        """Whether one of its signatures is made with a secret; as docs/webhooks.md shows it."""
        parts = [part.split("=", 1) for part in self.headers["X-Thonban-Signature"].split(",")]
        at = next(value for name, value in parts if name == "t")
        wanted = hmac.new(secret.encode(), f"{at}.".encode() + self.body, hashlib.sha256).hexdigest()
        return any(hmac.compare_digest(value, wanted) for name, value in parts if name == "v1")


@dataclass
class Receiver:
    """`answers`: the status it gives; None: it hangs until the test ends. `location`: where a redirect leads."""

    url: str
    answers: int | None = 204
    location: str | None = None
    taken: list[Taken] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> list[dict[str, Any]]:
        """All it was told, in order."""
        return [each.told for each in self.taken]

    @property
    def events(self) -> list[str]:
        """The kinds of what it was told."""
        return [each["event"] for each in self.told]


@contextmanager
def receiver(answers: int | None = 204) -> Iterator[Receiver]:
    """A receiver that listens on a port of its own."""
    here = Receiver("", answers)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.taken.append(Taken(dict(self.headers), body))
            if here.answers is None:
                here.over.wait()
                return
            self.send_response(here.answers)
            if here.location is not None:
                self.send_header("Location", here.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    with running(server) as address:
        here.url = f"{address}/hook?from=thonban"
        try:
            yield here
        finally:
            here.over.set()


def with_loopback(home: Home) -> Home:
    """The same home, whose webhooks may call this machine."""
    return replace(home, config=replace(home.config, webhook_networks=LOOPBACK))
