"""What is kept apart: read, for people who look it over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.submissions import Submission, SubmissionVersion, Variant


@dataclass(frozen=True, slots=True)
class ApartView:
    """One text kept apart. `beside`: the number of the submission under the same instance id, or of the one that it
    would have edited; None when neither is here. `reason`: other_xml | outdated | deleted | held | foreign."""

    id: int
    form_id: int
    xml_form_id: str
    instance_id: str
    deprecated_id: str | None
    reason: str
    sender: str
    device_id: str | None
    created_at: datetime
    size: int
    beside: int | None


def _apart(project_id: int) -> Select[*tuple[Any, ...]]:
    ids = (Variant.instance_id, Variant.deprecated_id)
    beside = (
        select(func.min(SubmissionVersion.submission_id))
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .where(
            SubmissionVersion.form_id == Variant.form_id,
            SubmissionVersion.is_draft.is_(False),
            SubmissionVersion.instance_id.in_(ids),
            Submission.deleted_at.is_(None),
        )
        .correlate(Variant)
        .scalar_subquery()
    )
    return (
        select(
            Variant.id,
            Variant.form_id,
            Form.xml_form_id,
            Variant.instance_id,
            Variant.deprecated_id,
            Variant.reason,
            Actor.display_name,
            Variant.device_id,
            Variant.created_at,
            func.length(Variant.xml),
            beside,
        )
        .join(Form, Form.id == Variant.form_id)
        .join(Actor, Actor.id == Variant.submitter_id)
        .where(Form.project_id == project_id, Variant.applied_at.is_(None))
    )


def list_apart(session: Session | Connection, project_id: int, skip: int, most: int) -> list[ApartView]:
    """What is kept apart in a project and was not applied, newest first."""
    query = _apart(project_id).order_by(Variant.id.desc()).offset(skip).limit(most)
    return [ApartView(*row) for row in session.execute(query)]


def find_apart(session: Session | Connection, project_id: int, variant_id: int) -> ApartView | None:
    """One of them."""
    row = session.execute(_apart(project_id).where(Variant.id == variant_id)).first()
    return ApartView(*row) if row else None


def count_apart(session: Session | Connection, project_id: int) -> int:
    """How many there are."""
    counted = select(func.count()).select_from(Variant).join(Form, Form.id == Variant.form_id)
    counted = counted.where(Form.project_id == project_id, Variant.applied_at.is_(None))
    return session.execute(counted).scalar_one()


def find_apart_xml(session: Session | Connection, variant_id: int) -> bytes:
    """The text as it was sent, byte for byte; b"" when it is not here."""
    return session.execute(select(Variant.xml).where(Variant.id == variant_id)).scalar_one_or_none() or b""
