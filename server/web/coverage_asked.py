"""What is asked of the coverage board, on pages and in /v1 alike."""

from __future__ import annotations

from dataclasses import replace

from flask import request

from server.domain.errors import Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.calls import VERB
from server.services.coverage import Asked, Board, cover
from server.storage.area_views import find_seen
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView
from server.web.context import current_session, today

MINE = "mine"
"""What the query `calls` says when whom the caller has called is wanted alone."""


def asked_of(caller: Caller, project: ProjectView, round_view: RoundView) -> Asked:
    """A round as the caller sees it. Raises Forbidden for who sees nothing of what was sent."""
    scope, reached = caller.scope("submission.list", project.id), caller.reach(VERB, project.id)
    if not scope:
        raise Forbidden("auth.forbidden")
    return Asked(project.id, round_view, scope, today(), names=reached if reached else None)


def narrowed_of(caller: Caller, project: ProjectView, round_view: RoundView) -> Asked:
    """The same, of the area that the query names (`area`, by its own id, or by its code as of the round's day), or of
    all; `calls=mine`: whom to call is narrowed to whom the caller has called. Raises NotFound for an area that is not
    in sight."""
    asked, key = asked_of(caller, project, round_view), request.args.get("area", "").strip()
    area_id = find_seen(current_session(), asked.scope, key, round_view.cutoff) if key else None
    if key and area_id is None:
        raise _unknown(key, round_view)
    mine = caller.actor_id if asked.names and request.args.get("calls") == MINE else None
    return replace(asked, area=area_id, mine=mine)


def coverage_of(caller: Caller, project: ProjectView, round_view: RoundView) -> tuple[Asked, Board]:
    """The board of that. Raises NotFound for a village too."""
    asked = narrowed_of(caller, project, round_view)
    board = cover(current_session(), asked)
    if board is None and asked.area is not None:
        raise _unknown(request.args["area"].strip(), round_view)
    if board is None:
        raise NotFound("http.not_found")
    return asked, board


def _unknown(key: str, round_view: RoundView) -> NotFound:
    return NotFound("area.unknown", value=key[:80], on=round_view.cutoff.isoformat())
