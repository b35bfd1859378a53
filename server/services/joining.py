"""To which round a sheet belongs: by what it names and its own cut-off date; what is ambiguous a person assigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from forms.errors import Finding
from server.domain.rounds import Joining, join
from server.services.aggregate import find_field
from server.services.campaign import Campaign
from server.storage.reach import find_above
from server.storage.rounds import RoundView
from server.storage.unplaced import KIND

ROUNDS, CUTOFF_FIELD = "rounds.csv", "ngay_chot"


@dataclass(frozen=True, slots=True)
class Said:
    """What a sheet of a form says: its form id, its definition, its answers, and the area it speaks of."""

    xml_form_id: str
    definition: FormDefinition
    answers: Mapping[str, Any]
    area_id: str | None


def find_joining(session: Session | Connection, campaign: Campaign, said: Said) -> Joining[RoundView]:
    """The round of a sheet, or why a person has to say."""
    named, day = _named(said), day_of(said.answers)
    if named is None and day is None:
        return Joining(None, "none")
    holding = [one for one in campaign.rounds if holds(session, one, said.xml_form_id, said.area_id)]
    others = {one.slug for one in campaign.rounds} - {one.slug for one in holding}
    return join(holding, named, day, others)


def holds(session: Session | Connection, round_view: RoundView, xml_form_id: str, area_id: str | None) -> bool:
    """Whether a round takes that form from that area: as of its date the area lies in one of the round's."""
    if round_view.forms is not None and xml_form_id not in round_view.forms:
        return False
    if round_view.areas is None:
        return True
    if area_id is None:
        return False
    return not set(round_view.areas).isdisjoint(find_above(session, area_id, round_view.cutoff))


def day_of(answers: Mapping[str, Any]) -> date | None:
    """The day of which a sheet's numbers are true, where it says so."""
    found = find_field(answers, CUTOFF_FIELD)
    try:
        return date.fromisoformat(found[:10]) if isinstance(found, str) else None
    except ValueError:
        return None


def finding_of(joining: Joining[RoundView], said: Said) -> tuple[Finding, ...]:
    """What is to be said where no round could be found though the form asks for one."""
    asks = said.definition.plan.choosing.get(ROUNDS, ())
    if joining.round is not None or not asks or joining.why == "none":
        return ()
    day = day_of(said.answers)
    params = {"problem": joining.why, "rounds": list(joining.fitting), "day": day.isoformat() if day else None}
    return (Finding(KIND, "/", "warning", _named(said), {}, params),)


def _named(said: Said) -> str | None:
    for field in said.definition.plan.choosing.get(ROUNDS, ()):
        answer = find_field(said.answers, field)
        if isinstance(answer, str) and answer:
            return answer
    return None
