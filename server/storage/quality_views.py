"""What was found of sheets beside others, as people read it: only of submissions that they see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import ALL, Scope
from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.quality import QualityFindingRow, QualityLook, QualityMark
from server.storage.reach import in_scope, lies_in
from server.storage.rounds import RoundRow
from server.storage.submissions import Submission


@dataclass(frozen=True, slots=True)
class LookView:
    """That somebody looked at a finding, with the reason."""

    id: int
    reason: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FoundView:
    """A finding with where its submission lies. `round`: its slug. `look` None: nobody has looked at it."""

    id: int
    submission_id: int
    instance_id: str
    xml_form_id: str
    project_id: int
    area_id: str | None
    round: str | None
    cutoff: date | None
    kind: str
    severity: str
    reason: str
    fingerprint: str
    own: Mapping[str, Any]
    beside: Mapping[str, Any]
    others: tuple[int, ...]
    found_at: datetime
    look: LookView | None


@dataclass(frozen=True, slots=True)
class QualityFilter:
    """Which findings: of submissions in sight; the other fields None: any. `area`: an own id and the day as of which
    what lies below it is meant as well; `looked`: whether somebody has looked at them."""

    project_id: int | None = None
    scope: Scope = ALL
    round_id: int | None = None
    area: tuple[str, date] | None = None
    kind: str | None = None
    severity: str | None = None
    looked: bool | None = None
    submission_id: int | None = None
    finding_id: int | None = None


_LOOKED = and_(
    QualityLook.submission_id == QualityFindingRow.submission_id,
    QualityLook.fingerprint == QualityFindingRow.fingerprint,
    QualityLook.undone_at.is_(None),
)
_VIEW: Select[*tuple[Any, ...]] = (
    select(
        QualityFindingRow.id,
        QualityFindingRow.submission_id,
        Submission.instance_id,
        Form.xml_form_id,
        Form.project_id,
        Submission.area_id,
        RoundRow.slug,
        RoundRow.cutoff,
        QualityFindingRow.kind,
        QualityFindingRow.severity,
        QualityFindingRow.reason,
        QualityFindingRow.fingerprint,
        QualityFindingRow.own,
        QualityFindingRow.beside,
        QualityFindingRow.others,
        QualityFindingRow.found_at,
        QualityLook.id,
        QualityLook.reason,
        Actor.display_name,
        QualityLook.created_at,
    )
    .join(Submission, Submission.id == QualityFindingRow.submission_id)
    .join(Form, Form.id == Submission.form_id)
    .outerjoin(RoundRow, RoundRow.id == QualityFindingRow.round_id)
    .outerjoin(QualityLook, _LOOKED)
    .outerjoin(Actor, Actor.id == QualityLook.actor_id)
)
_OF_FORMS = select(Submission.id, Submission.instance_id).join(Form, Form.id == Submission.form_id)
_FIRST = (QualityFindingRow.severity.desc(), QualityFindingRow.submission_id.desc(), QualityFindingRow.id)
"""Warnings before what is worth knowing, the newest sheets first."""


def list_found(
    session: Session | Connection, wanted: QualityFilter, offset: int = 0, limit: int | None = None
) -> list[FoundView]:
    """A page of findings; warnings first, then by submission, the newest first."""
    query = _VIEW.where(*_conditions(wanted)).order_by(*_FIRST).offset(offset).limit(limit)
    found = {row[0]: _found(tuple(row)) for row in session.execute(query)}
    return list(found.values())


def _found(row: tuple[Any, ...]) -> FoundView:
    look = LookView(*row[16:]) if row[16] is not None else None
    return FoundView(*(*row[:14], tuple(row[14]), row[15], look))


def count_found(session: Session | Connection, wanted: QualityFilter) -> dict[tuple[str, str, bool], int]:
    """How many there are by kind, severity, and whether somebody has looked at them."""
    looked = QualityLook.id.is_not(None)
    query = (
        select(QualityFindingRow.kind, QualityFindingRow.severity, looked, func.count(QualityFindingRow.id.distinct()))
        .join(Submission, Submission.id == QualityFindingRow.submission_id)
        .join(Form, Form.id == Submission.form_id)
        .outerjoin(QualityLook, _LOOKED)
        .where(*_conditions(wanted))
        .group_by(QualityFindingRow.kind, QualityFindingRow.severity, looked)
    )
    return {(row[0], row[1], bool(row[2])): row[3] for row in session.execute(query)}


def _conditions(wanted: QualityFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        Submission.deleted_at.is_(None),
        Form.deleted_at.is_(None),
        in_scope(wanted.scope, Submission.area_id, Submission.form_id),
    ]
    exact = (
        (Form.project_id, wanted.project_id),
        (QualityFindingRow.round_id, wanted.round_id),
        (QualityFindingRow.kind, wanted.kind),
        (QualityFindingRow.severity, wanted.severity),
        (QualityFindingRow.submission_id, wanted.submission_id),
        (QualityFindingRow.id, wanted.finding_id),
    )
    found += [column == value for column, value in exact if value is not None]
    if wanted.area is not None:
        area_id, on = wanted.area
        found.append(lies_in(Submission.area_id, (area_id,), on))
    if wanted.looked is not None:
        found.append(QualityLook.id.is_not(None) if wanted.looked else QualityLook.id.is_(None))
    return found


def list_in_sight(
    session: Session | Connection, submission_ids: Collection[int], project_id: int, scope: Scope
) -> dict[int, str]:
    """Of these submissions those of a project that somebody sees (`scope`: there), with their instance ids."""
    found: dict[int, str] = {}
    listed = sorted(submission_ids)
    for start in range(0, len(listed), 500):
        query = _OF_FORMS.where(
            Submission.id.in_(listed[start : start + 500]),
            Form.project_id == project_id,
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
        found |= {row[0]: row[1] for row in session.execute(query)}
    return found


def count_waiting(session: Session | Connection, project_id: int, scope: Scope) -> int:
    """How many submissions of a project, of those that somebody sees, wait to be looked at."""
    waiting = _OF_FORMS.join(QualityMark, QualityMark.submission_id == Submission.id).where(
        Form.project_id == project_id,
        Submission.deleted_at.is_(None),
        in_scope(scope, Submission.area_id, Submission.form_id),
    )
    some = waiting.distinct().limit(1000).subquery()
    return int(session.execute(select(func.count()).select_from(some)).scalar_one())


def add_look(connection: Connection, found: FoundView, reason: str, actor_id: int, now: datetime) -> None:
    """Writes that somebody looked at a finding."""
    connection.execute(
        insert(QualityLook).values(
            submission_id=found.submission_id,
            fingerprint=found.fingerprint,
            reason=reason,
            actor_id=actor_id,
            created_at=now,
        )
    )


def undo_look(connection: Connection, found: FoundView, actor_id: int, now: datetime) -> None:
    """Takes that back; what was said stays."""
    connection.execute(
        update(QualityLook)
        .where(
            QualityLook.submission_id == found.submission_id,
            QualityLook.fingerprint == found.fingerprint,
            QualityLook.undone_at.is_(None),
        )
        .values(undone_by=actor_id, undone_at=now)
    )
