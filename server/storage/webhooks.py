"""Webhooks, and what is delivered to them: a row written in the transaction of its cause, sent later by the worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from server.domain.roles import Scope
from server.domain.webhooks import PING, WAITING
from server.storage.actors import Actor
from server.storage.areas import AreaRow, AreaVersionRow
from server.storage.database import Base
from server.storage.reach import in_scope
from server.storage.rounds import RoundRow
from server.storage.submissions import BigId, Submission
from server.storage.verdicts import VerdictRow

_WAITS = "state = 'waiting'"


class WebhookRow(Base):
    """An address that is told of events, in the name and within the sight of who made it. `form` (an xmlFormId) and
    `area_id` narrow that further. `sealed`: the secret that messages are signed with, `old_sealed` the one before until
    `old_until`. Paused: `paused_at` with `paused_why` (person | failing | gone | owner | secret). `failures`: in a row,
    since `failing_since`; nothing is sent before `resting_until`. `leased_until`: a worker is at it."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_project", "project_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    url: Mapped[str] = mapped_column(String(1000))
    events: Mapped[list[Any]]
    form: Mapped[str | None] = mapped_column(String(255))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    sealed: Mapped[bytes | None]
    old_sealed: Mapped[bytes | None]
    old_until: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str | None] = mapped_column(String(16))
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    resting_until: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]


class DeliveryRow(Base):
    """One message to one webhook. `event_id`: the same for everybody who is told; `subject`: what it is about, whose
    messages go out in order; `form_id` and `area_id`: where that lies. `since`: tried from then on; `next_at`: not
    before. `error` (a word of services/deliver.py) and `status`: how the last attempt ended, `detail` in the other
    side's words; `again_by`: who had it sent again."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_hook", "webhook_id", "id"),
        Index("ix_webhook_deliveries_created", "created_at"),
        Index(
            "ix_webhook_deliveries_waiting",
            "webhook_id",
            "subject",
            "id",
            sqlite_where=text(_WAITS),
            postgresql_where=text(_WAITS),
        ),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    event_id: Mapped[str] = mapped_column(String(36))
    event: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(320))
    payload: Mapped[dict[str, Any]]
    form_id: Mapped[int | None]
    area_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime]
    since: Mapped[datetime]
    next_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(String(255))
    milliseconds: Mapped[int | None]
    again_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    again_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class HookView:
    """A webhook as plain values, with the name of its owner and whether he or she is still there."""

    id: int
    project_id: int
    name: str
    url: str
    events: list[str]
    form: str | None
    area_id: str | None
    sealed: bytes | None = field(repr=False)
    old_sealed: bytes | None = field(repr=False)
    old_until: datetime | None
    created_by: int
    created_at: datetime
    updated_at: datetime | None
    paused_at: datetime | None
    paused_why: str | None
    failures: int
    failing_since: datetime | None
    resting_until: datetime | None
    owner: str
    owner_gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as plain values."""

    id: int
    webhook_id: int
    event_id: str
    event: str
    payload: dict[str, Any]
    form_id: int | None
    area_id: str | None
    created_at: datetime
    since: datetime
    next_at: datetime
    state: str
    attempts: int
    tried_at: datetime | None
    status: int | None
    error: str | None
    detail: str | None
    milliseconds: int | None
    again_at: datetime | None
    again_by: str | None


_OF_HOOK: tuple[Any, ...] = (
    *(getattr(WebhookRow, each.name) for each in fields(HookView)[:-2]),
    Actor.display_name,
    Actor.deleted_at,
)
_HOOKS = select(*_OF_HOOK).join(Actor, Actor.id == WebhookRow.created_by).where(WebhookRow.deleted_at.is_(None))
_again = aliased(Actor)
_OF_DELIVERY: tuple[Any, ...] = (
    *(getattr(DeliveryRow, each.name) for each in fields(DeliveryView)[:-1]),
    _again.display_name,
)
_DELIVERIES = select(*_OF_DELIVERY).outerjoin(_again, _again.id == DeliveryRow.again_by)


def has_hooks(session: Session | Connection, project_id: int) -> bool:
    """Whether anybody listens to a project."""
    query = select(WebhookRow.id).where(WebhookRow.project_id == project_id, WebhookRow.deleted_at.is_(None))
    return session.execute(query.limit(1)).first() is not None


def list_hooks(session: Session | Connection, project_id: int, owner_id: int | None = None) -> list[HookView]:
    """The webhooks of a project by name, or those of one owner."""
    query = _HOOKS.where(WebhookRow.project_id == project_id)
    if owner_id is not None:
        query = query.where(WebhookRow.created_by == owner_id)
    return [HookView(*row) for row in session.execute(query.order_by(WebhookRow.name, WebhookRow.id))]


