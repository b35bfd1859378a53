"""What checks read of submissions and areas: Core selects, for a handful of submissions at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from server.domain.areas import AreaChange
from server.domain.review import REJECTED
from server.storage.areas import AreaChangeRow, AreaShapeRow, AreaVersionRow, valid_on
from server.storage.forms import Form
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion


@dataclass(frozen=True, slots=True)
class Subject:
    """A submission that is there, with its current text. `device_id` and `submitter_id` are of that text."""

    id: int
    form_id: int
    xml_form_id: str
    project_id: int
    area_id: str | None
    round_id: int | None
    review_state: str
    submitter_id: int
    device_id: str | None
    created_at: datetime
    version_id: int
    answers: dict[str, Any] | None


def list_subjects(session: Session | Connection, submission_ids: Collection[int]) -> dict[int, Subject]:
    """Of these submissions those that were sent and are not deleted."""
    query = (
        select(
            Submission.id,
            Submission.form_id,
            Form.xml_form_id,
            Form.project_id,
            Submission.area_id,
            Submission.round_id,
            Submission.review_state,
            SubmissionVersion.submitter_id,
            SubmissionVersion.device_id,
            SubmissionVersion.created_at,
            SubmissionVersion.id,
            SubmissionVersion.answers,
        )
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.is_current))
        .where(
            Submission.id.in_(sorted(submission_ids)),
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
        )
    )
    rows: Iterable[Any] = session.execute(query)
    return {row[0]: Subject(*row) for row in rows}


def list_complained(connection: Connection, version_id: int) -> set[str]:
    """The names of the fields of which the form's own rules say that they are wrong."""
    query = select(FindingRow.path).where(FindingRow.version_id == version_id, FindingRow.severity == "error")
    return {path.rpartition("/")[2] for path in connection.execute(query).scalars()}


def list_pictures(session: Session | Connection, version_id: int) -> dict[str, str]:
    """SHA-256 by file name of the pictures of a text that are here."""
    query = select(SubmissionAttachment.name, SubmissionAttachment.sha256).where(
        SubmissionAttachment.version_id == version_id,
        SubmissionAttachment.sha256.is_not(None),
        SubmissionAttachment.content_type.startswith("image/"),
    )
    return {name: sha256 for name, sha256 in session.execute(query) if sha256}


def list_with_picture(connection: Connection, own: Subject, sha256: str, most: int) -> dict[int, str | None]:
    """Other submissions of the project with the same picture, by number, with their areas; the first ones. A sheet that
    was returned and the one that its sender sent in its place have it rightly."""
    in_its_place = and_(
        Submission.form_id == own.form_id,
        Submission.submitter_id == own.submitter_id,
        _same(Submission.area_id, own.area_id),
        _same(Submission.round_id, own.round_id),
        true() if own.review_state == REJECTED else Submission.review_state == REJECTED,
    )
    query = (
        select(Submission.id, Submission.area_id)
        .join(SubmissionVersion, and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.is_current))
        .join(SubmissionAttachment, SubmissionAttachment.version_id == SubmissionVersion.id)
        .join(Form, Form.id == Submission.form_id)
        .where(
            SubmissionAttachment.sha256 == sha256,
            SubmissionAttachment.content_type.startswith("image/"),
            Form.project_id == own.project_id,
            Submission.id != own.id,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            ~in_its_place,
        )
        .distinct()
        .order_by(Submission.id)
        .limit(most)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def list_sharing_pictures(connection: Connection, submission_id: int, most: int) -> set[int]:
    """Submissions with a file that this one has, or had in an earlier text."""
    own, other, mine = aliased(SubmissionAttachment), aliased(SubmissionAttachment), aliased(SubmissionVersion)
    query = (
        select(SubmissionVersion.submission_id)
        .join(other, other.version_id == SubmissionVersion.id)
        .join(own, own.sha256 == other.sha256)
        .join(mine, mine.id == own.version_id)
        .where(mine.submission_id == submission_id, SubmissionVersion.is_current, SubmissionVersion.is_draft.is_(False))
        .distinct()
        .order_by(SubmissionVersion.submission_id)
        .limit(most)
    )
    return set(connection.execute(query).scalars())


def _same(column: Any, value: Any) -> Any:
    return column.is_(None) if value is None else column == value


def list_changes_of(connection: Connection, area_ids: Collection[str]) -> list[AreaChange]:
    """What became of these areas, and what they came from, where the day is known."""
    query = select(
        AreaChangeRow.from_area_id,
        AreaChangeRow.to_area_id,
        AreaChangeRow.on,
        AreaChangeRow.extent,
        AreaChangeRow.decree,
        AreaChangeRow.status,
        AreaChangeRow.kind,
    ).where(
        or_(AreaChangeRow.from_area_id.in_(sorted(area_ids)), AreaChangeRow.to_area_id.in_(sorted(area_ids))),
        AreaChangeRow.on.is_not(None),
    )
    rows = connection.execute(query.order_by(AreaChangeRow.on, AreaChangeRow.id))
    return [AreaChange(row[0], row[1], row[2], *row[3:]) for row in rows if row[2] is not None]


def list_first_days(connection: Connection, area_ids: Collection[str]) -> dict[str, date]:
    """The first day of each of these areas; the first there is where nobody knows it."""
    query = select(AreaVersionRow.area_id, AreaVersionRow.valid_from).where(
        AreaVersionRow.area_id.in_(sorted(area_ids))
    )
    found: dict[str, date] = {}
    for area_id, day in connection.execute(query):
        found[area_id] = min(found.get(area_id, date.max), day or date.min)
    return found


def find_boundary(connection: Connection, area_id: str, on: date) -> tuple[str, Mapping[str, Any]] | None:
    """The name of an area and its boundary, a GeoJSON geometry, as they were on a day; None where none is known."""
    query = (
        select(AreaVersionRow.name, AreaShapeRow.geometry)
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaShapeRow.area_id)
        .where(
            AreaShapeRow.area_id == area_id,
            AreaShapeRow.kind == "boundary",
            valid_on(AreaShapeRow, on),
            valid_on(AreaVersionRow, on),
        )
        .order_by(AreaShapeRow.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return (row[0], row[1]) if row else None


def find_point(connection: Connection, area_id: str, on: date) -> tuple[float, float] | None:
    """(longitude, latitude) of the point of an area as it was on a day; None where none is known."""
    query = (
        select(AreaShapeRow.geometry)
        .where(AreaShapeRow.area_id == area_id, AreaShapeRow.kind == "point", valid_on(AreaShapeRow, on))
        .order_by(AreaShapeRow.id.desc())
        .limit(1)
    )
    geometry = connection.execute(query).scalar_one_or_none()
    return (float(geometry["coordinates"][0]), float(geometry["coordinates"][1])) if geometry else None


def list_sheets_of_form(connection: Connection, xml_form_id: str, area_id: str, round_id: int) -> list[int]:
    """The submissions of a form in a village and a round that were not returned, by number."""
    query = (
        select(Submission.id)
        .join(Form, Form.id == Submission.form_id)
        .where(
            Form.xml_form_id == xml_form_id,
            Submission.area_id == area_id,
            Submission.round_id == round_id,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            Submission.review_state != REJECTED,
        )
    )
    return sorted(connection.execute(query).scalars())
