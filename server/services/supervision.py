"""Answers a finding of a supervision board, and says whether the answer settles it. The commune that is supervised
answers and changes nothing else; the board that wrote the sheet, or an office above the commune, settles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from server.domain.review import level_of, rank_of
from server.domain.roles import Place
from server.domain.supervision import (
    ANSWER,
    ANSWERED,
    FORM,
    NOT_SETTLED,
    SETTLED,
    UNDO,
    Finding,
    FindingState,
    SupervisionSums,
    Word,
    read_visits,
    stand,
)
from server.services.authenticate import VIETNAM, Caller, day_of
from server.services.lists import COMMUNE_KINDS
from server.services.works import WorksAsked, list_works, sum_up
from server.storage.areas import AreaView
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.reach import find_above
from server.storage.supervision import NewWord, add_word, list_words
from server.storage.works import SheetFilter, iterate_sheets

LONGEST_TEXT = 4000
READ = "submission.list"


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody says of a finding of a project: the text, and the day of it (None: today)."""

    project_id: int
    finding_id: str
    text: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class May:
    """What somebody may do about a finding: answer it, say whether it is settled, take back the rows `own`."""

    answer: bool
    settle: bool
    own: frozenset[int]


@dataclass(frozen=True, slots=True)
class SupervisedCommune:
    """The visits and findings of a commune."""

    area: AreaView
    sums: SupervisionSums


def answer_finding(session: Session, caller: Caller, reply: Reply, now: datetime) -> FindingState:
    """Answers a finding in the name of the commune or of an office above it. Raises NotFound, Forbidden (nobody of
    these), Missing (no text), Invalid (too long; a day before it was told or after today), Conflict (it was settled
    by that day; an answer of before may still be written down)."""
    state, level = _open(session, caller, reply.project_id, reply.finding_id, now)
    if level is None:
        raise Forbidden("supervision.commune_answers")
    if not reply.text.strip():
        raise Missing("supervision.text_missing")
    if state.status == SETTLED and (reply.on or day_of(now)) > state.words[-1].on:
        raise Conflict("supervision.settled")

    def audit(connection: Connection, told: dict[str, object]) -> None:
        where = Where(reply.project_id, state.finding.area_id)
        acted_on = f"submission:{state.finding.submission_id}"
        write_audit(connection, caller.entry("submission.supervision.answer", acted_on, now, where, **told))

    _write(session, state, _word(caller, state, ANSWER, reply, now), audit)
    return _state(session, caller, reply.project_id, reply.finding_id, now)


def settle_finding(session: Session, caller: Caller, reply: Reply, settled: bool, now: datetime) -> FindingState:
    """Says that an answer settles a finding, or that it does not, and then why. Raises NotFound, Forbidden (neither who
    wrote the sheet nor an office above the commune), Missing (why it is not settled), Invalid, Conflict (there is no
    answer yet that could be judged)."""
    state, level = _open(session, caller, reply.project_id, reply.finding_id, now)
    if not _settles(caller, state.finding, level):
        raise Forbidden("supervision.board_settles")
    if state.status != ANSWERED:
        raise Conflict("supervision.not_answered")
    if not settled and not reply.text.strip():
        raise Missing("supervision.why_not_settled")
    said = SETTLED if settled else NOT_SETTLED

    def audit(connection: Connection, told: dict[str, object]) -> None:
        where = Where(reply.project_id, state.finding.area_id)
        acted_on = f"submission:{state.finding.submission_id}"
        write_audit(connection, caller.entry("submission.supervision.settle", acted_on, now, where, **told))

    _write(session, state, _word(caller, state, said, reply, now), audit)
    return _state(session, caller, reply.project_id, reply.finding_id, now)


def take_back_word(session: Session, caller: Caller, reply: Reply, word_id: int, now: datetime) -> FindingState:
    """Takes back what the caller said of a finding, by a new row; both stay. Raises NotFound (no such row of theirs
    that stands)."""
    state, _ = _open(session, caller, reply.project_id, reply.finding_id, now)
    own = next((each for each in state.words if each.id == word_id and each.actor_id == caller.actor_id), None)
    if own is None:
        raise NotFound("supervision.no_word", value=word_id)
    made = NewWord(
        submission_id=state.finding.submission_id,
        finding=state.finding.id,
        number=state.finding.number,
        said=UNDO,
        on=day_of(now),
        text=reply.text.strip()[:LONGEST_TEXT],
        quoted=own.text,
        actor_id=caller.actor_id,
        created_at=now,
        undoes=word_id,
    )

    def audit(connection: Connection, told: dict[str, object]) -> None:
        where = Where(reply.project_id, state.finding.area_id)
        acted_on = f"submission:{state.finding.submission_id}"
        write_audit(connection, caller.entry("submission.supervision.undo", acted_on, now, where, **told))

    _write(session, state, made, audit)
    return _state(session, caller, reply.project_id, reply.finding_id, now)


