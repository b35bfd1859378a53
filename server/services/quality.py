"""What was found of sheets beside others, told to who reads them, and a reviewer's word on it.

Of a finding that rests on sheets which the reader does not see, the values of those are left out, and which they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Forbidden, Invalid, Missing, NotFound
from server.domain.roles import Scope
from server.services.authenticate import Caller
from server.services.review import get_reviewed, place_of
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.quality_views import FoundView, QualityFilter, add_look, list_found, list_in_sight, undo_look
from server.storage.waiting import wait_again

LONGEST_REASON = 2000
REVIEW = "submission.update"


@dataclass(frozen=True)
class Told:
    """A finding as a reader is told of it. `hidden`: it rests on sheets that they do not see, whose values are left
    out; `others`: those that they see, with their instance ids."""

    found: FoundView
    hidden: bool
    others: Mapping[int, str]

    @property
    def values(self) -> dict[str, Any]:
        """The values compared, as far as the reader sees them."""
        return dict(self.found.own) if self.hidden else {**self.found.own, **self.found.beside}


def list_told(session: Session, wanted: QualityFilter, offset: int = 0, limit: int | None = None) -> list[Told]:
    """A page of findings, each as the reader (`wanted.scope`) may know it."""
    found = list_found(session, wanted, offset, limit)
    seen: dict[int, str] = {}
    for project_id in {one.project_id for one in found}:
        others = {each for one in found if one.project_id == project_id for each in one.others}
        seen |= list_in_sight(session, others, project_id, wanted.scope)
    return [_told(one, seen) for one in found]


def _told(found: FoundView, seen: Mapping[int, str]) -> Told:
    hidden = not set(found.others) <= seen.keys()
    return Told(found, hidden, {} if hidden else {each: seen[each] for each in found.others})


def look_at(session: Session, caller: Caller, finding_id: int, reason: str, now: datetime) -> FoundView:
    """Writes that the caller looked at a finding, and why it is well or what is done. Raises NotFound, Forbidden (no
    reviewer there), Missing (a reason is asked for), Invalid (too long). Looked at before: the first word stays."""
    said = reason.strip()
    found = _reviewed(session, caller, finding_id)
    if not said:
        raise Missing("quality.reason_missing")
    if len(said) > LONGEST_REASON:
        raise Invalid("request.too_long", field="reason", most=LONGEST_REASON)
    with writing(session) as connection:
        fresh = _find(connection, finding_id)
        if fresh.look is None:
            add_look(connection, fresh, said, caller.actor_id, now)
            wait_again(connection, fresh.submission_id)
            where = Where(found.project_id, found.area_id)
            told = {"kind": fresh.kind, "reason": said, "instanceId": fresh.instance_id}
            entry = caller.entry("submission.finding.look", f"submission:{fresh.submission_id}", now, where, **told)
            write_audit(connection, entry)
        session.commit()
    return fresh


def undo(session: Session, caller: Caller, finding_id: int, now: datetime) -> FoundView:
    """Takes that back: the finding stands again as one that nobody looked at. Raises NotFound, Forbidden."""
    found = _reviewed(session, caller, finding_id)
    with writing(session) as connection:
        fresh = _find(connection, finding_id)
        if fresh.look is not None:
            undo_look(connection, fresh, caller.actor_id, now)
            wait_again(connection, fresh.submission_id)
            where = Where(found.project_id, found.area_id)
            told = {"kind": fresh.kind, "instanceId": fresh.instance_id}
            entry = caller.entry("submission.finding.undo", f"submission:{fresh.submission_id}", now, where, **told)
            write_audit(connection, entry)
        session.commit()
    return fresh


def may_look(session: Session, caller: Caller, submission_id: int) -> bool:
    """Whether the caller reviews this submission."""
    submission, form = get_reviewed(session, caller, submission_id)
    return caller.may_in(REVIEW, place_of(session, form, submission, caller.on))


def of_submission(session: Session, submission_id: int, scope: Scope) -> list[Told]:
    """What is told of one submission."""
    return list_told(session, QualityFilter(scope=scope, submission_id=submission_id))


def _reviewed(session: Session, caller: Caller, finding_id: int) -> FoundView:
    found = _find(session, finding_id)
    try:
        may = may_look(session, caller, found.submission_id)
    except NotFound as error:
        # that there is one is not told either
        raise NotFound("http.not_found") from error
    if not may:
        raise Forbidden("auth.forbidden")
    return found


def _find(session: Session | Connection, finding_id: int) -> FoundView:
    found = list_found(session, QualityFilter(finding_id=finding_id))
    if not found:
        raise NotFound("http.not_found")
    return found[0]
