"""The situation after a disaster: what was reported, the latest first, and which village is to be reviewed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from server.domain.disasters import Told, read_told
from server.domain.roles import Scope
from server.services.aggregate import CRITERIA_FORM
from server.storage.disasters import DisasterReport, find_last_sent, list_disasters

MOST = 500


@dataclass(frozen=True, slots=True)
class Situation:
    """A report, and what it says."""

    report: DisasterReport
    told: Told

    @property
    def at(self) -> datetime:
        """When it happened; of one that does not say, when it came."""
        return self.told.happened or self.report.created_at


def situate(session: Session, project_id: int, scope: Scope, area_id: str | None = None) -> list[Situation]:
    """What was reported in sight and not returned, by the time it happened, the latest first; of the five hundred that
    came last."""
    reports = list_disasters(session, project_id, scope, MOST, area_id)
    found = [Situation(each, read_told(each.answers)) for each in reports]
    return sorted(found, key=lambda each: (each.at.astimezone(UTC), each.report.submission_id), reverse=True)


def find_review_again(session: Session, project_id: int, scope: Scope, area_id: str) -> Situation | None:
    """The latest disaster of a village that no criteria sheet has come after: why it is to be reviewed again."""
    reports = situate(session, project_id, scope, area_id)
    if not reports:
        return None
    last = find_last_sent(session, project_id, CRITERIA_FORM, area_id)
    newest = max(reports, key=lambda each: each.report.created_at)
    return newest if last is None or newest.report.created_at > last else None
