"""The plan of a round: deadlines in working days, and evidence by village."""

from __future__ import annotations

from typing import Any

from flask import request

from server.domain.deadlines import Due
from server.domain.errors import NotFound
from server.domain.evidence import keep_asked
from server.services.evidence import ItemState, VillageEvidence, count_evidence, list_evidence
from server.services.plan import Track, read_plan
from server.storage.area_views import find_seen
from server.storage.rounds import list_rounds
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.plans import PlanBody
from server.web.context import current_session, whole
from server.web.wire import LIMIT, OFFSET, Parameter, Wire, told

nouns = Nouns("plans", "Deadlines of a round, and the evidence of its villages")
AREA = Parameter("area", "An area by its own id, or by its code as of the round's date, with all that lies below it.")
MOST = 1000


@nouns.view("GET /projects/<int:project_id>/rounds/<slug>/plan", "submission.list", answer=PlanBody())
@told(Wire(reads=(AREA, LIMIT, OFFSET)))
def read_round_plan(here: Here, slug: str) -> dict[str, Any]:
    """Steps with their days as of today, each with its article and how well that is known; `counts` of all villages in
    sight, and a thousand `villages` at most at once."""
    session, caller = current_session(), here.caller
    round_view = next((each for each in list_rounds(session, here.project.id) if each.slug == slug), None)
    if round_view is None:
        raise NotFound("http.not_found")
    scope = caller.scope("submission.list", here.project.id)
    key = request.args.get("area")
    area_id = find_seen(session, scope, key, round_view.cutoff) if key else None
    hidden = key is not None and area_id is None
    villages = [] if hidden else list_evidence(session, here.project.id, round_view, scope, area_id)
    first, most = whole("offset") or 0, min(whole("limit") or MOST, MOST)
    plan = read_plan(session, round_view, caller.on)
    return {
        "instructedOn": round_view.instructed_on,
        "today": plan.today,
        "locked": round_view.is_locked,
        "ownSteps": plan.own,
        "ownEvidence": plan.own_evidence,
        "lawNotFound": [each.procedure.law for each in plan.tracks if each.procedure and not each.dues],
        "steps": [_step(track, due) for track in plan.tracks for due in track.dues],
        "asked": [{**each, "fields_": each["fields"]} for each in keep_asked(plan.asked)],
        "counts": count_evidence(villages),
        "villages": [_village(each) for each in villages[first : first + most]],
    }


def _step(track: Track, due: Due) -> dict[str, Any]:
    step = due.step
    return {
        "law": track.procedure.law if track.procedure else None,
        "level": step.level,
        "to": step.to,
        "workingDays": step.days,
        "article": step.article,
        "source": step.source,
        "status": step.status,
        "follows": step.follows,
        "note": step.note,
        "starts": due.starts,
        "due": due.due,
        "daysLeft": due.left,
        "overdue": due.overdue,
        "handedOn": due.handed,
        "holidays": due.counted,
        "unsureYears": due.unsure,
    }


def _village(each: VillageEvidence) -> dict[str, Any]:
    return {"area": each.area, "complete": each.complete, "items": [_item(item) for item in each.items]}


def _item(item: ItemState) -> dict[str, Any]:
    proof = item.proof
    return {
        "kind": item.kind,
        "state": item.state,
        "lacks": [{"code": lack.code, "params": dict(lack.params)} for lack in item.lacks],
        "formId": proof.xml_form_id if proof else None,
        "instanceId": proof.instance_id if proof else None,
        "reviewState": proof.state if proof else None,
    }
