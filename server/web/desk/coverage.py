"""The coverage board of a round: how far each village has come, counted up the tree; whom to call; one page for whoever
looks after a commune; a map; files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from server.domain.coverage import APPROVED, OWING, RETURNED, REVIEWS, STATES, Counts, symbol_of
from server.domain.returned import OPEN
from server.services.calls import find_own
from server.services.coverage import (
    Asked,
    Board,
    VillageLine,
    list_call_sheets,
    list_calls,
    list_mine,
    list_places,
    need_of,
)
from server.services.coverage_tables import make_coverage_table
from server.storage.areas import AreaView
from server.storage.audits import Where
from server.storage.projects import ProjectView
from server.storage.round_villages import list_reviewers
from server.storage.rounds import RoundView
from server.web.answers import answer_features
from server.web.context import current_session, now, whole
from server.web.coverage_asked import coverage_of
from server.web.desk.blueprint import blueprint
from server.web.desk.call_words import tell_call
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.desk.words import number, say
from server.web.exports import tell_export
from server.web.table_files import Book, answer_table

COVERAGE = "/projects/<int:project_id>/rounds/<slug>/coverage"
MOST_SHEETS = 60
"""Pages that are printed at once; of more one chooses an area first."""
SHORT = 10
"""Digits of a mobile number as it is dialled at home."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar: a state, so many villages, where it begins."""

    state: str
    villages: int
    start: int


@dataclass(frozen=True)
class CallSheet:
    """A page to print: a commune, who looks after it, whom to call."""

    commune: AreaView
    supervisors: Sequence[str]
    calls: Sequence[VillageLine]


@blueprint.get(COVERAGE)
def coverage(project_id: int, slug: str) -> str:
    """The board of an area (`area`), or of all that the reader sees. `calls=mine`: of whom to call those alone whom the
    reader has called; `called`: a call that was written down just now."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    asked, board = coverage_of(caller, project, round_view)
    session = current_session()
    calls = list_calls(session, asked, board) if board.tells_calls or asked.mine is not None else []
    mine = list_mine(session, replace(asked, mine=caller.actor_id)) & frozenset().union(*board.states.values())
    return show_page(
        "coverage.html",
        caller=caller,
        project=project,
        round=round_view,
        asked=asked,
        board=board,
        calls=calls,
        more_calls=max((board.owing if asked.mine is None else len(mine)) - len(calls), 0),
        mine=len(mine),
        noted=find_own(session, caller, asked, whole("called"), now()),
        all_seen=caller.scope("submission.list", project.id).everywhere,
        **_words(asked.round, asked.today),
    )


@blueprint.get(f"{COVERAGE}/print")
def print_coverage(project_id: int, slug: str) -> str:
    """Whom to call, on one page for each commune; of an area (`area`), or of all that the reader sees."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    asked, board = coverage_of(caller, project, round_view)
    sheets = list_call_sheets(current_session(), asked, board) if board.tells_calls else []
    drawn = sheets if len(sheets) <= MOST_SHEETS else []
    communes = [commune.id for commune, _ in drawn]
    session = current_session()
    named = list_reviewers(session, project.id, communes, asked.names, caller.on) if asked.names else {}
    if drawn and asked.names:
        where = Where(project.id, area_id=board.top.id if board.top else None)
        tell_export(caller, "round.coverage.export", f"round:{round_view.id}", where, slug=slug, format="print")
    return show_page(
        "coverage_print.html",
        caller=caller,
        project=project,
        round=round_view,
        asked=asked,
        board=board,
        sheets=[CallSheet(commune, named.get(commune.id, ()), calls) for commune, calls in drawn],
        too_many=not board.tells_calls or len(sheets) > MOST_SHEETS,
        **_words(asked.round, asked.today),
    )


@blueprint.get(f"{COVERAGE}.<any('xlsx', 'csv.zip'):ending>")
def coverage_file(project_id: int, slug: str, ending: str) -> Response:
    """The board as a workbook or as CSV files, of an area (`area`) or of all that the reader sees."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    asked, board = coverage_of(caller, project, round_view)
    sheets, about = make_coverage_table(current_session(), asked, board, project, now())
    where = Where(project.id, area_id=board.top.id if board.top else None)
    tell_export(caller, "round.coverage.export", f"round:{round_view.id}", where, slug=slug, format=ending)
    place = f"-{board.top.code or board.top.id}" if board.top else ""
    return answer_table(Book(f"coverage-{round_view.slug}{place}", sheets, about), ending)


@blueprint.get(f"{COVERAGE}.geojson")
def coverage_map(project_id: int, slug: str) -> Response:
    """The same as places: the areas right below with their counts, or the villages of a commune by their state."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    asked, board = coverage_of(caller, project, round_view)
    features = list(_features(project, asked, board))
    return answer_features({"type": "FeatureCollection", "features": features})


