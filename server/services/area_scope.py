"""Which areas somebody is shown in the tree: those of their grants in whatever project, and what lies below them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.domain.roles import Scope
from server.services.authenticate import Caller
from server.storage.areas import find_root

LISTS_AREAS = "area.list"


def area_scope(session: Session, caller: Caller) -> Scope:
    """A grant for the whole site shows every area; one for a project the area that the project works in; one for an
    area that area."""
    if caller.reach(LISTS_AREAS).everywhere:
        return Scope(True, frozenset(), caller.on)
    areas = set(caller.reach(LISTS_AREAS).area_ids)
    for project_id in sorted({grant.project_id for grant in caller.grants if grant.project_id is not None}):
        scope = caller.scope(LISTS_AREAS, project_id)
        single = [reached for _, reached in scope.forms]
        areas |= scope.areas.union(*(reached.area_ids for reached in single))
        if scope.everywhere or any(reached.everywhere for reached in single):
            root = find_root(session, project_id)
            areas |= {root} if root else set()
    return Scope(False, frozenset(areas), caller.on)
