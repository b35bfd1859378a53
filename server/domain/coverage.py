"""How far a village has come in a round: one state, from what was sent, what was decided, and whether its phone lives.

Whose decision a sheet waits for is told as of a day (domain/review.py): what a commune approved waits for the district
while there is one, and for the province after. That a village is late is a mark on top of its state: the round's last
day is past, and the next step is the village's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.review import APPROVED as DECIDED
from server.domain.review import REJECTED, Standing, awaited_level

SILENT = "silent"
"""Not heard from: nothing came, and no phone of the village was heard of since the round began."""
ALIVE = "alive"
"""A phone of the village was heard of; nothing came."""
PARTLY = "partly"
"""A sheet came without all the files that it names, and nobody has decided on it."""
RETURNED = "returned"
REVIEWS = {"commune": "review_commune", "district": "review_district", "province": "review_province"}
"""The states of a sheet that waits for a decision, by whose."""
APPROVED = "approved"
"""Nobody's decision is awaited any more: the highest office that there is has approved."""
STATES = (SILENT, ALIVE, PARTLY, *REVIEWS.values(), RETURNED, APPROVED)
"""From nothing to the end, as the board shows them."""
OWING = (SILENT, ALIVE, PARTLY, RETURNED)
"""States in which the next step is the village's."""
UNSENT = (SILENT, ALIVE)
NEED = (SILENT, RETURNED, ALIVE, PARTLY)
"""Whom to call first: nobody knows if they are there; they have to do it again; have not begun; a file lacks."""
SYMBOLS: Mapping[str, str] = {SILENT: "unknown", ALIVE: "unknown", PARTLY: "wait", RETURNED: "bad", APPROVED: "good"}
ONE_A_ROUND = frozenset({"village_criteria"})
"""Forms of which a village sends one sheet in a round: the newest speaks. Of others the one that is furthest back."""

WAITING = "waiting"
KEPT = (RETURNED, PARTLY, WAITING, APPROVED)
"""What is kept of a village and a form, the furthest back first: who is waited for follows from the day."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a village: its standing, how many files it names and how many of them are here, when it came."""

    id: int
    state: str
    level: str | None
    expected: int
    here: int
    came_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands for all sheets of a form from a village in a round: `state` one of `KEPT`, at which level; the sheet
    that it is said of (`submission_id`), its files, when it came."""

    state: str
    level: str | None
    expected: int
    here: int
    submission_id: int
    came_at: datetime

    @property
    def missing(self) -> int:
        """Files that are named and not here."""
        return self.expected - self.here


def kept_state(sheet: Sheet) -> str:
    """How far one sheet has come: one of `KEPT`."""
    if sheet.state == REJECTED:
        return RETURNED
    if sheet.state == DECIDED:
        return APPROVED
    return PARTLY if sheet.here < sheet.expected else WAITING


def weigh(sheets: Sequence[Sheet], xml_form_id: str) -> Kept | None:
    """What stands for the sheets of a form, newest first; None where there is none."""
    if not sheets:
        return None
    if xml_form_id in ONE_A_ROUND:
        speaking = sheets[0]
    else:
        speaking = min(sheets, key=lambda each: (KEPT.index(kept_state(each)), _rank(_level_of(each))))
    state, level = kept_state(speaking), _level_of(speaking)
    return Kept(state, level, speaking.expected, speaking.here, speaking.id, speaking.came_at)


def furthest_back(kept: Iterable[Kept]) -> Kept | None:
    """Of what several forms say of a village the one that is furthest back; None where there is none."""
    return min(kept, key=lambda each: (KEPT.index(each.state), _rank(each.level), each.came_at), default=None)


def _level_of(sheet: Sheet) -> str | None:
    return sheet.level if sheet.state in (DECIDED, REJECTED) else None


def _rank(level: str | None) -> int:
    levels = (None, *REVIEWS)
    return levels.index(level)


def state_of(kept: tuple[str, str | None] | None, heard: bool, today: date) -> str:
    """The state of a village (one of `STATES`). `kept`: state and level as kept, None where nothing came; `heard`:
    a phone of it was heard of since the round began."""
    if kept is None:
        return ALIVE if heard else SILENT
    state, level = kept
    if state in (RETURNED, PARTLY):
        return state
    standing = Standing(DECIDED, level) if state == APPROVED else Standing()
    awaited = awaited_level(standing, today)
    return REVIEWS[awaited] if awaited is not None else APPROVED


def is_late(state: str, ends_on: date, today: date) -> bool:
    """Whether a village in that state is late on a day: the last day is past and it still has to act."""
    return today > ends_on and state in OWING


def symbol_of(state: str) -> str:
    """The sign of a state on a map: good | bad | unknown | wait."""
    return SYMBOLS.get(state, "wait")


@dataclass(frozen=True, slots=True)
class Counts:
    """So many villages, and how many of them are in each state (`STATES`; a state of none is left out)."""

    villages: int = 0
    states: Mapping[str, int] | None = None
    late: int = 0

    def of(self, state: str) -> int:
        """How many are in a state."""
        return (self.states or {}).get(state, 0)

    @property
    def sent(self) -> int:
        """How many have sent something."""
        return self.villages - sum(self.of(state) for state in UNSENT)

    @property
    def in_review(self) -> int:
        """How many wait for somebody's decision."""
        return sum(self.of(state) for state in REVIEWS.values())


def count_states(states: Mapping[str, int], ends_on: date, today: date) -> Counts:
    """The counts of villages by state, of one area."""
    kept = {state: states[state] for state in STATES if states.get(state)}
    late = sum(number for state, number in kept.items() if is_late(state, ends_on, today))
    return Counts(sum(kept.values()), kept, late)


@dataclass(frozen=True, slots=True)
class Called:
    """What decides how urgent a call is: the state, whether it is late, when its phone was heard of last, its name;
    `turn`: the place among what earlier calls make of it (calls.TURNS); `promised`: the day that it named."""

    state: str
    late: bool
    heard_at: datetime | None
    name: str
    turn: int = 0
    promised: date | None = None


CallPlace = tuple[int, str, int, bool, str, str]
"""The place of a village in the list of whom to call."""


def call_order(village: Called) -> CallPlace:
    """The place of a village in the list of whom to call: by what earlier calls make of it and the day that was
    promised, then what is late, then by need, then who was heard of the longest ago (never: before all), then by
    name."""
    heard = village.heard_at.isoformat() if village.heard_at is not None else ""
    promised = village.promised.isoformat() if village.promised is not None else ""
    need = NEED.index(village.state) if village.state in NEED else len(NEED)
    return village.turn, promised, (not village.late) * len(NEED) + need, bool(heard), heard, village.name
