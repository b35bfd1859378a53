"""The coverage board: how far the villages of a round have come, counted up the tree, and whom to call.

What the board counts is kept along with the sheets (storage/coverage.py), and so is when phones were heard of; the page
of a country reads two short lists and adds up. What a village's form is: the criteria sheet where the project has it
and the round takes it, else every form of the round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from server.domain.calls import DONE, OPEN, TURNS, Call, turn_of
from server.domain.coverage import (
    ALIVE,
    ONE_A_ROUND,
    OWING,
    RETURNED,
    SILENT,
    STATES,
    Called,
    CallPlace,
    Counts,
    Kept,
    call_order,
    count_states,
    furthest_back,
    is_late,
    state_of,
)
from server.domain.returned import Track
from server.domain.roles import ALL, Reach, Scope
from server.services.authenticate import VIETNAM
from server.services.lists import VILLAGE_KINDS
from server.services.overview import is_inside, list_tops
from server.storage.area_views import list_seen, list_these
from server.storage.areas import AreaView, find_path, find_root
from server.storage.calls import CallsOf, list_called, list_last_calls
from server.storage.coverage import list_heard, list_heard_ids, list_kept, list_states
from server.storage.rollups import list_children
from server.storage.round_villages import (
    Below,
    Head,
    list_geometries,
    list_heads,
    list_members,
    list_published,
    list_tracks,
    read_members,
)
from server.storage.rounds import RoundView

MOST_CALLED = 2_000
"""Villages up to which a board tells whom to call; of more one goes down the tree first."""
MOST_TOPS = 500
CALLS = 50
"""Calls that stand on one page."""
States = Mapping[str, Set[str]]
"""Villages (own ids) by their state."""


@dataclass(frozen=True)
class Asked:
    """What of a round is wanted, of what `scope` sees, as of `today`; `area`: an own id, None: all. `names`: how far
    the reader sees who is there for a village and what came of calls, None: not at all. `mine`: whom to call is
    narrowed to whom this actor has called."""

    project_id: int
    round: RoundView
    scope: Scope
    today: date
    area: str | None = None
    names: Reach | None = None
    mine: int | None = None

    @property
    def since(self) -> datetime:
        """The moment from which a contact counts: the first of the round's first day in Vietnam."""
        return datetime.combine(self.round.starts_on, time(), VIETNAM)

    @property
    def midnight(self) -> datetime:
        """The moment at which today began in Vietnam."""
        return datetime.combine(self.today, time(), VIETNAM)

    @property
    def calls(self) -> CallsOf | None:
        """The calls of the round that the reader sees; None: none of them."""
        return CallsOf(self.round.id, self.names, self.today, self.scope) if self.names else None


@dataclass(frozen=True)
class Line:
    """An area with the counts of its villages."""

    area: AreaView
    counts: Counts


@dataclass(frozen=True)
class VillageLine:
    """A village: its state and whether it is late, what is kept of its sheet, when its phone was heard of last, who is
    there for it, the commune that it lies in, and of a returned sheet whether its sender knows. `call`: the last one
    that the reader sees; `turn`: what follows from it (calls.TURNS); `may_call`: the reader may write calls down."""

    area: AreaView
    state: str
    late: bool
    kept: Kept | None = None
    heard_at: datetime | None = None
    heads: tuple[Head, ...] = ()
    commune: AreaView | None = None
    track: Track | None = None
    call: Call | None = None
    turn: str = OPEN
    may_call: bool = False

    @property
    def missing(self) -> int:
        """Files that its sheet names and that are not here."""
        return self.kept.missing if self.kept is not None else 0


