"""Calls to a village of a round: what came of one is written down, those before are shown, the own last one can be
taken back."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.calls import FURTHEST, LONGEST_TEXT, NO_ANSWER, REACHED, WRONG_NUMBER, NewCall
from server.domain.errors import Invalid
from server.services.authenticate import Caller
from server.services.calls import find_undoable, get_called, list_of_village, take_back, write_call
from server.services.coverage import Asked
from server.storage.projects import ProjectView
from server.web.context import current_session, date_of, now
from server.web.coverage_asked import MINE, asked_of
from server.web.desk.blueprint import blueprint
from server.web.desk.call_words import tell_call, what_came
from server.web.desk.coverage import COVERAGE, call_number, what_lacks
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.errors import refusal_of

CALLS = f"{COVERAGE}/<area_id>/calls"


@blueprint.get(CALLS)
def village_calls(project_id: int, slug: str, area_id: str) -> str:
    """The calls of a village. `area`, `calls`: as the board was that one came from, to go back there."""
    caller, project, asked = _asked(project_id, slug)
    return _page(caller, project, asked, area_id)


@blueprint.post(CALLS)
def write_down_call(project_id: int, slug: str, area_id: str) -> Response | tuple[str, int]:
    """Writes down what came of a call."""
    caller, project, asked = _asked(project_id, slug)
    try:
        day, text = date_of("sends_on", request.form.get("sends_on", "")), request.form.get("text")
        said = NewCall(request.form.get("outcome", ""), day, text)
        made = write_call(current_session(), caller, (asked, area_id), said, now())
    except Invalid as error:
        refusal = refusal_of(error)
        return _page(caller, project, asked, area_id, refusal.message), refusal.status
    return redirect(f"{_board(project_id, slug, called=made.id)}#noted")


@blueprint.post(f"{CALLS}/<int:call_id>/undo")
def take_back_call(project_id: int, slug: str, area_id: str, call_id: int) -> Response:
    """Who called takes it back."""
    caller, _, asked = _asked(project_id, slug)
    take_back(current_session(), caller, (asked, area_id), call_id, now())
    return redirect(_board(project_id, slug))


def _asked(project_id: int, slug: str) -> tuple[Caller, ProjectView, Asked]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    return caller, project, asked_of(caller, project, find_round_of(project_id, slug))


def _page(caller: Caller, project: ProjectView, asked: Asked, area_id: str, error: str | None = None) -> str:
    session = current_session()
    line = get_called(session, asked, area_id)
    calls = list_of_village(session, asked, area_id)
    return show_page(
        "calls.html",
        caller=caller,
        project=project,
        round=asked.round,
        asked=asked,
        line=line,
        calls=calls,
        undoable=find_undoable(caller, calls, now()),
        back=_board(project.id, asked.round.slug),
        whence=_whence(),
        error=error,
        given=request.form,
        reached=REACHED,
        not_reached=(NO_ANSWER, WRONG_NUMBER),
        last_day=asked.today + FURTHEST,
        longest=LONGEST_TEXT,
        call_number=call_number,
        lacks=what_lacks,
        tell_call=tell_call,
        what_came=what_came,
    )


def _board(project_id: int, slug: str, called: int | None = None) -> str:
    """The address of the board that one came from."""
    whence = _whence()
    return url_for(
        "desk.coverage", project_id=project_id, slug=slug, area=whence["area"], calls=whence["calls"], called=called
    )


def _whence() -> dict[str, str | None]:
    area, calls = request.values.get("area"), request.values.get("calls")
    return {"area": area or None, "calls": MINE if calls == MINE else None}
