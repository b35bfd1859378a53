"""The coverage board as a table that people take away: areas with their counts, and where there are few enough villages
each of them, with whom to call and what came of the last call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.coverage import STATES, Counts
from server.exports.sheets import COUNT, DAY, MOMENT, YES_NO, About, Column, Said, Sheet, Value, Word
from server.services.authenticate import VIETNAM
from server.services.coverage import Asked, Board, VillageLine, list_mine, tell
from server.storage.projects import ProjectView

AREA_COLUMNS = (
    *(Column("code", Word("code", "desk.coverage.code")), Column("name", Word("name", "desk.coverage.area"))),
    Column("villages", Word("villages", "desk.coverage.villages"), COUNT),
    Column("sent", Word("sent", "desk.coverage.sent"), COUNT),
    *(Column(state, Word(state, f"desk.coverage.state.{state}"), COUNT) for state in STATES),
    Column("late", Word("late", "desk.coverage.late"), COUNT),
)
VILLAGE_COLUMNS = (
    *(Column("code", Word("code", "desk.coverage.code")), Column("name", Word("name", "desk.coverage.village"))),
    Column("commune_code", Word("commune_code", "desk.coverage.commune_code")),
    Column("commune", Word("commune", "desk.coverage.commune")),
    Column("state", Word("state", "desk.coverage.state")),
    Column("late", Word("late", "desk.coverage.late"), YES_NO),
    Column("files_expected", Word("files_expected", "desk.coverage.files_expected"), COUNT),
    Column("files_missing", Word("files_missing", "desk.coverage.files_missing"), COUNT),
    Column("came_at", Word("came_at", "desk.coverage.came"), MOMENT),
    Column("heard_at", Word("heard_at", "desk.coverage.heard"), MOMENT),
)
HEAD_COLUMNS = (
    Column("heads", Word("heads", "desk.coverage.heads")),
    Column("phones", Word("phones", "desk.coverage.phones")),
    Column("called_at", Word("called_at", "desk.coverage.called_at"), MOMENT),
    Column("called_by", Word("called_by", "desk.coverage.called_by")),
    Column("call_outcome", Word("call_outcome", "desk.coverage.call_outcome")),
    Column("sends_on", Word("sends_on", "desk.coverage.sends_on"), DAY),
    Column("needs_help", Word("needs_help", "desk.coverage.needs_help")),
    Column("call_turn", Word("call_turn", "desk.coverage.call_turn")),
)


def make_coverage_table(
    session: Session, asked: Asked, board: Board, project: ProjectView, now: datetime
) -> tuple[tuple[Sheet, ...], About]:
    """The sheets and what stands beside. Who is there for a village is named as far as `asked.names` reaches."""
    sheets = [Sheet("areas", Word("areas", "desk.coverage.sheet_areas"), AREA_COLUMNS, _areas(board))]
    if board.tells_calls:
        columns = VILLAGE_COLUMNS + (HEAD_COLUMNS if asked.names else ())
        every = {village for villages in board.states.values() for village in villages}
        if asked.mine is not None:
            every &= list_mine(session, asked)
        known = {line.area.id for line in board.villages}
        lines = board.villages if known == every else tell(session, asked, every, board.states)
        title = Word("villages", "desk.coverage.sheet_villages")
        sheets.append(Sheet("villages", title, columns, (_village(each, bool(asked.names)) for each in lines)))
    return tuple(sheets), _about(asked, board, project, now)


def _areas(board: Board) -> Iterator[Sequence[Value]]:
    for line in board.lines:
        yield (line.area.code, line.area.name, *_counts(line.counts))
    yield (
        board.top.code if board.top else None,
        board.top.name if board.top else Word("all", "desk.coverage.all"),
        *_counts(board.whole),
    )


def _counts(counts: Counts) -> Sequence[Value]:
    return (counts.villages, counts.sent, *(counts.of(state) for state in STATES), counts.late)


def _village(line: VillageLine, named: bool) -> Sequence[Value]:
    kept = line.kept
    row: tuple[Value, ...] = (
        line.area.code,
        line.area.name,
        line.commune.code if line.commune else None,
        line.commune.name if line.commune else None,
        Word(line.state, f"desk.coverage.state.{line.state}"),
        line.late,
        kept.expected if kept else None,
        kept.missing if kept else None,
        kept.came_at.astimezone(VIETNAM) if kept else None,
        line.heard_at.astimezone(VIETNAM) if line.heard_at else None,
    )
    if not named:
        return row
    heads = ("; ".join(head.name for head in line.heads), "; ".join(head.phone or "?" for head in line.heads))
    return (*row, *heads, *_call(line))


def _call(line: VillageLine) -> Sequence[Value]:
    call, turn = line.call, Word(line.turn, f"desk.callturn.{line.turn}")
    if call is None:
        return (None, None, None, None, None, turn)
    said = Word(call.outcome, f"desk.calloutcome.{call.outcome}")
    return (call.called_at.astimezone(VIETNAM), call.actor, said, call.sends_on, call.text, turn)


def _about(asked: Asked, board: Board, project: ProjectView, now: datetime) -> About:
    own = {"vi": asked.round.name_vi, "en": asked.round.name_en}
    lines: list[tuple[Said, Value]] = [
        (Word("project", "desk.coverage.project"), project.name),
        (Word("round", "desk.coverage.round"), Word(asked.round.slug, own)),
        (Word("area", "desk.coverage.area"), board.top.name if board.top else Word("all", "desk.coverage.all")),
        (Word("ends_on", "desk.coverage.ends_on"), asked.round.ends_on),
        (Word("made", "desk.coverage.made"), now.astimezone(VIETNAM)),
    ]
    if asked.mine is not None:
        lines.append((Word("calls", "desk.call.filter"), Word("mine", "desk.call.mine")))
    marks = [Word("synthetic", "desk.coverage.synthetic")] if project.synthetic else []
    return About(Word("coverage", "desk.coverage.title"), lines, marks)
