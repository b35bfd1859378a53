"""Review: the states of a submission, and the moves between them, as a table.

A submission is received; the machine may find issues; the sender may edit it; a reviewer approves or returns it, each
at the level of his or her office. An office that is no more leaves its step to the next above: what a commune approved
waited for the district until 30 June 2025, and waits for the province since. Central's clients see `received` as null
and every other state by its name; what level an approval has reached stands beside it, and a figure is official as far
as that level.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.areas import COMMUNE_KINDS, match_key
from server.domain.errors import Conflict, DomainError, Forbidden, Invalid, Missing

RECEIVED = "received"
HAS_ISSUES = "hasIssues"
EDITED = "edited"
APPROVED = "approved"
REJECTED = "rejected"
"""Returned to the sender, who can edit it and send it again."""
STATES = (RECEIVED, HAS_ISSUES, EDITED, APPROVED, REJECTED)


@dataclass(frozen=True)
class Level:
    """An office that reviews, with its verb. `until`: the first day on which it is no more."""

    name: str
    verb: str
    until: date | None = None


LEVELS = (
    Level("commune", "review.commune"),
    # Two tiers of local government since 1 July 2025: provinces and communes.
    Level("district", "review.district", until=date(2025, 7, 1)),
    Level("province", "review.province"),
)
"""From the lowest to the highest."""
_RANK = {level.name: rank for rank, level in enumerate(LEVELS, start=1)}


@dataclass(frozen=True)
class Standing:
    """Where a submission stands: a state and, where a reviewer put it there, the level of that office."""

    state: str = RECEIVED
    level: str | None = None


@dataclass(frozen=True)
class Move:
    """A row of the table. `by`: machine | sender | reviewer. `verb` is the permission it takes. `asks_reason`: the desk
    asks why, and the sender reads it (Central's clients have no field for it)."""

    name: str
    sources: tuple[str, ...]
    to: str
    by: str
    verb: str
    level: str | None = None
    asks_reason: bool = False


def _reviewer_moves(level: Level) -> tuple[Move, ...]:
    name, verb = level.name, level.verb
    return (
        Move(f"approve_{name}", STATES, APPROVED, "reviewer", verb, name),
        Move(f"return_{name}", STATES, REJECTED, "reviewer", verb, name, asks_reason=True),
        Move(f"flag_{name}", STATES, HAS_ISSUES, "reviewer", verb, name, asks_reason=True),
        Move(f"reopen_{name}", STATES, RECEIVED, "reviewer", verb, name),
        Move(f"mark_edited_{name}", STATES, EDITED, "reviewer", verb, name),
    )


MOVES: tuple[Move, ...] = (
    # The system's own act at intake; no role carries this verb.
    Move("find_issues", (RECEIVED,), HAS_ISSUES, "machine", "system.judge"),
    # An edit is a new version: whatever was said of the one before no longer holds. Its findings are shown beside it.
    Move("edit", STATES, EDITED, "sender", "submission.create"),
    *(move for level in LEVELS for move in _reviewer_moves(level)),
)


UNDO_WITHIN = timedelta(minutes=10)
"""How long one's own newest move can be taken back."""
LONGEST_REASON = 5000
MOST_QUESTIONS = 200


@dataclass(frozen=True)
class QuestionReason:
    """Why the answer to one question comes back. `path`: where it stands, with the places of rows, as findings write it
    (`/data/households[2]/head`). `text`: "" where what is said of the whole sheet says it."""

    path: str
    text: str = ""


def read_reasons(questions: Iterable[QuestionReason], known: Collection[str]) -> tuple[QuestionReason, ...]:
    """The questions that a decision names, each once, trimmed. `known`: the paths of the form, without places of rows.
    Raises Invalid for a question that the form does not have, for a reason that is too long, and for too many."""
    found: dict[str, str] = {}
    for each in questions:
        if _PLACE.sub("", each.path) not in known:
            raise Invalid("review.unknown_question", path=each.path[:200])
        found[each.path] = found.get(each.path) or read_reason(each.text) or ""
    if len(found) > MOST_QUESTIONS:
        raise Invalid("review.too_many_questions", most=MOST_QUESTIONS)
    return tuple(QuestionReason(path, text) for path, text in found.items())


def read_reason(text: str | None) -> str | None:
    """What is said of a whole sheet; None for nothing. Raises Invalid when it is too long."""
    bare = (text or "").strip()
    if len(bare) > LONGEST_REASON:
        raise Invalid("review.reason_too_long", most=LONGEST_REASON)
    return bare or None


def require_reason(row: Move, reason: str | None, questions: Collection[QuestionReason]) -> None:
    """Raises Missing where a move asks why and nobody says it, or a question is named and nothing is said of it or of
    the whole."""
    said = reason or (questions and all(each.text for each in questions))
    if row.asks_reason and not said:
        raise Missing("review.reason_missing")


def write_sight(version_id: int, move_id: int | str) -> str:
    """What somebody who looks at a submission has before the eyes, as a short token: its text, and the newest decision
    on it (0: none; "": how the token of any begins)."""
    return f"{version_id}-{move_id}"


@dataclass(frozen=True)
class Taken:
    """A move that somebody took: which, who, when, on which text (`version_id`). `spent`: it was taken back, or is
    itself what took another back."""

    id: int
    actor_id: int
    at: datetime
    version_id: int
    spent: bool = False


def bar_undo(taken: Taken, actor_id: int, now: datetime) -> DomainError | None:
    """Why somebody may not take a move back that nothing came after; None: he or she may."""
    if taken.actor_id != actor_id:
        return Forbidden("review.undo_not_own")
    if taken.spent:
        return Conflict("review.undone_already")
    if now - taken.at > UNDO_WITHIN:
        return Conflict("review.undo_too_late", minutes=int(UNDO_WITHIN.total_seconds() // 60))
    return None


@dataclass(frozen=True)
class Tie:
    """What binds a sheet to who decides on it. `entered`: he or she sent a text of it, by an own account or a key in
    the same name; `reported`: it names him or her as who gave the figures; `of_commune`: it speaks for a commune."""

    entered: bool = False
    reported: bool = False
    of_commune: bool = False


NO_TIE = Tie()
_MARKS = re.compile(r"[^\w\s-]")
_PLACE = re.compile(r"\[\d{1,6}\]")
LEAST_WORDS = 2
"""Names of fewer words tell nobody apart."""


def tie_to(decider: tuple[int, str], senders: Iterable[tuple[int, str]], reporter: str | None, kind: str | None) -> Tie:
    """The tie of who decides (actor, name) to a sheet: those who sent its texts (actor, name), whom it names as having
    given the figures, and what kind of area it speaks for."""
    actor_id, name = decider
    own = _words(name)
    tells = len(own) >= LEAST_WORDS
    sent = [(sender, _words(called)) for sender, called in senders]
    told = _words(reporter or "")
    return Tie(
        entered=any(sender == actor_id or (tells and called == own) for sender, called in sent),
        reported=tells and any(told[at : at + len(own)] == own for at in range(len(told))),
        of_commune=kind in COMMUNE_KINDS,
    )


def _words(name: str) -> list[str]:
    return match_key(_MARKS.sub(" ", unicodedata.normalize("NFC", name))).split()


def bar(row: Move, tie: Tie) -> Forbidden | None:
    """Why somebody may not make a move though his or her office may: nobody approves what they entered or reported, and
    a commune's own sheet is approved one level up."""
    if row.to != APPROVED:
        return None
    if tie.entered:
        return Forbidden("review.own_entry")
    if tie.reported:
        return Forbidden("review.own_report")
    if tie.of_commune and row.level == LEVELS[0].name:
        return Forbidden("review.own_commune")
    return None


def levels_on(day: date) -> tuple[Level, ...]:
    """The levels that review on a day, lowest first."""
    return tuple(level for level in LEVELS if level.until is None or day < level.until)


def level_of(verbs: Collection[str], day: date) -> str | None:
    """The highest level at which somebody with these verbs acts on that day; None for who reviews nothing."""
    own = [level.name for level in levels_on(day) if level.verb in verbs]
    return own[-1] if own else None


def awaited_level(standing: Standing, day: date, *, of_commune: bool = False) -> str | None:
    """Whose decision a submission waits for on a day: the lowest office there is then above the one that approved it;
    of what a commune says of itself (`of_commune`), above the commune. None: nobody's, since it is with its sender or
    the highest office approved it."""
    if standing.state == REJECTED:
        return None
    reached = max(rank_of(approved_level(standing)), _RANK["commune"] if of_commune else 0)
    return next((level.name for level in levels_on(day) if _RANK[level.name] > reached), None)


def ended_level(verbs: Collection[str], day: date) -> Level | None:
    """The office at which somebody with these verbs would act on that day, were it still there; None where there is one
    at which he or she does, or there never was one."""
    if level_of(verbs, day) is not None:
        return None
    return next((level for level in reversed(LEVELS) if level.verb in verbs and level.until is not None), None)


def first_standing(has_errors: bool) -> Standing:
    """Where a new submission stands once the machine has judged it."""
    return Standing(HAS_ISSUES if has_errors else RECEIVED)


def after_edit() -> Standing:
    """Where a submission stands once a new version of it came, whatever was decided of the one before."""
    return Standing(EDITED)


def move(current: Standing, to: str, verbs: Collection[str], on: date, tie: Tie = NO_TIE) -> tuple[Move, Standing]:
    """A reviewer's move to the state `to`, at the highest level his or her verbs reach on that day: the row of the
    table and the standing after it. Raises Invalid for a state there is not, Forbidden for who may not review, whose
    office is no more, whose own sheet it is (`bar`), or where a higher office has decided already. An approval is
    repeated without harm, at one's own level."""
    if to not in STATES:
        raise Invalid("review.unknown_state", value=to, allowed=", ".join(STATES))
    level = level_of(verbs, on)
    if level is None:
        raise tell_ended(current, verbs, on) or Forbidden("review.not_a_reviewer")
    if rank_of(current.level) > _RANK[level]:
        raise Forbidden(f"review.decided_above_{current.level}", level=current.level)
    row = next(row for row in MOVES if row.level == level and row.to == to and current.state in row.sources)
    barred = bar(row, tie)
    if barred is not None:
        raise barred
    return row, Standing(to, level if to in (APPROVED, REJECTED) else None)


def tell_ended(current: Standing, verbs: Collection[str], on: date) -> Forbidden | None:
    """What somebody is told whose office is no more on that day: when it ended, and who decides now; None for anybody
    else."""
    office = ended_level(verbs, on)
    if office is None or office.until is None:
        return None
    awaited = awaited_level(current, on)
    last = (office.until - timedelta(days=1)).isoformat()
    return Forbidden(
        f"review.{office.name}_ended_{awaited or 'settled'}", level=office.name, last=last, awaited=awaited
    )


def list_moves(current: Standing, verbs: Collection[str], on: date, tie: Tie = NO_TIE) -> tuple[Move, ...]:
    """The moves a reviewer with these verbs can make from here on that day, for buttons; none where none is allowed."""
    level = level_of(verbs, on)
    if level is None or rank_of(current.level) > _RANK[level]:
        return ()
    standing_still = () if current.level is None or current.level != level else (current.state,)
    return tuple(
        row
        for row in MOVES
        if row.level == level
        and current.state in row.sources
        and row.to not in standing_still
        and bar(row, tie) is None
    )


def tell_barred(current: Standing, verbs: Collection[str], on: date, tie: Tie) -> Forbidden | None:
    """Why somebody who could approve otherwise may not approve this sheet; None for anybody else."""
    rows = list_moves(current, verbs, on)
    return next((found for row in rows if (found := bar(row, tie)) is not None), None)


def rank_of(level: str | None) -> int:
    """How high a level is: 0 for none, 1 for the commune, and so on upwards."""
    return _RANK.get(level, 0) if level is not None else 0


def approved_level(standing: Standing) -> str | None:
    """The level an official figure has reached; None: provisional."""
    return standing.level if standing.state == APPROVED else None


def shown_state(standing: Standing) -> str | None:
    """The state as Central's clients see it: null for received."""
    return None if standing.state == RECEIVED else standing.state


def state_from_shown(value: str | None) -> str:
    """The state that a Central client names. Raises Invalid for any other value."""
    if value is not None and value not in STATES[1:]:
        raise Invalid("review.unknown_state", value=value, allowed=", ".join(("null", *STATES[1:])))
    return RECEIVED if value is None else value
