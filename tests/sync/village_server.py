"""A small OpenRosa server in a thread: real HTTP, nothing of ours in it but the words it writes."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.kit.served import running

TOKEN = "b1f8Qm7x"
PROJECT = f"/v1/key/{TOKEN}/projects/1"
FORM = "<h:html><h:title>Tiêu chí thôn</h:title></h:html>".encode()
VILLAGES = "name,label\nthon_01,Bản Xéo\n".encode()


def md5(content: bytes) -> str:
    return "md5:" + hashlib.md5(content).hexdigest()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    parts: list[tuple[str, str | None, bytes]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.parts]


class VillageServer(ThreadingHTTPServer):
    """`fail_posts`: numbers (from 1) of the POSTs that go wrong, with what: a status, or "hang up"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.requests: list[Request] = []
        self.limit: int | None = 100_000_000
        self.head_status = 204
        self.head_location: str | None = None
        self.post_status = 201
        self.post_body = (
            '<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="0">'
            '<message nature="submit_success">Đã nhận</message></OpenRosaResponse>'
        ).encode()
        self.fail_posts: dict[int, int | str] = {}
        self.list_type = "text/xml; charset=utf-8"
        self.form = self.announced = FORM
        self.villages = VILLAGES
        self.archive: bytes | None = None
        self.listed = True
        self.without: set[str] = set()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return self.host + PROJECT

    @property
    def posts(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    def documents(self) -> dict[str, tuple[str, bytes]]:
        entry = (
            "<xform><formID>village_criteria</formID>"
            f"<name>Tiêu chí thôn</name><version>1</version><hash>{md5(self.announced)}</hash>"
            f"<downloadUrl>{self.url}/forms/village_criteria.xml</downloadUrl>"
            f"<manifestUrl>{self.url}/forms/village_criteria/manifest</manifestUrl></xform>"
        )
        listed = entry if self.listed else ""
        form_list = f'<xforms xmlns="http://openrosa.org/xforms/xformsList">{listed}</xforms>'
        files = {"villages.csv": self.villages} | ({} if self.archive is None else {"maps.zip": self.archive})
        media = "".join(
            f"<mediaFile><filename>{name}</filename><hash>{md5(content)}</hash>"
            f"<downloadUrl>{self.url}/{name}</downloadUrl></mediaFile>"
            for name, content in files.items()
        )
        manifest = f'<manifest xmlns="http://openrosa.org/xforms/xformsManifest">{media}</manifest>'
        return {
            "/maps.zip": ("application/zip", self.archive or b""),
            "/formList": (self.list_type, form_list.encode()),
            "/forms/village_criteria.xml": ("application/xml", self.form),
            "/forms/village_criteria/manifest": ("text/xml", manifest.encode()),
            "/villages.csv": ("text/csv", self.villages),
        }


class _Answering(BaseHTTPRequestHandler):
    server: VillageServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self._note("GET")
        name = path.removeprefix(PROJECT)
        if name in self.server.without or name not in self.server.documents():
            self._answer(404, b"")
            return
        content_type, content = self.server.documents()[name]
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(304, b"")
            return
        self._answer(200, content, {"Content-Type": content_type, "ETag": etag})

    def do_HEAD(self) -> None:
        self._note("HEAD")
        more = {} if self.server.head_location is None else {"Location": self.server.head_location}
        if self.server.limit is not None:
            more["X-OpenRosa-Accept-Content-Length"] = str(self.server.limit)
        self._answer(self.server.head_status, b"", more)

    def do_POST(self) -> None:
        self._note("POST", self.rfile.read(int(self.headers["Content-Length"])))
        failure = self.server.fail_posts.get(len(self.server.posts))
        if failure == "hang up":
            self.close_connection = True
            return
        if isinstance(failure, int):
            self._answer(failure, b"")
            return
        self._answer(self.server.post_status, self.server.post_body, {"Content-Type": "text/xml; charset=utf-8"})

    def _note(self, method: str, body: bytes = b"") -> str:
        address = urlsplit(self.path)
        parts = list(_parts(body, self.headers["Content-Type"])) if body else []
        headers = dict(self.headers.items())
        self.server.requests.append(Request(method, address.path, parse_qs(address.query), headers, parts))
        return address.path

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("X-OpenRosa-Version", "1.0")
        self.send_header("Set-Cookie", "seen=1")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)


def _parts(body: bytes, content_type: str) -> Iterator[tuple[str, str | None, bytes]]:
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    for piece in body.split(boundary)[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        said = head.decode()
        name = re.search(r'[; ]name="([^"]*)"', said)
        filename = re.search(r'filename="([^"]*)"', said)
        assert name is not None
        yield name[1], filename[1] if filename else None, content.removesuffix(b"\r\n")


@contextmanager
def village_server() -> Iterator[VillageServer]:
    server = VillageServer()
    with running(server):
        yield server
