"""Seals the audit: the lines that lie under no seal are hashed, batch by batch, each batch on top of the one before.

Writers of lines never wait for this: hashing reads what is committed and holds nothing; what is written then is one
short transaction. A line that was written before and committed later (PostgreSQL) goes into the next batch. Of two who
seal at once one finds that a batch was sealed on top of the same one, and leaves it at that.

The hash of each seal also goes into the log and into a file of the home, so that somebody who can write to the database
cannot cut off the end of the chain, or make all of it anew, without its showing.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from server.domain.seals import GENESIS, digest_of, packed, seal_of
from server.services.home import Home
from server.storage.audit_seals import (
    SealView,
    add_seal,
    find_last_seal,
    find_seal_id,
    list_seals,
    list_unsealed,
    put_under,
)
from server.storage.database import writing

log = structlog.get_logger("thonban.audit")

AT_ONCE = 500
"""Lines of one seal: few enough that SQLite's one writer is held up for some milliseconds only."""
HEADS_FILE = "audit-seals.txt"


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that were read and hashed, and the seal they would lie on top of."""

    previous: str
    ids: tuple[int, ...]
    digests: bytes


@dataclass(frozen=True, slots=True)
class Noted:
    """A seal as it was written down outside the database."""

    seal_id: int
    sha256: str
    line: str


def seal(session: Session, home: Home, now: datetime, *, at_once: int = AT_ONCE) -> tuple[int, int]:
    """Seals every line there is; (seals made, lines sealed). Raises Unavailable."""
    seals = lines = 0
    while (batch := read_batch(session, at_once)) is not None:
        made = write_seal(session, batch, now)
        if made is None:  # another sealer is at it
            break
        seals, lines = seals + 1, lines + made.lines
        log.info("audit.sealed", seal=made.id, sha256=made.sha256, lines=made.lines)
    note_seals(session, home)
    return seals, lines


def read_batch(session: Session, most: int = AT_ONCE) -> Batch | None:
    """The next lines to seal, hashed; None when there are none. Nothing is held when it returns."""
    lines = list_unsealed(session, most)
    last = find_last_seal(session)
    session.rollback()
    if not lines:
        return None
    digests = packed((line.id, digest_of(line)) for line in lines)
    return Batch(last.sha256 if last else GENESIS, tuple(line.id for line in lines), digests)


def write_seal(session: Session, batch: Batch, now: datetime) -> SealView | None:
    """Puts the lines of a batch under a seal; None, and nothing is written, when somebody else sealed meanwhile."""
    count = len(batch.ids)
    hashed = seal_of(batch.previous, now, count, batch.digests)
    values = {"lines": count, "previous": batch.previous, "sha256": hashed, "sealed_at": now, "digests": batch.digests}
    with writing(session) as connection:
        seal_id = add_seal(connection, values)
        if seal_id is None or put_under(connection, seal_id, batch.ids) != count:
            return None
        session.commit()
    return SealView(seal_id, count, batch.previous, hashed, now, batch.digests)


def note_seals(session: Session, home: Home) -> None:
    """Writes the seals that are not there yet into the file of the home, in their order; several processes may."""
    path = home.config.home / HEADS_FILE
    path.touch(mode=0o600)
    with path.open("a+", encoding="ascii", errors="replace") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        after = 0
        last = next(iter(deque(_noted(file), maxlen=1)), None)
        if last is not None:
            known = find_seal_id(session, last.sha256)
            newest = find_last_seal(session)
            # a chain that does not hold what was noted is another one, which verify says; what is new is noted still
            after = known if known is not None else newest.id - 1 if newest else 0
        fresh = "".join(_written(each) for each in list_seals(session, after))
        session.rollback()
        if fresh:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())


def list_noted(home: Home) -> Iterator[Noted]:
    """The seals that the file of the home names, in its order; nothing when there is no file."""
    path = home.config.home / HEADS_FILE
    if not path.is_file():
        return
    with path.open(encoding="ascii", errors="replace") as file:
        yield from _noted(file)


def _noted(file: Iterator[str]) -> Iterator[Noted]:
    for line in file:
        parts = line.split()
        if len(parts) == 4 and parts[0].isdecimal():
            yield Noted(int(parts[0]), parts[1], line.strip())


def _written(made: SealView) -> str:
    # begins on a line of its own even where a crash left half of one
    return f"\n{made.id} {made.sha256} {made.lines} {made.sealed_at.isoformat()}"
