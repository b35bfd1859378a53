"""The training condition of each commune in a round: what recorded classes give beside what its own sheet attests.

The criteria go on taking what the sheet attests, which includes classes of other programmes; what is recorded here is
shown beside it, with every contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.rollup import Rollup, facts_from_villages
from server.criteria.ruleset import RuleSet
from server.domain.roles import ALL, Scope
from server.domain.training_condition import YEARS, Attested, Condition, condition_of, list_contradictions
from server.domain.training_people import count_trained
from server.services.aggregate import COMMUNE_FORM, NOT_COUNTING, find_field
from server.services.campaign import campaign_of
from server.services.lists import COMMUNE_KINDS
from server.services.training import read_training
from server.storage.areas import AreaView, list_facts
from server.storage.intake import Counting, list_counting_of
from server.storage.rollups import list_rollups
from server.storage.rounds import RoundView
from server.storage.sights import list_seen_areas
from server.storage.verdicts import NEWEST

ROSTER = "can_bo_co_so"
"""The fact of an area that says how many grassroots officials a commune has, from a day on."""
LAW = "qd03_2019_xa"
"""The rule set that asks the condition; it says how households are counted."""


@dataclass(frozen=True)
class CommuneCondition:
    """A commune with the condition by recorded classes, what its sheet attests, and where the two contradict each
    other. `attested` None: it has sent none."""

    area: AreaView
    condition: Condition
    attested: Attested | None
    contradictions: Sequence[tuple[str, int, str]]

    @property
    def tells(self) -> bool:
        """Whether anything at all is known: a sheet, a roster, or somebody who was trained."""
        known = self.attested is not None or self.condition.roster is not None
        return known or self.condition.trained_households[0] > 0 or self.condition.trained_officials[0] > 0


def list_conditions(session: Session | Connection, round_view: RoundView, scope: Scope) -> list[CommuneCondition]:
    """The communes in sight, as of a round. People of a commune are counted in whatever class they were: of the
    province and of other districts too."""
    areas = list_seen_areas(session, round_view.project_id, round_view.cutoff, scope)
    communes = [each for each in areas.values() if each.kind in COMMUNE_KINDS]
    ids = [each.id for each in communes]
    below: dict[str, set[str]] = {each: {each} for each in ids}
    for area in areas.values():
        if area.parent_id in below:
            below[area.parent_id].add(area.id)
    read = read_training(session, round_view.project_id, ALL)
    first, last = YEARS
    unnamed = any(
        not each.complete and each.training.first is not None and first <= each.training.first.year <= last
        for each in read.counts
    )
    rosters = list_facts(session, ROSTER, round_view.cutoff, ids)
    rollups = list_rollups(session, round_view.id, ALL, ids)
    law = campaign_of(session, round_view.project_id).book.rule_sets.get(LAW)
    sheets = list_counting_of(session, round_view.id, ids, COMMUNE_FORM, NOT_COUNTING)
    found = []
    for commune in communes:
        trained = count_trained(read.persons, frozenset(below[commune.id]), YEARS)
        rollup = rollups.get((commune.id, NEWEST))
        households = _households(law, rollup) if law and rollup else None
        roster = rosters[commune.id].value.get("value") if commune.id in rosters else None
        condition = condition_of(trained, unnamed, households, roster if isinstance(roster, int) else None)
        attested = _attested(sheets.get(commune.id, ()))
        found.append(
            CommuneCondition(commune, condition, attested, list_contradictions(condition, attested) if attested else ())
        )
    return found


def _households(law: RuleSet, rollup: Rollup) -> int | None:
    """Poor and near-poor households, where every village has said both under the standard of the law."""
    facts, _ = facts_from_villages(law, rollup)
    poor, near = facts.get("ho_ngheo"), facts.get("ho_can_ngheo")
    return poor + near if isinstance(poor, int) and isinstance(near, int) else None


def _attested(sheets: Sequence[Counting]) -> Attested | None:
    """What the sheet says that speaks: the newest approved, else the newest."""
    speaking = next((each for each in sheets if each.review_state == "approved"), sheets[0] if sheets else None)
    if speaking is None:
        return None
    names = ("dai_dien_ho", "dai_dien_ho_tap_huan", "can_bo_co_so", "can_bo_tap_huan")
    said = [find_field(speaking.answers, name) for name in names]
    return Attested(*(each if isinstance(each, int) and not isinstance(each, bool) else None for each in said))
