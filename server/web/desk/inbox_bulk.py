"""What is clean approved in one move: said before, done a part at a time with its progress shown, taken back as one."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.approve_clean import (
    MOST,
    NOT_CLEAN,
    find_clean,
    get_bulk,
    goes_on,
    may_undo,
    order_approval,
    undo_on,
    work_on,
)
from server.storage.bulk_approvals import BulkView
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.inbox import by_script, reader_of, wish_of, written
from server.web.desk.pages import show_page

ALL = "all"
OTHER = "other"
WHY = {
    "review.own_entry": "own",
    "review.own_report": "own",
    "review.own_commune": "own_commune",
    "review.decided_meanwhile": "decided",
    "review.edited_meanwhile": "edited",
    "review.round_locked": "locked",
    NOT_CLEAN: "found",
}
"""What the result says of the code for which a submission was not approved."""


@blueprint.get("/projects/<int:project_id>/inbox/approve")
def before_approval(project_id: int) -> str:
    """How many would be approved, and what would not: of those chosen (`id`, once for each), or of all that fit the
    filters (`which=all`)."""
    caller, project = reader_of(project_id)
    wish = wish_of(request.args)
    chosen = None if request.args.get("which") == ALL else _numbers(request.args.getlist("id"))
    clean = find_clean(current_session(), caller, project_id, wish, chosen)
    return show_page(
        "inbox_approve.html",
        caller=caller,
        project=project,
        clean=clean,
        chosen=chosen,
        asked=written(wish),
        most=MOST,
    )


@blueprint.post("/projects/<int:project_id>/inbox/approve")
def approve_clean(project_id: int) -> Response:
    """Orders it, and does the first part. `count`: how many it was said to be; what came since is not among them."""
    caller, _ = reader_of(project_id)
    wish = wish_of(request.args)
    chosen = None if request.form.get("which") == ALL else _numbers(request.form.getlist("id"))
    clean = find_clean(current_session(), caller, project_id, wish, chosen)
    said = next(iter(_numbers([request.form.get("count", "")])), 0)
    bulk = order_approval(current_session(), caller, project_id, clean.ids[:said], now())
    work_on(current_session(), caller, bulk, now())
    return _to(bulk)


@blueprint.get("/projects/<int:project_id>/inbox/approvals/<int:bulk_id>")
def one_approval(project_id: int, bulk_id: int) -> str:
    """How far it is, and how many were approved, how many were not and why."""
    caller, _ = reader_of(project_id)
    return _show(project_id, get_bulk(current_session(), caller, project_id, bulk_id))


@blueprint.post("/projects/<int:project_id>/inbox/approvals/<int:bulk_id>/go-on")
def go_on_approving(project_id: int, bulk_id: int) -> Response | str:
    """Does the next part of it, or of taking it back."""
    caller, _ = reader_of(project_id)
    bulk = get_bulk(current_session(), caller, project_id, bulk_id)
    step = work_on if bulk.undone_at is None else undo_on
    bulk = step(current_session(), caller, bulk, now())
    return _show(project_id, bulk) if by_script() else _to(bulk)


@blueprint.post("/projects/<int:project_id>/inbox/approvals/<int:bulk_id>/undo")
def undo_approval(project_id: int, bulk_id: int) -> Response:
    """Takes the whole back."""
    caller, _ = reader_of(project_id)
    bulk = get_bulk(current_session(), caller, project_id, bulk_id)
    return _to(undo_on(current_session(), caller, bulk, now()))


def _to(bulk: BulkView) -> Response:
    return redirect(url_for("desk.one_approval", project_id=bulk.project_id, bulk_id=bulk.id))


def _show(project_id: int, bulk: BulkView) -> str:
    caller, project = reader_of(project_id)
    return show_page(
        "inbox_progress.html" if by_script() else "inbox_bulk.html",
        caller=caller,
        project=project,
        bulk=bulk,
        goes_on=goes_on(bulk),
        may_undo=may_undo(bulk, now()),
        reasons=_reasons(bulk),
    )


def _reasons(bulk: BulkView) -> list[tuple[str, int]]:
    """(why, how many) were not approved, the most first."""
    found: dict[str, int] = {}
    for code, number in bulk.refused.items():
        why = WHY.get(code, OTHER)
        found[why] = found.get(why, 0) + number
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def _numbers(texts: list[str]) -> list[int]:
    """Numbers of submissions from a form. Raises NotFound for what is none."""
    if not all(text.isascii() and text.isdecimal() and len(text) <= 18 for text in texts):
        raise NotFound("http.not_found")
    return [int(text) for text in texts]
