"""The plan of a round: until when each level has to report, and what has to be there beside the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.domain.deadlines import (
    Due,
    Procedure,
    Step,
    due_steps,
    faults_of_step,
    keep_steps,
    procedures_on,
    read_steps,
)
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.evidence import Asked, faults_of_asked, keep_asked, read_asked
from server.services.authenticate import Caller
from server.services.campaign import touch
from server.services.dossier import handed_in
from server.services.holidays import VERB, calendar_between
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.rounds import RoundView, change_round, find_round, hold_round

MOST_STEPS = 8


@dataclass(frozen=True)
class Track:
    """The steps of one procedure with their days. `procedure` None: the steps that the office set itself."""

    procedure: Procedure | None
    dues: tuple[Due, ...]


@dataclass(frozen=True)
class Plan:
    """What a round has to keep to as of `today`. `own`: its office set the steps. `asked`: evidence; `own_evidence`:
    its office said which."""

    today: date
    tracks: tuple[Track, ...]
    own: bool
    asked: tuple[Asked, ...]
    own_evidence: bool

    @property
    def unsure(self) -> tuple[int, ...]:
        """The years of which holidays would have to be loaded for all these days to be sure."""
        return tuple(sorted({year for track in self.tracks for due in track.dues for year in due.unsure}))


@dataclass(frozen=True)
class PlanChange:
    """What somebody sets: the day of the instruction (None: not known), the steps (None: those of the law), what is
    asked (None: the usual; empty: nothing)."""

    instructed_on: date | None
    steps: Sequence[Step] | None
    asked: Sequence[Asked] | None


def read_plan(session: Session, round_view: RoundView, today: date, handed: Mapping[str, date] | None = None) -> Plan:
    """The plan of a round as of a day. The law is that of the round's cut-off date, as its rules are. `handed`: by
    level when it handed in, of one dossier; else when the last dossier of the round was."""
    begun = round_view.instructed_on or round_view.cutoff
    done = handed_in(session, round_view) if handed is None else dict(handed)
    days = (begun, today, *done.values())
    calendar = calendar_between(session, min(days), max(*days, round_view.cutoff))
    own = read_steps(round_view.steps)
    if own is not None:
        tracks: tuple[Track, ...] = (
            Track(None, tuple(due_steps(own, round_view.instructed_on, calendar, today, done))),
        )
    else:
        tracks = tuple(
            Track(each, tuple(due_steps(each.steps, round_view.instructed_on, calendar, today, done)))
            for each in procedures_on(round_view.cutoff, round_view.purpose, begun)
        )
    asked = read_asked(round_view.evidence)
    return Plan(today, tracks, own is not None, asked, round_view.evidence is not None)


def change_plan(session: Session, caller: Caller, round_id: int, change: PlanChange, now: datetime) -> None:
    """Sets the plan of a round. Raises NotFound, Forbidden, Conflict (the round is locked), Invalid."""
    round_view = find_round(session, round_id)
    if round_view is None:
        raise NotFound("http.not_found")
    caller.require_everywhere(VERB, round_view.project_id)
    _check(change)
    with writing(session) as connection:
        hold_round(connection, round_id)
        before = find_round(connection, round_id)
        if before is None:
            raise NotFound("http.not_found")
        if before.is_locked:
            raise Conflict("plan.locked", round=before.slug)
        wanted = {
            "instructed_on": change.instructed_on,
            "steps": None if change.steps is None else keep_steps(change.steps),
            "evidence": None if change.asked is None else keep_asked(change.asked),
        }
        steps, asked = before.steps, before.evidence
        held = {
            "instructed_on": before.instructed_on,
            "steps": None if steps is None else list(steps),
            "evidence": None if asked is None else list(asked),
        }
        changed = {name: value for name, value in wanted.items() if held[name] != value}
        if changed:
            change_round(connection, round_id, **changed, updated_at=now)
            touch(connection)
            told = {name: _told(value) for name, value in changed.items()}
            was = {name: _told(held[name]) for name in changed}
            where = Where(before.project_id)
            entry = caller.entry(
                "round.update", f"round:{round_id}", now, where, slug=before.slug, plan=told, before=was
            )
            write_audit(connection, entry)
        session.commit()


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _check(change: PlanChange) -> None:
    if change.steps is not None:
        if not 0 < len(change.steps) <= MOST_STEPS:
            raise Invalid("plan.steps", most=MOST_STEPS)
        for number, step in enumerate(change.steps, start=1):
            for fault in faults_of_step(step):
                raise Invalid(fault, number=number)
    for fault in faults_of_asked(change.asked or ()):
        raise Invalid(fault)
