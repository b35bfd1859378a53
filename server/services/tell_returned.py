"""Returned sheets for those who see to it that they are corrected: who is to be told what, and that it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, NotFound
from server.domain.returned import CORRECTED, STAGES
from server.domain.roles import Scope
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.question_labels import Named, name_questions
from server.services.review import get_reviewed, place_of
from server.storage.areas import AreaView, find_path
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.returns import ReturnedSheet, Wanted, find_return, list_returned, mark_told
from server.storage.round_villages import Head, list_heads

VERB = "submission.update"
"""What it takes to say that a sender was told."""
NAMES = "field_key.list"
"""What it takes to see who is there for a village, and their numbers."""
OF_HOUSEHOLDS = frozenset({"household_review", "training_attendance", "training_test"})
"""Forms that are about persons as a whole: what was said of such a sheet goes into no message."""


@dataclass(frozen=True)
class Line:
    """A return to be told. `path`: the area and what it lies in; `questions`: all that was said at questions;
    `heads`: who is there for the area, of those in sight; `plain`, `plain_reason`: what of it may stand in a message:
    the questions with what was said of those that tell of no person, and what was said of the whole."""

    sheet: ReturnedSheet
    path: tuple[AreaView, ...]
    questions: Sequence[Named]
    heads: Sequence[Head]
    plain: Sequence[Named]
    plain_reason: str | None


def list_stages(sheets: Sequence[ReturnedSheet]) -> dict[str, int]:
    """How many returns have come how far."""
    return {stage: sum(each.track.stage == stage for each in sheets) for stage in STAGES}


def list_in_sight(session: Session, caller: Caller, project_id: int, round_id: int | None) -> list[ReturnedSheet]:
    """The returns of a project in the caller's sight, the last first; with those that were corrected. Raises
    Forbidden for who reads no sheet there."""
    return list_returned(session, Wanted(project_id, _scope(caller, project_id), round_id=round_id, ended=True))


def get_return(session: Session, caller: Caller, project_id: int, move_id: int) -> ReturnedSheet:
    """One of them. Raises NotFound, Forbidden."""
    found = find_return(session, project_id, move_id, _scope(caller, project_id))
    if found is None:
        raise NotFound("returned.unknown", move=move_id)
    return found


def _scope(caller: Caller, project_id: int) -> Scope:
    scope = caller.scope("submission.list", project_id)
    if not scope:
        raise Forbidden("auth.forbidden")
    return scope


def describe(session: Session, caller: Caller, sheets: Sequence[ReturnedSheet], language: str) -> list[Line]:
    """All that is to be told of some returns of one project."""
    if not sheets:
        return []
    project_id, areas = sheets[0].project_id, sorted({each.area_id for each in sheets if each.area_id})
    paths = {area: find_path(session, area, caller.on) for area in areas}
    heads: dict[str, list[Head]] = {}
    if caller.may(NAMES, project_id):
        heads = list_heads(session, project_id, areas, caller.reach(NAMES, project_id), caller.on)
    lines = []
    for sheet in sheets:
        named = name_questions(session, sheet, language)
        plain, reason = _plain(session, sheet, named)
        place = sheet.area_id or ""
        lines.append(Line(sheet, tuple(paths.get(place, ())), named, heads.get(place, ()), plain, reason))
    return lines


def _plain(session: Session, sheet: ReturnedSheet, named: Sequence[Named]) -> tuple[Sequence[Named], str | None]:
    """What may leave by Zalo or SMS: nothing that was said of a row, of a question that tells of a person, or of a
    sheet that is about persons."""
    if sheet.xml_form_id in OF_HOUSEHOLDS:
        return [(label, (), "") for label, _, _ in named], None
    definition = definition_of(session, sheet.form_sha256)
    plain: list[Named] = []
    for (label, places, text), each in zip(named, sheet.questions, strict=True):
        asked = definition.fields.get(each.path)
        tells = bool(places) or asked is None or asked.bind.personal is not None
        plain.append((label, (), "" if tells else text))
    return plain, sheet.reason


def tell(session: Session, caller: Caller, which: tuple[int, int], told: bool, now: datetime) -> ReturnedSheet:
    """Writes that the sender of a return was told, or takes that back. `which`: project and the move that returned.
    Raises NotFound, Forbidden, Conflict (it was corrected meanwhile)."""
    sheet = get_return(session, caller, *which)
    submission, form = get_reviewed(session, caller, sheet.submission_id)
    if not caller.may_in(VERB, place_of(session, form, submission, caller.on)):
        raise Forbidden("auth.forbidden")
    with writing(session) as connection:
        fresh = find_return(connection, which[0], which[1], _scope(caller, which[0]))
        if fresh is None or fresh.track.stage == CORRECTED:
            raise Conflict("returned.over")
        mark_told(connection, fresh.move_id, (caller.actor_id, now) if told else None)
        where, subject = Where(form.project_id, submission.area_id), f"submission:{submission.id}"
        details = {"instanceId": submission.instance_id, "move": fresh.move_id}
        if told:
            entry = caller.entry("submission.return.told", subject, now, where, **details)
        else:
            entry = caller.entry("submission.return.undo", subject, now, where, **details)
        write_audit(connection, entry)
        session.commit()
    return get_return(session, caller, *which)
