"""The dossier of a commune in a round (hồ sơ xã): where it lies, the moves between levels as a table, what is said of
each unit in it, and what is missing.

A commune sends it to the next level there is: to the district until 30 June 2025, to the province since. Who holds it
appraises each unit (đạt, không đạt, bổ sung), and then takes it as a whole or gives it back, whole or single villages
of it. What lies at an office that is no more waits for the next above.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.domain.errors import Conflict, Forbidden, Missing
from server.domain.review import LEVELS, levels_on, rank_of
from server.domain.told import Told

OPEN, SENT, RETURNED, TAKEN = "open", "sent", "returned", "taken"
STATES = (OPEN, SENT, RETURNED, TAKEN)
"""With the commune; sent to a level and not yet decided there; given back; taken by a level."""
PASSED, FAILED, SUPPLEMENT = "passed", "failed", "supplement"
RESULTS = (PASSED, FAILED, SUPPLEMENT)
"""Đạt, không đạt, bổ sung."""
COMMUNE = "commune"
VERBS: Mapping[str, str] = {level.name: level.verb for level in LEVELS}
LONGEST_NUMBER = 128
LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dossier stands: a state and the level that holds it."""

    state: str = OPEN
    level: str = COMMUNE


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table. `holder`: whether it is made by the level that holds the dossier, else by the one that let it
    go last (`sender`, `decider`). `asks_reason`: a reason must be given."""

    name: str
    source: str
    to: str
    by: str
    asks_reason: bool = False


MOVES: tuple[Move, ...] = (
    Move("send", OPEN, SENT, "holder"),
    Move("send", RETURNED, SENT, "holder"),
    Move("send_on", TAKEN, SENT, "holder"),
    Move("take_back", SENT, OPEN, "sender"),
    Move("take", SENT, TAKEN, "holder"),
    Move("give_back", SENT, RETURNED, "holder", asks_reason=True),
    Move("undo_take", TAKEN, SENT, "holder"),
    Move("undo_give_back", RETURNED, SENT, "decider"),
)
NAMES = tuple(dict.fromkeys(move.name for move in MOVES))


@dataclass(frozen=True, slots=True)
class Past:
    """A move that was made, as far as the next one asks: its name, from where to where."""

    name: str
    before: Standing
    after: Standing
    actor_id: int
    actor: str


def standing_on(standing: Standing, day: date) -> Standing:
    """Where it stands on a day: what an office that is no more held lies with the next above, to be decided there."""
    if standing.level == COMMUNE or standing.level in {level.name for level in levels_on(day)}:
        return standing
    above = next((level.name for level in levels_on(day) if rank_of(level.name) > rank_of(standing.level)), None)
    return Standing(SENT, above) if above and standing.state in (SENT, TAKEN) else standing


def next_level(level: str, day: date) -> str | None:
    """The level above that there is on a day; None above the highest."""
    return next((each.name for each in levels_on(day) if rank_of(each.name) > rank_of(level)), None)


def after(move: Move, standing: Standing, last: Past | None, day: date) -> Standing:
    """Where the dossier stands after a move. Raises Conflict where there is nobody to send it to."""
    if move.name in ("send", "send_on"):
        above = next_level(standing.level, day)
        if above is None:
            raise Conflict("dossier.no_level_above")
        return Standing(SENT, above)
    if move.name in ("take_back", "undo_give_back"):
        assert last is not None
        return last.before
    return Standing(move.to, COMMUNE if move.to == RETURNED else standing.level)


def level_of_mover(move: Move, standing: Standing, last: Past | None) -> str:
    """Whose move it is."""
    if move.by == "holder" or last is None:
        return standing.level
    return last.before.level


def find_move(name: str, standing: Standing, last: Past | None) -> Move | None:
    """The row of the table for a move from here; None where it cannot be made. What is taken back or undone must be
    the last thing that was done."""
    row = next((each for each in MOVES if each.name == name and each.source == standing.state), None)
    if row is None:
        return None
    undoes = {"take_back": ("send", "send_on"), "undo_take": ("take",), "undo_give_back": ("give_back",)}.get(name)
    if undoes is not None and (last is None or last.name not in undoes):
        return None
    if name == "send_on" and standing.level == LEVELS[-1].name:
        return None
    return row


def list_moves(
    standing: Standing, last: Past | None, verbs: Collection[str], actor: tuple[int, bool], appraised: bool
) -> tuple[str, ...]:
    """The moves that somebody with these verbs can make from here, for buttons. `actor`: the id, and whether he or she
    sent it. `appraised`: whether something of this sending was appraised already."""
    found = []
    for name in NAMES:
        row = find_move(name, standing, last)
        if row is None or refusal(row, standing, last, verbs, actor[1]) is not None:
            continue
        if name == "take_back" and appraised:
            continue
        found.append(name)
    return tuple(found)


def refusal(
    row: Move, standing: Standing, last: Past | None, verbs: Collection[str], sent_it: bool
) -> Forbidden | None:
    """Why somebody may not make a move: another level's, or a decision on what one sent oneself. The province may send
    in the place of a commune or a district."""
    level = level_of_mover(row, standing, last)
    stands_in = row.name in ("send", "send_on") and VERBS["province"] in verbs
    if VERBS[level] not in verbs and not stands_in:
        return Forbidden("dossier.not_your_level", level=level)
    if row.name in ("take", "give_back") and sent_it:
        return Forbidden("dossier.own_sending")
    return None


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing before a level may send. `code` is one of LACKS; `area`: the name of the unit it is
    missing of; `parts`: of evidence, what of it (domain/evidence.py)."""

    code: str
    area: str
    area_id: str | None = None
    parts: tuple[str, ...] = ()

    def as_kept(self) -> dict[str, Any]:
        """As it is kept with a move that was made all the same."""
        return {"code": self.code, "area": self.area, "areaId": self.area_id, "parts": list(self.parts)}


