"""Numbers of forms and projects, as clients of ODK Central ask for with X-Extended-Metadata: one select for a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.review import EDITED, HAS_ISSUES, RECEIVED
from server.domain.roles import ALL, EVERYWHERE, Reach, Scope
from server.storage.actors import Actor
from server.storage.forms import Form, FormVersion
from server.storage.key_holders import is_within
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
        .select_from(Form)
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


@dataclass(frozen=True, slots=True)
class ProjectSight:
    """What somebody sees of a project: which submissions, which key holders (as of the day of `submissions`), which
    forms in any state (`listed`) and which while they are open (`filled`); None: all of them."""

    submissions: Scope = ALL
    keys: Reach = EVERYWHERE
    listed: frozenset[int] | None = None
    filled: frozenset[int] | None = None


def count_projects(session: Session | Connection, sights: Mapping[int, ProjectSight]) -> dict[int, ProjectCount]:
    """The numbers of projects by project id, of what is in sight there."""
    groups: dict[ProjectSight, list[int]] = {}
    for project_id, sight in sights.items():
        groups.setdefault(sight, []).append(project_id)
    found: dict[int, ProjectCount] = {}
    for sight, ids in groups.items():
        query = select(Project.id, *_numbers(sight)).where(Project.id.in_(ids))
        found |= {row[0]: ProjectCount(*row[1:]) for row in session.execute(query)}
    return found


def _numbers(sight: ProjectSight) -> Iterator[ScalarSelect[Any]]:
    scope = sight.submissions
    forms = select(func.count()).where(Form.project_id == Project.id, Form.deleted_at.is_(None), _is_seen(sight))
    keys = select(func.count()).where(
        Actor.project_id == Project.id,
        Actor.kind == "field_key",
        Actor.deleted_at.is_(None),
        is_within(sight.keys, scope.on),
    )
    last = (
        select(func.max(Submission.created_at))
        .join(Form, Form.id == Submission.form_id)
        .where(
            Form.project_id == Project.id,
            Form.deleted_at.is_(None),
            Submission.is_draft.is_(False),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
    )
    return (each.correlate(Project).scalar_subquery() for each in (forms, keys, last))


def _is_seen(sight: ProjectSight) -> ColumnElement[bool]:
    published = select(FormVersion.id).where(FormVersion.form_id == Form.id, FormVersion.is_current).exists()
    is_open = and_(Form.state == "open", published)
    return or_(_is_one_of(sight.listed), and_(is_open, _is_one_of(sight.filled)))


def _is_one_of(form_ids: frozenset[int] | None) -> ColumnElement[bool]:
    return true() if form_ids is None else Form.id.in_(sorted(form_ids))
