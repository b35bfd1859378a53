"""Takes in the sheets of a bundle, each as if its phone had sent it: nothing is lost, and nothing is kept twice.

The file has no key, so that whoever brings it says whose sheets these are, of the people they look after. Each sheet is
one transaction of receive.py; what is here already is recognised, whichever way it came. After a crash the same file is
taken in again. See docs/bundles.md.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from server.domain.errors import DomainError, Invalid, NotFound, TooLarge, Unavailable, Unreadable
from server.services.authenticate import Caller, caller_of
from server.services.home import LAID_DOWN, Home
from server.services.judge import Carried, Target, Upload, read_and_judge
from server.services.keep import decide_on, look
from server.services.people import place_of, require_app_user
from server.services.receive import Receipt, receive
from server.storage.audits import write_audit
from server.storage.database import writing
from server.storage.devices import find_pin
from sync.bundle import OTHER, Bundle, Fault, Piece, Sheet, read_bundle
from sync.decide import Outcome
from sync.envelope import Part
from sync.errors import BundleError

VERB = "bundle.import"
NEW, EDIT, COMPLETED, HERE, APART = "new", "edit", "completed", "here", "apart"
UNREADABLE, REFUSED, DAMAGED, WHOLE = "unreadable", "refused", "damaged", "whole"
FATES = (NEW, EDIT, COMPLETED, HERE, APART, UNREADABLE, REFUSED, DAMAGED, WHOLE)
"""What becomes of a sheet: the last is what is said of one while nobody has said whose it is."""
TAKEN = (NEW, EDIT, COMPLETED, HERE, APART)
"""Those after which a phone may forget the sheet."""
IN_MEMORY = 1 << 18
"""Bytes of an attachment that are kept in memory; larger ones are laid down beside the home's files."""
TOO_LARGE = ("bundle.too_large", "bundle.too_many")
_FATE: Mapping[Outcome, str] = {
    Outcome.FRESH: NEW,
    Outcome.VERSION_UNKNOWN: NEW,
    Outcome.NO_INSTANCE_ID: NEW,
    Outcome.EDIT: EDIT,
    Outcome.MORE_ATTACHMENTS: COMPLETED,
    Outcome.DUPLICATE: HERE,
}


@dataclass(frozen=True)
class Carrying:
    """A bundle that somebody brings to a project, and whose sheets they say these are (None: not said yet)."""

    bundle: Bundle
    project_id: int
    carrier: Caller
    sender: Caller | None
    now: datetime


@dataclass(frozen=True)
class Fate:
    """What became of a sheet, or would become. `faults`: why it is damaged, `error`: why it is unreadable or refused;
    `receipt`: of what was taken in."""

    sheet: Sheet
    result: str
    faults: tuple[Fault, ...] = ()
    error: DomainError | None = None
    receipt: Receipt | None = field(default=None, kw_only=True)


def open_bundle(file: BinaryIO) -> Bundle:
    """A bundle to be looked through. Raises Unreadable and TooLarge."""
    try:
        return read_bundle(file)
    except BundleError as error:
        kind = TooLarge if error.code in TOO_LARGE else Unreadable
        raise kind(error.code, **error.params) from error


def require_project(bundle: Bundle, project_id: int) -> None:
    """Raises Invalid for a bundle that was made for another project: its forms are none of this one."""
    made_for = bundle.manifest.about.project
    if made_for != project_id:
        raise Invalid("bundle.other_project", project=made_for, here=project_id)


def sender_of(session: Session, carrier: Caller, project_id: int, actor_id: int, now: datetime) -> Caller:
    """The app user in whose name a bundle is taken in, as their phone would be known. Raises NotFound for one that the
    carrier may not know of, Forbidden for one they do not look after."""
    require_app_user(session, carrier, VERB, project_id, actor_id)
    return replace(caller_of(session, actor_id, now), pin=find_pin(session, actor_id))


def look_through(session: Session, home: Home, carrying: Carrying) -> list[Fate]:
    """What would become of each sheet, in the order of the bundle. Writes nothing."""
    found = []
    for sheet in carrying.bundle.manifest.sheets:
        found.append(_foreseen(session, home, carrying, sheet))
        session.rollback()
    return found


