"""Dossiers of communes in a round: where each lies, what it holds and lacks, moved and appraised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.domain.dossiers import Letter
from server.services.dossier import Dossier, list_lines, read_dossier
from server.services.freeze import Which, find_which
from server.services.move_dossier import Asked, Said, appraise_dossier, move_dossier, moves_of
from server.services.verdicts import VerdictView
from server.storage.areas import AreaView
from server.storage.dossiers import AppraisalKept, MoveKept
from server.storage.evidence import Proof
from server.storage.rounds import RoundView
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.dossiers import (
    DossierBody,
    DossierLineBody,
    NewDossierAppraisalBody,
    NewDossierMoveBody,
)
from server.web.context import current_session, now

nouns = Nouns("dossiers", "Dossiers of communes, and their way from level to level")
DOSSIERS = "/projects/<int:project_id>/rounds/<slug>/dossiers"
READ = "submission.list"


@nouns.view(f"GET {DOSSIERS}", READ, answer=DossierLineBody(many=True))
def list_all(here: Here, slug: str) -> list[dict[str, Any]]:
    """The communes in sight that have villages in the round, each with where its dossier lies."""
    lines = list_lines(current_session(), here.caller, _round(here, slug))
    return [
        {
            "area": line.commune,
            "state": line.standing.state,
            "level": line.standing.level,
            **_letter(line.sending),
            "villages": line.villages,
            "sent": line.sent,
            "approved": line.approved,
            "synthetic": here.project.synthetic or line.commune.synthetic,
        }
        for line in lines
    ]


@nouns.view(f"GET {DOSSIERS}/<area_id>", READ, answer=DossierBody())
def read_one(here: Here, slug: str, area_id: str) -> dict[str, Any]:
    """The dossier of one commune (own id): complete or not, and what is missing."""
    return _dossier(here, read_dossier(current_session(), here.caller, _round(here, slug), area_id))


@nouns.view(f"POST {DOSSIERS}/<area_id>/moves", READ, body=NewDossierMoveBody, answer=DossierBody())
def move_one(here: Here, body: dict[str, Any], slug: str, area_id: str) -> dict[str, Any]:
    """Sends it up, takes it, gives it back, or takes one of these back."""
    letter = Letter(body.get("number", ""), body.get("letterOn"))
    asked = Asked(body["move"], letter, body.get("reason", ""), body.get("areas", ()))
    which = (_round(here, slug), area_id)
    return _dossier(here, move_dossier(current_session(), here.caller, which, asked, now()))


@nouns.view(f"POST {DOSSIERS}/<area_id>/appraisals", READ, body=NewDossierAppraisalBody, answer=DossierBody())
def appraise_one(here: Here, body: dict[str, Any], slug: str, area_id: str) -> dict[str, Any]:
    """Says what comes of units: met, not met, or to be added to. Nobody does so of what they sent."""
    said = Said(body["areas"], body["result"], body.get("reason", ""))
    which = (_round(here, slug), area_id)
    return _dossier(here, appraise_dossier(current_session(), here.caller, which, said, now()))


def _dossier(here: Here, made: Dossier) -> dict[str, Any]:
    return {
        "area": made.commune,
        "state": made.standing.state,
        "level": made.standing.level,
        **_letter(made.sending),
        "villages": len(made.units),
        "sent": sum(unit.sheet is not None for unit in made.units),
        "approved": sum(unit.sheet is not None and unit.sheet.state == "approved" for unit in made.units),
        "synthetic": made.synthetic or any(unit.synthetic for unit in made.units),
        "complete": made.complete,
        "lacks": [each.as_kept() for each in made.lacks],
        "commune": _unit(made.commune, (made.sheet, made.views), made.appraisal, changed=False),
        "units": [
            _unit(unit.area, (unit.sheet, unit.views), unit.appraisal, changed=unit.changed) for unit in made.units
        ],
        "moves": [_move(each) for each in made.moves],
        "possible": list(moves_of(current_session(), here.caller, made)),
    }


def _letter(sending: MoveKept | None) -> dict[str, Any]:
    return {"number": sending.number if sending else None, "letterOn": sending.letter_on if sending else None}


def _unit(
    area: AreaView,
    rests_on: tuple[Proof | None, Iterable[VerdictView]],
    said: AppraisalKept | None,
    *,
    changed: bool,
) -> dict[str, Any]:
    sheet, views = rests_on
    return {
        "area": area,
        "instanceId": sheet.instance_id if sheet else None,
        "reviewState": sheet.state if sheet else None,
        "standings": {view.rule_set.id: view.standing for view in views if view.rule_set is not None},
        "changed": changed,
        "appraisal": None if said is None else _appraisal(said),
    }


def _appraisal(said: AppraisalKept) -> Mapping[str, Any]:
    return {"result": said.result, "level": said.level, "reason": said.reason, "by": said.actor, "at": said.at}


def _move(each: MoveKept) -> dict[str, Any]:
    return {
        "move": each.past.name,
        "fromLevel": each.past.before.level,
        "toLevel": each.past.after.level,
        "number": each.number,
        "letterOn": each.letter_on,
        "reason": each.reason,
        "areas": list(each.areas),
        "lacks": list(each.lacks),
        "on": each.done_on,
        "at": each.at,
        "by": each.past.actor,
        "undone": each.undone,
    }


def _round(here: Here, slug: str) -> RoundView:
    return find_which(current_session(), Which(here.project.id, slug))
