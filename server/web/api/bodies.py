"""Raw bodies of requests: a file of any size, laid down while it comes in; XML, in memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from flask import request

from server.domain.errors import Unreadable
from server.web.context import current_home
from sync.envelope import Part

CHUNK = 1 << 16


def read_part(name: str) -> AbstractContextManager[Part]:
    """The body as a file of that name, gone again when the block ends. A `Content-Encoding` is a guess from the
    name: the bytes are kept as they came. Raises RequestEntityTooLarge past the limit."""
    return lay_down(name, request.content_type, request.stream)


@contextmanager
def lay_down(name: str, content_type: str | None, stream: IO[bytes]) -> Iterator[Part]:
    """What comes in as a file of that name, gone again when the block ends."""
    folder = current_home().config.home / "uploads"
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder, prefix="upload-", delete=False) as file:
        path = Path(file.name)
        try:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            yield Part(name, content_type or "application/octet-stream", path, digest.hexdigest())
        finally:
            path.unlink(missing_ok=True)


def read_xml() -> bytes:
    """The body as XML. Raises Unreadable when there is none."""
    content = request.get_data(cache=False)
    if not content:
        raise Unreadable("request.empty")
    return content
