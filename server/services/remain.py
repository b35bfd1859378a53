"""Who remains in a programme on a day, and how near each is to leaving it: counted, never typed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from server.criteria.explain import what_holds_back
from server.criteria.ruleset import MET, NO_RULE_IN_FORCE, NOT_MET, RULE_NOT_LOADED
from server.domain.areas import AreaChange, match_key
from server.domain.programme import (
    LEVELS,
    VILLAGE,
    Membership,
    Movement,
    Parent,
    count_movement,
    list_memberships,
    list_steps,
)
from server.domain.roles import Scope
from server.services.overview import list_tops
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.storage.area_book import read_changes
from server.storage.area_views import VersionView, list_versions
from server.storage.memory import Memory
from server.storage.programmes import REGISTER_REVISION, PlanView, ProgrammeView, UnitView, list_units
from server.storage.rounds import RoundView, list_rounds
from server.storage.settings import find_revision
from server.storage.sights import list_seen_of
from server.storage.verdicts import find_project_synthetic

READY, ONE_SHORT, SHORT, NOT_ENOUGH = "ready", "one_condition_short", "conditions_short", "not_enough_evidence"
READINESS = (READY, ONE_SHORT, SHORT, NOT_ENOUGH, NO_RULE_IN_FORCE, RULE_NOT_LOADED)
"""What the criteria of completion say of a unit: all met; one thing would have to be otherwise; more than one would;
facts are missing; no law on completion was in force; its text is not loaded."""
COMPLETION = "completion"
Curve = Sequence[tuple[date, Mapping[str, int]]]
_kept: Memory[tuple[object, ...], Curve] = Memory(64)


@dataclass(frozen=True)
class UnitStanding:
    """A unit as it stands on a day. `unit` None: it has only what it inherited. `name`, `code`, `commune`: as of the
    day, or when it was last there. `inside`: it is in the programme that day. `readiness`: one of READINESS while it
    is inside, `round` the slug of the round that says so."""

    membership: Membership
    unit: UnitView | None
    name: str
    code: str | None
    kind: str
    above: str | None
    inside: bool
    plan: PlanView | None
    readiness: str | None = None
    round: str | None = None

    @property
    def exited(self) -> bool:
        """Whether its exit has taken effect."""
        return not self.inside


@dataclass(frozen=True)
class ProgrammeState:
    """A programme on a day, as far as somebody sees it. `curve`: on each day of a change how many units of each level
    are in. `synthetic`: something that was counted was made up. `project_synthetic`: all in this project is."""

    programme: ProgrammeView
    on: date
    movements: Mapping[str, Movement]
    units: Sequence[UnitStanding]
    curve: Sequence[tuple[date, Mapping[str, int]]]
    project_synthetic: bool
    statuses: frozenset[str]

    @property
    def synthetic(self) -> bool:
        """Whether anything of it was made up."""
        return self.project_synthetic or "synthetic" in self.statuses

    def remaining(self, level: str) -> list[UnitStanding]:
        """The units of a level that are in, by name."""
        return [each for each in self.units if each.inside and each.membership.level == level]

    def count(self, level: str) -> int:
        """How many of them there are."""
        return len(self.remaining(level))


def read_programme(session: Session, programme: ProgrammeView, on: date, scope: Scope) -> ProgrammeState:
    """The programme on a day, of the areas that somebody sees: units that had entered by then, those that left too."""
    register = list_units(session, programme.id)
    found = memberships_of(session, register)
    seen = list_seen_of(session, scope, {each.area_id for each in found})
    own = [each for each in found if each.area_id in seen]
    entered = [each for each in own if each.since <= on]
    versions = _names(list_versions(session, {each.area_id for each in entered}), on)
    standings = [_standing(each, register.get(each.area_id), versions, on) for each in entered]
    inside = {each.membership.area_id for each in standings if each.inside}
    ready = _readiness(session, programme.project_id, on, (scope, inside))
    units = [_with(each, ready) for each in standings]
    return ProgrammeState(
        programme,
        on,
        {level: count_movement(own, level, on) for level in LEVELS},
        sorted(units, key=lambda each: (LEVELS.index(each.membership.level), not each.inside, match_key(each.name))),
        list_steps(own),
        find_project_synthetic(session, programme.project_id),
        frozenset(_statuses(standings)),
    )


def count_remaining(session: Session, programme: ProgrammeView, on: date, scope: Scope) -> dict[str, int]:
    """How many units of each level are in on a day, of the areas that somebody sees."""
    steps = [counts for day, counts in read_curve(session, programme, scope) if day <= on]
    return dict(steps[-1]) if steps else dict.fromkeys(LEVELS, 0)


def read_curve(session: Session, programme: ProgrammeView, scope: Scope) -> Curve:
    """On each day of a change how many units of each level are in, of the areas that somebody sees. Kept in memory
    while areas and registers stay as they are: a country's register takes seconds to be worked out."""
    areas, register = find_revision(session), find_revision(session, REGISTER_REVISION)
    seen = (True,) if scope.everywhere else (False, scope.areas, scope.on)
    key = (areas, register, programme.id, *seen)
    steps = _kept.find(key)
    if steps is None:
        steps = _work_out_curve(session, programme, scope)
        if areas:
            _kept.put(key, steps)
    return steps


