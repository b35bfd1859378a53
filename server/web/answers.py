"""Bodies as the wire has them: JSON as ODK Central writes it, the OpenRosa receipt, files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

import orjson
from flask import request
from werkzeug.wrappers import Response

from sync.openrosa import Nature, render_receipt

CHUNK = 1 << 16
INLINE = ("image/", "audio/", "video/")


def moment(instant: datetime | None) -> str | None:
    """`2026-01-01T00:00:00.000Z`: UTC, milliseconds."""
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"


def answer_json(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, content_type="application/json; charset=utf-8")


def answer_features(body: Any) -> Response:
    """GeoJSON for a map of a page; kept by nobody but the browser that asked."""
    answer = Response(orjson.dumps(body), content_type="application/geo+json")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def answer_openrosa(message: str, nature: Nature, status: int) -> Response:
    """A receipt: what a phone shows after it sent something."""
    answer = Response(render_receipt(message, nature), status, content_type="text/xml; charset=utf-8")
    answer.headers["X-OpenRosa-Version"] = "1.0"
    return answer


def answer_file(stream: BinaryIO, name: str, content_type: str | None, tag: str) -> Response:
    """A stored file, streamed. `tag` is its hash. What is no picture, sound or film is saved, never shown:
    somebody else chose its content."""
    kind = content_type or "application/octet-stream"
    answer = Response(_chunks(stream), content_type=kind)
    shown = "inline" if kind.startswith(INLINE) and "svg" not in kind else "attachment"
    answer.headers.set("Content-Disposition", shown, filename=name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.set_etag(tag)
    return answer.make_conditional(request)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(CHUNK):
            yield chunk
