"""Which submissions somebody sees: all of a form, or those of their areas."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from server.services.authenticate import Caller
from server.services.lists import list_areas
from server.storage.rounds import list_rounds


def sight(session: Session, caller: Caller, verb: str, place: tuple[int, int | None]) -> frozenset[str] | None:
    """The ids of the areas whose submissions the verb reaches at (project, form), those below included; None: all."""
    project_id, form_id = place
    reached = caller.reach(verb, project_id, form_id)
    if reached.everywhere:
        return None
    rounds = list_rounds(session, project_id)
    on: date = rounds[0].cutoff if rounds else caller.on
    return frozenset(list_areas(session, project_id, sorted(reached.area_ids), on))
