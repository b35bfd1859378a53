"""A bundle: sheets that a phone could not send, in one file that is carried by cable, card or Bluetooth.

An ordinary zip with `manifest.json` first (docs/bundles.md has every member). The manifest has the SHA-256 of all that
lies beside it, so that of a damaged bundle each sheet is known to be whole or not. It holds no key: who takes it in
says whose sheets these are.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from forms.errors import FormsError
from forms.instance import read_instance
from sync.bundle_entries import STORED, Broken, Cut, Entries, Spot, find_entries, unpack
from sync.envelope import Envelope, Part, clipped, glimpse
from sync.errors import BundleError
from sync.outbox import Outbox, State

FORMAT = "thonban-bundle/"
VERSION = 1
MANIFEST = "manifest.json"
MOST_MANIFEST = 8_000_000
MOST_SHEETS = 2_000
MOST_FILES = 10_000
MOST_XML = 20_000_000
MOST_BYTES = 1_000_000_000
"""Unpacked, of all sheets together."""
UNSENT = (State.WAITING, State.SENDING, State.REFUSED)

MISSING, CUT, BROKEN, OTHER, NAME = "missing", "cut", "broken", "other", "name"
FAULTS = (MISSING, CUT, BROKEN, OTHER, NAME)
"""What can be wrong with a part of a sheet: it is not in the file; the file ends before it does; it cannot be unpacked;
its bytes are others than the manifest says; its name cannot be used, or another file of the sheet has it."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEPT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry of the zip: its name there, and what the manifest says of it. Of an attachment `called` is the name that
    the answers use."""

    name: str
    sha256: str
    size: int
    called: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One instance as the manifest names it. `number`: its place there, from 1."""

    number: int
    instance_id: str
    form_id: str
    version: str
    finished_at: datetime | None
    xml: Piece
    files: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class About:
    """What a bundle says of itself. `person`: a name to show; `sender`: the number of the app user, which is no secret,
    None where the phone does not know it."""

    made_at: datetime
    app: str
    server: str
    project: int
    person: str
    sender: int | None = None
    device_id: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself and what it says that it holds."""

    about: About
    sheets: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a sheet is not whole: one of `FAULTS`, and which part (an attachment's name, "" for the sheet itself)."""

    kind: str
    part: str = ""


@dataclass(frozen=True)
class Packed:
    """What goes into a bundle: an envelope, with what the manifest says of it."""

    envelope: Envelope
    instance_id: str
    form_id: str = ""
    version: str = ""
    finished_at: datetime | None = None


@dataclass
class Bundle:
    """A bundle that is open for reading. `sha256` is of the whole file."""

    manifest: Manifest
    sha256: str
    _file: BinaryIO = field(repr=False)
    _entries: Entries = field(repr=False)
    _good: dict[Piece, Spot | str] = field(default_factory=dict, repr=False)

    def faults(self, sheet: Sheet) -> tuple[Fault, ...]:
        """What of a sheet is not as it was packed; nothing: it is whole. Reads all of it."""
        found = []
        names: set[str] = set()
        for piece in (sheet.xml, *sheet.files):
            good = self._look(piece)
            if isinstance(good, str):
                found.append(Fault(good, piece.called))
            if piece is not sheet.xml and (not piece.called or piece.called in names):
                found.append(Fault(NAME, piece.called))
            names.add(piece.called)
        return tuple(found)

    def read(self, piece: Piece) -> Iterator[bytes]:
        """The bytes of a piece, in parts. Raises KeyError where `faults` names it, and OSError after the last part when
        they are others than a moment ago, as a dying card gives them."""
        good = self._look(piece)
        if isinstance(good, str):
            raise KeyError(piece.name)
        digest = hashlib.sha256()
        try:
            for block in unpack(self._file, good, piece.size):
                digest.update(block)
                yield block
        except (Cut, Broken) as error:
            raise OSError(errno.EIO, "read otherwise than before", piece.name) from error
        if digest.hexdigest() != piece.sha256:
            raise OSError(errno.EIO, "read otherwise than before", piece.name)

    def envelope(self, sheet: Sheet, files: tuple[Part, ...] | None = None) -> Envelope:
        """A whole sheet as its phone would have sent it. `files`: its attachments, laid down elsewhere already; None
        reads them into memory. Raises KeyError for a sheet that is not whole."""
        if files is None:
            files = tuple(
                Part(each.called, each.content_type, b"".join(self.read(each)), each.sha256) for each in sheet.files
            )
        about = self.manifest.about
        agent = f"{about.app} (bundle {self.sha256[:16]})"
        return Envelope(b"".join(self.read(sheet.xml)), files, clipped(about.device_id), clipped(agent))

    def _look(self, piece: Piece) -> Spot | str:
        if piece not in self._good:
            self._good[piece] = self._find(piece)
        return self._good[piece]

    def _find(self, piece: Piece) -> Spot | str:
        """The candidate that has the bytes, or what is wrong with the one that comes nearest."""
        worst = MISSING
        for spot in self._entries.spots.get(piece.name, ()):
            digest = hashlib.sha256()
            try:
                for block in unpack(self._file, spot, piece.size):
                    digest.update(block)
            except Cut:
                worst = CUT
            except Broken:
                worst = BROKEN
            else:
                if digest.hexdigest() == piece.sha256:
                    return spot
                worst = OTHER
        return worst