def by_need(lines: Sequence[VillageLine]) -> list[VillageLine]:
    """Who has to act before the others, and who to call first first; the others as they stand."""
    owing = [line for line in lines if line.state in OWING]
    return sorted(owing, key=need_of) + [line for line in lines if line.state not in OWING]


def segments(counts: Counts) -> list[Segment]:
    """The parts of the bar of an area, from what is done to what nobody has heard of."""
    found, start = [], 0
    for state in reversed(STATES):
        villages = counts.of(state)
        if villages:
            found.append(Segment(state, villages, start))
            start += villages
    return found


def call_number(phone: str | None) -> str:
    """A phone number as people in Viet Nam write it: 0912 345 678."""
    digits = (phone or "").replace("+84", "0", 1) if (phone or "").startswith("+84") else (phone or "")
    if digits.isdecimal() and len(digits) == SHORT:
        return f"{digits[:4]} {digits[4:7]} {digits[7:]}"
    return digits


def what_lacks(line: VillageLine) -> str:
    """What a village has to do, in a few words: "thiếu 3/5 ảnh"."""
    if line.missing and line.kept is not None:
        files = [say("desk.coverage.lacks_files", missing=number(line.missing), expected=number(line.kept.expected))]
    else:
        files = []
    if line.state == RETURNED:
        stage = line.track.stage if line.track is not None else OPEN
        return ", ".join([say("desk.coverage.lacks.returned"), say(f"desk.coverage.back.{stage}"), *files])
    if files:
        return files[0]
    return say(f"desk.coverage.lacks.{line.state}") if line.state in OWING else ""


def _words(round_view: RoundView, on: date) -> dict[str, Any]:
    """What both pages say with."""
    return {
        "states": STATES,
        "reviews": tuple(REVIEWS.values()),
        "done": APPROVED,
        "segments": segments,
        "by_need": by_need,
        "call_number": call_number,
        "lacks": what_lacks,
        "symbol": symbol_of,
        "tell_call": tell_call,
        "days_late": max((on - round_view.ends_on).days, 0),
    }


def _features(project: ProjectView, asked: Asked, board: Board) -> Iterator[dict[str, Any]]:
    places = list_places(current_session(), asked, board)
    around = places.get(board.top.id) if board.top else None
    if board.top is not None and around is not None and around.get("type") != "Point":
        yield _feature(around, {"name": board.top.name, "symbol": "boundary", "state": "", "note": "", "href": ""})
    for line in board.lines:
        if line.area.id in places:
            href = url_for("desk.coverage", project_id=project.id, slug=asked.round.slug, area=line.area.id)
            told = {"name": line.area.name, "symbol": symbol_of_area(line.counts), "state": _share(line.counts)}
            yield _feature(places[line.area.id], told | {"note": _late(line.counts), "href": href})
    for village in board.villages:
        if village.area.id in places:
            href = url_for("desk.one_village", project_id=project.id, slug=asked.round.slug, area_id=village.area.id)
            told = {"name": village.area.name, "symbol": symbol_of(village.state)}
            told |= {"state": say(f"desk.coverage.state.{village.state}"), "note": what_lacks(village)}
            yield _feature(places[village.area.id], told | {"href": href})


def _feature(geometry: Any, properties: dict[str, str]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def symbol_of_area(counts: Counts) -> str:
    """The sign of an area: good where all is approved, bad where somebody is late or has something back, unknown where
    nothing came, wait where it is under way."""
    if counts.of(APPROVED) == counts.villages:
        return "good"
    if counts.late or counts.of(RETURNED):
        return "bad"
    return "wait" if counts.sent else "unknown"


def _share(counts: Counts) -> str:
    return say("desk.coverage.answer", sent=number(counts.sent), total=number(counts.villages))


def _late(counts: Counts) -> str:
    return say("desk.coverage.late_n", n=number(counts.late)) if counts.late else ""
