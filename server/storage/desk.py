"""What the pages of the desk list: submissions with their village and sender, reports of a round, files, quarantine.

One select for each list, however long it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import ALL, Scope
from server.storage.actors import Actor
from server.storage.areas import AreaVersionRow
from server.storage.forms import Form, FormVersion
from server.storage.newest import LIVE, Part, count_newest, list_newest
from server.storage.projects import Project
from server.storage.quarantine import Quarantined
from server.storage.reach import in_scope
from server.storage.rounds import RoundRow
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A submission as a line of a list. `errors`: findings that broke a rule; `missing`: files named and not here."""

    id: int
    instance_id: str
    instance_name: str | None
    form: str
    state: str
    level: str | None
    arrival: str
    created_at: datetime
    submitter: str
    area_id: str | None
    area: str | None
    round: str | None
    errors: int
    missing: int


@dataclass(frozen=True, slots=True)
class SheetFilter:
    """Which submissions of a project: what is in sight; `area_id`: of one village; the other fields None: any."""

    project_id: int
    scope: Scope = ALL
    area_id: str | None = None
    state: str | None = None
    xml_form_id: str | None = None


_AREA_NAME = (
    select(AreaVersionRow.name)
    .where(AreaVersionRow.area_id == Submission.area_id)
    .order_by(AreaVersionRow.id)
    .limit(1)
    .scalar_subquery()
)
_ERRORS = (
    select(func.count())
    .select_from(FindingRow)
    .where(FindingRow.version_id == SubmissionVersion.id, FindingRow.severity == "error")
    .scalar_subquery()
)
_MISSING = (
    select(func.count())
    .select_from(SubmissionAttachment)
    .where(
        SubmissionAttachment.version_id == SubmissionVersion.id,
        SubmissionAttachment.expected,
        SubmissionAttachment.sha256.is_(None),
    )
    .scalar_subquery()
)
_SHEETS: Select[*tuple[Any, ...]] = (
    select(
        Submission.id,
        Submission.instance_id,
        SubmissionVersion.instance_name,
        FormVersion.title,
        Submission.review_state,
        Submission.review_level,
        Submission.arrival,
        Submission.created_at,
        Actor.display_name,
        Submission.area_id,
        _AREA_NAME,
        RoundRow.slug,
        _ERRORS,
        _MISSING,
    )
    .join(Form, Form.id == Submission.form_id)
    .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
    .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    .join(Actor, Actor.id == Submission.submitter_id)
    .outerjoin(RoundRow, RoundRow.id == Submission.round_id)
)


def _part(session: Session | Connection, wanted: SheetFilter) -> Part:
    conditions: list[ColumnElement[bool]] = []
    if wanted.area_id is not None:
        conditions.append(Submission.area_id == wanted.area_id)
    if wanted.state is not None:
        conditions.append(Submission.review_state == wanted.state)
    forms = select(Form.id).where(Form.project_id == wanted.project_id)
    if wanted.xml_form_id is not None:
        forms = forms.where(Form.xml_form_id == wanted.xml_form_id)
    ids = list(session.execute(forms.order_by(Form.id)).scalars())
    return Part(ids, wanted.scope, (*LIVE, *conditions), live=not conditions)


def list_sheets(session: Session | Connection, wanted: SheetFilter, offset: int, limit: int) -> list[SheetRow]:
    """A page of the submissions of a project, newest first, without deleted ones and those of drafts."""
    ids = list_newest(session, _part(session, wanted), offset, limit)
    query = _SHEETS.where(Submission.id.in_(ids)).order_by(Submission.created_at.desc(), Submission.id.desc())
    return [SheetRow(*row) for row in session.execute(query)]


def count_states(session: Session | Connection, wanted: SheetFilter) -> dict[str, int]:
    """How many submissions stand in each review state."""
    return count_newest(session, _part(session, wanted))


