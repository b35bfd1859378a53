"""Servers as others reach them: behind a real socket, for as long as somebody needs them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

PATIENCE = 5
"""Seconds that requests have to end in when nobody asks any more."""


@contextmanager
def running(server: HTTPServer) -> Iterator[str]:
    """A server in a thread of its own, ended and closed afterwards; gives its address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Counted:
    """An application that knows how many requests it is at work on, to the end of what is done once the last byte is
    out: who was answered may be gone before that, and with them the database."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._busy = 0
        self._changed = threading.Condition()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self._add(1)
        try:
            answer = self._app(environ, start)
        except BaseException:
            self._add(-1)
            raise
        return ClosingIterator(answer, lambda: self._add(-1))

    def _add(self, number: int) -> None:
        with self._changed:
            self._busy += number
            self._changed.notify_all()

    def rests(self) -> None:
        """Waits until it is at work on none."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy == 0, timeout=PATIENCE)


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """An application behind a real socket; gives its address."""
    counted = _Counted(app)
    try:
        with running(make_server("127.0.0.1", 0, counted, threaded=True)) as address:
            yield address
    finally:
        counted.rests()
