"""A crowd of phones without screens: sends prepared uploads over kept-alive connections, one at a time on each.

    python -m bench.phones --url URL --bodies FILE --connections 8

`FILE` holds uploads as `bench.intake` lays them down: for each a line with its length, then its bytes. Prints one line
of JSON: answers by status, seconds, and latencies in milliseconds from the first byte written to the last byte read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

BOUNDARY = "----thonban-bench-7f3a9c"
ACCEPTED = (201, 202)


def read_bodies(file: Path) -> list[bytes]:
    """The uploads of a file, in order."""
    content, bodies, at = file.read_bytes(), [], 0
    while at < len(content):
        end = content.index(b"\n", at)
        length = int(content[at:end])
        bodies.append(content[end + 1 : end + 1 + length])
        at = end + 1 + length
    return bodies


def body_of(xml: bytes) -> bytes:
    """One multipart upload with no attachment."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="submission.xml"\r\n'
        "Content-Type: text/xml\r\n\r\n"
    ).encode()
    return head + xml + f"\r\n--{BOUNDARY}--\r\n".encode()


class Crowd:
    """Phones that share a pile of uploads."""

    def __init__(self, url: str, bodies: list[bytes]) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.pile: Iterator[bytes] = iter(bodies)
        self.latencies: list[float] = []
        self.answers: Counter[int] = Counter()
        self.said: str = ""
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nX-OpenRosa-Version: 1.0\r\n"
            f"User-Agent: thonban-bench\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        )

    async def send(self, connections: int) -> float:
        """Sends all; returns the seconds it took."""
        began = time.perf_counter()
        await asyncio.gather(*(self._phone() for _ in range(connections)))
        return time.perf_counter() - began

    async def _phone(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        for body in self.pile:
            began = time.perf_counter()
            try:
                writer.write(f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                status, answer, closing = await _read(reader)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                status, answer, closing = 0, repr(error).encode(), True
            self.latencies.append(time.perf_counter() - began)
            self.answers[status] += 1
            if status not in ACCEPTED and not self.said:
                self.said = answer[:300].decode("utf-8", "replace")
            if closing:
                writer.close()
                reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]) if b"content-length:" in head else 0
    body = await reader.readexactly(length)
    return status, body, b"connection: close" in head


def share(latencies: list[float], of: float) -> float:
    """The latency in milliseconds that a share of the uploads does not pass."""
    ordered = sorted(latencies)
    return round(ordered[min(len(ordered) - 1, int(of * len(ordered)))] * 1000, 2)


def main() -> int:
    """Sends and prints; 1 when something was not accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--bodies", required=True, type=Path)
    parser.add_argument("--connections", type=int, default=8)
    given = parser.parse_args()
    crowd = Crowd(given.url, read_bodies(given.bodies))
    seconds = asyncio.run(crowd.send(given.connections))
    accepted = sum(crowd.answers[status] for status in ACCEPTED)
    told = {
        "accepted": accepted,
        "answers": crowd.answers,
        "seconds": round(seconds, 3),
        "per_second": round(accepted / seconds, 1),
        "p50": share(crowd.latencies, 0.50),
        "p95": share(crowd.latencies, 0.95),
        "p99": share(crowd.latencies, 0.99),
        "said": crowd.said,
    }
    print(json.dumps(told))
    return 0 if accepted == sum(crowd.answers.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
