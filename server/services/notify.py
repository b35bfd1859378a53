"""Tells webhooks what happens: a message for each that may hear of it, written in the transaction of its cause.

Where a project has no webhooks nothing is asked or written. What a message says is what its receiver needs to look
the rest up in its own right: no answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.areas import COMMUNE_KINDS
from server.domain.roles import Place
from server.domain.webhooks import (
    CREATED,
    EDITED,
    REVIEWED,
    VERDICT_CHANGED,
    WAITING,
    Change,
    VerdictChange,
    compare,
    told_at,
)
from server.services.authenticate import Caller, caller_of, day_of
from server.services.campaign import Campaign
from server.storage.reach import find_above
from server.storage.verdicts import find_project_synthetic
from server.storage.webhooks import (
    AreaSaid,
    HookView,
    add_deliveries,
    list_hooks,
    look_at_verdicts,
    say_area,
    say_round,
    say_sheet,
)

OWNS, HEARS = "webhook.create", "submission.list"
"""What the owner of a webhook has to hold: to have one at all, and to hear of what lies somewhere."""


@dataclass(frozen=True)
class Event:
    """What happened. `form`: (number, xmlFormId), the number None where it is about no single sheet; `subject`: what
    it is about, whose messages are sent in order."""

    kind: str
    form: tuple[int | None, str]
    subject: str
    area_id: str | None
    round_id: int | None
    instance_id: str | None = None
    review: Change | None = None
    verdict: VerdictChange | None = None


def notify_arrival(
    connection: Connection, campaign: Campaign, what: tuple[int, Change], form: tuple[int, str], now: datetime
) -> None:
    """A sheet came, or an edit of one. `what`: the submission, and its review state before (None: it is new) and now;
    `form`: its number and xmlFormId."""
    if campaign.hooked:
        kind = CREATED if what[1].before is None else EDITED
        tell(connection, campaign, [_of_sheet(connection, kind, what, form)], now)


def notify_review(
    connection: Connection, campaign: Campaign, what: tuple[int, Change], form: tuple[int, str], now: datetime
) -> None:
    """Somebody decided on a sheet; as `notify_arrival`."""
    if campaign.hooked:
        tell(connection, campaign, [_of_sheet(connection, REVIEWED, what, form)], now)


def _of_sheet(connection: Connection, kind: str, what: tuple[int, Change], form: tuple[int, str]) -> Event:
    instance_id, area_id, round_id = say_sheet(connection, what[0])
    return Event(kind, form, f"{form[0]}:{instance_id}", area_id, round_id, instance_id, what[1])


@contextmanager
def watching(connection: Connection, campaign: Campaign, place: tuple[int, str, str], now: datetime) -> Iterator[None]:
    """Tells which verdicts of an area are others after the block than before. `place`: the round's number, the area,
    and the form that it is judged from."""
    if not campaign.hooked:
        yield
        return
    round_id, area_id, xml_form_id = place
    before = look_at_verdicts(connection, round_id, area_id)
    yield
    events = []
    for change in compare(before, look_at_verdicts(connection, round_id, area_id)):
        subject = f"{round_id}:{area_id}:{change.rule_set}:{change.basis}"
        events.append(Event(VERDICT_CHANGED, (None, xml_form_id), subject, area_id, round_id, verdict=change))
    tell(connection, campaign, events, now)


def tell(connection: Connection, campaign: Campaign, events: Sequence[Event], now: datetime) -> None:
    """Writes a message down for each webhook of the project that asks for such events and whose owner sees where they
    happened. `events`: of one area and round."""
    hooks = list_hooks(connection, campaign.project_id) if events else []
    asking = [hook for hook in hooks if any(_asks(hook, event) for event in events)]
    if not asking:
        return
    area_id = events[0].area_id
    above = find_above(connection, area_id, day_of(now)) if area_id else ()
    owners = {hook.created_by: owner_of(connection, hook, now) for hook in asking}
    happened = _happened(connection, campaign.project_id, events[0], now)
    rows = []
    for event in events:
        place = Place(campaign.project_id, event.form[0], above)
        told = [
            hook
            for hook in asking
            if _asks(hook, event)
            and hook.area_id in (None, *above)
            and (owner := owners[hook.created_by]) is not None
            and owner.may_in(HEARS, place)
        ]
        payload = _payload(event, happened)
        rows += [_row(hook, event, payload, now) for hook in told]
    add_deliveries(connection, rows)


def owner_of(connection: Connection | Session, hook: HookView, now: datetime) -> Caller | None:
    """The owner of a webhook with what he or she is granted now; None for one who may not have one any more."""
    if hook.owner_gone_at is not None:
        return None
    owner = caller_of(connection, hook.created_by, now)
    return owner if owner.may(OWNS, hook.project_id) else None


def _asks(hook: HookView, event: Event) -> bool:
    return event.kind in hook.events and hook.form in (None, event.form[1])


def _row(hook: HookView, event: Event, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "webhook_id": hook.id,
        "event_id": payload["id"],
        "event": event.kind,
        "subject": event.subject,
        "payload": dict(payload),
        "form_id": event.form[0],
        "area_id": event.area_id,
        "created_at": now,
        "since": now,
        "next_at": now,
        "state": WAITING,
        "attempts": 0,
    }


@dataclass(frozen=True)
class _Happened:
    """Where and when events happened, as messages say it."""

    at: datetime
    project_id: int
    area: AreaSaid | None
    slug: str | None
    synthetic: bool


def _happened(connection: Connection, project_id: int, event: Event, now: datetime) -> _Happened:
    area = say_area(connection, event.area_id) if event.area_id else None
    slug = say_round(connection, event.round_id) if event.round_id is not None else None
    synthetic = find_project_synthetic(connection, project_id) or (area is not None and area.synthetic)
    return _Happened(now, project_id, area, slug, synthetic)


def _payload(event: Event, happened: _Happened) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "event": event.kind,
        "at": told_at(happened.at),
        "project": happened.project_id,
        "form": event.form[1],
        "instanceId": event.instance_id,
        "area": happened.area.told() if happened.area else None,
        "round": happened.slug,
        "reviewState": event.review.told() if event.review else None,
        "verdict": _verdict(event.verdict) if event.verdict else None,
        "links": _links(event, happened),
        "synthetic": happened.synthetic,
    }


def _verdict(change: VerdictChange) -> dict[str, Any]:
    return {
        "ruleSet": change.rule_set,
        "basis": change.basis,
        **change.verdict.told(),
        "class": change.klass.told(),
    }


def _links(event: Event, happened: _Happened) -> dict[str, str]:
    """Paths at which the rest can be asked for."""
    links, project = {}, f"/v1/projects/{happened.project_id}"
    if event.instance_id is not None:
        form, instance = quote(event.form[1], safe=""), quote(event.instance_id, safe="")
        links["submission"] = f"{project}/forms/{form}/submissions/{instance}"
    if happened.slug is not None and happened.area is not None and event.verdict is not None:
        asked = {"round": happened.slug, "area": happened.area.area_id, "ruleset": event.verdict.rule_set}
        asked |= {"unit": "commune"} if happened.area.kind in COMMUNE_KINDS else {}
        links["verdicts"] = f"{project}/verdicts?{urlencode(asked)}"
    return links
