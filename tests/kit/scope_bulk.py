"""Approvals of many sheets at once that everybody in a programme has begun, so that walkers may ask for those of
others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from server.services.authenticate import caller_by_session
from server.storage.bulk_approvals import add_bulk
from server.storage.database import writing
from tests.kit.scope_secrets import Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld

SEEN_LONG_AGO = "0-0"
"""A text and a decision that no sheet has: whoever goes on with an order approves nothing."""


def begin_approvals(made: ScopeWorld) -> Iterator[tuple[Spot, dict[str, str | int]]]:
    """Orders the approval of all sheets of each project for the administrator and for everybody, whatever they see of
    them now; where each lies, and its ids with those of who ordered it."""
    session, now = made.world.session, datetime.now(UTC)
    tokens = (made.api.token or "", *(person.token or "" for person in made.people))
    owners = [caller_by_session(session, token, now).actor_id for token in tokens]
    session.rollback()
    for project in made.plan.projects:
        of = [each for each in made.kept if each.kind == "sheet" and each.spot.project == project.number]
        sights = {int(each.ids["submission_id"]): SEEN_LONG_AGO for each in of}
        for owner_id in owners:
            with writing(session) as connection:
                bulk_id = add_bulk(connection, project.number, owner_id, sights, now)
                session.commit()
            yield Spot(project.number), {"project_id": project.number, "bulk_id": bulk_id, "owner_id": owner_id}
