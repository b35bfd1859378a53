"""Keeps what an authenticated phone sent and nobody could read: once per SHA-256 and actor, within a quota."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.domain.errors import DomainError
from server.services.home import Home
from server.services.judge import Upload
from server.storage.blobs import name_blob
from server.storage.database import writing
from server.storage.projects import find_project
from server.storage.quarantine import is_quarantined, put_quarantined, used_by
from sync.envelope import clipped

MOST_BYTES = 50_000_000
"""Of one actor; what comes past it is refused and not kept."""
MOST_ROWS = 200


def quarantine(session: Session, home: Home, upload: Upload, error: DomainError) -> bool:
    """Keeps the XML part of an upload; returns whether it is kept (False: the quota of this actor is used up)."""
    content, actor_id = upload.envelope.xml, upload.caller.actor_id
    sha256 = upload.envelope.sha256
    if not is_quarantined(session, actor_id, sha256):
        used = used_by(session, actor_id)
        if used.rows >= MOST_ROWS or used.bytes + len(content) > MOST_BYTES:
            return False
    project = find_project(session, upload.target.project_id)
    home.blobs.put(content)
    with writing(session) as connection:
        name_blob(connection, sha256, len(content), upload.now)
        put_quarantined(
            connection,
            {
                "project_id": project.id if project else None,
                "actor_id": actor_id,
                "sha256": sha256,
                "size": len(content),
                "content_type": "text/xml",
                "code": error.code,
                "params": {key: str(value)[:255] for key, value in error.params.items()},
                "device_id": clipped(upload.envelope.device_id),
                "user_agent": clipped(upload.envelope.user_agent),
                "created_at": upload.now,
            },
        )
        session.commit()
    return True
