"""The line that breaks: it carries everything until it cuts, and it cuts as many as it was told to."""

import http.client
import random
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync.line import BreakingLine
from tests.kit.served import running

BODY = b"x" * 200_000


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(name="port")
def port_fixture() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    with running(server):
        yield server.server_port


def asks(line: BreakingLine) -> bool:
    """Whether one request comes back whole."""
    connection = http.client.HTTPConnection("127.0.0.1", line.port, timeout=10)
    try:
        connection.request("POST", "/", body=BODY)
        return connection.getresponse().read() == BODY
    except (http.client.HTTPException, OSError):
        return False
    finally:
        connection.close()


def test_a_line_that_never_breaks_carries_everything(port: int) -> None:
    with BreakingLine("127.0.0.1", port, 0.0, random.random) as line:
        assert [asks(line) for _ in range(5)] == [True] * 5
    assert (line.tally.carried, line.tally.cut) == (5, 0)


def test_a_line_that_always_breaks_lets_nothing_through_whole(port: int) -> None:
    with BreakingLine("127.0.0.1", port, 1.0, random.random) as line:
        assert [asks(line) for _ in range(5)] == [False] * 5
    assert line.tally.cut == 5


def test_a_share_of_the_connections_is_cut(port: int) -> None:
    with BreakingLine("127.0.0.1", port, 0.5, random.Random(1).random) as line:
        whole = sum(asks(line) for _ in range(40))
    assert line.tally.carried == 40
    assert whole == 40 - line.tally.cut
    assert 10 <= line.tally.cut <= 30


def test_a_server_that_is_away_is_a_broken_line() -> None:
    with BreakingLine("127.0.0.1", 9, 0.0, random.random) as line:
        assert not asks(line)
