"""The files that answers name, in a zip that is sent while it is made. They are stored as they are: photos do not
become smaller. `files.csv` says whose each is and where it lies, `missing.csv` what did not come or is not kept any
more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from server.exports.answers import MediaFile, Source
from server.exports.csv_rows import about_file, csv_rows
from server.exports.media import media_entries
from server.exports.spool import Spool
from server.exports.zips import zip_stream

ENDING = "media.zip"
KIND = "application/zip"


def write(source: Source) -> Iterator[bytes]:
    """The zip, piece by piece."""
    with ExitStack() as open_files:
        yield from zip_stream(_files(source, open_files), source.made, pressed=False)


def _files(source: Source, open_files: ExitStack) -> Iterator[tuple[str, Iterable[bytes]]]:
    present, missing = Spool(open_files), Spool(open_files)

    def tell(file: MediaFile, name: str | None) -> None:
        if name is None:
            missing.add([[file.key, file.name]])
        else:
            present.add([[file.key, file.name, name]])

    if source.media is not None:
        yield from media_entries(source.media(), "media/", tell)
    yield "files.csv", csv_rows(["KEY", "name", "file"], present.read())
    yield "missing.csv", csv_rows(["KEY", "name"], missing.read())
    yield about_file(source.about, source.translate)
