"""Spot checks of a round, each beside the sheet that speaks for its village."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.domain.areas import match_key
from server.domain.roles import Scope
from server.domain.spot_checks import SPOT_FORM, SpotResult, compare_spot
from server.services.aggregate import CRITERIA_FORM
from server.storage.area_views import list_these
from server.storage.areas import AreaView
from server.storage.evidence import Looked, Proof, list_proofs
from server.storage.rounds import RoundView
from server.storage.senders import name_senders


@dataclass(frozen=True, slots=True)
class Rechecked:
    """A village that a supervisor checked: both sheets, who sent them, and what came of it. `sheet`: None where the
    village sent none."""

    area: AreaView
    spot: Proof
    sheet: Proof | None
    checked_by: str
    sent_by: str | None
    result: SpotResult


def list_rechecked(session: Session, project_id: int, round_view: RoundView, scope: Scope) -> list[Rechecked]:
    """The villages of a round in sight that were checked, by name. Of several checks of a village the one that was
    approved, else the newest."""
    proofs = list_proofs(session, Looked(round_view, (SPOT_FORM, CRITERIA_FORM), scope))
    checked = {area: proof for (area, form), proof in proofs.items() if form == SPOT_FORM}
    areas = list_these(session, scope, round_view.cutoff, sorted(checked))
    senders = name_senders(session, [proof.submission_id for (area, _), proof in proofs.items() if area in checked])
    found = []
    for area_id, spot in checked.items():
        sheet = proofs.get((area_id, CRITERIA_FORM))
        area = areas.get(area_id)
        if area is not None:
            result = compare_spot(sheet.answers if sheet else None, spot.answers)
            sent_by = senders.get(sheet.submission_id) if sheet else None
            found.append(Rechecked(area, spot, sheet, senders.get(spot.submission_id, ""), sent_by, result))
    return sorted(found, key=lambda each: (match_key(each.area.name), each.area.id))
