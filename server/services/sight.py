"""What somebody sees of what lies in areas: the one answer that every list, page and file asks for."""

from __future__ import annotations

from dataclasses import replace

from server.domain.roles import Reach, Scope
from server.services.authenticate import Caller

FILLS = ("submission.create", "submission.list")
"""Who may fill in a form, or read what was sent for it, is shown the villages that it can be filled in for."""


def fill_scope(caller: Caller, project_id: int, form_id: int | None = None) -> Scope:
    """The areas that lists which the server makes for a form (a project) hold for this person."""
    found = Scope(False, frozenset(), caller.on)
    for verb in FILLS:
        scope = caller.scope(verb, project_id)
        single = [(each, reached) for each, reached in scope.forms if form_id in (None, each)]
        for reached in (Reach(scope.everywhere, scope.areas), *(reached for _, reached in single)):
            found = replace(
                found, everywhere=found.everywhere or reached.everywhere, areas=found.areas | reached.area_ids
            )
    # one kind of everything, so that it is kept once
    return Scope(True, frozenset(), caller.on) if found.everywhere else found
