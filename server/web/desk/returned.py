"""Returned sheets: to whom each has to be told and how, what became of it, slips and a call list to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.catalogues import read_catalogue
from server.domain.returned import CORRECTED, STAGES, say_returned
from server.services.authenticate import Caller
from server.services.tell_returned import Line, describe, get_return, list_in_sight, list_stages, tell
from server.storage.audits import Where
from server.storage.projects import ProjectView
from server.storage.returns import ReturnedSheet
from server.storage.rounds import RoundView, list_rounds
from server.web.context import choose_locale, current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.coverage import call_number
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import fill
from server.web.exports import tell_export

PAGE = 50
MOST_SLIPS = 100
"""Slips that are printed at once."""
VILLAGES_SPEAK = "vi"
"""The language of what is sent to villages."""
RETURNED = "/projects/<int:project_id>/returned"


@dataclass(frozen=True)
class Chosen:
    """What the list is narrowed to; None is all that is not corrected yet, of every round."""

    round: str | None
    stage: str | None


@blueprint.get(RETURNED)
def returned(project_id: int) -> str:
    """The returned sheets of a project in sight, by `round` and by how far each has come (`stage`)."""
    caller = desk_caller()
    project, session = project_of(caller, project_id), current_session()
    rounds = list_rounds(session, project_id)
    chosen, found = _found(caller, project, rounds)
    page = whole("page", 1) or 1
    shown = _narrowed(found, chosen)
    counts = list_stages(found)
    lines = describe(session, caller, shown[(page - 1) * PAGE : page * PAGE], choose_locale())
    return show_page(
        "returned.html",
        caller=caller,
        project=project,
        rounds=rounds,
        chosen=chosen,
        stages=STAGES,
        counts=counts,
        waiting=sum(counts[stage] for stage in STAGES if stage != CORRECTED),
        lines=lines,
        texts={line.sheet.move_id: write_text(line, caller.name) for line in lines},
        may_tell=caller.may("submission.update", project_id),
        call_number=call_number,
        page=page,
        pages=max(1, -(-len(shown) // PAGE)),
    )


@blueprint.get(f"{RETURNED}/print")
def print_returned(project_id: int) -> str:
    """Whom to call, and a slip for each sheet; of one alone (`move`), or as the list is narrowed."""
    caller = desk_caller()
    project, session = project_of(caller, project_id), current_session()
    move = whole("move")
    if move is not None:
        sheets = [get_return(session, caller, project_id, move)]
    else:
        chosen, found = _found(caller, project, list_rounds(session, project_id))
        sheets = _narrowed(found, chosen)
    lines = describe(session, caller, sheets[:MOST_SLIPS], VILLAGES_SPEAK)
    if lines:
        tell_export(caller, "submission.return.print", f"project:{project_id}", Where(project_id), sheets=len(lines))
    return show_page(
        "returned_print.html",
        caller=caller,
        project=project,
        lines=lines,
        alone=move is not None,
        left=max(len(sheets) - MOST_SLIPS, 0),
        call_number=call_number,
        today=caller.on,
    )


@blueprint.post(f"{RETURNED}/<int:move_id>/told")
def mark_returned_told(project_id: int, move_id: int) -> Response:
    """The sender was told; `undo`: that was not so."""
    caller = desk_caller()
    project_of(caller, project_id)
    tell(current_session(), caller, (project_id, move_id), not request.form.get("undo"), now())
    slug, stage = request.form.get("round") or None, request.form.get("stage") or None
    page = url_for("desk.returned", project_id=project_id, round=slug, stage=stage)
    return redirect(f"{page}#return-{move_id}")


def write_text(line: Line, caller_name: str) -> str:
    """What is sent by Zalo or SMS: whose sheet of what, which questions and why, what to do; nothing that tells of a
    household."""
    head = line.heads[0].name if len(line.heads) == 1 else ""
    why = say_returned(line.plain_reason, line.plain, VILLAGES_SPEAK)
    params = {
        "head": f" {head}" if head else "",
        "form": line.sheet.title,
        "place": line.path[0].name if line.path else "",
        "why": why or say_vi("desk.returned.text_see", {}),
        "sender": caller_name,
    }
    return say_vi("desk.returned.text", params)


def say_vi(message_id: str, params: Mapping[str, object]) -> str:
    """A sentence for a village."""
    return fill(read_catalogue("desk", VILLAGES_SPEAK).gettext(message_id), params, VILLAGES_SPEAK)


def _found(caller: Caller, project: ProjectView, rounds: list[RoundView]) -> tuple[Chosen, list[ReturnedSheet]]:
    slug, stage = request.args.get("round"), request.args.get("stage")
    round_view = next((each for each in rounds if each.slug == slug), None)
    chosen = Chosen(round_view.slug if round_view else None, stage if stage in STAGES else None)
    found = list_in_sight(current_session(), caller, project.id, round_view.id if round_view else None)
    return chosen, found


def _narrowed(found: list[ReturnedSheet], chosen: Chosen) -> list[ReturnedSheet]:
    if chosen.stage is None:
        return [each for each in found if each.track.stage != CORRECTED]
    return [each for each in found if each.track.stage == chosen.stage]
