"""What the criteria say of the villages of a project."""

from __future__ import annotations

from typing import Any

from flask import request

from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import VerdictBody
from server.web.context import current_session
from server.web.wire import Parameter, Wire, told

nouns = Nouns("verdicts", "What the criteria say of villages, clause by clause")
AREA = Parameter("area", "An area by its own id, or by its code as of the round's date.")
RULE_SET = Parameter("ruleset", "A rule set by its id.")
ROUND = Parameter("round", "A round by its slug.", example="2019")


@nouns.view("GET /projects/<int:project_id>/verdicts", "submission.list", answer=VerdictBody(many=True))
@told(Wire(reads=(AREA, RULE_SET, ROUND)))
def list_judged(here: Here) -> list[dict[str, Any]]:
    """Verdicts with their reasons. `area` is an own id, or a code as of the round's date, with all that lies below it;
    `ruleset` a rule set's id; `round` a round's slug."""
    wanted = Wanted(
        area=request.args.get("area"),
        rule_set=request.args.get("ruleset"),
        round_slug=request.args.get("round"),
        scope=here.caller.scope("submission.list", here.project.id),
    )
    return [_body(each) for each in list_verdicts(current_session(), here.project.id, wanted)]


def _body(verdict: VerdictView) -> dict[str, Any]:
    return {
        "area": verdict.area,
        "ruleSet": verdict.rule_set.id if verdict.rule_set else None,
        "round": verdict.round.slug,
        "synthetic": verdict.synthetic,
        "verdict": verdict.verdict,
        "clauses": verdict.clauses,
    }
