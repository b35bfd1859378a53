"""Opens a review round of a project."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.rounds import Round
from server.services.campaign import touch
from server.storage.actors import find_system_actor
from server.storage.audits import AuditEntry, write_audit
from server.storage.database import writing
from server.storage.rounds import add_round, find_round_id


def open_round(session: Session, project_id: int, opened: Round, now: datetime) -> int:
    """Writes a round, unless the project has one of that slug; returns its id."""
    with writing(session) as connection:
        known = find_round_id(connection, project_id, opened.slug)
        if known is not None:
            return known
        made = add_round(
            connection,
            project_id=project_id,
            slug=opened.slug,
            name_vi=opened.name_vi,
            name_en=opened.name_en,
            cutoff=opened.cutoff,
            starts_on=opened.starts_on,
            ends_on=opened.ends_on,
            created_at=now,
        )
        touch(connection)
        told = {"slug": opened.slug, "cutoff": opened.cutoff.isoformat()}
        server = find_system_actor(connection)
        write_audit(connection, AuditEntry(server, "round.create", f"round:{made}", now, told, project_id=project_id))
        session.commit()
    return made
