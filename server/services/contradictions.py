"""Tells where several submissions of one village disagree, as far as the reader sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.contradictions import Contradiction, Told, Turn, find_contradictions
from server.criteria.ruleset import Fact
from server.domain.roles import Scope
from server.services.aggregate import CRITERIA_FORM, NOT_COUNTING, Evidence, judge_area, who_speaks
from server.services.campaign import Campaign, campaign_of
from server.storage.intake import Counting, list_counting_of
from server.storage.rounds import RoundView
from server.storage.speaking import Asked, SpeakingSheet, list_speaking_together


@dataclass(frozen=True, slots=True)
class SaidValue:
    """A value of a fact and the submissions that say it, newest first."""

    value: Fact
    sheets: tuple[SpeakingSheet, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A fact of a village on which submissions disagree. `labels`: what it is called, by language; `turns`: the rule
    sets whose verdict depends on who is right."""

    fact: str
    labels: Mapping[str, str]
    values: tuple[SaidValue, ...]
    turns: tuple[Turn, ...]


def list_disagreements(
    session: Session | Connection, round_view: RoundView, scope: Scope, area_id: str | None = None
) -> dict[str, tuple[Disagreement, ...]]:
    """By village, those on which submissions in sight disagree; of one village or of all of the round. Only facts that
    a rule set in force on the cut-off date reads."""
    asked = Asked(round_view.id, CRITERIA_FORM, NOT_COUNTING, scope, area_id)
    sheets = list_speaking_together(session, asked)
    if not sheets:
        return {}
    campaign = campaign_of(session, round_view.project_id)
    area_ids = sorted({sheet.area_id for sheet in sheets.values()})
    counting = list_counting_of(session, round_view.id, area_ids, CRITERIA_FORM, NOT_COUNTING)
    found = {}
    for each in area_ids:
        seen = [one for one in counting.get(each, ()) if one.submission_id in sheets]
        if len(seen) > 1:
            found[each] = _of_village(session, campaign, (round_view, each), seen, sheets)
    return {key: disagreements for key, disagreements in found.items() if disagreements}


def _of_village(
    session: Session | Connection,
    campaign: Campaign,
    place: tuple[RoundView, str],
    counting: Sequence[Counting],
    sheets: Mapping[int, SpeakingSheet],
) -> tuple[Disagreement, ...]:
    """`counting`: newest first. The newest approved one speaks, else the newest."""
    round_view, area_id = place
    standing = campaign.standing(session, area_id, round_view.cutoff)
    rule_sets = campaign.book.of_round(round_view, "village")
    told = []
    for one in counting:
        evidence = Evidence(one.submission_id, one.answers, standing.facts, standing.synthetic, standing.region)
        judged = {
            each.id: judge_area(each, replace(evidence, switches=round_view.switches(each.id))) for each in rule_sets
        }
        told.append(Told(one.submission_id, judged))
    speaking = next(iter(who_speaks(counting).values()))
    return tuple(_view(each, sheets) for each in find_contradictions(told, speaking.submission_id))


def _view(found: Contradiction, sheets: Mapping[int, SpeakingSheet]) -> Disagreement:
    values = tuple(SaidValue(each.value, tuple(sheets[source] for source in each.sources)) for each in found.values)
    return Disagreement(found.fact, found.declared.labels, values, found.turns)
