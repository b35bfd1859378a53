"""What supervisors found when they checked villages, and what disasters did."""

from __future__ import annotations

from typing import Any

from server.services.compare import find_round_by_slug
from server.services.recheck import Rechecked, list_rechecked
from server.services.situate import Situation, situate
from server.storage.area_views import list_these
from server.storage.areas import AreaView
from server.web.answers import moment
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.field_reports import DisasterBody, SpotCheckBody
from server.web.context import current_session

nouns = Nouns("field_reports", "Spot checks of villages, and quick reports of disasters")


@nouns.view(
    "GET /projects/<int:project_id>/rounds/<slug>/spot-checks", "submission.list", answer=SpotCheckBody(many=True)
)
def list_spot_checks(here: Here, slug: str) -> list[dict[str, Any]]:
    """The villages of a round that a supervisor checked, each against its own sheet."""
    session, project_id = current_session(), here.project.id
    round_view = find_round_by_slug(session, project_id, slug)
    scope = here.caller.scope("submission.list", project_id)
    return [_checked(each) for each in list_rechecked(session, project_id, round_view, scope)]


@nouns.view("GET /projects/<int:project_id>/disasters", "submission.list", answer=DisasterBody(many=True))
def list_disaster_reports(here: Here) -> list[dict[str, Any]]:
    """Quick reports of disasters by the time they happened, the latest first; of the five hundred that came last."""
    session, scope = current_session(), here.caller.scope("submission.list", here.project.id)
    found = situate(session, here.project.id, scope)
    named = sorted({each.report.area_id for each in found if each.report.area_id})
    areas = list_these(session, scope, here.caller.on, named)
    return [_disaster(each, areas) for each in found]


def _checked(each: Rechecked) -> dict[str, Any]:
    result = each.result
    return {
        "area": each.area,
        "instanceId": each.spot.instance_id,
        "sheetId": each.sheet.instance_id if each.sheet else None,
        "checkedBy": each.checked_by,
        "sentBy": each.sent_by,
        "compared": result.compared,
        "households": result.households,
        "wrong": result.wrong,
        "errors": result.errors,
        "checked": result.checked,
        "permille": result.permille,
        "differences": [{"field": one.field, "said": one.said, "found": one.found} for one in result.differences],
    }


def _disaster(each: Situation, areas: dict[str, AreaView]) -> dict[str, Any]:
    report, told = each.report, each.told
    return {
        "instanceId": report.instance_id,
        "area": areas.get(report.area_id or ""),
        "kind": told.kind,
        "happenedAt": moment(told.happened) if told.happened else None,
        "sentAt": moment(report.created_at),
        "sender": report.sender,
        "state": report.state,
        "dead": told.counts["nguoi_chet_mat_tich"],
        "hurt": told.counts["nguoi_bi_thuong"],
        "houses": told.counts["nha_hu_hong"],
        "road": told.road,
        "needs": list(told.needs),
        "photos": report.photos,
    }