@dataclass(frozen=True)
class Board:
    """An area in a round (`top`; None: several that the reader sees, without one above them), what lies above and right
    below it, the counts of all. `states`: the villages in it by state. `villages`: these one by one, of a commune."""

    top: AreaView | None
    path: tuple[AreaView, ...]
    lines: tuple[Line, ...]
    whole: Counts
    states: States = field(repr=False)
    villages: tuple[VillageLine, ...] = ()

    @property
    def owing(self) -> int:
        """How many villages have to act."""
        return sum(self.whole.of(state) for state in OWING)

    @property
    def tells_calls(self) -> bool:
        """Whether it is of few enough villages to say whom to call."""
        return self.whole.villages <= MOST_CALLED


def cover(session: Session, asked: Asked) -> Board | None:
    """The board of an area, or of all that somebody sees. None: no such area in sight on the round's day, or a village
    alone."""
    on = asked.round.cutoff
    seen = _tops(session, asked)
    alone = next(iter(seen.values())) if len(seen) == 1 else None
    if not seen or (asked.area is not None and alone is not None and alone.kind in VILLAGE_KINDS):
        return None
    goes_down = alone is not None and alone.kind not in VILLAGE_KINDS
    below = list_children(session, [alone.id], on)[alone.id] if alone is not None and goes_down else list(seen)
    shown = list_these(session, asked.scope, on, below) if below else {}
    members = list_members(session, _below(session, asked, shown)) if shown else {}
    states = _states(session, asked, frozenset().union(*members.values()))
    lines = [Line(area, _count(asked, members[area.id], states)) for area in shown.values()]
    lines.sort(key=lambda line: (line.area.code or "~", line.area.name))
    own = [line.area.id for line in lines if line.area.kind in VILLAGE_KINDS and line.counts.villages]
    whole = count_states({state: len(villages) for state, villages in states.items()}, asked.round.ends_on, asked.today)
    return Board(
        top=alone if goes_down else None,
        path=find_path(session, alone.id, on) if alone else (),
        lines=tuple(line for line in lines if line.counts.villages and line.area.kind not in VILLAGE_KINDS),
        whole=whole,
        states=states,
        villages=tuple(tell(session, asked, own, states)) if own else (),
    )


def _tops(session: Session, asked: Asked) -> dict[str, AreaView]:
    """From where one looks down. Whoever was granted a commune of today sees the ones of then that went into it."""
    on = asked.round.cutoff
    if asked.area is not None:
        inside = is_inside(session, asked.project_id, asked.area, on)
        return list_these(session, asked.scope, on, [asked.area]) if inside else {}
    tops = list_tops(session, asked.project_id, asked.scope)
    seen = list_these(session, asked.scope, on, tops) if tops else {}
    if len(seen) == len(tops):
        return seen
    return {area.id: area for area in list_seen(session, asked.scope, on, None, (0, MOST_TOPS))}


def list_calls(session: Session, asked: Asked, board: Board, most: int | None = CALLS) -> list[VillageLine]:
    """The villages of a board that have to act, who to call first first; at most so many. Where those are wanted whom
    somebody has called (`mine`): these, whatever their state."""
    state_by = _by_village(board.states, OWING if asked.mine is None else STATES)
    if asked.mine is not None:
        mine = list_mine(session, asked)
        state_by = {village: state for village, state in state_by.items() if village in mine}
    wanted = list(state_by)
    if most is not None and len(wanted) > most:
        wanted = sorted(wanted, key=_places(session, asked, state_by).__getitem__)[:most]
    known = {line.area.id: line for line in board.villages}
    rest = [village for village in wanted if village not in known]
    lines = [known[village] for village in wanted if village in known] + tell(session, asked, rest, board.states)
    return sorted(lines, key=need_of)


def list_mine(session: Session, asked: Asked) -> set[str]:
    """The villages that the actor who is asked about (`mine`) has called in the round."""
    calls = asked.calls
    return list_called(session, replace(calls, actor_id=asked.mine)) if calls is not None else set()


