"""Opens a review round of a project."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.domain.rounds import Round
from server.services.campaign import touch
from server.storage.database import writing
from server.storage.rounds import RoundRow


def open_round(session: Session, project_id: int, opened: Round, now: datetime) -> int:
    """Writes a round, unless the project has one of that slug; returns its id."""
    with writing(session) as connection:
        known = connection.execute(
            select(RoundRow.id).where(RoundRow.project_id == project_id, RoundRow.slug == opened.slug)
        ).scalar_one_or_none()
        if known is not None:
            return known
        made = connection.execute(
            insert(RoundRow)
            .values(
                project_id=project_id,
                slug=opened.slug,
                name_vi=opened.name_vi,
                name_en=opened.name_en,
                cutoff=opened.cutoff,
                starts_on=opened.starts_on,
                ends_on=opened.ends_on,
                created_at=now,
            )
            .returning(RoundRow.id)
        ).scalar_one()
        touch(connection)
        session.commit()
    return int(made)
