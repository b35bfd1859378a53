"""The dossier of a commune in a round, gathered: the sheets of its villages, its own, the evidence, what the criteria
say, what is missing, and what each level has said of each unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.domain.areas import COMMUNE_KINDS
from server.domain.dossiers import (
    GIVEN_BACK,
    NO_COMMUNE_SHEET,
    NO_VILLAGES,
    NOT_APPROVED,
    NOT_SENT,
    SENT,
    Lack,
    Standing,
    standing_on,
)
from server.domain.errors import NotFound
from server.domain.evidence import MISSING, read_asked
from server.domain.review import APPROVED, rank_of
from server.domain.roles import ALL as EVERYWHERE
from server.domain.roles import Place, Scope
from server.services.aggregate import COMMUNE_FORM, CRITERIA_FORM
from server.services.authenticate import Caller
from server.services.evidence import VillageEvidence, list_evidence, villages_of
from server.services.verdicts import VerdictView, verdicts_of
from server.storage.areas import AreaView
from server.storage.dossiers import (
    AppraisalKept,
    DossierKept,
    MoveKept,
    list_appraisals,
    list_dossiers,
    list_moves,
)
from server.storage.evidence import Looked, Proof, list_proofs
from server.storage.forms import find_form
from server.storage.reach import find_above
from server.storage.rounds import RoundView
from server.storage.sights import list_seen_areas
from server.storage.verdicts import find_project_synthetic

VERB = "submission.list"
SENDINGS = ("send", "send_on")
UNDOES = ("take_back", "undo_take", "undo_give_back")


@dataclass(frozen=True, slots=True)
class Unit:
    """One village of a dossier: the sheet that speaks for it, its verdicts, its evidence, and what the level that holds
    the dossier said of it. `changed`: its sheet is another one than was sent up."""

    area: AreaView
    sheet: Proof | None
    views: tuple[VerdictView, ...]
    evidence: VillageEvidence
    appraisal: AppraisalKept | None = None
    changed: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether any of it is invented."""
        return self.area.synthetic or any(view.synthetic for view in self.views)


