"""What of a round's evidence is there, village by village, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.domain.evidence import KINDS, MISSING, NOT_ASKED, THERE, Asked, Lack, lacks, read_asked
from server.domain.review import APPROVED
from server.domain.roles import Scope
from server.services.aggregate import find_field
from server.services.lists import VILLAGE_KINDS
from server.storage.areas import AreaView
from server.storage.evidence import Looked, Proof, list_proofs
from server.storage.rounds import RoundView
from server.storage.sights import list_seen_areas


@dataclass(frozen=True, slots=True)
class ItemState:
    """One kind of evidence of one village. `state`: there, missing or not_asked; `lacks`: which parts are missing;
    `proof`: the sheet that it was looked for in, None without one."""

    kind: str
    state: str
    lacks: tuple[Lack, ...] = ()
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class VillageEvidence:
    """All of it of one village, in the order of `KINDS`."""

    area: AreaView
    items: tuple[ItemState, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing that is asked is missing."""
        return all(item.state != MISSING for item in self.items)


@dataclass(slots=True)
class EvidenceCounts:
    """Of how many villages something is there: in all, with everything asked, and by kind `there` (of these `approved`
    by a reviewer) and `missing`."""

    villages: int = 0
    complete: int = 0
    there: dict[str, int] = field(default_factory=dict)
    approved: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    def add(self, village: VillageEvidence) -> None:
        """Counts one village."""
        self.villages += 1
        self.complete += village.complete
        for item in village.items:
            if item.state == MISSING:
                self.missing[item.kind] = self.missing.get(item.kind, 0) + 1
            elif item.state == THERE:
                self.there[item.kind] = self.there.get(item.kind, 0) + 1
                seen = item.proof is not None and item.proof.state == APPROVED
                self.approved[item.kind] = self.approved.get(item.kind, 0) + seen

    @property
    def incomplete(self) -> int:
        """How many villages lack something."""
        return self.villages - self.complete


def list_evidence(
    session: Session, project_id: int, round_view: RoundView, scope: Scope, area_id: str | None = None
) -> list[VillageEvidence]:
    """The evidence of every village of a round in sight; `area_id`: of one area (own id) with all below it."""
    asked = {each.kind: each for each in read_asked(round_view.evidence)}
    villages = villages_of(session, project_id, round_view, scope, area_id)
    only = villages[0].id if len(villages) == 1 else None
    forms = {each.form for each in asked.values()}
    proofs = list_proofs(session, Looked(round_view, forms, scope, only)) if villages else {}
    return [
        VillageEvidence(area, tuple(_state(kind, asked.get(kind), area, proofs) for kind in KINDS)) for area in villages
    ]


def missing_evidence(session: Session, project_id: int, round_view: RoundView, scope: Scope) -> EvidenceCounts:
    """How many villages of a round in sight have what is asked, and how many lack it."""
    return count_evidence(list_evidence(session, project_id, round_view, scope))


def count_evidence(villages: Iterable[VillageEvidence]) -> EvidenceCounts:
    """The counts of some villages."""
    counts = EvidenceCounts()
    for each in villages:
        counts.add(each)
    return counts


def villages_of(
    session: Session, project_id: int, round_view: RoundView, scope: Scope, area_id: str | None = None
) -> list[AreaView]:
    """The villages of a round in sight, as of its cut-off date: those in the areas that it is held in."""
    seen = list_seen_areas(session, project_id, round_view.cutoff, scope, below=area_id)
    villages = [area for area in seen.values() if area.kind in VILLAGE_KINDS]
    if round_view.areas is None:
        return villages
    inside = _inside(session, project_id, round_view, round_view.areas)
    return [area for area in villages if area.id in inside]


def _inside(session: Session, project_id: int, round_view: RoundView, tops: Collection[str]) -> set[str]:
    whole = Scope(False, frozenset(tops), round_view.cutoff)
    return set(list_seen_areas(session, project_id, round_view.cutoff, whole))


def _state(kind: str, asked: Asked | None, area: AreaView, proofs: Mapping[tuple[str, str], Proof]) -> ItemState:
    if asked is None:
        return ItemState(kind, NOT_ASKED)
    proof = proofs.get((area.id, asked.form))
    if proof is None:
        return ItemState(kind, MISSING, (Lack("no_sheet"),))
    answers = {name: find_field(proof.answers, name) for name in asked.fields.values()}
    found = lacks(asked, answers, proof.files)
    return ItemState(kind, MISSING if found else THERE, found, proof)
