"""How far somebody may read the audit: everything, or what concerns their projects and areas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.domain.roles import Grant, Place, Reach, reach

VERB = "audit.read"


@dataclass(frozen=True)
class AuditScope:
    """`everywhere`: every line. Else the lines of these areas and below, as of the day `on`, whatever the project
    (`areas`), and of single projects (`projects`): all of one, or what lies in some areas of it."""

    everywhere: bool
    areas: frozenset[str]
    projects: tuple[tuple[int, Reach], ...]
    on: date

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.areas) or bool(self.projects)


def audit_scope(grants: Iterable[Grant], on: date) -> AuditScope:
    """How far the verb `audit.read` goes with these grants on a day. A grant on one form carries none: a line says
    which project it concerns, not which form."""
    held = tuple(grants)
    whole = reach(held, VERB, Place(), on)
    named = sorted({grant.project_id for grant in held if grant.scope == "project" and grant.project_id is not None})
    there = tuple(each for each in held if each.scope == "project")
    reached = ((project_id, reach(there, VERB, Place(project_id), on)) for project_id in named)
    return AuditScope(whole.everywhere, whole.area_ids, tuple(each for each in reached if each[1]), on)


EVERYTHING = AuditScope(True, frozenset(), (), date.min)
"""Every line there is."""
