"""Numbers of forms and projects, as clients of ODK Central ask for with X-Extended-Metadata: one select for a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.review import EDITED, HAS_ISSUES, RECEIVED
from server.domain.roles import ALL, Scope
from server.storage.actors import Actor
from server.storage.forms import Form
from server.storage.projects import Project
from server.storage.reach import in_scope
from server.storage.submissions import Submission


@dataclass(frozen=True, slots=True)
class FormCount:
    """What was sent for a form, drafts and deleted ones not counted; how much of it waits in which review state; who
    made the form: (actor id, kind, name, since, changed)."""

    submissions: int = 0
    received: int = 0
    has_issues: int = 0
    edited: int = 0
    last_submission: datetime | None = None
    created_by: tuple[int, str, str, datetime, datetime | None] | None = None


@dataclass(frozen=True, slots=True)
class ProjectCount:
    """The forms of a project, deleted ones not counted, its key holders, and when something last came in."""

    forms: int = 0
    app_users: int = 0
    last_submission: datetime | None = None


def count_forms(session: Session | Connection, form_ids: Sequence[int], scope: Scope = ALL) -> dict[int, FormCount]:
    """The numbers of these forms, all of one project, by form id; of what is in sight."""
    counted = (Submission.form_id == Form.id) & Submission.is_draft.is_(False) & Submission.deleted_at.is_(None)
    counted &= in_scope(scope, Submission.area_id, Submission.form_id)
    in_state = [func.coalesce(func.sum(case((Submission.review_state == each, 1), else_=0)), 0) for each in _WAITING]
    maker = (Actor.id, Actor.kind, Actor.display_name, Actor.created_at, Actor.updated_at)
    query = (
        select(Form.id, func.count(Submission.id), *in_state, func.max(Submission.created_at), *maker)
        .outerjoin(Submission, counted)
        .outerjoin(Actor, Actor.id == Form.created_by)
        .where(Form.id.in_(form_ids))
        .group_by(Form.id, *maker)
    )
    found = {}
    for form_id, total, received, has_issues, edited, last, *by in session.execute(query):
        made_by = (by[0], by[1], by[2], by[3], by[4]) if by[0] else None
        found[form_id] = FormCount(total, received, has_issues, edited, last, made_by)
    return found


_WAITING = (RECEIVED, HAS_ISSUES, EDITED)


def count_projects(session: Session | Connection, project_ids: Sequence[int]) -> dict[int, ProjectCount]:
    """The numbers of these projects by project id."""
    forms = select(func.count()).where(Form.project_id == Project.id, Form.deleted_at.is_(None))
    keys = select(func.count()).where(
        Actor.project_id == Project.id, Actor.kind == "field_key", Actor.deleted_at.is_(None)
    )
    last = (
        select(func.max(Submission.created_at))
        .join(Form, Form.id == Submission.form_id)
        .where(
            Form.project_id == Project.id,
            Form.deleted_at.is_(None),
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
        )
    )
    parts = (each.correlate(Project).scalar_subquery() for each in (forms, keys, last))
    query = select(Project.id, *parts).where(Project.id.in_(project_ids))
    return {row[0]: ProjectCount(*row[1:]) for row in session.execute(query)}
