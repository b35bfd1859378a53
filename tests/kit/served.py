"""Servers as others reach them: behind a real socket, for as long as somebody needs them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer

from flask import Flask
from werkzeug.serving import make_server


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


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """An application behind a real socket; gives its address."""
    with running(make_server("127.0.0.1", 0, app, threaded=True)) as address:
        yield address