@dataclass(frozen=True, slots=True)
class Report:
    """The submission that a village's verdict rests on: where it stands in review, when it came and from whom."""

    submission_id: int
    state: str
    level: str | None
    created_at: datetime
    submitter: str


def list_reports(session: Session | Connection, round_id: int, scope: Scope) -> dict[int, Report]:
    """The submissions of a round that are in sight, by id."""
    query = (
        select(
            Submission.id, Submission.review_state, Submission.review_level, Submission.created_at, Actor.display_name
        )
        .join(Actor, Actor.id == Submission.submitter_id)
        .where(
            Submission.round_id == round_id,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
    )
    return {row[0]: Report(*row) for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class SheetForm:
    """The form and version that a text of a submission was filled with. `synthetic`: the project's numbers are."""

    project_id: int
    project: str
    synthetic: bool
    xml_form_id: str
    title: str
    version: str
    version_id: int
    sha256: str


def find_sheet_form(session: Session | Connection, form_version_id: int) -> SheetForm | None:
    """The form of a version, with its project."""
    query = (
        select(
            Project.id,
            Project.name,
            Project.synthetic,
            Form.xml_form_id,
            FormVersion.title,
            FormVersion.version,
            FormVersion.id,
            FormVersion.sha256,
        )
        .join(Form, Form.id == FormVersion.form_id)
        .join(Project, Project.id == Form.project_id)
        .where(FormVersion.id == form_version_id)
    )
    row = session.execute(query).first()
    return SheetForm(*row) if row else None


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of one text of a submission; `sha256` None: named, not here yet."""

    name: str
    expected: bool
    sha256: str | None
    content_type: str | None


def list_files(session: Session | Connection, version_id: int) -> list[FileRow]:
    """The files of a text, by name."""
    query = select(
        SubmissionAttachment.name,
        SubmissionAttachment.expected,
        SubmissionAttachment.sha256,
        SubmissionAttachment.content_type,
    ).where(SubmissionAttachment.version_id == version_id)
    return [FileRow(*row) for row in session.execute(query.order_by(SubmissionAttachment.name))]


def name_areas(session: Session | Connection, area_ids: Iterable[str]) -> dict[str, str]:
    """The names of areas by own id, as they were called first."""
    query = select(AreaVersionRow.area_id, AreaVersionRow.name).where(AreaVersionRow.area_id.in_(list(area_ids)))
    return {row[0]: row[1] for row in session.execute(query.order_by(AreaVersionRow.id.desc()))}


def name_actors(session: Session | Connection, actor_ids: Iterable[int]) -> dict[int, str]:
    """The names of actors by id, deleted ones too."""
    query = select(Actor.id, Actor.display_name).where(Actor.id.in_(list(actor_ids)))
    return {row[0]: row[1] for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """What nobody could read: from whom, when, how often, and what was wrong (`code` with `params`). Size in bytes."""

    id: int
    sha256: str
    size: int
    code: str
    params: dict[str, Any]
    device_id: str | None
    created_at: datetime
    times: int
    sender: str


_QUARANTINED: Select[*tuple[Any, ...]] = select(
    Quarantined.id,
    Quarantined.sha256,
    Quarantined.size,
    Quarantined.code,
    Quarantined.params,
    Quarantined.device_id,
    Quarantined.created_at,
    Quarantined.times,
    Actor.display_name,
).join(Actor, Actor.id == Quarantined.actor_id)


def list_quarantined(session: Session | Connection, limit: int) -> list[QuarantineRow]:
    """What is in quarantine, newest first."""
    query = _QUARANTINED.order_by(Quarantined.created_at.desc(), Quarantined.id.desc()).limit(limit)
    return [QuarantineRow(*row) for row in session.execute(query)]


def find_quarantined(session: Session | Connection, quarantine_id: int) -> QuarantineRow | None:
    """One row of the quarantine."""
    row = session.execute(_QUARANTINED.where(Quarantined.id == quarantine_id)).first()
    return QuarantineRow(*row) if row else None