def _places(session: Session, asked: Asked, state_by: Mapping[str, str]) -> dict[str, CallPlace]:
    """The place of each of many villages, by its id, before more is known of them."""
    heard = list_heard(session, asked.project_id, state_by)
    calls = list_last_calls(session, asked.calls, state_by) if asked.calls is not None else {}
    kept = list_kept(session, asked.round.id, form_ids_of(session, asked), calls.keys() & state_by.keys())
    late = {state: is_late(state, asked.round.ends_on, asked.today) for state in STATES}
    found = {}
    for village, state in state_by.items():
        call, speaking = calls.get(village), furthest_back(kept.get(village, ()))
        turn = turn_of(call, state, speaking.came_at if speaking is not None else None, asked.midnight)
        place = TURNS.index(turn)
        found[village] = call_order(
            Called(state, late[state], heard.get(village), village, place, _promised(call, turn))
        )
    return found


def _promised(call: Call | None, turn: str) -> date | None:
    return call.sends_on if call is not None and turn not in (OPEN, DONE) else None


def need_of(line: VillageLine) -> CallPlace:
    """The place of a village that has to act among others."""
    turn, promised = TURNS.index(line.turn), _promised(line.call, line.turn)
    return call_order(Called(line.state, line.late, line.heard_at, line.area.name, turn, promised))


def find_village(session: Session, asked: Asked, area_id: str) -> VillageLine | None:
    """One village of a round, in sight; None for anything else."""
    on = asked.round.cutoff
    seen = list_these(session, asked.scope, on, [area_id])
    if area_id not in seen or not is_inside(session, asked.project_id, area_id, on):
        return None
    if area_id not in read_members(session, _below(session, asked, seen))[area_id]:
        return None
    (line,) = tell(session, asked, [area_id], _states(session, asked, frozenset({area_id})))
    return line


def tell(session: Session, asked: Asked, village_ids: Collection[str], states: States) -> list[VillageLine]:
    """These villages one by one, by code and name."""
    if not village_ids:
        return []
    state_by = _by_village(states)
    on, forms = asked.round.cutoff, form_ids_of(session, asked)
    areas = list_these(session, asked.scope, on, sorted(village_ids))
    communes = list_these(session, ALL, on, sorted({area.parent_id for area in areas.values() if area.parent_id}))
    kept = list_kept(session, asked.round.id, forms, village_ids)
    speaking = {area_id: furthest_back(kept.get(area_id, ())) for area_id in areas}
    returned = [each.submission_id for each in speaking.values() if each is not None and each.state == RETURNED]
    tracks = list_tracks(session, returned)
    heard = list_heard(session, asked.project_id, village_ids)
    heads = list_heads(session, asked.project_id, village_ids, asked.names, asked.today) if asked.names else {}
    calls = list_last_calls(session, asked.calls, village_ids) if asked.calls is not None else {}
    callable_ids = _callable(session, asked, areas)
    lines = [
        VillageLine(
            area,
            state_by[area.id],
            is_late(state_by[area.id], asked.round.ends_on, asked.today),
            found,
            heard.get(area.id),
            tuple(heads.get(area.id, ())),
            communes.get(area.parent_id or ""),
            tracks.get(found.submission_id) if found is not None else None,
            (call := calls.get(area.id)),
            turn_of(call, state_by[area.id], found.came_at if found is not None else None, asked.midnight),
            area.id in callable_ids,
        )
        for area in areas.values()
        for found in (speaking[area.id],)
    ]
    return sorted(lines, key=lambda line: (line.area.code or "~", line.area.name))


def _callable(session: Session, asked: Asked, areas: Mapping[str, AreaView]) -> Set[str]:
    """Of these villages those of which the reader sees whom to call, and may write down calls."""
    if asked.names is None or asked.names.everywhere:
        return areas.keys() if asked.names is not None else frozenset()
    within = Scope(False, asked.names.area_ids, asked.today)
    return list_these(session, within, asked.round.cutoff, sorted(areas)).keys() if areas else frozenset()


