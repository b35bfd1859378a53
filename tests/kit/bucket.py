"""A small object store on loopback: enough of S3 for objects to be put, got, headed, listed and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tests.kit.served import running

_FACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class _Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, tuple[bytes, datetime]]

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self._key()] = (content, datetime.now(UTC))
        self._answer(200)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if "list-type" in parts.query:
            self._answer(200, self._listing(parse_qs(parts.query).get("prefix", [""])[0]))
        else:
            self._give()

    def do_HEAD(self) -> None:
        self._give()

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204)

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _give(self) -> None:
        found = self.objects.get(self._key())
        self._answer(404 if found is None else 200, *(found or ()))

    def _listing(self, prefix: str) -> bytes:
        entries = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key, (_, at) in self.objects.items()
            if key.startswith(prefix)
        )
        body = f"<ListBucketResult xmlns='{_FACE}'><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        return body.encode()

    def _answer(self, status: int, content: bytes = b"", at: datetime | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"etag"')
        if at is not None:
            self.send_header("Last-Modified", format_datetime(at, usegmt=True))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def running_bucket() -> Iterator[str]:
    """The address of an empty store."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Store", (_Store,), {"objects": {}}))
    with running(server) as address:
        yield address
