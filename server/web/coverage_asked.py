"""What is asked of the coverage board, on pages and in /v1 alike."""

from __future__ import annotations

from flask import request

from server.domain.errors import Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.coverage import Asked, Board, cover
from server.storage.area_views import find_seen
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView
from server.web.context import current_session, today


def coverage_of(caller: Caller, project: ProjectView, round_view: RoundView) -> tuple[Asked, Board]:
    """The board of the area that the query names (`area`, by its own id, or by its code as of the round's day), or of
    all that the caller sees. Raises NotFound for an area that is not in sight or a village, Forbidden for who sees
    nothing of what was sent."""
    scope = caller.scope("submission.list", project.id)
    if not scope:
        raise Forbidden("auth.forbidden")
    session, key = current_session(), request.args.get("area", "").strip()
    area_id = find_seen(session, scope, key, round_view.cutoff) if key else None
    unknown = NotFound("area.unknown", value=key[:80], on=round_view.cutoff.isoformat())
    if key and area_id is None:
        raise unknown
    reached = caller.reach("field_key.list", project.id)
    asked = Asked(project.id, round_view, scope, today(), area_id, reached if reached else None)
    board = cover(session, asked)
    if board is None and key:
        raise unknown
    if board is None:
        raise NotFound("http.not_found")
    return asked, board
