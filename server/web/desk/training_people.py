"""Persons who were trained: those who may be one, to be merged by somebody, and merges that can be undone."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import Forbidden
from server.domain.training_people import find_likenesses
from server.services.merge import VERB, list_merged, merge, merge_exact, persons_of, undo_merge
from server.services.training import read_training
from server.storage.desk import name_areas
from server.web.context import current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page

PAGE, MOST_MERGED = 50, 200


@blueprint.get("/projects/<int:project_id>/training/persons")
def training_persons(project_id: int) -> str:
    """Persons who may be one, the surest first, and what was merged."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    scope, session = caller.scope("submission.list", project_id), current_session()
    if not scope:
        raise Forbidden("auth.forbidden")
    may = caller.may(VERB, project_id)
    persons = persons_of(session, caller, project_id) if may else read_training(session, project_id, scope).persons
    alike, page = find_likenesses(persons), whole("page", 1) or 1
    shown = alike[(page - 1) * PAGE : page * PAGE]
    places = {one.shown.area_id for each in shown for one in each.persons if one.shown.area_id}
    return show_page(
        "training_persons.html",
        caller=caller,
        project=project,
        alike=shown,
        total=len(alike),
        persons=len(persons),
        exact=sum(len(each.persons) - 1 for each in alike if each.exact),
        areas=name_areas(session, places),
        merged=list_merged(session, caller, project_id) if may else [],
        most=MOST_MERGED,
        may=may,
        page=page,
        pages=max(1, -(-len(alike) // PAGE)),
        done=request.args.get("done") == "1",
    )


@blueprint.post("/projects/<int:project_id>/training/persons")
def merge_persons(project_id: int) -> Response:
    """Makes one person of several, of all exact duplicates, or takes a merge back."""
    caller, session, act = desk_caller(), current_session(), request.form.get("act")
    project_of(caller, project_id)
    if act == "exact":
        merge_exact(session, caller, project_id, now())
    elif act == "undo":
        undo_merge(session, caller, project_id, request.form.get("merge", 0, type=int), now())
    else:
        merge(session, caller, project_id, request.form.getlist("person"), now())
    return redirect(url_for("desk.training_persons", project_id=project_id, done="1"), 303)
