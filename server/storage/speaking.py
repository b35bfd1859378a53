"""Submissions that speak of one village together: who sent them, when, and where they stand in review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.reach import in_scope
from server.storage.submissions import Submission


@dataclass(frozen=True, slots=True)
class SpeakingSheet:
    """A submission beside others of its village and round."""

    submission_id: int
    area_id: str
    instance_id: str
    sender: str
    created_at: datetime
    state: str
    level: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Submissions of one form in a round that are in sight, without review states that do not count; of one area or
    (None) of all."""

    round_id: int
    xml_form_id: str
    not_counting: Sequence[str]
    scope: Scope
    area_id: str | None = None


def list_speaking_together(session: Session | Connection, asked: Asked) -> dict[int, SpeakingSheet]:
    """The submissions of areas of which more than one speaks, by id."""
    conditions = [
        Submission.round_id == asked.round_id,
        Form.xml_form_id == asked.xml_form_id,
        Submission.area_id.is_not(None),
        Submission.deleted_at.is_(None),
        Submission.is_draft.is_(False),
        Submission.review_state.not_in(asked.not_counting),
        in_scope(asked.scope, Submission.area_id, Submission.form_id),
    ]
    if asked.area_id is not None:
        conditions.append(Submission.area_id == asked.area_id)
    several = (
        select(Submission.area_id)
        .join(Form, Form.id == Submission.form_id)
        .where(*conditions)
        .group_by(Submission.area_id)
        .having(func.count() > 1)
    )
    query = (
        select(
            Submission.id,
            Submission.area_id,
            Submission.instance_id,
            Actor.display_name,
            Submission.created_at,
            Submission.review_state,
            Submission.review_level,
        )
        .join(Form, Form.id == Submission.form_id)
        .join(Actor, Actor.id == Submission.submitter_id)
        .where(*conditions, Submission.area_id.in_(several))
    )
    return {row[0]: SpeakingSheet(row[0], str(row[1]), *row[2:]) for row in session.execute(query)}
