"""Sheets that say ambiguously to which round they belong: a reviewer puts each into one, or takes it out again."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.services.placing import assign_round
from server.storage.rounds import list_rounds
from server.storage.unplaced import count_unplaced, list_unplaced
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page

MOST_SHOWN = 200


@blueprint.get("/projects/<int:project_id>/without-round")
def without_round(project_id: int) -> str:
    """The list, oldest first."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    session, scope = current_session(), caller.scope("submission.list", project.id)
    return show_page(
        "without_round.html",
        caller=caller,
        project=project,
        sheets=list_unplaced(session, project.id, scope, MOST_SHOWN),
        total=count_unplaced(session, project.id, scope),
        rounds=[each for each in list_rounds(session, project.id) if not each.is_locked],
        may_place=caller.may("submission.update", project.id),
        done=request.args.get("done", ""),
    )


@blueprint.post("/submissions/<int:submission_id>/round")
def place_submission(submission_id: int) -> Response:
    """Puts it into the round `slug`; without one takes it out."""
    caller = desk_caller()
    slug = request.form.get("slug", "").strip() or None
    assign_round(current_session(), caller, submission_id, slug, now())
    project_id = request.form.get("project", "")
    if project_id.isascii() and project_id.isdecimal():
        return redirect(url_for("desk.without_round", project_id=int(project_id), done=submission_id if slug else ""))
    return redirect(url_for("desk.one_submission", submission_id=submission_id))
