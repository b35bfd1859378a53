"""What a project's submissions are held against, kept in memory: its rounds, the law, and decided facts of its areas.

One word in the database, the revision, changes with every change of areas, facts, rounds or rule sets; whatever is
derived from them is kept under it and never asked for twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.ruleset import Fact
from server.services.rule_book import RuleBook, book_at
from server.storage.areas import find_area, list_facts
from server.storage.memory import Memory
from server.storage.rounds import RoundView, list_rounds
from server.storage.settings import find_revision, put_revision

KEPT = 64
COMMUNE_ATTESTED = "xa_dat_ntm"


@dataclass(frozen=True, slots=True)
class Standing:
    """What decisions established of a village or its commune as of a day, and whether any of it is invented."""

    facts: dict[str, Fact]
    synthetic: bool


@dataclass(frozen=True)
class Campaign:
    """The rounds of a project, the latest cut-off first, the law, and standings of villages as they are asked for."""

    revision: str
    project_id: int
    rounds: tuple[RoundView, ...]
    book: RuleBook
    _standings: dict[tuple[str, date], Standing] = field(default_factory=dict)

    def find_round(self, slug: str | None) -> RoundView | None:
        """The round of that slug."""
        return next((found for found in self.rounds if found.slug == slug), None)

    def find_round_by_id(self, round_id: int) -> RoundView | None:
        """The round of that id."""
        return next((found for found in self.rounds if found.id == round_id), None)

    def standing(self, session: Connection | Session, area_id: str, on: date) -> Standing:
        """The standing of a village as of a day; a fact of its own goes before its commune's."""
        known = self._standings.get((area_id, on))
        if known is None:
            known = self._standings[(area_id, on)] = _standing(session, area_id, on)
        return known


_kept: Memory[tuple[str, int], Campaign] = Memory(KEPT)


def campaign_of(session: Connection | Session, project_id: int) -> Campaign:
    """The campaign of a project as it is now: one small select when nothing has changed."""
    revision = find_revision(session)
    kept = _kept.find((revision, project_id))
    if kept is not None:
        return kept
    made = Campaign(revision, project_id, tuple(list_rounds(session, project_id)), book_at(session, revision))
    if revision:
        _kept.put((revision, project_id), made)
    return made


def touch(connection: Connection) -> None:
    """Says that areas, their facts, rounds or rule sets have changed."""
    put_revision(connection)


def _standing(session: Connection | Session, area_id: str, on: date) -> Standing:
    area = find_area(session, area_id, on)
    if area is None:
        return Standing({}, False)
    facts = list_facts(session, COMMUNE_ATTESTED, on, [key for key in (area.parent_id, area.id) if key])
    own = facts.get(area.id) or facts.get(area.parent_id or "")
    return Standing(
        {COMMUNE_ATTESTED: own.value.get("value") if own else None}, area.synthetic or bool(own and own.synthetic)
    )