def may_say(session: Session, caller: Caller, project_id: int, state: FindingState) -> May:
    """What the caller may do about a finding now."""
    level = _level(session, caller, project_id, state.finding)
    settles = state.status == ANSWERED and _settles(caller, state.finding, level)
    own = frozenset(each.id for each in state.words if each.id is not None and each.actor_id == caller.actor_id)
    return May(level is not None and state.status != SETTLED, settles, own)


def sum_supervision(session: Session, asked: WorksAsked) -> list[SupervisedCommune]:
    """The visits and findings of each commune in sight that has works, as of a day."""
    read = list_works(session, asked)
    return [
        SupervisedCommune(read.areas[area_id], sums.supervision)
        for area_id, sums in sum_up(read).items()
        if read.areas[area_id].kind in COMMUNE_KINDS
    ]


def _open(
    session: Session, caller: Caller, project_id: int, finding_id: str, now: datetime
) -> tuple[FindingState, str | None]:
    state = _state(session, caller, project_id, finding_id, now)
    return state, _level(session, caller, project_id, state.finding)


def _state(session: Session, caller: Caller, project_id: int, finding_id: str, now: datetime) -> FindingState:
    """A finding in sight as of today."""
    instance, _, number = finding_id.rpartition("-")
    scope, today = caller.scope(READ, project_id), day_of(now)
    wanted = SheetFilter(project_id, (FORM,), VIETNAM, scope, instance=instance)
    sheet = next(iterate_sheets(session, wanted), None) if scope and instance and number.isdecimal() else None
    # later visits say more of it; they lie where the work does
    around = (sheet.area_id, caller.on) if sheet is not None and sheet.area_id else None
    visits = read_visits(iterate_sheets(session, replace(wanted, instance=None, area=around)), today) if sheet else []
    words = list_words(session, [visit.submission_id for visit in visits])
    found = next((each for each in stand(visits, words, today) if each.finding.id == finding_id), None)
    if found is None:
        raise NotFound("supervision.unknown", value=finding_id)
    return found


def _level(session: Session, caller: Caller, project_id: int, finding: Finding) -> str | None:
    """The level at which the caller acts where a finding lies; None for who is of no office."""
    above = find_above(session, finding.area_id, caller.on) if finding.area_id else ()
    return level_of(caller.verbs_in(Place(project_id, None, above)), caller.on)


def _settles(caller: Caller, finding: Finding, level: str | None) -> bool:
    return caller.actor_id == finding.submitter_id or rank_of(level) > rank_of("commune")


def _word(caller: Caller, state: FindingState, said: str, reply: Reply, now: datetime) -> NewWord:
    text, today = reply.text.strip(), day_of(now)
    if len(text) > LONGEST_TEXT:
        raise Invalid("request.too_long", field="text", most=LONGEST_TEXT)
    on = reply.on or today
    if not state.finding.told_on <= on <= today:
        raise Invalid("supervision.day", value=on.isoformat(), least=state.finding.told_on.isoformat())
    return NewWord(
        submission_id=state.finding.submission_id,
        finding=state.finding.id,
        number=state.finding.number,
        said=said,
        on=on,
        text=text,
        quoted=state.finding.text,
        actor_id=caller.actor_id,
        created_at=now,
    )


def _write(
    session: Session, state: FindingState, word: NewWord, audit: Callable[[Connection, dict[str, object]], None]
) -> None:
    session.rollback()
    with writing(session) as connection:
        fresh = list_words(connection, [word.submission_id])
        if _standing(fresh, state.finding.id) != _standing(state.words, state.finding.id):
            # somebody else said something of it in the same moment
            raise Conflict("supervision.said_meanwhile")
        add_word(connection, word)
        audit(connection, {"finding": word.finding, "said": word.said, "day": word.on.isoformat(), "text": word.text})
        session.commit()


def _standing(words: list[Word] | tuple[Word, ...], finding_id: str) -> list[int]:
    undone = {each.undoes for each in words}
    own = (each for each in words if each.finding_id == finding_id and each.said != UNDO)
    return sorted(each.id for each in own if each.id is not None and each.id not in undone)
