"""What was printed of villages of a programme, so that walkers may ask for papers that are not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from server.domain.roles import ALL
from server.services.aggregate import CRITERIA_FORM
from server.services.statements import Asked, Printed, create_statement, gather_statement
from server.storage.projects import find_project
from server.storage.rounds import list_rounds
from tests.kit.scope_secrets import Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import Kept, ScopeWorld

SILENT = 12
"""So many at least are printed, whether a sheet speaks of them or not."""


def print_statements(made: ScopeWorld) -> list[tuple[Spot, int]]:
    """Prints, as the server itself, every village of which a sheet speaks and some of which none does; where each lies,
    and its number."""
    session, now, printer = made.world.session, datetime.now(UTC), made.world.server_itself
    found = []
    for village in [each for each in made.kept if each.kind == "village"]:
        asked = _asked(made, village)
        content = gather_statement(session, asked, _nothing_of, _nothing_of)
        if content["sources"] or len(found) < SILENT:
            printed = Printed(asked, content)
            number = create_statement(session, made.world.home, printer, printed, now)
            found.append((Spot(asked.project.id, CRITERIA_FORM, asked.area_id), number))
    return found


def _asked(made: ScopeWorld, village: Kept) -> Asked:
    session, number = made.world.session, int(village.ids["project_id"])
    project = find_project(session, number)
    assert project is not None
    round_view = next(each for each in list_rounds(session, number) if each.slug == village.ids["slug"])
    return Asked(project, round_view, str(village.ids["area_id"]), ALL, "vi")


def _nothing_of(*_: object) -> Mapping[str, Any]:
    """The words of a page, which are not what is looked at."""
    return {}
