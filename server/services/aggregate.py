"""The facts and the verdicts of one village in one round, inside the transaction that stored what they rest on.

What stands above the village is only marked here, and computed after (roll_up.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.evaluate import Outcome, explain_setting
from server.criteria.judge import Setting, Span
from server.criteria.report import clause_json
from server.criteria.ruleset import Fact, RuleSet, facts_under
from server.domain.review import APPROVED as STATE_APPROVED
from server.domain.review import REJECTED
from server.services.campaign import Campaign
from server.services.notify import watching
from server.storage.intake import Counting, list_counting
from server.storage.memory import Memory
from server.storage.rollups import mark
from server.storage.rounds import RoundView, find_lock_of
from server.storage.verdicts import APPROVED, NEWEST, put_verdicts, remove_verdicts

CRITERIA_FORM, COMMUNE_FORM = "village_criteria", "commune_criteria"
STANDARD_FIELD = "chuan_ngheo"
NOT_COUNTING = (REJECTED,)
"""Review states in which a submission does not speak for its village."""

NO_SWITCHES: Mapping[str, str] = {}
_settings: Memory[tuple[int, str | None, tuple[tuple[str, str], ...]], Setting] = Memory(256)
_YES_NO: Mapping[str, Fact] = {"co": True, "khong": False, "yes": True, "no": False, "khong_ro": None}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an area: typed answers of a submission, or none; facts that decisions established, and the
    region; of a commune what follows from its villages, `spans` being counts known only between two numbers.
    `switches`: how the office reads what the law leaves open, by switch."""

    submission_id: int | None
    answers: Mapping[str, Any]
    area_facts: Mapping[str, Fact]
    synthetic: bool
    region: str | None = None
    village_facts: Mapping[str, Fact] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)


Rows = list[dict[str, Any]]
"""Rows of the table `verdicts`, still without the submission they rest on and their basis."""


def aggregate(connection: Connection, campaign: Campaign, place: tuple[RoundView, str], now: datetime) -> None:
    """Judges one village in one round (`place`: the round, the area's id) and keeps the verdicts: by the newest
    approved submission, and by the newest that counts where that is another one. Marks that what stands above it has
    changed. Of a round that is locked nothing changes."""
    round_id, area_id = place[0].id, place[1]
    if find_lock_of(connection, round_id) is not None:
        return
    speaking = who_speaks(list_counting(connection, round_id, area_id, CRITERIA_FORM, NOT_COUNTING))
    gone = {APPROVED, NEWEST} - speaking.keys()
    with watching(connection, campaign, (round_id, area_id, CRITERIA_FORM), now):
        if gone:
            remove_verdicts(connection, round_id, area_id, gone)
        for basis, counting in speaking.items():
            rows = make_verdicts(connection, campaign, place, counting.answers)
            keep_verdicts(connection, rows, (counting.submission_id, basis), now)
    mark(connection, round_id, area_id)


def who_speaks(counting: Sequence[Counting]) -> dict[str, Counting]:
    """By basis: the newest approved one, and the newest of all where that is another one. `counting`: newest first."""
    approved = next((each for each in counting if each.review_state == STATE_APPROVED), None)
    found = {APPROVED: approved} if approved else {}
    if counting and counting[0] is not approved:
        found[NEWEST] = counting[0]
    return found


def make_verdicts(
    session: Connection | Session, campaign: Campaign, place: tuple[RoundView, str], answers: Mapping[str, Any]
) -> Rows:
    """What these answers mean for a village in a round, by each rule set in force; nothing is written."""
    round_view, area_id = place
    standing = campaign.standing(session, area_id, round_view.cutoff)
    evidence = Evidence(None, answers, standing.facts, standing.synthetic, standing.region)
    return [
        {"round_id": round_view.id, "area_id": area_id}
        | verdict_row(rule_set, replace(evidence, switches=round_view.switches(rule_set.id)))
        for rule_set in campaign.book.of_round(round_view, "village")
    ]


def keep_verdicts(connection: Connection, rows: Rows, what: tuple[int | None, str], now: datetime) -> None:
    """Writes verdicts that rest on a submission. `what`: its id, and the basis."""
    submission_id, basis = what
    if rows:
        more = {"submission_id": submission_id, "basis": basis, "computed_at": now}
        put_verdicts(connection, [row | more for row in rows])


def judge_area(rule_set: RuleSet, evidence: Evidence) -> Outcome:
    """What a rule set says of an area on this evidence."""
    facts = gather(rule_set, evidence)
    standard = evidence.answers and find_field(evidence.answers, STANDARD_FIELD)
    if rule_set.unit_kind == "village":
        facts = facts_under(rule_set, facts, standard if isinstance(standard, str) else None)
    return explain_setting(setting_of(rule_set, evidence.region, evidence.switches), facts, evidence.spans)


def setting_of(rule_set: RuleSet, region: str | None, switches: Mapping[str, str] = NO_SWITCHES) -> Setting:
    """The rule set in a region and as an office reads it, made ready to judge; it is made once."""
    key = (id(rule_set), region, tuple(sorted(switches.items())) if switches else ())
    kept = _settings.find(key)
    if kept is None or kept.rule_set is not rule_set:
        kept = Setting(rule_set, region, switches)
        _settings.put(key, kept)
    return kept


def verdict_row(rule_set: RuleSet, evidence: Evidence) -> dict[str, Any]:
    """One row of the table `verdicts`, without its round and area."""
    outcome = judge_area(rule_set, evidence)
    return {
        "rule_set": rule_set.id,
        "rule_set_sha256": rule_set.sha256,
        "verdict": outcome.verdict,
        "klass": outcome.klass,
        "region": outcome.region,
        "spans": {name: list(span) for name, span in outcome.spans.items()} or None,
        "clauses": [clause_json(clause) for clause in outcome.clauses],
        "facts": dict(outcome.facts),
        "submission_id": evidence.submission_id,
        "synthetic": evidence.synthetic,
    }


def gather(rule_set: RuleSet, evidence: Evidence) -> dict[str, Fact]:
    """The facts a rule set declares, from the answers, from what decisions established, and from the villages; None
    where not known."""
    facts: dict[str, Fact] = {}
    for name, declared in rule_set.facts.items():
        if declared.source != "form":
            facts[name] = (evidence.area_facts if declared.source == "area" else evidence.village_facts).get(name)
            continue
        answer = find_field(evidence.answers, declared.field or name)
        if declared.type == "yesno":
            means = _YES_NO if declared.answers is None else declared.answers
            facts[name] = means.get(answer) if isinstance(answer, str) else None
        else:
            facts[name] = answer if isinstance(answer, int) and not isinstance(answer, bool) else None
        if declared.or_area and facts[name] is None:
            facts[name] = evidence.area_facts.get(name)
    return facts


def find_field(answers: Mapping[str, Any], name: str) -> Any:
    """The answer of the field of that name, wherever its group is; fields inside repeats are not looked at."""
    if name in answers:
        return answers[name]
    for value in answers.values():
        if isinstance(value, dict) and (found := find_field(value, name)) is not None:
            return found
    return None
