"""What a round looks like from above: an area with what lies right below it, from rollups that were computed after the
villages reported. As quick for a country as for a commune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from server.criteria.rollup import Rollup, add_up
from server.criteria.ruleset import RuleSet
from server.domain.roles import Scope
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.services.round_law import law_of
from server.storage.area_views import list_these
from server.storage.areas import AreaView, find_path, find_root
from server.storage.reach import find_above
from server.storage.rollups import count_pending, count_villages, list_children, list_rollups
from server.storage.rounds import RoundView
from server.storage.verdicts import APPROVED, NEWEST

EMPTY = Rollup()


@dataclass(frozen=True)
class Line:
    """An area with its rollups: of all that was sent, and of what was approved."""

    area: AreaView
    newest: Rollup
    approved: Rollup


@dataclass(frozen=True)
class Overview:
    """`top`: the area itself (None: several that the reader sees, without one above them); `path` from it upwards.
    `pending`: how many changes since are not yet in these numbers. `communes`: how many lie below."""

    top: Line | None
    path: tuple[AreaView, ...]
    lines: tuple[Line, ...]
    whole: Rollup
    approved: Rollup
    pending: int
    village_rules: tuple[RuleSet, ...] = field(default=())
    commune_rules: tuple[RuleSet, ...] = field(default=())


def overview(
    session: Session, project_id: int, round_view: RoundView, scope: Scope, area_id: str | None = None
) -> Overview | None:
    """The overview of an area, or of all that somebody sees of a project. None: no such area in sight, or a village."""
    on = round_view.cutoff
    if area_id is not None and not is_inside(session, project_id, area_id, on):
        return None
    tops = [area_id] if area_id is not None else list_tops(session, project_id, scope)
    seen = list_these(session, scope, on, tops) if tops else {}
    if not seen or any(area.kind in VILLAGE_KINDS for area in seen.values()):
        return None
    alone = next(iter(seen.values())) if len(seen) == 1 else None
    below = list_children(session, [alone.id], on)[alone.id] if alone else list(seen)
    shown = list_these(session, scope, on, below) if below else {}
    rollups = list_rollups(session, round_view.id, scope, {*seen, *shown})
    lines = [_line(session, area, rollups, on) for area in shown.values() if area.kind not in VILLAGE_KINDS]
    tops_found = [_line(session, area, rollups, on) for area in seen.values()]
    return Overview(
        top=tops_found[0] if alone else None,
        path=find_path(session, alone.id, on) if alone else (),
        lines=tuple(sorted(lines, key=lambda line: (line.area.code or "~", line.area.name))),
        whole=add_up(line.newest for line in tops_found),
        approved=add_up(line.approved for line in tops_found),
        pending=count_pending(session, round_view.id),
        village_rules=_rules(session, round_view, "village"),
        commune_rules=_rules(session, round_view, "commune"),
    )


def whole_of(session: Session, project_id: int, round_view: RoundView, scope: Scope) -> Rollup:
    """All that somebody sees of a round of a project, as it was computed last; nothing where it was not yet."""
    tops = list_tops(session, project_id, scope)
    found = list_rollups(session, round_view.id, scope, tops) if tops else {}
    return add_up(rollup for (_, basis), rollup in found.items() if basis == NEWEST)


def is_inside(session: Session, project_id: int, area_id: str, on: date) -> bool:
    """Whether an area lies in a project on a day: what does not is none of the business of who sees all of it."""
    return find_root(session, project_id) in find_above(session, area_id, on)


def list_tops(session: Session, project_id: int, scope: Scope) -> Sequence[str]:
    """The areas from which somebody looks down on a project: its root, or those that they were granted."""
    root = find_root(session, project_id)
    if scope.everywhere:
        return [root] if root else []
    return sorted(scope.areas)


def _rules(session: Session, round_view: RoundView, unit: str) -> tuple[RuleSet, ...]:
    return tuple(one for one in law_of(session, round_view, unit) if one.roots)


def _line(session: Session, area: AreaView, rollups: dict[tuple[str, str], Rollup], on: date) -> Line:
    newest, approved = rollups.get((area.id, NEWEST)), rollups.get((area.id, APPROVED))
    if newest is None or approved is None:
        # nobody has reported below it: its villages are counted all the same
        villages = count_villages(session, area.id, on, VILLAGE_KINDS)
        newest = approved = Rollup(villages)
    return Line(area, newest, approved)


def is_commune(area: AreaView) -> bool:
    """Whether villages lie right below it."""
    return area.kind in COMMUNE_KINDS
