"""What lists for phones are made of beside areas: the last approved answers of villages, registers, returned sheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.review import APPROVED
from server.domain.roles import Scope
from server.storage.forms import Form
from server.storage.reach import in_scope
from server.storage.rounds import RoundRow
from server.storage.submissions import Submission, SubmissionVersion

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class LastAnswers:
    """The answers of a village that were approved last before a round: `round` is the slug of theirs."""

    area_id: str
    round: str
    answers: dict[str, Any]


def iterate_last_answers(
    session: Session | Connection, project_id: int, xml_form_id: str, before: date, scope: Scope
) -> Iterator[LastAnswers]:
    """Of each village in sight the newest approved answers to a form among the rounds whose cut-off is earlier."""
    place = (
        func.row_number()
        .over(
            partition_by=Submission.area_id,
            order_by=(RoundRow.cutoff.desc(), Submission.created_at.desc(), Submission.id.desc()),
        )
        .label("place")
    )
    ranked = (
        select(Submission.area_id, RoundRow.slug, SubmissionVersion.answers, place)
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .join(RoundRow, RoundRow.id == Submission.round_id)
        .where(
            Form.project_id == project_id,
            Form.xml_form_id == xml_form_id,
            Form.deleted_at.is_(None),
            RoundRow.cutoff < before,
            Submission.review_state == APPROVED,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            Submission.area_id.is_not(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
        .subquery()
    )
    query = select(ranked.c.area_id, ranked.c.slug, ranked.c.answers).where(ranked.c.place == 1)
    for row in session.execute(query.execution_options(yield_per=AT_ONCE)):
        yield LastAnswers(row[0], row[1], row[2] or {})


@dataclass(frozen=True, slots=True)
class RegisterSheet:
    """An approved sheet that a register is made of."""

    instance_id: str
    instance_name: str | None
    area_id: str | None
    answers: dict[str, Any]


def iterate_register(
    session: Session | Connection, project_id: int, xml_form_id: str, scope: Scope
) -> Iterator[RegisterSheet]:
    """The approved sheets in sight of a form, oldest first."""
    query: Select[*tuple[Any, ...]] = (
        select(Submission.instance_id, SubmissionVersion.instance_name, Submission.area_id, SubmissionVersion.answers)
        .join(Form, Form.id == Submission.form_id)
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .where(
            Form.project_id == project_id,
            Form.xml_form_id == xml_form_id,
            Form.deleted_at.is_(None),
            Submission.review_state == APPROVED,
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
        .order_by(Submission.created_at, Submission.id)
    )
    for row in session.execute(query.execution_options(yield_per=AT_ONCE)):
        yield RegisterSheet(row[0], row[1], row[2], row[3] or {})