def find_hook(session: Session | Connection, hook_id: int) -> HookView | None:
    """A webhook that was not deleted."""
    row = session.execute(_HOOKS.where(WebhookRow.id == hook_id)).first()
    return HookView(*row) if row else None


def add_hook(connection: Connection, **values: Any) -> int:
    """Writes a webhook; returns its id."""
    return int(connection.execute(insert(WebhookRow).values(**values).returning(WebhookRow.id)).scalar_one())


def change_hook(connection: Connection, hook_id: int, **values: Any) -> None:
    """Changes columns of a webhook."""
    connection.execute(update(WebhookRow).where(WebhookRow.id == hook_id).values(**values))


def take_hook(connection: Connection, hook_id: int, now: datetime, until: datetime) -> bool:
    """Leases a webhook that may be sent to now. False when somebody else is at it, or it is paused or gone."""
    taken = update(WebhookRow).where(WebhookRow.id == hook_id, *_free(now)).values(leased_until=until)
    return connection.execute(taken).rowcount == 1


def list_due_hooks(session: Session | Connection, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(id, failures in a row) of webhooks for which something is to be sent now, those that answer first."""
    due = select(DeliveryRow.id).where(DeliveryRow.webhook_id == WebhookRow.id, *_due(now)).correlate(WebhookRow)
    query = select(WebhookRow.id, WebhookRow.failures).where(*_free(now), due.exists())
    rows = session.execute(query.order_by(WebhookRow.failures, WebhookRow.id).limit(limit))
    return [(row[0], row[1]) for row in rows]


def add_deliveries(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes messages down."""
    if rows:
        connection.execute(insert(DeliveryRow), list(rows))


def add_delivery(connection: Connection, row: Mapping[str, Any]) -> int:
    """Writes one message down; returns its id."""
    return int(connection.execute(insert(DeliveryRow).values(**row).returning(DeliveryRow.id)).scalar_one())


def find_due_delivery(session: Session | Connection, hook_id: int, now: datetime) -> DeliveryView | None:
    """What is to be sent next: what has waited the longest, never before an earlier one about the same thing."""
    query = _DELIVERIES.where(DeliveryRow.webhook_id == hook_id, *_due(now))
    row = session.execute(query.order_by(DeliveryRow.next_at, DeliveryRow.id).limit(1)).first()
    return DeliveryView(*row) if row else None


def find_delivery(session: Session | Connection, hook_id: int, delivery_id: int, scope: Scope) -> DeliveryView | None:
    """One delivery of a webhook that is in sight."""
    query = _DELIVERIES.where(DeliveryRow.webhook_id == hook_id, DeliveryRow.id == delivery_id, _seen(scope))
    row = session.execute(query).first()
    return DeliveryView(*row) if row else None


def list_deliveries(
    session: Session | Connection, hook_id: int, scope: Scope, limit: int, before: int | None = None
) -> list[DeliveryView]:
    """The deliveries of a webhook that are in sight, newest first; `before`: older than this one."""
    query = _DELIVERIES.where(DeliveryRow.webhook_id == hook_id, _seen(scope))
    if before is not None:
        query = query.where(DeliveryRow.id < before)
    return [DeliveryView(*row) for row in session.execute(query.order_by(DeliveryRow.id.desc()).limit(limit))]


def count_deliveries(session: Session | Connection, hook_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many deliveries each of these webhooks has, by state."""
    query = select(DeliveryRow.webhook_id, DeliveryRow.state, func.count())
    query = query.where(DeliveryRow.webhook_id.in_(sorted(hook_ids))).group_by(
        DeliveryRow.webhook_id, DeliveryRow.state
    )
    found: dict[int, dict[str, int]] = {}
    for hook_id, state, count in session.execute(query):
        found.setdefault(hook_id, {})[state] = count
    return found


def change_delivery(connection: Connection, delivery_id: int, **values: Any) -> None:
    """Changes columns of a delivery."""
    connection.execute(update(DeliveryRow).where(DeliveryRow.id == delivery_id).values(**values))


def wait_anew(connection: Connection, hook_id: int, now: datetime) -> None:
    """All that waits for a webhook is tried from now on, as if it had just happened."""
    waiting = update(DeliveryRow).where(DeliveryRow.webhook_id == hook_id, DeliveryRow.state == WAITING)
    connection.execute(waiting.values(since=now, next_at=now))


def forget_deliveries(connection: Connection, before: datetime, limit: int) -> int:
    """Removes deliveries of what happened before then, and those of webhooks that were deleted; returns how many, at
    most `limit`."""
    gone = select(WebhookRow.id).where(WebhookRow.deleted_at.is_not(None))
    old = or_(DeliveryRow.created_at < before, DeliveryRow.webhook_id.in_(gone))
    ids = connection.execute(select(DeliveryRow.id).where(old).limit(limit)).scalars().all()
    if ids:
        connection.execute(delete(DeliveryRow).where(DeliveryRow.id.in_(ids)))
    return len(ids)


@dataclass(frozen=True, slots=True)
class AreaSaid:
    """What an area is called in a message."""

    area_id: str
    code: str | None
    name: str | None
    kind: str | None
    synthetic: bool

    def told(self) -> dict[str, str | None]:
        """As it stands there."""
        return {"uuid": self.area_id, "code": self.code, "name": self.name}


def say_area(session: Session | Connection, area_id: str) -> AreaSaid:
    """The newest name, code and kind of an area, and whether it was invented."""
    query = select(AreaVersionRow.code, AreaVersionRow.name, AreaVersionRow.kind, AreaRow.synthetic)
    query = query.join(AreaRow, AreaRow.id == AreaVersionRow.area_id).where(AreaVersionRow.area_id == area_id)
    newest = query.order_by(AreaVersionRow.valid_from.desc().nulls_last(), AreaVersionRow.id.desc()).limit(1)
    row = session.execute(newest).first()
    return AreaSaid(area_id, *row) if row else AreaSaid(area_id, None, None, None, synthetic=False)


def say_round(session: Session | Connection, round_id: int) -> str | None:
    """The slug of a round."""
    return session.execute(select(RoundRow.slug).where(RoundRow.id == round_id)).scalar_one_or_none()


def say_sheet(session: Session | Connection, submission_id: int) -> tuple[str, str | None, int | None]:
    """Instance id, area and round of a submission."""
    query = select(Submission.instance_id, Submission.area_id, Submission.round_id)
    row = session.execute(query.where(Submission.id == submission_id)).one()
    return row[0], row[1], row[2]


def look_at_verdicts(
    session: Session | Connection, round_id: int, area_id: str
) -> dict[tuple[str, str], tuple[str, str | None]]:
    """By (rule set, basis) the verdict and the class of an area in a round."""
    query = select(VerdictRow.rule_set, VerdictRow.basis, VerdictRow.verdict, VerdictRow.klass)
    rows = session.execute(query.where(VerdictRow.round_id == round_id, VerdictRow.area_id == area_id))
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        WebhookRow.deleted_at.is_(None),
        WebhookRow.paused_at.is_(None),
        or_(WebhookRow.resting_until.is_(None), WebhookRow.resting_until <= now),
        or_(WebhookRow.leased_until.is_(None), WebhookRow.leased_until <= now),
    )


def _seen(scope: Scope) -> ColumnElement[bool]:
    """What a trial says is for everybody who sees the webhook; the rest for who sees where it happened today."""
    return or_(DeliveryRow.event == PING, in_scope(scope, DeliveryRow.area_id, DeliveryRow.form_id))


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    earlier = aliased(DeliveryRow)
    ahead = and_(
        earlier.webhook_id == DeliveryRow.webhook_id,
        earlier.subject == DeliveryRow.subject,
        earlier.state == WAITING,
        earlier.id < DeliveryRow.id,
    )
    blocked = select(earlier.id).where(ahead).correlate(DeliveryRow)
    return DeliveryRow.state == WAITING, DeliveryRow.next_at <= now, ~blocked.exists()


@dataclass(frozen=True)
class FailingHook:
    """A webhook whose messages do not get through: failed so often in a row, since when, or paused and why."""

    id: int
    project_id: int
    name: str
    failures: int
    since: datetime | None
    paused_why: str | None


def list_failing(session: Session | Connection) -> list[FailingHook]:
    """The webhooks that fail, or that were paused by something other than a person."""
    query: Select[int, int, str, int, datetime | None, str | None] = select(
        WebhookRow.id,
        WebhookRow.project_id,
        WebhookRow.name,
        WebhookRow.failures,
        WebhookRow.failing_since,
        WebhookRow.paused_why,
    )
    rows = session.execute(
        query.where(
            WebhookRow.deleted_at.is_(None),
            or_(WebhookRow.failures > 0, and_(WebhookRow.paused_at.is_not(None), WebhookRow.paused_why != "person")),
        ).order_by(WebhookRow.id)
    )
    return [FailingHook(*row) for row in rows]