@dataclass(frozen=True)
class Dossier:
    """All of it, as of a day. `standing`: where it lies; `kept`: None while it was never moved; `moves`: all, the
    oldest first; `lacks`: what is missing before whoever holds it may send it up."""

    round: RoundView
    commune: AreaView
    synthetic: bool
    standing: Standing
    kept: DossierKept | None
    moves: tuple[MoveKept, ...]
    units: tuple[Unit, ...]
    sheet: Proof | None
    views: tuple[VerdictView, ...]
    appraisal: AppraisalKept | None
    lacks: tuple[Lack, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks

    @property
    def effective(self) -> tuple[MoveKept, ...]:
        """The moves that stand."""
        return effective(self.moves)

    @property
    def sending(self) -> MoveKept | None:
        """The sending that stands last."""
        return next((each for each in reversed(self.effective) if each.past.name in SENDINGS), None)

    @property
    def overriding(self) -> MoveKept | None:
        """That sending, where the province sent it up though something was missing."""
        return self.sending if self.sending is not None and self.sending.lacks else None

    @property
    def appraised(self) -> int:
        """Of how many units something was said."""
        return sum(each is not None for each in (self.appraisal, *(unit.appraisal for unit in self.units)))

    def results(self) -> dict[str, str | None]:
        """What was said of the commune and of each village, by name."""
        found = {self.commune.name: self.appraisal.result if self.appraisal else None}
        return found | {unit.area.name: unit.appraisal.result if unit.appraisal else None for unit in self.units}

    def content(self) -> list[dict[str, Any]]:
        """The versions it is made of, as they are kept with a sending."""
        own = [] if self.sheet is None else [_version(self.commune, self.sheet, self.views)]
        return own + [_version(unit.area, unit.sheet, unit.views) for unit in self.units if unit.sheet is not None]


@dataclass(frozen=True, slots=True)
class Line:
    """A commune in the list: where its dossier stands, since when, and of how many of its villages something came."""

    commune: AreaView
    standing: Standing
    sending: MoveKept | None
    villages: int
    sent: int
    approved: int

    @property
    def complete(self) -> bool:
        """Whether every village has an approved sheet; the evidence is looked at in the dossier itself."""
        return self.villages > 0 and self.approved == self.villages


def effective(moves: Iterable[MoveKept]) -> tuple[MoveKept, ...]:
    """The moves that were not taken back, without the taking back itself."""
    return tuple(each for each in moves if not each.undone and each.past.name not in UNDOES)


def verbs_at(session: Session, caller: Caller, round_view: RoundView, area_id: str) -> frozenset[str]:
    """What somebody may do about a commune, or what it has gone into, today."""
    return caller.verbs_in(Place(round_view.project_id, None, find_above(session, area_id, caller.on)))


def read_dossier(session: Session, caller: Caller, round_view: RoundView, area_id: str) -> Dossier:
    """The dossier of a commune, for who sees it and every village that lay in it on the round's day: one that went over
    to another commune since is not everybody's. Raises NotFound for anything else."""
    scope = caller.scope(VERB, round_view.project_id)
    commune = _commune(session, scope, round_view, area_id)
    whole = Scope(False, frozenset({commune.id}), round_view.cutoff)
    villages = villages_of(session, round_view.project_id, round_view, whole, commune.id)
    seen = {village.id for village in villages_of(session, round_view.project_id, round_view, scope, commune.id)}
    if not seen.issuperset(village.id for village in villages) or (round_view.areas is not None and not villages):
        raise NotFound("http.not_found")
    kept = list_dossiers(session, round_view.id).get(commune.id)
    moves = tuple(list_moves(session, [kept.id]).get(kept.id, ())) if kept else ()
    standing = standing_on(kept.standing if kept else Standing(), caller.on)
    sheets = list_proofs(session, Looked(round_view, {CRITERIA_FORM, COMMUNE_FORM}, whole))
    made = Dossier(
        round=round_view,
        commune=commune,
        synthetic=commune.synthetic or find_project_synthetic(session, round_view.project_id),
        standing=standing,
        kept=kept,
        moves=moves,
        units=_units(session, (round_view, whole, commune.id), villages, sheets),
        sheet=sheets.get((commune.id, COMMUNE_FORM)),
        views=tuple(verdicts_of(session, round_view, [commune], whole, "commune")),
        appraisal=None,
        lacks=(),
    )
    return _judged(session, made)


def _commune(session: Session, scope: Scope, round_view: RoundView, area_id: str) -> AreaView:
    seen = list_seen_areas(session, round_view.project_id, round_view.cutoff, scope, below=area_id)
    found = seen.get(area_id)
    if found is None or found.kind not in COMMUNE_KINDS:
        raise NotFound("http.not_found")
    return found


def _units(
    session: Session,
    where: tuple[RoundView, Scope, str],
    villages: Sequence[AreaView],
    sheets: Mapping[tuple[str, str], Proof],
) -> tuple[Unit, ...]:
    round_view, whole, commune_id = where
    views: dict[str, list[VerdictView]] = {}
    for view in verdicts_of(session, round_view, villages, whole):
        views.setdefault(view.area.id, []).append(view)
    evidence = {
        each.area.id: each for each in list_evidence(session, round_view.project_id, round_view, whole, commune_id)
    }
    return tuple(
        Unit(area, sheets.get((area.id, CRITERIA_FORM)), tuple(views.get(area.id, ())), evidence[area.id])
        for area in villages
    )


def _judged(session: Session, made: Dossier) -> Dossier:
    """With what was said of its units, what changed since it was sent, and what is missing."""
    sending = made.sending
    said: dict[str, AppraisalKept] = {}
    if sending is not None and made.standing.state != "open":
        every = list_appraisals(session, sending.id)
        level = made.standing.level if made.standing.state == SENT else sending.past.after.level
        said = {key: each for key, each in every.items() if each.level == level}
    sent = {each["area"]: each["version"] for each in sending.content} if sending else {}
    units = tuple(
        replace(
            unit,
            appraisal=said.get(unit.area.id),
            changed=unit.area.id in sent and (unit.sheet is None or unit.sheet.version_id != sent[unit.area.id]),
        )
        for unit in made.units
    )
    made = replace(made, units=units, appraisal=said.get(made.commune.id))
    form = find_form(session, made.round.project_id, COMMUNE_FORM)
    return replace(made, lacks=tuple(_lacks(made, asks_commune=form is not None and form.current is not None)))


def _lacks(made: Dossier, *, asks_commune: bool) -> Iterable[Lack]:
    commune = made.commune
    if not made.units:
        yield Lack(NO_VILLAGES, commune.name, commune.id)
    if asks_commune and made.sheet is None:
        yield Lack(NO_COMMUNE_SHEET, commune.name, commune.id)
    rank = rank_of(made.standing.level)
    asked = {each.kind for each in read_asked(made.round.evidence) if rank_of(each.step) <= rank}
    last = made.effective[-1] if made.effective else None
    back = set(last.areas) if last is not None and last.past.name == "give_back" else set()
    for unit in made.units:
        area = unit.area
        if unit.sheet is None:
            yield Lack(NOT_SENT, area.name, area.id)
        elif unit.sheet.state != APPROVED:
            yield Lack(NOT_APPROVED, area.name, area.id)
        if area.id in back and not unit.changed:
            yield Lack(GIVEN_BACK, area.name, area.id)
        for item in unit.evidence.items:
            if item.kind in asked and item.state == MISSING:
                yield Lack(item.kind, area.name, area.id, tuple(lack.code for lack in item.lacks))


def _version(area: AreaView, sheet: Proof | None, views: Iterable[VerdictView]) -> dict[str, Any]:
    assert sheet is not None
    return {
        "area": area.id,
        "name": area.name,
        "submission": sheet.submission_id,
        "instance": sheet.instance_id,
        "version": sheet.version_id,
        "state": sheet.state,
        "standings": {view.rule_set.id: view.standing for view in views if view.rule_set is not None},
    }


def list_lines(session: Session, caller: Caller, round_view: RoundView) -> list[Line]:
    """The communes that have villages in a round, by the tree, of those that are in sight with all their villages;
    those whose dossier was never moved too."""
    scope = caller.scope(VERB, round_view.project_id)
    seen = list_seen_areas(session, round_view.project_id, round_view.cutoff, scope)
    below: dict[str, list[AreaView]] = {}
    for village in villages_of(session, round_view.project_id, round_view, EVERYWHERE):
        below.setdefault(village.parent_id or "", []).append(village)
    kept = list_dossiers(session, round_view.id)
    moves = list_moves(session, [each.id for each in kept.values()])
    sheets = list_proofs(session, Looked(round_view, {CRITERIA_FORM}, scope))
    found = []
    for area in seen.values():
        villages = below.get(area.id, ())
        if area.kind not in COMMUNE_KINDS or not villages or any(village.id not in seen for village in villages):
            continue
        own = kept.get(area.id)
        stand = effective(moves.get(own.id, ())) if own else ()
        states = [sheet.state for each in villages if (sheet := sheets.get((each.id, CRITERIA_FORM)))]
        found.append(
            Line(
                commune=area,
                standing=standing_on(own.standing if own else Standing(), caller.on),
                sending=next((each for each in reversed(stand) if each.past.name in SENDINGS), None),
                villages=len(villages),
                sent=len(states),
                approved=sum(state == APPROVED for state in states),
            )
        )
    return found


def handed_in(session: Session, round_view: RoundView) -> dict[str, date]:
    """By level the day on which it had handed in the last of its dossiers; a level that still has some to hand in is
    not among them."""
    whole = villages_of(session, round_view.project_id, round_view, EVERYWHERE)
    communes = {village.parent_id for village in whole if village.parent_id}
    kept = list_dossiers(session, round_view.id)
    moves = list_moves(session, [each.id for each in kept.values()])
    days: dict[str, dict[str, date]] = {}
    for area_id, own in kept.items():
        for each in effective(moves.get(own.id, ())):
            if each.past.name in SENDINGS:
                days.setdefault(each.past.before.level, {})[area_id] = each.done_on
            elif each.past.name == "give_back":
                for sent in days.values():
                    sent.pop(area_id, None)
    return {level: max(sent.values()) for level, sent in days.items() if communes and communes <= sent.keys()}
