"""Calls to the villages of a programme: everybody who sees whom to call writes some down, each with a word of its own,
so that walkers may come upon calls to villages that are not theirs."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from server.domain.calls import NEEDS_HELP, NewCall
from server.storage.calls import add_call
from server.storage.database import writing
from server.storage.rounds import list_rounds
from tests.kit.scope_secrets import Holder, Secret, Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld

EACH = 3
"""Villages that one person calls."""
LETTERS = str.maketrans("0123456789", "ghijklmnop")


def call_villages(made: ScopeWorld) -> None:
    """Writes calls down, and who may know of each: who reads there and sees whom to call."""
    session, now, known = made.world.session, datetime.now(UTC), made.known
    chance = random.Random(len(made.kept))
    villages = [each for each in made.kept if each.kind == "village"]
    rounds = {
        (project.number, each.slug): each.id
        for project in made.plan.projects
        for each in list_rounds(session, project.number)
    }
    session.rollback()
    with writing(session) as connection:
        for number, person in enumerate(made.people):
            own = [each for each in villages if _calls(made, person.holder, each.spot)]
            for place in chance.sample(own, min(EACH, len(own))):
                spot, round_id = place.spot, rounds[place.spot.project or 0, str(place.ids["slug"])]
                word = f"mkcall{number}x{len(known.secrets)}km".translate(LETTERS)
                known.add(Secret(word, "call", (spot,), word))
                known.add(Secret(person.holder.name, "person", (spot,), person.holder.name))
                said = NewCall(NEEDS_HELP, None, word)
                add_call(connection, (round_id, spot.area or ""), said, (person.actor_id, now))
        session.commit()


def _calls(made: ScopeWorld, holder: Holder, spot: Spot) -> bool:
    return made.known.carries(holder, "read", spot) and made.known.carries(holder, "keys", spot)
