"""What is asked of the official tables, on pages and in /v1 alike."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import Forbidden, NotFound
from server.services.authenticate import Caller
from server.services.official_tables import Made, make_table
from server.services.table_units import Asked
from server.storage.area_views import find_seen, list_these
from server.storage.audits import Where
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView
from server.web.context import current_session, now
from server.web.exports import tell_export
from server.web.table_files import Book, answer_table


def asked_of(caller: Caller, project: ProjectView, round_view: RoundView) -> Asked:
    """What the query asks of a round: `area` by its own id, or by its code as of the round's day. Raises NotFound for
    an area that is not in sight, Forbidden for who sees nothing of what was sent."""
    session, scope = current_session(), caller.scope("submission.list", project.id)
    if not scope:
        raise Forbidden("auth.forbidden")
    key, on = request.args.get("area", "").strip(), round_view.cutoff
    if not key:
        return Asked(project, round_view, scope)
    area_id = find_seen(session, scope, key, on)
    # an area may be in sight today and not yet, or no more, on the round's day
    found = list_these(session, scope, on, [area_id]).get(area_id) if area_id else None
    if found is None:
        raise NotFound("area.unknown", value=key[:80], on=on.isoformat())
    return Asked(project, round_view, scope, found)


def download(caller: Caller, asked: Asked, table: str, ending: str) -> Response:
    """A table whole, as a file; the audit is told."""
    made: Made = make_table(current_session(), asked, table, now())
    where = Where(asked.project.id, area_id=asked.area.id if asked.area else None)
    told = {"slug": asked.round.slug, "table": table, "format": ending}
    tell_export(caller, "round.table.export", f"round:{asked.round.id}", where, **told)
    sheets = (each.sheet() for each in made.sheets)
    place = f"-{asked.area.code or asked.area.id}" if asked.area else ""
    return answer_table(Book(f"{table}-{asked.round.slug}{place}", sheets, made.about), ending)
