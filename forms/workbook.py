"""What can be known of a workbook before it is opened: that it is one, and that it unpacks to a bearable size."""

from __future__ import annotations

import io
import zipfile

from forms.errors import ConversionError

MAX_UNPACKED = 200_000_000
MAX_ENTRIES = 5_000
_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_container(content: bytes, kind: str) -> None:
    """Refuse what is not a workbook of its kind.

    :raises ConversionError: ``conversion.not_xlsx``, ``.corrupt``, ``.zip_bomb`` (``bytes``, ``limit``), ``.not_xls``,
        ``.not_utf8`` or ``.empty``.
    """
    if not content.strip():
        raise ConversionError("conversion.empty")
    if kind == "xlsx":
        _check_zip(content)
    elif kind == "xls":
        if not content.startswith(_XLS):
            raise ConversionError("conversion.not_xls")
    else:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            raise ConversionError("conversion.not_utf8") from None


def _check_zip(content: bytes) -> None:
    if not content.startswith(b"PK"):
        raise ConversionError("conversion.not_xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_sizes(archive, entries)
            names = {entry.filename for entry in entries}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as fault:
        raise ConversionError("conversion.corrupt", {"detail": str(fault)}) from None
    if "[Content_Types].xml" not in names:
        raise ConversionError("conversion.not_xlsx")


def _check_sizes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    declared = sum(entry.file_size for entry in entries)
    if declared > MAX_UNPACKED or len(entries) > MAX_ENTRIES:
        raise ConversionError("conversion.zip_bomb", {"bytes": declared, "limit": MAX_UNPACKED})
    unpacked = 0
    for entry in entries:
        # zipfile stops at the declared size and then compares checksums: a lie about the size is a corrupt file
        with archive.open(entry) as stream:
            while piece := stream.read(1 << 16):
                unpacked += len(piece)
                if unpacked > MAX_UNPACKED:
                    raise ConversionError("conversion.zip_bomb", {"bytes": unpacked, "limit": MAX_UNPACKED})
