"""Lays the answers to a form as Parquet files where others read them: in a folder, or in object storage."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.domain.errors import Conflict
from server.exports.answers import Source
from server.exports.answers_parquet import form_folder, write_parts
from server.storage.targets import Target


@dataclass(frozen=True)
class Unloaded:
    """What was laid down. `removed`: files of before that are no more."""

    files: int
    bytes: int
    removed: int


def unload(
    source: Source, target: Target, *, replace: bool = False, tell: Callable[[str], object] = lambda name: None
) -> Unloaded:
    """Writes the files one by one; `tell` hears the name of each that is there. Raises Conflict when answers to the
    form are there already and are not to be replaced: `export.target_taken`; OSError when it cannot be written."""
    before = set(target.list_names(form_folder(source.form_id)))
    if before and not replace:
        raise Conflict("export.target_taken", form=source.form_id, count=len(before))
    written, size = set(), 0
    with tempfile.TemporaryDirectory() as folder:
        for part in write_parts(source, Path(folder)):
            target.put(part.name, part.path)
            size += part.path.stat().st_size
            part.path.unlink()
            written.add(part.name)
            tell(part.name)
    gone = before - written
    for name in gone:
        target.remove(name)
    return Unloaded(len(written), size, len(gone))
