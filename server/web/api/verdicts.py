"""What the criteria say of the villages of a project."""

from __future__ import annotations

from typing import Any

from flask import request

from server.criteria.report import changes_json
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import VerdictBody
from server.web.context import current_session
from server.web.wire import Parameter, Wire, told

nouns = Nouns("verdicts", "What the criteria say of villages, clause by clause")
AREA = Parameter("area", "An area by its own id, or by its code as of the round's date.")
RULE_SET = Parameter("ruleset", "A rule set by its id.")
ROUND = Parameter("round", "A round by its slug.", example="2019")
UNIT = Parameter("unit", "Of villages (left out) or of communes.", example="commune")
CHANGES = Parameter("changes", "false leaves the changes out, which take long to work out for many.", example="false")
COMMUNES, NO = "commune", "false"


@nouns.view("GET /projects/<int:project_id>/verdicts", "submission.list", answer=VerdictBody(many=True))
@told(Wire(reads=(AREA, RULE_SET, ROUND, UNIT, CHANGES)))
def list_judged(here: Here) -> list[dict[str, Any]]:
    """Verdicts with their reasons. `area` is an own id, or a code as of the round's date, with all that lies below it;
    `ruleset` a rule set's id; `round` a round's slug. Each has the members that `thonban rules judge` prints. Where
    what was approved and what came since say different things, `provisional` is what the latter say."""
    wanted = Wanted(
        area=request.args.get("area"),
        rule_set=request.args.get("ruleset"),
        round_slug=request.args.get("round"),
        scope=here.caller.scope("submission.list", here.project.id),
        unit=COMMUNES if request.args.get("unit") == COMMUNES else "village",
    )
    wants_changes = request.args.get("changes") != NO
    return [_body(each, wants_changes) for each in list_verdicts(current_session(), here.project.id, wanted)]


def _body(verdict: VerdictView, wants_changes: bool) -> dict[str, Any]:
    outcome = verdict.outcome()
    body: dict[str, Any] = {
        "area": verdict.area,
        "ruleSet": verdict.rule_set.id if verdict.rule_set else None,
        "round": verdict.round.slug,
        "synthetic": verdict.synthetic,
        "verdict": verdict.verdict,
        "class": verdict.klass,
        "possible": list(outcome.possible) if outcome else [],
        "verified": outcome is not None and outcome.verified,
        "basis": verdict.basis,
        "clauses": verdict.clauses,
        "provisional": None,
    }
    if wants_changes:
        body["changes"] = changes_json(outcome) if outcome else []
    if verdict.provisional is not None:
        later = verdict.provisional
        body["provisional"] = {"verdict": later.verdict, "class": later.klass, "clauses": later.clauses}
    return body