def unbundle(session: Session, home: Home, carrying: Carrying) -> list[Fate]:
    """Takes in what is whole, one sheet after the other, and gives what became of each. Raises Invalid for a bundle of
    another project, and Unavailable when nothing more can be kept: what was taken in until then stays."""
    require_project(carrying.bundle, carrying.project_id)
    sender = carrying.sender
    if sender is None:
        raise Invalid("bundle.no_sender")
    fates = [_taken(session, home, carrying, sheet) for sheet in carrying.bundle.manifest.sheets]
    counts = count_fates(fates)
    where = place_of(session, carrying.project_id, sender.actor_id, carrying.carrier.on)
    session.rollback()
    with writing(session) as connection:
        told = {"bundle": carrying.bundle.sha256, "sheets": len(fates)} | counts
        entry = carrying.carrier.entry("bundle.import", f"actor:{sender.actor_id}", carrying.now, where, **told)
        write_audit(connection, entry)
        session.commit()
    return fates


def count_fates(fates: Sequence[Fate]) -> dict[str, int]:
    """How many sheets came to each result, in the order of `FATES`; those that none came to are left out."""
    counted = Counter(fate.result for fate in fates)
    return {result: counted[result] for result in FATES if counted[result]}


def _foreseen(session: Session, home: Home, carrying: Carrying, sheet: Sheet) -> Fate:
    faults = carrying.bundle.faults(sheet)
    if faults:
        return Fate(sheet, DAMAGED, faults)
    if carrying.sender is None:
        return Fate(sheet, WHOLE)
    # by their hashes alone it is told what is here
    files = tuple(Part(each.called, each.content_type, b"", each.sha256) for each in sheet.files)
    try:
        upload = _upload(carrying, carrying.sender, sheet, files)
        judged = read_and_judge(session, home, upload)
    except (Unreadable, NotFound) as error:
        return Fate(sheet, UNREADABLE, error=error)
    except DomainError as error:
        return Fate(sheet, REFUSED, error=error)
    except OSError:
        return Fate(sheet, DAMAGED, (Fault(OTHER),))
    return Fate(sheet, _fate_of(decide_on(look(session.connection(), upload, judged)).outcome))


def _taken(session: Session, home: Home, carrying: Carrying, sheet: Sheet) -> Fate:
    if carrying.sender is None:
        raise Invalid("bundle.no_sender")
    faults = carrying.bundle.faults(sheet)
    if faults:
        return Fate(sheet, DAMAGED, faults)
    try:
        with _laid_down(carrying.bundle, sheet, home.config.home) as files:
            upload = _upload(carrying, carrying.sender, sheet, files)
            receipt = receive(session, home, upload)
    except Unavailable:
        raise
    except DomainError as error:
        return Fate(sheet, UNREADABLE if error.params.get("kept") else REFUSED, error=error)
    except OSError as error:
        if error.filename not in {piece.name for piece in (sheet.xml, *sheet.files)}:
            raise
        return Fate(sheet, DAMAGED, (Fault(OTHER),))
    return Fate(sheet, _fate_of(receipt.outcome), receipt=receipt)


def _fate_of(outcome: Outcome) -> str:
    return _FATE.get(outcome, APART)


def _upload(carrying: Carrying, sender: Caller, sheet: Sheet, files: tuple[Part, ...]) -> Upload:
    bundle = carrying.bundle
    carried = Carried(carrying.carrier, bundle.sha256)
    return Upload(bundle.envelope(sheet, files), Target(carrying.project_id), sender, carrying.now, carried)


@contextmanager
def _laid_down(bundle: Bundle, sheet: Sheet, folder: Path) -> Iterator[tuple[Part, ...]]:
    """The attachments of a sheet: small ones in memory, others in files that go when the block ends."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=LAID_DOWN) as laid:
        yield tuple(_part(bundle, piece, Path(laid) / str(place)) for place, piece in enumerate(sheet.files))


def _part(bundle: Bundle, piece: Piece, path: Path) -> Part:
    if piece.size <= IN_MEMORY:
        return Part(piece.called, piece.content_type, b"".join(bundle.read(piece)), piece.sha256)
    with path.open("wb") as file:
        for block in bundle.read(piece):
            file.write(block)
    return Part(piece.called, piece.content_type, path, piece.sha256)
