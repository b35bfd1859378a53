"""What `X-Extended-Metadata: true` adds to bodies that name somebody by number: who that is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.storage.assignments import list_actors
from server.web.context import current_session, is_extended

SENDER = ("submitterId", "submitter")
WRITER = ("actorId", "actor")


def with_actors(bodies: Iterable[dict[str, Any]], names: tuple[str, str] = SENDER) -> list[dict[str, Any]]:
    """The bodies, each with its actor and its current version with that one's, where the client asks for more.
    `names`: the key of the number and the key that is added."""
    listed = list(bodies)
    if not is_extended():
        return listed
    number, added = names
    every = [*listed, *(each["currentVersion"] for each in listed if "currentVersion" in each)]
    actors = list_actors(current_session(), (each[number] for each in every))
    for each in every:
        each[added] = actors.get(each[number])
    return listed
