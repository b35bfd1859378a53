"""Walks the chain of the audit's seals and says what does not hold, one finding after the other, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.domain.seals import GENESIS, SealedLine, digest_of, seal_of, unpacked
from server.services.seal import Noted
from server.storage.audit_seals import SealView, count_unsealed, list_seals, list_under, list_under_nothing

ALTERED, MISSING, ADDED = "altered", "missing", "added"
"""A line is not what was sealed; a sealed line is gone, or lies elsewhere; a line says it was sealed and was not."""
SEAL, BROKEN, CUT = "seal", "broken", "cut"
"""A seal is not what it was when it was made; it does not follow the one before; one that was noted outside the
database is not in the chain: its end was cut off, or it was made anew."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold. `line_id`: of which line; `sha256`: what was expected, of a chain."""

    kind: str
    seal_id: int | None = None
    line_id: int | None = None
    sha256: str | None = None


class Walk:
    """One walk along the chain. `faults()` is exhausted first; then `seals`, `lines`, `unsealed` and `head` are known.

    `expected`: the SHA-256 of a seal that must be in the chain; `noted`: seals that must be, in this order.
    """

    def __init__(self, session: Session, noted: Iterable[Noted] = (), expected: str | None = None) -> None:
        self._session = session
        self._noted = iter(noted)
        self._next: Noted | None = next(self._noted, None)
        self._expected = expected
        self.seals = self.lines = self.unsealed = 0
        self.head = GENESIS

    def faults(self) -> Iterator[Fault]:
        """Everything that does not hold, in the order of the chain."""
        for made in list_seals(self._session):
            yield from self._of_chain(made)
            yield from self._of_lines(made)
            self.seals += 1
            self.head = made.sha256
            # nothing is held for longer than one seal takes
            self._session.rollback()
        for line in list_under_nothing(self._session):
            yield Fault(ADDED, None, line.id)
        if self._next is not None:
            yield Fault(CUT, self._next.seal_id, None, self._next.sha256)
        if self._expected is not None:
            yield Fault(CUT, None, None, self._expected)
        self.unsealed = count_unsealed(self._session)
        self._session.rollback()

    def _of_chain(self, made: SealView) -> Iterator[Fault]:
        if made.previous != self.head:
            yield Fault(BROKEN, made.id, None, self.head)
        if seal_of(made.previous, made.sealed_at, made.lines, made.digests) != made.sha256:
            yield Fault(SEAL, made.id, None, made.sha256)
        if self._expected == made.sha256:
            self._expected = None
        if self._next is not None and self._next.sha256 == made.sha256:
            self._next = next(self._noted, None)

    def _of_lines(self, made: SealView) -> Iterator[Fault]:
        """What was sealed beside what lies there, both by id."""
        there: Iterator[SealedLine] = list_under(self._session, made.id)
        line = next(there, None)
        for number, digest in unpacked(made.digests):
            while line is not None and line.id < number:
                yield Fault(ADDED, made.id, line.id)
                line = next(there, None)
            if line is None or line.id != number:
                yield Fault(MISSING, made.id, number)
                continue
            self.lines += 1
            if digest_of(line) != digest:
                yield Fault(ALTERED, made.id, number)
            line = next(there, None)
        while line is not None:
            yield Fault(ADDED, made.id, line.id)
            line = next(there, None)
