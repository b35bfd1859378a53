"""The facts and the verdicts of one village in one round, inside the transaction that stored what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.evaluate import Outcome, evaluate
from server.criteria.report import clause_json
from server.criteria.ruleset import Fact, RuleSet, facts_under
from server.domain.review import REJECTED
from server.services.campaign import Campaign
from server.storage.intake import find_counting
from server.storage.rounds import RoundView
from server.storage.verdicts import put_verdicts, remove_verdicts

CRITERIA_FORM = "village_criteria"
STANDARD_FIELD = "chuan_ngheo"
NOT_COUNTING = (REJECTED,)
"""Review states in which a submission does not speak for its village."""

_YES_NO: Mapping[str, Fact] = {"co": True, "khong": False, "yes": True, "no": False, "khong_ro": None}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a village: typed answers of a submission, or none, and facts that decisions established."""

    submission_id: int | None
    answers: Mapping[str, Any]
    area_facts: Mapping[str, Fact]
    synthetic: bool


Rows = list[dict[str, Any]]
"""Rows of the table `verdicts`, still without the id of the submission they rest on."""


def aggregate(connection: Connection, campaign: Campaign, place: tuple[RoundView, str], now: datetime) -> None:
    """Judges one village in one round (`place`: the round, the area's id) by the newest submission that counts, and
    keeps the verdicts."""
    counting = find_counting(connection, place[0].id, place[1], CRITERIA_FORM, NOT_COUNTING)
    if counting is None:
        remove_verdicts(connection, place[0].id, place[1])
        return
    keep_verdicts(connection, make_verdicts(connection, campaign, place, counting.answers), counting.submission_id, now)


def make_verdicts(
    session: Connection | Session, campaign: Campaign, place: tuple[RoundView, str], answers: Mapping[str, Any]
) -> Rows:
    """What these answers mean for a village in a round, by each rule set in force; nothing is written."""
    round_view, area_id = place
    standing = campaign.standing(session, area_id, round_view.cutoff)
    evidence = Evidence(None, answers, standing.facts, standing.synthetic)
    return [
        {"round_id": round_view.id, "area_id": area_id} | verdict_row(rule_set, evidence)
        for rule_set in campaign.book.on("village", round_view.cutoff)
    ]


def keep_verdicts(connection: Connection, rows: Rows, submission_id: int, now: datetime) -> None:
    """Writes verdicts that rest on a submission."""
    if rows:
        put_verdicts(connection, [row | {"submission_id": submission_id, "computed_at": now} for row in rows])


def judge_village(rule_set: RuleSet, evidence: Evidence) -> Outcome:
    """What a rule set says of a village on this evidence."""
    facts = gather(rule_set, evidence)
    standard = evidence.answers and find_field(evidence.answers, STANDARD_FIELD)
    return evaluate(rule_set, facts_under(rule_set, facts, standard if isinstance(standard, str) else None))


def verdict_row(rule_set: RuleSet, evidence: Evidence) -> dict[str, Any]:
    """One row of the table `verdicts`, without its round and area."""
    outcome = judge_village(rule_set, evidence)
    return {
        "rule_set": rule_set.id,
        "rule_set_sha256": rule_set.sha256,
        "verdict": outcome.verdict,
        "clauses": [clause_json(clause) for clause in outcome.clauses],
        "facts": dict(outcome.facts),
        "submission_id": evidence.submission_id,
        "synthetic": evidence.synthetic,
    }


def gather(rule_set: RuleSet, evidence: Evidence) -> dict[str, Fact]:
    """The facts a rule set declares, from the answers and from what decisions established; None where not known."""
    facts: dict[str, Fact] = {}
    for name, declared in rule_set.facts.items():
        if declared.source == "area":
            facts[name] = evidence.area_facts.get(name)
            continue
        answer = find_field(evidence.answers, declared.field or name)
        if declared.type == "yesno":
            means = _YES_NO if declared.answers is None else declared.answers
            facts[name] = means.get(answer) if isinstance(answer, str) else None
        else:
            facts[name] = answer if isinstance(answer, int) and not isinstance(answer, bool) else None
    return facts


def find_field(answers: Mapping[str, Any], name: str) -> Any:
    """The answer of the field of that name, wherever its group is; fields inside repeats are not looked at."""
    if name in answers:
        return answers[name]
    for value in answers.values():
        if isinstance(value, dict) and (found := find_field(value, name)) is not None:
            return found
    return None
