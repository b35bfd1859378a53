"""A line that breaks: carries bytes between devices and a server, and cuts some connections in the middle.

For trials only. A cut closes both sides at once after a number of bytes drawn by chance, so that it can fall into a
request, between a request and its answer, or into the answer: what is acknowledged and what only arrived then differ.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

CHUNK = 1 << 14
START_SECONDS = 10.0
DOUBLINGS = (6.0, 17.0)
"""Powers of two between which lie the bytes that a cut connection carries, both ways together: 64 B to 128 KiB."""


@dataclass
class Tally:
    """Connections carried, and how many of them were cut."""

    carried: int = 0
    cut: int = 0


class BreakingLine:
    """Listens on a free port of this machine while the block lasts; `url` is where devices go instead.

    ``share``: of the connections, how many are to be cut, from 0 to 1; those that carry less than was drawn for them
    are not. ``draw`` gives numbers by chance, from 0 up to, not including, 1.
    """

    def __init__(self, host: str, port: int, share: float, draw: Callable[[], float]) -> None:
        self.tally = Tally()
        self.port = 0
        self._there = (host, port)
        self._share = share
        self._draw = draw
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> BreakingLine:
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or not self.port:
            raise OSError("the line could not be opened")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where devices find it."""
        return f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        # whoever is still on the line is cut off with it, and the loop goes round until its sockets are closed
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.tally.carried += 1
        # as often within the first hundred bytes as within the last hundred thousand
        least, most = DOUBLINGS
        left = int(2 ** (least + self._draw() * (most - least))) if self._draw() < self._share else None
        try:
            far, forth = await asyncio.open_connection(*self._there)
        except OSError:
            back.transport.abort()
            return
        passage = _Passage(left)
        self._writers |= {back, forth}
        try:
            await _first_of(passage.pump(near, forth), passage.pump(far, back))
        finally:
            self.tally.cut += passage.is_cut
            for writer in (back, forth):
                if passage.is_cut:
                    writer.transport.abort()
                else:
                    writer.close()


class _Passage:
    """The bytes that a connection may still carry; None: as many as there are."""

    def __init__(self, left: int | None) -> None:
        self._left = left
        self.is_cut = False

    async def pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Carries bytes one way until there are no more or the passage is cut."""
        while chunk := await source.read(CHUNK):
            if self._left is not None:
                chunk = chunk[: self._left]
                self._left -= len(chunk)
            target.write(chunk)
            await target.drain()
            if self._left == 0:
                self.is_cut = True
                return


async def _first_of(*ways: Coroutine[Any, Any, None]) -> None:
    """Waits until one way has ended, and ends the others: a connection that is half closed is of no use to HTTP."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(OSError, asyncio.CancelledError):
                await task
