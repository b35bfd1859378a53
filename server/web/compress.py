"""Answers of text go out gzipped to whoever takes gzip: a village's line carries a few kilobytes a second.

The tag of an answer stays the same and is marked weak (RFC 9110 section 8.8.1), so that a view can answer 304 before it
has written anything; Flask-Compress gives each encoding a tag of its own, which a view cannot know. Pages may be
gzipped although they hold a token (the attack called BREACH): no page of somebody else can ask for them in a person's
name, because the cookie is SameSite=Strict.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Response, request
from werkzeug.http import parse_accept_header

LEAST = 860
"""Bytes below which a network packet holds the answer anyway."""
LEVEL = 5
KINDS = ("text/", "application/json", "application/xml", "application/javascript", "image/svg+xml")


def takes_gzip() -> bool:
    """Whether whoever asks takes gzip."""
    return _names_gzip(request.headers.get("Accept-Encoding", ""))


@lru_cache(maxsize=256)
def _names_gzip(accepted: str) -> bool:
    # all phones of a kind say the same
    return "gzip" in accepted and parse_accept_header(accepted).quality("gzip") > 0


def compress(answer: Response) -> Response:
    """The answer, gzipped in place where that helps. What is streamed, a picture, or gzipped already stays as it is."""
    if answer.status_code == 304:
        return _weak(answer) if takes_gzip() else answer
    if answer.is_streamed or answer.direct_passthrough or request.method == "HEAD":
        return answer
    content = answer.get_data()
    plain = (answer.content_type or "").startswith(KINDS) and "Content-Encoding" not in answer.headers
    if len(content) < LEAST or not plain or not takes_gzip():
        return answer
    answer.set_data(gzip.compress(content, LEVEL, mtime=0))
    answer.headers["Content-Encoding"] = "gzip"
    if answer.headers.get("Vary") != "*":
        answer.vary.add("Accept-Encoding")
    return _weak(answer)


@lru_cache(maxsize=32)
def gzipped(path: Path, _changed: int) -> bytes:
    """A file of ours, gzipped once in a process as well as it goes. `_changed`: its time of change."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def _weak(answer: Response) -> Response:
    tag, _ = answer.get_etag()
    if tag:
        answer.set_etag(tag, weak=True)
    return answer
