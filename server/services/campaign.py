"""What a project's submissions are held against, kept in memory: its rounds, the law, and decided facts of its areas.

One word in the database, the revision, changes with every change of areas, facts, rounds or rule sets; whatever is
derived from them is kept under it and never asked for twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.standing import NAMES_READ, Standing, stand
from server.services.rule_book import RuleBook, book_at
from server.storage.memory import Memory
from server.storage.rounds import RoundView, list_rounds
from server.storage.settings import find_revision, put_revision
from server.storage.standings import read_decided, read_paths, read_standing
from server.storage.webhooks import has_hooks

KEPT = 64


@dataclass(frozen=True)
class Campaign:
    """The rounds of a project, the latest cut-off first, the law, and standings of villages as they are asked for.
    `hooked`: somebody has webhooks there, or had (services/notify.py)."""

    revision: str
    project_id: int
    rounds: tuple[RoundView, ...]
    book: RuleBook
    hooked: bool = False
    _standings: dict[tuple[str, date], Standing] = field(default_factory=dict)

    def find_round(self, slug: str | None) -> RoundView | None:
        """The round of that slug."""
        return next((found for found in self.rounds if found.slug == slug), None)

    def find_round_by_id(self, round_id: int) -> RoundView | None:
        """The round of that id."""
        return next((found for found in self.rounds if found.id == round_id), None)

    def standing(self, session: Connection | Session, area_id: str, on: date) -> Standing:
        """The standing of an area as of a day; a fact of its own goes before its commune's."""
        known = self._standings.get((area_id, on))
        if known is None:
            known = stand(*read_standing(session, area_id, on), self.book.area_facts)
            self._standings[(area_id, on)] = known
        return known


_kept: Memory[tuple[str, int], Campaign] = Memory(KEPT)


def campaign_of(session: Connection | Session, project_id: int) -> Campaign:
    """The campaign of a project as it is now: one small select when nothing has changed."""
    revision = find_revision(session)
    kept = _kept.find((revision, project_id))
    if kept is not None:
        return kept
    rounds, hooked = tuple(list_rounds(session, project_id)), has_hooks(session, project_id)
    made = Campaign(revision, project_id, rounds, book_at(session, revision), hooked)
    if revision:
        _kept.put((revision, project_id), made)
    return made


def touch(connection: Connection) -> None:
    """Says that areas, their facts, rounds, rule sets or who has webhooks have changed."""
    put_revision(connection)


def stand_all(
    session: Session | Connection, book: RuleBook, area_ids: Collection[str], on: date
) -> dict[str, Standing]:
    """The standing of each of these areas as of a day; of those that were not there then, one that knows nothing."""
    paths = read_paths(session, area_ids, on)
    everywhere = {link.area_id for path in paths.values() for link in path}
    decided = read_decided(session, everywhere, (*book.area_facts, *NAMES_READ), on)
    return {area_id: stand(paths.get(area_id, ()), decided, book.area_facts) for area_id in area_ids}
