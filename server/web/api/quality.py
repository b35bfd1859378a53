"""What was found of sheets beside others: questions for a reviewer, never verdicts."""

from __future__ import annotations

from typing import Any

from flask import request

from server.domain.quality import KINDS, SEVERITIES
from server.services.quality import Told, list_told
from server.storage.area_views import find_seen, list_these
from server.storage.areas import AreaView
from server.storage.quality_views import QualityFilter
from server.storage.rounds import list_rounds
from server.web.answers import moment
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.quality import QualityFindingBody
from server.web.context import LOCALES, current_session, whole
from server.web.quality_words import reason_of
from server.web.wire import LIMIT, OFFSET, Parameter, Wire, told

nouns = Nouns("quality", "What was found of submissions beside others")
ROUND = Parameter("round", "A round by its slug.", example="2019")
AREA = Parameter("area", "An area by its own id, or by its code as of the round's date, with all that lies below it.")
KIND = Parameter("kind", "A kind of finding.", {"type": "string", "enum": list(KINDS)}, "jump")
SEVERITY = Parameter("severity", "A level.", {"type": "string", "enum": list(SEVERITIES)}, "warning")
MOST = 1000


@nouns.view("GET /projects/<int:project_id>/quality", "submission.list", answer=QualityFindingBody(many=True))
@told(Wire(reads=(ROUND, AREA, KIND, SEVERITY, LIMIT, OFFSET)))
def list_quality(here: Here) -> list[dict[str, Any]]:
    """Findings of submissions in sight, warnings first, a thousand at most at once. Where one rests on submissions that
    the caller does not see, `hidden` is true and their values are left out of `values` and `reason`."""
    session, rounds = current_session(), list_rounds(current_session(), here.project.id)
    scope = here.caller.scope("submission.list", here.project.id)
    slug, key = request.args.get("round"), request.args.get("area")
    round_view = next((each for each in rounds if each.slug == slug), None)
    on = round_view.cutoff if round_view else here.caller.on
    area_id = find_seen(session, scope, key, on) if key else None
    if (slug and round_view is None) or (key and area_id is None):
        return []
    wanted = QualityFilter(
        here.project.id,
        scope,
        round_id=round_view.id if round_view else None,
        area=(area_id, on) if area_id else None,
        kind=request.args.get("kind"),
        severity=request.args.get("severity"),
    )
    found = list_told(session, wanted, whole("offset") or 0, min(whole("limit") or MOST, MOST))
    named = sorted({each.found.area_id for each in found if each.found.area_id})
    # each as it was on the day of its round
    then = {day: list_these(session, scope, day, named) for day in {each.found.cutoff or on for each in found}}
    return [_body(each, then[each.found.cutoff or on]) for each in found]


def _body(each: Told, areas: dict[str, AreaView]) -> dict[str, Any]:
    found, look = each.found, each.found.look
    return {
        "id": found.id,
        "kind": found.kind,
        "severity": found.severity,
        "reason": {locale: reason_of(each, locale) for locale in LOCALES},
        "values": each.values,
        "hidden": each.hidden,
        "formId": found.xml_form_id,
        "instanceId": found.instance_id,
        "others": sorted(each.others.values()),
        "round": found.round,
        "area": areas.get(found.area_id or ""),
        "foundAt": moment(found.found_at),
        "lookedAt": moment(look.created_at) if look else None,
        "lookedBy": look.actor if look else None,
        "lookReason": look.reason if look else None,
    }
