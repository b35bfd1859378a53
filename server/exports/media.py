"""The files that answers name, as entries of a zip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from server.exports.answers import MediaFile

_PART = 1 << 18
Tell = Callable[[MediaFile, str | None], object]
"""Told of each file, and what it is called in the zip; None: it is missing."""


def media_entries(
    files: Iterable[MediaFile], folder: str, tell: Tell | None = None
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Each file under its name in `folder`; where several submissions have a file of one name, from the second on in a
    folder of its submission, so that none covers another. What did not come, or is not kept any more, is left out."""
    taken: set[int] = set()
    for file in files:
        try:
            stream = file.open()
        except FileNotFoundError:
            if tell is not None:
                tell(file, None)
            continue
        plain = plain_name(file.name)
        # numbers take a fifth of the room that names do
        mark = hash(plain)
        name = plain if mark not in taken else f"{plain_name(file.key.removeprefix('uuid:'))}/{plain}"
        taken.add(mark)
        if tell is not None:
            tell(file, f"{folder}{name}")
        with stream as content:
            yield f"{folder}{name}", iter(lambda read=content.read: read(_PART), b"")  # type: ignore[misc]


def plain_name(name: str) -> str:
    """The name as a file in a folder has it: what leads elsewhere, and what is no character, is taken out."""
    last = name.replace("\\", "/").rpartition("/")[2].encode("utf-8", "replace").decode()
    shown = "".join("_" if each < " " or each == "\x7f" else each for each in last)
    return shown if shown.strip(". ") else "file"
