"""The files that answers name, as entries of a zip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.exports.answers import MediaFile

_PART = 1 << 18


def media_entries(files: Iterable[MediaFile], folder: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Each file under its name in `folder`; where several submissions have a file of one name, from the second on in a
    folder of its submission, so that none covers another. What is not on the disk any more is left out."""
    taken: set[int] = set()
    for file in files:
        plain = file.name.replace("\\", "/").rpartition("/")[2] or "file"
        # numbers take a fifth of the room that names do
        mark = hash(plain)
        name = plain if mark not in taken else f"{file.key.removeprefix('uuid:')}/{plain}"
        taken.add(mark)
        try:
            stream = file.open()
        except FileNotFoundError:
            continue
        with stream as content:
            yield f"{folder}{name}", iter(lambda read=content.read: read(_PART), b"")  # type: ignore[misc]
