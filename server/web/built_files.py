"""Built browser files on their way out: gzipped once in a process for whoever takes gzip."""

from __future__ import annotations

from pathlib import Path

from flask import Response, send_from_directory

from server.web.compress import KINDS, gzipped, takes_gzip

YEAR_SECONDS = 31_536_000
FOR_A_YEAR = f"public, max-age={YEAR_SECONDS}, immutable"
"""For files whose name holds a hash of their content."""
ASKED_EACH_TIME = "no-cache"


def send_built(folder: Path, name: str, caching: str) -> Response:
    """A file below that folder. Raises werkzeug's NotFound for what is not there or lies outside."""
    answer = send_from_directory(folder, name)
    if answer.status_code == 200 and (answer.content_type or "").startswith(KINDS):
        answer.vary.add("Accept-Encoding")
        if takes_gzip():
            path = folder / name
            answer.direct_passthrough = False
            answer.close()
            answer.set_data(gzipped(path, path.stat().st_mtime_ns))
            answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = caching
    return answer