def read_bundle(file: BinaryIO, most_bytes: int = MOST_BYTES) -> Bundle:
    """Opens a bundle, whole or damaged; the file must stay open. Raises BundleError when it is none, when its manifest
    is damaged or not one that is known here, and when it holds more than is taken."""
    entries = find_entries(file)
    try:
        said = json.loads(_manifest_of(file, entries).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError("bundle.manifest_damaged") from error
    manifest = _manifest(said)
    pieces = [piece for sheet in manifest.sheets for piece in (sheet.xml, *sheet.files)]
    if sum(piece.size for piece in pieces) > most_bytes:
        raise BundleError("bundle.too_large", {"most": most_bytes // 1_000_000})
    if any(sheet.xml.size > MOST_XML for sheet in manifest.sheets):
        raise BundleError("bundle.too_large", {"most": MOST_XML // 1_000_000})
    return Bundle(manifest, entries.sha256, file, entries)


def write_bundle(target: BinaryIO, about: About, sheets: Sequence[Packed]) -> Manifest:
    """Writes a bundle; the same content gives the same bytes. Returns its manifest. Raises OSError when a file cannot
    be read or written, ValueError for a time without a zone."""
    manifest = Manifest(about, tuple(_sheet_of(number, each) for number, each in enumerate(sheets, 1)))
    text = json.dumps(manifest_body(manifest), ensure_ascii=False, indent=1).encode()
    with zipfile.ZipFile(target, "w") as archive:
        _put(archive, about, MANIFEST, text, zipfile.ZIP_DEFLATED)
        for sheet, packed in zip(manifest.sheets, sheets, strict=True):
            _put(archive, about, sheet.xml.name, packed.envelope.xml, zipfile.ZIP_DEFLATED)
            for piece, part in zip(sheet.files, packed.envelope.attachments, strict=True):
                # photos are pressed already
                _put(archive, about, piece.name, part.read(), zipfile.ZIP_STORED)
    return manifest


def pack_outbox(outbox: Outbox, states: Collection[State] = UNSENT) -> list[Packed]:
    """What stands in a queue, ready to be bundled: by default all that was not sent. The queue stays as it is: what is
    sent later as well is recognised."""
    entries = [entry for entry in outbox.list_entries() if entry.state in states]
    return [pack(outbox.get_envelope(entry), entry.instance_id, entry.queued_at) for entry in entries]


def pack(envelope: Envelope, instance_id: str, finished_at: datetime | None) -> Packed:
    """An envelope with the form and version that its instance names."""
    try:
        instance = read_instance(envelope.xml)
    except FormsError:
        return Packed(envelope, instance_id, glimpse(envelope.xml).form_id or "", "", finished_at)
    return Packed(envelope, instance_id, instance.form_id, instance.version or "", finished_at)


def bundle_name(person: str, made_at: datetime) -> str:
    """What a bundle's file is called: `thonban-chiu-a-senh-20260302-0815.zip`, in the zone of the time."""
    bare = unicodedata.normalize("NFD", person.lower().replace("đ", "d"))
    plain = _KEPT.sub("-", "".join(each for each in bare if not unicodedata.combining(each))).strip("-")
    return f"thonban-{plain[:60].strip('-') or 'phieu'}-{made_at:%Y%m%d-%H%M}.zip"


def manifest_body(manifest: Manifest) -> dict[str, Any]:
    """The manifest as JSON has it."""
    about = manifest.about
    return {
        "format": f"{FORMAT}{VERSION}",
        "madeAt": _written(about.made_at),
        "app": about.app,
        "server": about.server,
        "project": about.project,
        "person": about.person,
        "sender": about.sender,
        "deviceId": about.device_id,
        "sheets": [
            {
                "instanceId": each.instance_id,
                "xmlFormId": each.form_id,
                "version": each.version,
                "finishedAt": _written(each.finished_at) if each.finished_at else None,
                "xml": _piece_body(each.xml),
                "files": [{"as": file.called, "type": file.content_type} | _piece_body(file) for file in each.files],
            }
            for each in manifest.sheets
        ],
    }


def _piece_body(piece: Piece) -> dict[str, Any]:
    return {"name": piece.name, "sha256": piece.sha256, "bytes": piece.size}


def _sheet_of(number: int, packed: Packed) -> Sheet:
    xml, files = packed.envelope.xml, packed.envelope.attachments
    return Sheet(
        number,
        packed.instance_id,
        packed.form_id,
        packed.version,
        packed.finished_at,
        Piece(f"sheets/{number}/submission.xml", packed.envelope.sha256, len(xml)),
        tuple(
            Piece(f"sheets/{number}/files/{place}", part.sha256, part.size, part.name, part.content_type)
            for place, part in enumerate(files, 1)
        ),
    )


def _put(archive: zipfile.ZipFile, about: About, name: str, content: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, max(about.made_at.astimezone(UTC).timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
    entry.compress_type = method
    archive.writestr(entry, content)


def _written(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(moment)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _manifest_of(file: BinaryIO, entries: Entries) -> bytes:
    """The bytes of the manifest: it stands first, or the directory says where. Raises BundleError."""
    first = [entries.first[1]] if entries.first is not None and entries.first[0] == MANIFEST else []
    spots = dict.fromkeys((*first, *entries.spots.get(MANIFEST, ())))
    if not spots:
        raise BundleError("bundle.no_manifest")
    for spot in spots:
        size, exact = (spot.size or 0, True) if spot.method == STORED else (MOST_MANIFEST, False)
        try:
            text = b"".join(unpack(file, spot, min(size, MOST_MANIFEST), exact=exact))
        except (Cut, Broken):
            continue
        # a spot without a checksum is not believed: one flipped bit of its header says that it has none
        if spot.crc is not None and zlib.crc32(text) == spot.crc:
            return text
    raise BundleError("bundle.manifest_damaged")


def _manifest(said: Any) -> Manifest:
    if not isinstance(said, dict) or not str(said.get("format", "")).startswith(FORMAT):
        raise BundleError("bundle.no_manifest")
    if said["format"] != f"{FORMAT}{VERSION}":
        raise BundleError("bundle.format_unknown", {"format": _clean(str(said["format"]))[:40]})
    sheets = _listed(said, "sheets")
    if len(sheets) > MOST_SHEETS:
        raise BundleError("bundle.too_many", {"most": MOST_SHEETS})
    about = About(
        made_at=_moment(said, "madeAt"),
        app=_text(said, "app"),
        server=_text(said, "server"),
        project=_number(said, "project"),
        person=_text(said, "person"),
        sender=None if said.get("sender") is None else _number(said, "sender"),
        device_id=None if said.get("deviceId") is None else _text(said, "deviceId"),
    )
    made = tuple(_sheet(each, number) for number, each in enumerate(sheets, 1))
    if sum(len(sheet.files) for sheet in made) > MOST_FILES:
        raise BundleError("bundle.too_many", {"most": MOST_FILES})
    return Manifest(about, made)


def _sheet(said: Any, number: int) -> Sheet:
    if not isinstance(said, dict):
        raise BundleError("bundle.manifest_malformed", {"member": "sheets"})
    return Sheet(
        number,
        _text(said, "instanceId"),
        _text(said, "xmlFormId"),
        _text(said, "version"),
        None if said.get("finishedAt") is None else _moment(said, "finishedAt"),
        _piece(said.get("xml"), "xml"),
        tuple(_piece(each, "files") for each in _listed(said, "files")),
    )


def _piece(said: Any, member: str) -> Piece:
    if not isinstance(said, dict):
        raise BundleError("bundle.manifest_malformed", {"member": member})
    sha256 = _text(said, "sha256").lower()
    if not _SHA256.fullmatch(sha256):
        raise BundleError("bundle.manifest_malformed", {"member": "sha256"})
    name, size = _text(said, "name"), _number(said, "bytes")
    if member == "xml":
        return Piece(name, sha256, size)
    # the last segment of a name, as with what comes over a wire: a name is never a path here
    called = _text(said, "as").replace("\\", "/").rsplit("/", 1)[-1].strip()
    kind = _text(said, "type") or "application/octet-stream"
    return Piece(name, sha256, size, "" if called in (".", "..") else called, kind)


def _listed(said: dict[str, Any], member: str) -> list[Any]:
    found = said.get(member, [])
    if not isinstance(found, list):
        raise BundleError("bundle.manifest_malformed", {"member": member})
    return found


def _text(said: dict[str, Any], member: str) -> str:
    found = said.get(member)
    if not isinstance(found, str):
        raise BundleError("bundle.manifest_malformed", {"member": member})
    return _clean(found)[:255]


def _clean(text: str) -> str:
    # neither a zero character nor half of one can be kept by a database
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _number(said: dict[str, Any], member: str) -> int:
    found = said.get(member)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 1 << 53:
        raise BundleError("bundle.manifest_malformed", {"member": member})
    return found


def _moment(said: dict[str, Any], member: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(said, member))
    except ValueError as error:
        raise BundleError("bundle.manifest_malformed", {"member": member}) from error
    if found.tzinfo is None:
        raise BundleError("bundle.manifest_malformed", {"member": member})
    return found
