"""A round is locked at the desk, worked out once more, and opened again; what came after it is listed."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.freeze import VERB, Which, lock_round, reopen_round
from server.services.verify_lock import Verified, verify_lock
from server.storage.locks import list_late, list_locks
from server.storage.rollups import count_pending
from server.storage.sights import list_seen_areas
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.errors import refusal_of

Answer = Response | str | tuple[str, int]
LONGEST_REASON = 2000
MOST_SHOWN = 200
"""Differences and late sheets that the page shows; what is more is counted."""


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/lock")
def round_lock(project_id: int, slug: str) -> str:
    """The locks of a round. `verify=NUMBER`: that one is worked out once more."""
    caller = desk_caller()
    project_of(caller, project_id)
    return _page(caller, Which(project_id, slug), verified=_verified(caller, project_id, slug))


@blueprint.post("/projects/<int:project_id>/rounds/<slug>/lock")
def lock_or_reopen(project_id: int, slug: str) -> Answer:
    """Locks it, or opens it again (`act`), with a reason."""
    caller = desk_caller()
    project_of(caller, project_id)
    which, reason = Which(project_id, slug), request.form.get("reason", "")[:LONGEST_REASON]
    session = current_session()
    act = reopen_round if request.form.get("act") == "reopen" else lock_round
    try:
        act(session, caller, which, reason, now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        session.rollback()
        refusal = refusal_of(error)
        return _page(caller, which, message=refusal.message, reason=reason), refusal.status
    return redirect(
        url_for("desk.round_lock", project_id=project_id, slug=slug, done=request.form.get("act") or "lock")
    )


def _verified(caller: Caller, project_id: int, slug: str) -> Verified | None:
    """What comes of the lock that was asked about: it looks at everything, so only for who sees everything."""
    asked = request.args.get("verify", "")
    if not asked.isascii() or not asked.isdecimal() or not caller.scope("submission.read", project_id).everywhere:
        return None
    round_view, session = find_round_of(project_id, slug), current_session()
    lock = next((each for each in list_locks(session, round_view.id) if str(each.number) == asked), None)
    return verify_lock(session, round_view, lock.id) if lock else None


def _page(
    caller: Caller, which: Which, *, verified: Verified | None = None, message: str | None = None, reason: str = ""
) -> str:
    project, round_view = project_of(caller, which.project_id), find_round_of(which.project_id, which.slug)
    session = current_session()
    late = list_late(session, round_view, caller.scope("submission.list", project.id), MOST_SHOWN + 1)
    return show_page(
        "round_lock.html",
        caller=caller,
        project=project,
        round=round_view,
        locks=list_locks(session, round_view.id),
        seen_areas=list_seen_areas(session, project.id, round_view.cutoff, caller.scope("submission.list", project.id)),
        late=late[:MOST_SHOWN],
        more_late=len(late) > MOST_SHOWN,
        pending=count_pending(session, round_view.id),
        verified=verified,
        differences=verified.differences[:MOST_SHOWN] if verified else [],
        may_lock=caller.reach(VERB, project.id).everywhere,
        may_verify=caller.scope("submission.read", project.id).everywhere,
        message=message,
        reason=reason,
        done=request.args.get("done"),
    )
