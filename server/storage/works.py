"""Sheets about works, their supervision and upkeep, and production models, as they are read together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timezone
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.review import APPROVED, REJECTED
from server.domain.roles import ALL, Scope
from server.domain.supervision import FORM as SUPERVISION
from server.domain.works import Sheet
from server.storage.areas import AreaShapeRow, AreaVersionRow, valid_on
from server.storage.forms import Form
from server.storage.reach import AreaReachRow, in_scope, lies_in
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SheetFilter:
    """Which sheets of a project: of these forms, in sight. `area`: an own id and the day as of which what lies below it
    is meant as well; `instance`: that one sheet, by the id under which others name it; `zone`: of the day it came."""

    project_id: int
    forms: Collection[str]
    zone: timezone
    scope: Scope = ALL
    area: tuple[str, date] | None = None
    instance: str | None = None


def iterate_sheets(session: Session | Connection, wanted: SheetFilter) -> Iterator[Sheet]:
    """The sheets that stand, oldest first: none that was returned. A sheet of a supervision board stands also when the
    commune that is supervised returned it."""
    query: Select[*tuple[Any, ...]] = (
        select(
            Form.xml_form_id,
            Submission.id,
            SubmissionVersion.id,
            Submission.instance_id,
            Submission.area_id,
            Submission.review_state,
            Submission.created_at,
            Submission.submitter_id,
            SubmissionVersion.answers,
        )
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .where(*_conditions(wanted))
        .order_by(Submission.created_at, Submission.id)
    )
    for row in session.execute(query.execution_options(yield_per=AT_ONCE)):
        form, number, version, instance_id, area_id, state, came, submitter, answers = row
        received_on = came.astimezone(wanted.zone).date()
        yield Sheet(form, number, version, instance_id, area_id, state, received_on, submitter, answers or {})


def _conditions(wanted: SheetFilter) -> list[ColumnElement[bool]]:
    by_board = and_(Form.xml_form_id == SUPERVISION, Submission.review_level == "commune")
    conditions: list[ColumnElement[bool]] = [
        Form.project_id == wanted.project_id,
        Form.xml_form_id.in_(sorted(wanted.forms)),
        Form.deleted_at.is_(None),
        Submission.is_draft.is_(False),
        Submission.deleted_at.is_(None),
        or_(Submission.review_state != REJECTED, by_board),
        # what came for a closed form is kept apart until somebody approves it
        or_(Submission.arrival == "normal", Submission.review_state == APPROVED),
        in_scope(wanted.scope, Submission.area_id, Submission.form_id),
    ]
    if wanted.area is not None:
        conditions.append(lies_in(Submission.area_id, (wanted.area[0],), wanted.area[1]))
    if wanted.instance is not None:
        conditions.append(Submission.instance_id.in_((wanted.instance, f"uuid:{wanted.instance}")))
    return conditions


def list_pictures(session: Session | Connection, version_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """By version the names of the pictures that have come; not drawings, which can hold programs."""
    query = select(SubmissionAttachment.version_id, SubmissionAttachment.name).where(
        SubmissionAttachment.version_id.in_(sorted(version_ids)),
        SubmissionAttachment.sha256.is_not(None),
        SubmissionAttachment.content_type.startswith("image/"),
        SubmissionAttachment.content_type.not_like("%svg%"),
    )
    found: dict[int, set[str]] = {}
    for version_id, name in session.execute(query) if version_ids else ():
        found.setdefault(version_id, set()).add(name)
    return {version_id: frozenset(names) for version_id, names in found.items()}


def list_above(session: Session | Connection, area_ids: Collection[str], on: date) -> dict[str, tuple[str, ...]]:
    """Of each of these areas the ids of what it lies in on a day, itself first while it is in being, then nearest."""
    found: dict[str, list[str]] = {area_id: [] for area_id in area_ids}
    listed = sorted(found)
    for start in range(0, len(listed), AT_ONCE):
        query = (
            select(AreaReachRow.descendant_id, AreaReachRow.ancestor_id)
            .where(
                AreaReachRow.descendant_id.in_(listed[start : start + AT_ONCE]),
                AreaReachRow.valid_from <= on,
                AreaReachRow.valid_to > on,
            )
            .order_by(AreaReachRow.distance, AreaReachRow.ancestor_id)
        )
        for area_id, above in session.execute(query):
            found[area_id].append(above)
    return {area_id: tuple(above) for area_id, above in found.items()}


def list_last_names(session: Session | Connection, area_ids: Collection[str]) -> dict[str, str]:
    """The last name that each of these areas bore."""
    query = (
        select(AreaVersionRow.area_id, AreaVersionRow.name)
        .where(AreaVersionRow.area_id.in_(sorted(area_ids)))
        .order_by(AreaVersionRow.valid_to.is_(None), AreaVersionRow.valid_to, AreaVersionRow.id)
    )
    return {row[0]: row[1] for row in session.execute(query)} if area_ids else {}


def list_boundaries(session: Session | Connection, area_ids: Collection[str], on: date) -> dict[str, dict[str, Any]]:
    """The boundary of each of these areas on a day as a GeoJSON geometry, of those of which one is kept."""
    query = (
        select(AreaShapeRow.area_id, AreaShapeRow.geometry)
        .where(AreaShapeRow.area_id.in_(sorted(area_ids)), AreaShapeRow.kind == "boundary", valid_on(AreaShapeRow, on))
        .order_by(AreaShapeRow.id)
    )
    return {row[0]: row[1] for row in session.execute(query)} if area_ids else {}
