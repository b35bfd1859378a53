"""What the criteria say of the villages of a project."""

from __future__ import annotations

from typing import Any

from flask import request

from server.criteria.report import changes_json
from server.domain.review import Standing, shown_state
from server.services.contradictions import Disagreement, list_disagreements
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.storage.areas import find_area
from server.storage.rounds import RoundView
from server.web.answers import moment
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
    what was approved and what came since say different things, `provisional` is what the latter say. Where several
    submissions speak of a village, `contradictions` has the facts on which they disagree."""
    wanted = Wanted(
        area=request.args.get("area"),
        rule_set=request.args.get("ruleset"),
        round_slug=request.args.get("round"),
        scope=here.caller.scope("submission.list", here.project.id),
        unit=COMMUNES if request.args.get("unit") == COMMUNES else "village",
    )
    wants_changes = request.args.get("changes") != NO
    found = list_verdicts(current_session(), here.project.id, wanted)
    disagreements = _disagreements(found, wanted)
    return [
        _body(each, wants_changes)
        | {"contradictions": [_contradiction(one) for one in disagreements.get((each.round.id, each.area.id), ())]}
        for each in found
    ]


def _disagreements(found: list[VerdictView], wanted: Wanted) -> dict[tuple[int, str], tuple[Disagreement, ...]]:
    """By round and village; of communes there are none."""
    if wanted.unit == COMMUNES:
        return {}
    rounds: dict[int, RoundView] = {each.round.id: each.round for each in found}
    made: dict[tuple[int, str], tuple[Disagreement, ...]] = {}
    for round_view in rounds.values():
        named = find_area(current_session(), wanted.area, round_view.cutoff) if wanted.area else None
        only = named.id if named and any(each.area.id == named.id for each in found) else None
        listed = list_disagreements(current_session(), round_view, wanted.scope, only)
        made |= {(round_view.id, area_id): disagreements for area_id, disagreements in listed.items()}
    return made


def _contradiction(found: Disagreement) -> dict[str, Any]:
    return {
        "fact": found.fact,
        "values": [
            {
                "value": each.value,
                "submissions": [
                    {
                        "instanceId": sheet.instance_id,
                        "sender": sheet.sender,
                        "createdAt": moment(sheet.created_at),
                        "reviewState": shown_state(Standing(sheet.state, sheet.level)),
                        "reviewLevel": sheet.level,
                    }
                    for sheet in each.sheets
                ],
            }
            for each in found.values
        ],
        "changes": [{"ruleSet": turn.rule_set, "standing": turn.standing, "alone": turn.alone} for turn in found.turns],
    }


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
