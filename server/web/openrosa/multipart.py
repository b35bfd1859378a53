"""Reads the body of an upload: the instance, the files beside it, and whether more will follow.

Small files stay in memory; larger ones go to a file of their own while they come in, hashed on the way.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from server.domain.errors import Missing, Unreadable
from sync.envelope import INCOMPLETE_PART, XML_PART, Envelope, Part, part_of

Files = MultiDict[str, FileStorage]

IN_MEMORY = 1 << 18
"""Bytes of a file that are kept in memory."""


class Spool(io.RawIOBase):
    """Where one part of a body goes: memory, and past `IN_MEMORY` a file in `folder`. Hashes what is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._digest = hashlib.sha256()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # Werkzeug writes bytes only
        """Takes the next piece."""
        self._digest.update(data)
        if self._file is None and len(self._memory) + len(data) > IN_MEMORY:
            self._file = tempfile.NamedTemporaryFile(dir=self._folder, prefix="upload-", delete=False)  # noqa: SIM115
            self._file.write(self._memory)
            self._memory.clear()
        if self._file is None:
            self._memory += data
        else:
            self._file.write(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """The parser rewinds when the part is whole; nothing is read from here."""
        return 0

    def part(self, name: str, content_type: str) -> Part:
        """The part as an attachment."""
        if self._file is None:
            return Part(name, content_type, bytes(self._memory), self._digest.hexdigest())
        self._file.close()
        return Part(name, content_type, Path(self._file.name), self._digest.hexdigest())

    def read_all(self) -> bytes:
        """The bytes, all at once."""
        return self.part("", "").read()

    def discard(self) -> None:
        """Removes the file, if there is one."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)


@contextmanager
def read_envelope(request: Request, folder: Path, device_id: str | None) -> Iterator[Envelope]:
    """The envelope of a multipart request; files that it laid down are removed when the block ends.

    Raises Unreadable when the body is no multipart form, Missing when it has no instance.
    """
    if request.mimetype != "multipart/form-data" or "boundary" not in request.mimetype_params:
        raise Unreadable("request.multipart", found=request.mimetype or "-")
    facts = Envelope(b"", (), device_id, _user_agent(request))
    stream: IO[bytes] = request.stream
    if request.content_length is not None and request.content_length <= IN_MEMORY:
        body = stream.read()
        pieces = split_plainly(body, request.mimetype_params["boundary"].encode())
        if pieces is not None:
            yield _from_pieces(facts, pieces)
            return
        stream = io.BytesIO(body)
    spools: list[Spool] = []
    try:
        form, files = _parsed(request, stream, folder, spools)
        yield replace(
            facts,
            xml=_instance(form, files),
            attachments=tuple(_parts(files.items(multi=True))),
            incomplete=form.get(INCOMPLETE_PART) == "yes",
        )
    finally:
        for each in spools:
            each.discard()


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a small body. `file_name` None: a plain field."""

    name: str
    file_name: str | None
    content_type: str
    content: bytes


def split_plainly(body: bytes, boundary: bytes) -> list[Piece] | None:
    """The parts of a body that is written as phones write it (RFC 7578): no preamble, CRLF, each part with a name. None
    for anything else, which the full parser then reads. An upload without photos is read ten times as fast."""
    first, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if first or not parts or not parts[-1].startswith(b"--") or parts[-1][2:].strip():
        return None
    pieces = []
    for part in parts[:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        facts = _head_of(head) if found and head.startswith(b"\r\n") else None
        if facts is None:
            return None
        pieces.append(Piece(*facts, content))
    return pieces


@lru_cache(maxsize=256)
def _head_of(head: bytes) -> tuple[str, str | None, str] | None:
    """(name, file name, content type) from the headers of a part; None when they are not plain."""
    named: dict[str, str] = {}
    for line in head[2:].split(b"\r\n"):
        key, found, value = line.partition(b":")
        if not found or line[:1].isspace():
            return None
        try:
            named[key.decode("ascii").lower()] = value.decode("utf-8").strip()
        except UnicodeDecodeError:
            return None
    kind, options = parse_options_header(named.get("content-disposition", ""))
    if kind != "form-data" or "name" not in options or "content-transfer-encoding" in named:
        return None
    mimetype = parse_options_header(named.get("content-type", ""))[0]
    return options["name"], options.get("filename"), mimetype


def _from_pieces(facts: Envelope, pieces: list[Piece]) -> Envelope:
    xml: bytes | None = None
    incomplete = False
    attachments: dict[str, Part] = {}
    for piece in pieces:
        if piece.name == XML_PART:
            xml = piece.content if xml is None else xml
        elif piece.name == INCOMPLETE_PART:
            incomplete = piece.content == b"yes"
        elif piece.file_name is not None:
            name = plain_name(piece.name) or plain_name(piece.file_name)
            if name and name not in attachments:
                attachments[name] = part_of(name, piece.content, piece.content_type or "application/octet-stream")
    if xml is None:
        raise Missing("submission.no_xml_part", field=XML_PART)
    return replace(facts, xml=xml, attachments=tuple(attachments.values()), incomplete=incomplete)


def _parsed(
    request: Request, stream: IO[bytes], folder: Path, spools: list[Spool]
) -> tuple[MultiDict[str, str], Files]:
    def spool(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        made = Spool(folder)
        spools.append(made)
        return cast("IO[bytes]", made)

    parser = FormDataParser(stream_factory=spool, max_form_memory_size=request.max_content_length, silent=False)
    try:
        _, form, files = parser.parse(stream, request.mimetype, request.content_length, request.mimetype_params)
    except ValueError as error:
        raise Unreadable("request.multipart", found=str(error)) from error
    return form, files


def _instance(form: MultiDict[str, str], files: Files) -> bytes:
    file = files.get(XML_PART)
    if file is not None:
        return _spool_of(file).read_all()
    if XML_PART in form:
        # a part without a file name is a text field for the parser
        return form[XML_PART].encode()
    raise Missing("submission.no_xml_part", field=XML_PART)


def plain_name(name: str) -> str:
    """The last segment of a name: a name is never a path here. "" when nothing is left."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\x00", "").strip()
    return "" if last in (".", "..") else last[:255]


def _parts(files: Iterable[tuple[str, FileStorage]]) -> Iterator[Part]:
    seen: set[str] = set()
    for field, file in files:
        name = plain_name(field) or plain_name(file.filename or "")
        if field == XML_PART or not name or name in seen:
            continue
        seen.add(name)
        yield _spool_of(file).part(name, file.mimetype or "application/octet-stream")


def _spool_of(file: FileStorage) -> Spool:
    return cast("Spool", file.stream)


def _user_agent(request: Request) -> str | None:
    client = request.headers.get("odk-client")
    agent = request.headers.get("User-Agent", "")
    return f"{client} {agent}".strip() if client else agent or None
