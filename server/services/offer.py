"""Which forms somebody is offered to fill in, by phone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.services.authenticate import Caller
from server.storage.memory import Memory
from server.storage.openrosa import PublishedForm, list_published

KEPT = 64
"""Projects whose published forms a process keeps in memory."""

_kept: Memory[tuple[str, int], tuple[PublishedForm, ...]] = Memory(KEPT)


def list_offered(session: Session, caller: Caller, project_id: int) -> list[PublishedForm]:
    """The open forms of a project that this caller may fill, by form id. For a request that has written nothing."""
    may_fill = caller.forms("open_form.list", project_id)
    return [
        form
        for form in _published(session, project_id, caller.revision)
        if form.state == "open" and (may_fill is None or form.form_id in may_fill)
    ]


def _published(session: Session, project_id: int, revision: str) -> tuple[PublishedForm, ...]:
    kept = _kept.find((revision, project_id)) if revision else None
    if kept is None:
        kept = tuple(list_published(session, project_id))
        if revision:
            _kept.put((revision, project_id), kept)
    return kept
