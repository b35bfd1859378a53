"""Raw bodies of requests: a file of any size, laid down while it comes in; XML, in memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import request

from server.domain.errors import Unreadable
from server.web.context import current_home
from sync.envelope import Part

CHUNK = 1 << 16


@contextmanager
def read_part(name: str) -> Iterator[Part]:
    """The body as a file of that name, gone again when the block ends. A `Content-Encoding` is a guess from the
    name: the bytes are kept as they came. Raises RequestEntityTooLarge past the limit."""
    folder = current_home().config.home / "uploads"
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder, prefix="upload-", delete=False) as file:
        path = Path(file.name)
        try:
            while chunk := request.stream.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            yield Part(name, request.content_type or "application/octet-stream", path, digest.hexdigest())
        finally:
            path.unlink(missing_ok=True)


def read_xml() -> bytes:
    """The body as XML. Raises Unreadable when there is none."""
    content = request.get_data(cache=False)
    if not content:
        raise Unreadable("request.empty")
    return content
