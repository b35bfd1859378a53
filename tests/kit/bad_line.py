"""A line as villages have it: between a browser and a server stands one that is dead for a while, breaks off in the
middle of what goes over it, or swallows an answer. Its address stays the same whatever stands behind it."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from types import TracebackType

PIECE = 4096
_RESET = struct.pack("ii", 1, 0)


class BadLine:
    """A relay of TCP connections on this machine. Each connection counts the bytes of both directions; `cut` of them
    (0 to 1) break off, with a reset, after a random number of bytes below `within`."""

    def __init__(self, port: int = 0, seed: int = 0) -> None:
        self.port = port
        """Where the server listens; 0: nobody is there."""
        self.cut = 0.0
        self.within = 30_000
        self.down = False
        self.connections = self.broken = self.refused = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> BadLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._listening.close()
        self.drop()

    def drop(self) -> None:
        """Breaks off everything that is under way."""
        with self._lock:
            under_way = list(self._open)
        for each in under_way:
            _reset(each)

    def _accept(self) -> None:
        while not self._ended:
            try:
                came, _ = self._listening.accept()
            except OSError:
                return
            if self.down or not self.port:
                self.refused += 1
                _reset(came)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            except OSError:
                self.refused += 1
                _reset(came)
                continue
            server.settimeout(None)
            self.connections += 1
            left = [self._random.randrange(self.within) if self._random.random() < self.cut else None]
            with self._lock:
                self._open |= {came, server}
            for one, other in ((came, server), (server, came)):
                threading.Thread(target=self._carry, args=(one, other, left), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, left: list[int | None]) -> None:
        try:
            while piece := one.recv(PIECE):
                if left[0] is not None:
                    left[0] -= len(piece)
                    if left[0] <= 0:
                        other.sendall(piece[: len(piece) + left[0]])
                        self.broken += 1
                        _reset(one)
                        _reset(other)
                        return
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            _reset(one)
            _reset(other)
        finally:
            with self._lock:
                self._open -= {one}


def _reset(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        each.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        each.close()
