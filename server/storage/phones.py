"""The list of phones: key holders within a reach, searched and paged; and what came of their villages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.devices import ALARMING
from server.domain.roles import Reach
from server.storage.actors import Actor
from server.storage.areas import AreaVersionRow
from server.storage.devices import DeviceRow
from server.storage.key_holders import is_within
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PhoneFilter:
    """Which key holders of a project. `ids`: of these only. `show`: alarm (used from another phone too) | silent (not
    heard of since `since`) | never (never heard of); None: all."""

    project_id: int
    reached: Reach
    on: date
    ids: Collection[int] | None = None
    show: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sheets:
    """What came of a village in a round."""

    came_at: datetime
    files_missing: int


_DEVICES = select(DeviceRow.id).where(DeviceRow.actor_id == Actor.id).correlate(Actor)
_ALARMS = _DEVICES.where(DeviceRow.standing.in_(ALARMING)).exists()


def _conditions(wanted: PhoneFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        Actor.kind == "field_key",
        Actor.deleted_at.is_(None),
        Actor.project_id == wanted.project_id,
        is_within(wanted.reached, wanted.on),
    ]
    if wanted.ids is not None:
        conditions.append(Actor.id.in_(sorted(wanted.ids)))
    if wanted.show == "alarm":
        conditions.append(_ALARMS)
    elif wanted.show == "never":
        conditions.append(~_DEVICES.exists())
    elif wanted.show == "silent" and wanted.since is not None:
        conditions += [_DEVICES.exists(), ~_DEVICES.where(DeviceRow.last_seen >= wanted.since).exists()]
    return conditions


def count_phones(session: Session | Connection, wanted: PhoneFilter) -> int:
    """How many there are."""
    return session.execute(select(func.count()).select_from(Actor).where(*_conditions(wanted))).scalar_one()


def list_phone_ids(session: Session | Connection, wanted: PhoneFilter, offset: int, limit: int) -> list[int]:
    """A page of their numbers: those with an alert first, then by name."""
    query = select(Actor.id).where(*_conditions(wanted))
    query = query.order_by(case((_ALARMS, 0), else_=1), Actor.display_name, Actor.id)
    return list(session.execute(query.offset(offset).limit(limit)).scalars())


def list_villages_of(session: Session | Connection, area_ids: Collection[str], kinds: Collection[str]) -> set[str]:
    """Of these areas the ones that are, or were at last, villages."""
    query = select(AreaVersionRow.area_id).where(
        AreaVersionRow.area_id.in_(sorted(area_ids)), AreaVersionRow.kind.in_(sorted(kinds))
    )
    return set(session.execute(query).scalars())


def list_sheets_of(session: Session | Connection, round_id: int, area_ids: Sequence[str]) -> dict[str, Sheets]:
    """What came of these villages in a round, by village: when the newest sheet came, and how many files lack."""
    missing = (
        select(func.count())
        .select_from(SubmissionAttachment)
        .where(
            SubmissionAttachment.version_id == SubmissionVersion.id,
            SubmissionAttachment.expected,
            SubmissionAttachment.sha256.is_(None),
        )
        .correlate(SubmissionVersion)
        .scalar_subquery()
    )
    query = (
        select(Submission.area_id, Submission.created_at, missing)
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .where(
            Submission.round_id == round_id,
            Submission.area_id.in_(sorted(area_ids)),
            Submission.deleted_at.is_(None),
            Submission.is_draft.is_(False),
        )
        .order_by(Submission.created_at)
    )
    found: dict[str, Sheets] = {}
    for area_id, at, files in session.execute(query):
        before = found.get(area_id)
        found[area_id] = Sheets(at, files + (before.files_missing if before else 0))
    return found
