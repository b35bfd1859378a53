"""What the approval of one submission does to the verdict of its village or commune: told before it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from server.criteria.rollup import Rollup, facts_from_villages
from server.criteria.ruleset import RuleSet
from server.domain.review import APPROVED
from server.domain.roles import ALL
from server.services.aggregate import (
    COMMUNE_FORM,
    CRITERIA_FORM,
    NOT_COUNTING,
    Evidence,
    make_verdicts,
    verdict_row,
    who_speaks,
)
from server.services.campaign import Campaign, campaign_of
from server.storage.forms import FormView
from server.storage.intake import Counting, list_counting
from server.storage.readings import SubmissionView, find_answers, find_submission_by_id
from server.storage.rollups import list_rollups
from server.storage.rounds import RoundView
from server.storage.verdicts import APPROVED as BASIS

TURNS, SAME, ALREADY, OLDER, NOT_JUDGED, LOCKED = "turns", "same", "already", "older", "not_judged", "locked"
"""What an approval does: a verdict turns; none does; it is approved already; a newer approved one goes on speaking; no
village or commune is judged by such a sheet; its round is locked."""


@dataclass(frozen=True)
class Turn:
    """What one rule set says before and after: a verdict or a class; `before` None: nothing approved spoke yet.
    `clauses`: (clause id, its verdict before, after) of those that turn."""

    rule_set: RuleSet
    before: str | None
    after: str
    clauses: tuple[tuple[str, str | None, str], ...]


@dataclass(frozen=True)
class Foretold:
    """What approving does (`effect`, see TURNS), by rule set where something is judged; `instead`: the submission that
    goes on speaking (OLDER), or that spoke until now."""

    effect: str
    turns: tuple[Turn, ...] = ()
    instead: int | None = None

    @property
    def turned(self) -> tuple[Turn, ...]:
        """The rule sets whose verdict becomes another one."""
        return tuple(turn for turn in self.turns if turn.before != turn.after)


def foretell(session: Session, form: FormView, submission: SubmissionView) -> Foretold:
    """What approving a submission would do to the official verdict; nothing is written."""
    if form.xml_form_id not in (CRITERIA_FORM, COMMUNE_FORM) or not submission.area_id or not submission.round_id:
        return Foretold(NOT_JUDGED)
    campaign = campaign_of(session, form.project_id)
    round_view = campaign.find_round_by_id(submission.round_id)
    if round_view is None:
        return Foretold(NOT_JUDGED)
    place = (round_view, submission.area_id)
    counting = list_counting(session, round_view.id, submission.area_id, form.xml_form_id, NOT_COUNTING)
    speaking = who_speaks(counting).get(BASIS)
    answers = find_answers(session, submission.current.id)
    before = _judge(session, campaign, form, (place, speaking.answers if speaking else None))
    after = _judge(session, campaign, form, (place, answers))
    turns = tuple(_turn(campaign.book.rule_sets[rule], before.get(rule), row) for rule, row in after.items())
    effect = _effect(session, submission, round_view, speaking)
    if effect is None:
        effect = TURNS if any(turn.before != turn.after for turn in turns) else SAME
    return Foretold(effect, turns, speaking.submission_id if speaking else None)


def _effect(
    session: Session, submission: SubmissionView, round_view: RoundView, speaking: Counting | None
) -> str | None:
    if round_view.is_locked:
        return LOCKED
    if submission.review_state == APPROVED:
        return ALREADY
    other = find_submission_by_id(session, speaking.submission_id) if speaking else None
    if other is not None and (other.created_at, other.id) > (submission.created_at, submission.id):
        return OLDER
    return None


def _judge(
    session: Session, campaign: Campaign, form: FormView, what: tuple[tuple[RoundView, str], Mapping[str, Any] | None]
) -> dict[str, dict[str, Any]]:
    """By rule set its row of the table `verdicts`; of a village nothing when nobody speaks."""
    place, answers = what
    if form.xml_form_id == CRITERIA_FORM:
        rows = make_verdicts(session, campaign, place, answers) if answers is not None else []
        return {row["rule_set"]: row for row in rows}
    round_view, commune = place
    rollup = list_rollups(session, round_view.id, ALL, [commune]).get((commune, BASIS))
    if answers is None and (rollup is None or rollup.reported == 0):
        return {}
    standing = campaign.standing(session, commune, round_view.cutoff)
    evidence = Evidence(None, answers or {}, standing.facts, standing.synthetic, standing.region)
    rule_sets = campaign.book.of_round(round_view, "commune")
    return {each.id: _commune_row(each, evidence, rollup, round_view) for each in rule_sets}


def _commune_row(rule_set: RuleSet, evidence: Evidence, rollup: Rollup | None, round_view: RoundView) -> dict[str, Any]:
    facts, spans = facts_from_villages(rule_set, rollup) if rollup is not None else ({}, {})
    more = replace(evidence, village_facts=facts, spans=spans, switches=round_view.switches(rule_set.id))
    return verdict_row(rule_set, more)


def _turn(rule_set: RuleSet, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Turn:
    return Turn(rule_set, _standing(before) if before else None, _standing(after) or "", _clauses(before, after))


def _standing(row: Mapping[str, Any]) -> str:
    return str(row["klass"] or row["verdict"])


def _clauses(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[tuple[str, str | None, str], ...]:
    known = {each["id"]: each["verdict"] for each in (before["clauses"] if before else ())}
    leaves = _leaves(after["clauses"])
    return tuple(
        (each["id"], known.get(each["id"]), each["verdict"])
        for each in leaves
        if known.get(each["id"]) != each["verdict"]
    )


def _leaves(clauses: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    above = {each["parent"] for each in clauses}
    return [each for each in clauses if each["id"] not in above]
