"""Sheets of which a person has to say to which round they belong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.reach import in_scope
from server.storage.submissions import FindingRow, Submission, SubmissionVersion

KIND = "round"
"""The kind of finding that such a sheet has."""


@dataclass(frozen=True, slots=True)
class UnplacedView:
    """Such a sheet: what it is called, who sent it and when, why (`problem`), what it names, and the slugs of the
    rounds it may belong to."""

    submission_id: int
    instance_id: str
    instance_name: str | None
    xml_form_id: str
    area_id: str | None
    sender: str
    created_at: datetime
    problem: str
    named: str | None
    day: str | None
    rounds: tuple[str, ...]


def _unplaced(columns: tuple[Any, ...], project_id: int) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Submission)
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .join(FindingRow, (FindingRow.version_id == SubmissionVersion.id) & (FindingRow.kind == KIND))
        .where(
            Form.project_id == project_id,
            Form.deleted_at.is_(None),
            Submission.round_id.is_(None),
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
        )
    )


def count_unplaced(session: Session | Connection, project_id: int, scope: Scope | None = None) -> int:
    """How many there are, in all or in sight."""
    query = _unplaced((func.count(),), project_id)
    if scope is not None:
        query = query.where(in_scope(scope, Submission.area_id, Submission.form_id))
    return int(session.execute(query).scalar_one())


def list_unplaced(session: Session | Connection, project_id: int, scope: Scope, limit: int = 500) -> list[UnplacedView]:
    """Those in sight, the oldest first."""
    columns = (
        Submission.id,
        Submission.instance_id,
        SubmissionVersion.instance_name,
        Form.xml_form_id,
        Submission.area_id,
        Actor.display_name,
        Submission.created_at,
        FindingRow.value,
        FindingRow.params,
    )
    query = _unplaced(columns, project_id).join(Actor, Actor.id == Submission.submitter_id)
    query = query.where(in_scope(scope, Submission.area_id, Submission.form_id))
    rows = session.execute(query.order_by(Submission.created_at, Submission.id).limit(limit))
    return [_view(row) for row in rows]


def _view(row: Any) -> UnplacedView:
    submission_id, instance_id, instance_name, form, area_id, sender, created_at, named, params = row
    return UnplacedView(
        submission_id=submission_id,
        instance_id=instance_id,
        instance_name=instance_name,
        xml_form_id=form,
        area_id=area_id,
        sender=sender,
        created_at=created_at,
        problem=params.get("problem", ""),
        named=named,
        day=params.get("day"),
        rounds=tuple(params.get("rounds", ())),
    )