def _work_out_curve(session: Session, programme: ProgrammeView, scope: Scope) -> Curve:
    found = memberships_of(session, list_units(session, programme.id))
    seen = list_seen_of(session, scope, {each.area_id for each in found})
    return list_steps([each for each in found if each.area_id in seen])


def place_names(session: Session, state: ProgrammeState, scope: Scope) -> tuple[str, dict[str, str]]:
    """What the part that somebody sees is called: the top of the project, or the areas they see; and the names of the
    communes that its villages lie in, by own id."""
    tops = list_tops(session, state.programme.project_id, scope)
    above = {each.above for each in state.remaining(VILLAGE) if each.above is not None}
    names = _names(list_versions(session, {*tops, *above}), state.on)
    return ", ".join(names[top].name for top in tops if top in names), {
        area_id: names[area_id].name for area_id in above if area_id in names
    }


def memberships_of(session: Session, register: Mapping[str, UnitView]) -> list[Membership]:
    """Every membership of a register, with what became of its areas."""
    changes = _touching(read_changes(session), register)
    ids = {*register, *(one.to_area for one in changes), *(into for each in register.values() for into in each.into)}
    versions: dict[str, list[VersionView]] = {}
    for version in list_versions(session, ids):
        versions.setdefault(version.area_id, []).append(version)
    moves = {each.valid_from for some in versions.values() for each in some if each.valid_from is not None}
    return list_memberships((each.listing() for each in register.values()), changes, _parent(versions), moves)


def _touching(changes: Sequence[AreaChange], start: Collection[str]) -> list[AreaChange]:
    """What became of these areas, and of what they went into, and so on."""
    known, found = set(start), []
    for change in changes:  # the oldest first
        if change.from_area in known:
            found.append(change)
            known.add(change.to_area)
    return found


def _parent(versions: Mapping[str, Sequence[VersionView]]) -> Parent:
    def parent(area_id: str, day: date) -> str | None:
        return next((each.parent_id for each in versions.get(area_id, ()) if _holds(each, day)), None)

    return parent


def _holds(version: VersionView, day: date) -> bool:
    return (version.valid_from or date.min) <= day and (version.valid_to is None or day < version.valid_to)


def _names(versions: Sequence[VersionView], on: date) -> dict[str, VersionView]:
    """What each was called on a day; what was no more then, when it was last there."""
    found: dict[str, VersionView] = {}
    for each in versions:  # the oldest first
        if (each.valid_from or date.min) <= on or each.area_id not in found:
            found[each.area_id] = each
    return found


def _standing(each: Membership, unit: UnitView | None, names: Mapping[str, VersionView], on: date) -> UnitStanding:
    name = names.get(each.area_id)
    return UnitStanding(
        each,
        unit,
        name.name if name else each.area_id,
        name.code if name else None,
        name.kind if name else each.level,
        name.parent_id if name else None,
        each.holds_on(on),
        unit.plan_on(on) if unit else None,
    )


def _statuses(standings: Sequence[UnitStanding]) -> list[str]:
    found = []
    for each in standings:
        if each.unit is not None:
            found += [each.unit.status, *(one.status for one in each.unit.plans)]
            found += [each.unit.exit_status] if each.unit.exit_status and each.exited else []
    return found


def _with(each: UnitStanding, ready: Mapping[str, tuple[str, str | None]]) -> UnitStanding:
    if not each.inside:
        return each
    readiness, slug = ready.get(each.membership.area_id, (NOT_ENOUGH, None))
    return replace(each, readiness=readiness, round=slug)


def _readiness(
    session: Session, project_id: int, on: date, whose: tuple[Scope, Collection[str]]
) -> dict[str, tuple[str, str | None]]:
    """By area what the newest round until then says of completion, and which round that is."""
    scope, areas = whose
    round_view: RoundView | None = next((each for each in list_rounds(session, project_id) if each.cutoff <= on), None)
    if round_view is None or not areas:
        return {}
    found: dict[str, tuple[str, str | None]] = {}
    for level in LEVELS:
        wanted = Wanted(round_slug=round_view.slug, scope=scope, unit=level)
        for verdict in list_verdicts(session, project_id, wanted):
            if verdict.area.id not in areas:
                continue
            if verdict.rule_set is None or verdict.rule_set.purpose == COMPLETION:
                found[verdict.area.id] = (_ready(verdict), round_view.slug)
            else:
                found.setdefault(verdict.area.id, (NO_RULE_IN_FORCE, round_view.slug))
    return found


def _ready(verdict: VerdictView) -> str:
    if verdict.verdict == MET:
        return READY
    if verdict.verdict in (NO_RULE_IN_FORCE, RULE_NOT_LOADED):
        return verdict.verdict
    if verdict.verdict != NOT_MET:
        return NOT_ENOUGH
    outcome = verdict.outcome()
    ways = what_holds_back(outcome) if outcome else ()
    return ONE_SHORT if any(len(way.changes) == 1 for way in ways) else SHORT
