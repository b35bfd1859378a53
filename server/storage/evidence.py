"""Sheets that show what was done in villages beside counting: the one of each form that speaks for each village."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.review import APPROVED, REJECTED
from server.domain.roles import Scope
from server.storage.forms import Form
from server.storage.reach import in_scope
from server.storage.rounds import RoundView
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion


@dataclass(frozen=True, slots=True)
class Proof:
    """A sheet that speaks for a village: its answers, and the names of its files that have come."""

    submission_id: int
    instance_id: str
    area_id: str
    xml_form_id: str
    state: str
    level: str | None
    created_at: datetime
    version_id: int
    answers: Mapping[str, Any]
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Looked:
    """Which sheets: of these forms in a round, in sight; of one area or (None) of all."""

    round: RoundView
    forms: Collection[str]
    scope: Scope
    area_id: str | None = None


def list_proofs(session: Session | Connection, looked: Looked) -> dict[tuple[str, str], Proof]:
    """By area and form the sheet that speaks: the newest approved one, else the newest that was not returned. Of a
    locked round nothing that came after the lock."""
    if not looked.forms:
        return {}
    conditions = _conditions(looked)
    query: Select[*tuple[Any, ...]] = (
        select(
            Submission.id,
            Submission.instance_id,
            Submission.area_id,
            Form.xml_form_id,
            Submission.review_state,
            Submission.review_level,
            Submission.created_at,
            SubmissionVersion.id,
            SubmissionVersion.answers,
        )
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
        .where(*conditions)
        .order_by(Submission.created_at.desc(), Submission.id.desc(), SubmissionVersion.id.desc())
    )
    files = _files(session, conditions)
    found: dict[tuple[str, str], Proof] = {}
    for row in session.execute(query):
        made = Proof(*(*row[:8], row[8] or {}, files.get(row[7], frozenset())))
        kept = found.get((made.area_id, made.xml_form_id))
        if kept is None or (kept.state != APPROVED and made.state == APPROVED):
            found[made.area_id, made.xml_form_id] = made
    return found


def _conditions(looked: Looked) -> list[ColumnElement[bool]]:
    lock = looked.round.lock_id
    # of a sheet that was changed after the lock the text before it speaks
    current: ColumnElement[bool] = (
        SubmissionVersion.is_current.is_(True)
        if lock is None
        else or_(SubmissionVersion.after_lock_id.is_(None), SubmissionVersion.after_lock_id != lock)
    )
    conditions: list[ColumnElement[bool]] = [
        Submission.round_id == looked.round.id,
        Form.project_id == looked.round.project_id,
        Form.xml_form_id.in_(sorted(looked.forms)),
        Submission.area_id.is_not(None),
        Submission.deleted_at.is_(None),
        Submission.is_draft.is_(False),
        Submission.review_state != REJECTED,
        # what came for a closed form is kept apart until somebody approves it
        or_(Submission.arrival == "normal", Submission.review_state == APPROVED),
        current,
        in_scope(looked.scope, Submission.area_id, Submission.form_id),
    ]
    if looked.area_id is not None:
        conditions.append(Submission.area_id == looked.area_id)
    return conditions


def _files(session: Session | Connection, conditions: list[ColumnElement[bool]]) -> dict[int, frozenset[str]]:
    """By version the names of the files that have come."""
    query = (
        select(SubmissionAttachment.version_id, SubmissionAttachment.name)
        .join(SubmissionVersion, SubmissionVersion.id == SubmissionAttachment.version_id)
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .join(Form, Form.id == Submission.form_id)
        .where(SubmissionAttachment.sha256.is_not(None), *conditions)
    )
    found: dict[int, set[str]] = {}
    for version_id, name in session.execute(query):
        found.setdefault(version_id, set()).add(name)
    return {version_id: frozenset(names) for version_id, names in found.items()}
