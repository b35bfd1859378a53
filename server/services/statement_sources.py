"""What a statement rests on: the sheets with who sent and approved them, their photos, and decisions about the area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from forms.definition import Field, FormDefinition
from server.domain.area_files import CLASSIFICATIONS
from server.domain.review import APPROVED
from server.services.aggregate import find_field
from server.services.definitions import definition_of
from server.storage.areas import AreaView, FactView, list_facts
from server.storage.desk import find_sheet_form, list_files, name_actors
from server.storage.readings import SubmissionView, find_answers, find_submission_by_id
from server.storage.reviews import list_moves
from server.storage.rounds import RoundView
from sync.receipt_number import write_number


def list_sources(session: Session, submission_ids: Iterable[int]) -> list[dict[str, Any]]:
    """The sheets of these numbers: `id`, `instance`, `receipt`, `sender`, `sent`, `state`, `level`, `approvals` (by,
    level, at), `photos` (name, sha256, fields). Those that are gone for ever are left out."""
    found = (find_submission_by_id(session, each) for each in submission_ids)
    return [_source(session, sheet) for sheet in found if sheet is not None]


def _source(session: Session, sheet: SubmissionView) -> dict[str, Any]:
    return {
        "id": sheet.id,
        "instance": sheet.current.instance_id,
        "receipt": write_number(sheet.id),
        "sender": name_actors(session, [sheet.submitter_id]).get(sheet.submitter_id, ""),
        "sent": sheet.created_at.isoformat(),
        "state": sheet.review_state,
        "level": sheet.review_level,
        "approvals": list(_approvals(session, sheet)),
        "photos": list(_photos(session, sheet)),
    }


def _approvals(session: Session, sheet: SubmissionView) -> Iterator[dict[str, Any]]:
    """Who approved the text that counts, the newest first: an edit since, or another decision, ends it."""
    if sheet.review_state != APPROVED:
        return
    for move in (each for each in list_moves(session, sheet.id) if each.stands):
        if move.to_state != APPROVED or move.created_at < sheet.current.created_at:
            return
        yield {"by": move.actor, "level": move.level, "at": move.created_at.isoformat()}


def _photos(session: Session, sheet: SubmissionView) -> Iterator[dict[str, Any]]:
    """The photos of the current text, each with the questions it supports."""
    form = find_sheet_form(session, sheet.current.form_version_id)
    if form is None:
        return
    answers = find_answers(session, sheet.current.id)
    kept = {file.name: file.sha256 for file in list_files(session, sheet.current.id) if file.sha256}
    for photo, supported in photos_of(definition_of(session, form.sha256)):
        name = find_field(answers, photo.name)
        if isinstance(name, str) and name in kept:
            yield {"name": name, "sha256": kept[name], "fields": list(supported)}


def photos_of(definition: FormDefinition) -> Iterator[tuple[Field, tuple[str, ...]]]:
    """The photo questions of a form, each with the questions that it supports: those by whose answers the form asks for
    the photo, or requires it."""
    for asked in definition.fields.values():
        if asked.binary and (asked.media_type or "").startswith("image"):
            rules = (asked.bind.relevant, asked.bind.required)
            names = {path[-1] for rule in rules if rule is not None for path in rule.references}
            yield asked, tuple(sorted(names))


def list_recognised(session: Session, path: Sequence[AreaView], round_view: RoundView) -> list[dict[str, Any]]:
    """What decisions said of the village and its commune on the cut-off date: `fact`, `value`, `area`, `number`,
    `date`, `authority`, `source`, `status`, `synthetic`."""
    areas = {area.id: area for area in path[:2]}
    found = []
    for name in CLASSIFICATIONS:
        facts = list_facts(session, name, round_view.cutoff, list(areas))
        found += [_decided(name, area, facts[area.id]) for area in areas.values() if area.id in facts]
    return found


def _decided(name: str, area: AreaView, fact: FactView) -> dict[str, Any]:
    return {
        "fact": name,
        "value": fact.value.get("value"),
        "area": area.name,
        "number": fact.decision_number,
        "date": fact.decision_date.isoformat() if fact.decision_date else None,
        "authority": fact.authority,
        "source": fact.source,
        "status": fact.status,
        "synthetic": fact.synthetic,
    }