NOT_SENT, NOT_APPROVED, NO_COMMUNE_SHEET, GIVEN_BACK = "not_sent", "not_approved", "no_commune_sheet", "given_back"
NO_VILLAGES = "no_villages"
EVIDENCE_LACKS = ("minutes", "posting", "complaints")
LACKS = (NO_VILLAGES, NOT_SENT, NOT_APPROVED, NO_COMMUNE_SHEET, GIVEN_BACK, *EVIDENCE_LACKS)


def require_complete(lacks: Iterable[Lack], verbs: Collection[str], reason: str | None, named: Sequence[Told]) -> bool:
    """Whether a dossier is sent though something is missing: the province may say why. `named`: what is missing, in
    words. Raises Conflict for anybody else, Missing where the province gave no reason."""
    if not list(lacks):
        return False
    if VERBS["province"] not in verbs:
        raise Conflict("dossier.incomplete", lacks=named)
    if not reason:
        raise Missing("dossier.override_reason", lacks=named)
    return True


def require_appraised(results: Mapping[str, str | None]) -> None:
    """Raises Conflict unless every unit was appraised and none has something to bring. `results` by the unit's name."""
    without = [name for name, result in results.items() if result is None]
    if without:
        raise Conflict("dossier.not_appraised", areas=", ".join(without))
    waiting = [name for name, result in results.items() if result == SUPPLEMENT]
    if waiting:
        raise Conflict("dossier.waiting", areas=", ".join(waiting))


@dataclass(frozen=True, slots=True)
class Letter:
    """The outgoing number and day under which a dossier goes up."""

    number: str = ""
    day: date | None = None


def require_letter(letter: Letter, today: date) -> None:
    """Raises Missing without number or day, Conflict for a day that is not there yet."""
    if not letter.number.strip() or letter.day is None:
        raise Missing("dossier.no_letter")
    if letter.day > today:
        raise Conflict("dossier.letter_of_tomorrow", day=letter.day.isoformat())
