"""The built browser files: their addresses from Vite's manifest, and the files themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Response

from server.domain.errors import NotFound, Unavailable
from server.web.built_files import FOR_A_YEAR, send_built
from server.web.desk.blueprint import blueprint

FOLDER = Path(__file__).with_name("static")
DESK, REFERENCE = "src/desk.js", "src/reference.js"


@dataclass(frozen=True)
class Built:
    """An entry: names of the script and of the style sheets, each below the folder of built files."""

    script: str
    styles: tuple[str, ...]


def find_built(entry: str = DESK) -> Built:
    """What a page links to. Raises Unavailable when the browser files were not built (`make assets`)."""
    path = FOLDER / "manifest.json"
    try:
        return _read(path, entry, path.stat().st_mtime_ns)
    except (FileNotFoundError, KeyError, ValueError) as error:
        raise Unavailable("desk.assets_missing") from error


@cache
def _read(path: Path, entry: str, _changed: int) -> Built:
    found = json.loads(path.read_text(encoding="utf-8"))[entry]
    return Built(found["file"], tuple(found.get("css", ())))


@blueprint.get("/static/<path:name>")
def built_file(name: str) -> Response:
    """A built file; its name holds a hash of its content, so that it may be kept for a year. Public."""
    folder, _, rest = name.partition("/")
    if folder != "assets":
        raise NotFound("http.not_found")
    return send_built(FOLDER / folder, rest, FOR_A_YEAR)
