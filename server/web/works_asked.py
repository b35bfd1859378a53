"""What a request asks of works and models: as of which day, in which area."""

from __future__ import annotations

from flask import request

from server.domain.errors import Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.works import WorksAsked
from server.storage.area_views import find_seen
from server.storage.projects import ProjectView
from server.web.context import current_session, date_asked

READ = "submission.list"


def works_asked(caller: Caller, project: ProjectView) -> WorksAsked:
    """By `on` (a day) and `area` (an own id, or a code on that day). Raises Forbidden for who reads nothing of the
    project, Invalid for what is no day, NotFound for an area that is not in sight."""
    scope = caller.scope(READ, project.id)
    if not scope:
        raise Forbidden("auth.forbidden")
    on, key = date_asked("on"), request.args.get("area") or None
    area = find_seen(current_session(), scope, key, on or caller.on) if key else None
    if key and area is None:
        raise NotFound("area.unknown", value=key, on=(on or caller.on).isoformat())
    return WorksAsked(project, scope, caller.on, on, area)
