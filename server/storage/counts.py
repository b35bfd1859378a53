"""Numbers about a home as a whole, for graphs and for the doctor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.actors import Grant, User
from server.storage.projects import Project
from server.storage.quarantine import Quarantined
from server.storage.submissions import Submission


def count_kept_submissions(session: Session | Connection) -> int:
    """Submissions of all projects; drafts and deleted ones not counted."""
    kept = select(func.count()).where(Submission.deleted_at.is_(None), Submission.is_draft.is_(False))
    return session.execute(kept).scalar_one()


def count_quarantined(session: Session | Connection) -> int:
    """How much there is that nobody could read."""
    return session.execute(select(func.count()).select_from(Quarantined)).scalar_one()


def find_newest_arrival(session: Session | Connection) -> datetime | None:
    """When the newest submission came in."""
    return session.execute(select(func.max(Submission.created_at))).scalar()


def find_first_project(session: Session | Connection) -> int | None:
    """The id of the oldest project, deleted or not: it is made on the first start and never again."""
    return session.execute(select(Project.id).order_by(Project.id).limit(1)).scalar()


def find_site_administrator(session: Session | Connection) -> str | None:
    """The e-mail of the first person who administers the whole site."""
    return session.execute(
        select(User.email)
        .join(Grant, Grant.actor_id == User.actor_id)
        .where(Grant.role == "admin", Grant.scope == "site", User.deleted_at.is_(None))
        .order_by(User.actor_id)
        .limit(1)
    ).scalar()