def list_call_sheets(session: Session, asked: Asked, board: Board) -> list[tuple[AreaView, list[VillageLine]]]:
    """Whom to call, by commune: a page for whoever looks after each; communes where nobody has to act are left out."""
    sheets: dict[str, tuple[AreaView, list[VillageLine]]] = {}
    for line in list_calls(session, replace(asked, area=None), board, None):
        if line.commune is not None and line.state in OWING:
            sheets.setdefault(line.commune.id, (line.commune, []))[1].append(line)
    return sorted(sheets.values(), key=lambda sheet: (sheet[0].code or "~", sheet[0].name))


def list_places(session: Session, asked: Asked, board: Board) -> dict[str, Mapping[str, object]]:
    """Where the areas and villages of a board lie on the round's day, as GeoJSON geometries: boundaries of areas where
    they are known, points of villages, else the other. An area of which neither is known stands in the middle of those
    of its villages that have a point."""
    on, areas = asked.round.cutoff, [line.area.id for line in board.lines]
    villages = [line.area.id for line in board.villages]
    above = [board.top.id] if board.top is not None else []
    shapes = list_geometries(session, {*areas, *villages, *above}, on)
    found: dict[str, Mapping[str, object]] = {}
    for area_id, kinds in shapes.items():
        order = ("point", "boundary") if area_id in villages else ("boundary", "point")
        found[area_id] = next(kinds[kind] for kind in order if kind in kinds)
    without = [line.area for line in board.lines if line.area.id not in found]
    if without and board.tells_calls:
        members = list_members(session, _below(session, asked, {area.id: area for area in without}))
        points = list_geometries(session, frozenset().union(*members.values()), on)
        for area_id, inside in members.items():
            some = [kinds["point"] for village in inside if "point" in (kinds := points.get(village, {}))]
            if some:
                found[area_id] = middle_of(some)
    return found


def middle_of(points: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """The point in the middle of GeoJSON points."""
    places: list[Any] = [each["coordinates"] for each in points]
    middle = [round(sum(place[axis] for place in places) / len(places), 5) for axis in (0, 1)]
    return {"type": "Point", "coordinates": middle}


def form_ids_of(session: Session, asked: Asked) -> list[int]:
    """The numbers of the forms by which a village has reported in a round."""
    published = list_published(session, asked.project_id)
    taken = {name: number for name, number in published.items() if _takes(asked.round, name)}
    main = [number for name, number in taken.items() if name in ONE_A_ROUND]
    return sorted(main or taken.values())


def _takes(round_view: RoundView, xml_form_id: str) -> bool:
    return round_view.forms is None or xml_form_id in round_view.forms


def _below(session: Session, asked: Asked, shown: Mapping[str, AreaView]) -> Below:
    within = asked.round.areas
    if within is None and not asked.scope.everywhere:
        # somebody's areas may lie outside the project too
        root = find_root(session, asked.project_id)
        within = (root,) if root is not None else ()
    return Below(tuple(sorted(shown)), asked.round.cutoff, VILLAGE_KINDS, asked.scope, within)


def _states(session: Session, asked: Asked, villages: frozenset[str]) -> States:
    """These villages by their state."""
    if not villages:
        return {}
    found: dict[str, set[str]] = {}
    silent = set(villages)
    kept = list_states(session, asked.round.id, form_ids_of(session, asked), villages)
    for standing, some in kept.items():
        found.setdefault(state_of(standing, True, asked.today), set()).update(some & villages)
        silent -= some
    alive = silent & list_heard_ids(session, asked.project_id, villages, asked.since)
    return {**found, ALIVE: alive, SILENT: silent - alive}


def _by_village(states: States, wanted: Collection[str] = STATES) -> dict[str, str]:
    return {village: state for state, villages in states.items() if state in wanted for village in villages}


def _count(asked: Asked, villages: frozenset[str], states: States) -> Counts:
    counts = {state: len(villages & some) for state, some in states.items()}
    return count_states(counts, asked.round.ends_on, asked.today)
