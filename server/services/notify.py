"""Tells webhooks what happens: a message for each that may hear of it, written in the transaction of its cause.

Where a project has no webhooks nothing is asked or written. What a message says is what its receiver needs to look
the rest up in its own right: no answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
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
    if not campaign.hooked:
        return
    submission_id, review = what
    instance_id, area_id, round_id = say_sheet(connection, submission_id)
    kind = CREATED if review.before is None else EDITED
    tell(
        connection, campaign, Event(kind, form, f"{form[0]}:{instance_id}", area_id, round_id, instance_id, review), now
    )


def notify_review(
    connection: Connection, campaign: Campaign, what: tuple[int, Change], form: tuple[int, str], now: datetime
) -> None:
    """Somebody decided on a sheet; as `notify_arrival`."""
    if not campaign.hooked:
        return
    submission_id, review = what
    instance_id, area_id, round_id = say_sheet(connection, submission_id)
    subject = f"{form[0]}:{instance_id}"
    tell(connection, campaign, Event(REVIEWED, form, subject, area_id, round_id, instance_id, review), now)


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
    for change in compare(before, look_at_verdicts(connection, round_id, area_id)):
        subject = f"{round_id}:{area_id}:{change.rule_set}:{change.basis}"
        event = Event(VERDICT_CHANGED, (None, xml_form_id), subject, area_id, round_id, verdict=change)
        tell(connection, campaign, event, now)


def tell(connection: Connection, campaign: Campaign, event: Event, now: datetime) -> None:
    """Writes a message down for each webhook of the project that asks for such events and whose owner sees where it
    happened."""
    asking = [hook for hook in list_hooks(connection, campaign.project_id) if _asks(hook, event)]
    if not asking:
        return
    above = find_above(connection, event.area_id, day_of(now)) if event.area_id else ()
    place = Place(campaign.project_id, event.form[0], above)
    told = [hook for hook in asking if _lies_in(hook, above) and hears(connection, hook, place, now)]
    if not told:
        return
    event_id = str(uuid.uuid4())
    payload = _payload(connection, campaign, event, (event_id, now))
    add_deliveries(connection, [_row(hook, event, payload, now) for hook in told])


def hears(connection: Connection | Session, hook: HookView, place: Place, now: datetime) -> bool:
    """Whether the owner of a webhook is still there, may have one, and sees what lies there."""
    owner = owner_of(connection, hook, now)
    return owner is not None and owner.may_in(HEARS, place)


def owner_of(connection: Connection | Session, hook: HookView, now: datetime) -> Caller | None:
    """The owner of a webhook with what he or she is granted now; None for one who may not have one any more."""
    if hook.owner_gone_at is not None:
        return None
    owner = caller_of(connection, hook.created_by, now)
    return owner if owner.may(OWNS, hook.project_id) else None


def _asks(hook: HookView, event: Event) -> bool:
    return event.kind in hook.events and hook.form in (None, event.form[1])


def _lies_in(hook: HookView, above: tuple[str, ...]) -> bool:
    return hook.area_id is None or hook.area_id in above


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


def _payload(connection: Connection, campaign: Campaign, event: Event, said: tuple[str, datetime]) -> dict[str, Any]:
    area = say_area(connection, event.area_id) if event.area_id else None
    slug = say_round(connection, event.round_id) if event.round_id is not None else None
    synthetic = find_project_synthetic(connection, campaign.project_id) or (area is not None and area.synthetic)
    return {
        "id": said[0],
        "event": event.kind,
        "at": told_at(said[1]),
        "project": campaign.project_id,
        "form": event.form[1],
        "instanceId": event.instance_id,
        "area": area.told() if area else None,
        "round": slug,
        "reviewState": event.review.told() if event.review else None,
        "verdict": _verdict(event.verdict) if event.verdict else None,
        "links": _links(campaign.project_id, event, slug, area),
        "synthetic": synthetic,
    }


def _verdict(change: VerdictChange) -> dict[str, Any]:
    return {
        "ruleSet": change.rule_set,
        "basis": change.basis,
        **change.verdict.told(),
        "class": change.klass.told(),
    }


def _links(project_id: int, event: Event, slug: str | None, area: AreaSaid | None) -> dict[str, str]:
    """Paths at which the rest can be asked for."""
    links = {}
    if event.instance_id is not None:
        form, instance = quote(event.form[1], safe=""), quote(event.instance_id, safe="")
        links["submission"] = f"/v1/projects/{project_id}/forms/{form}/submissions/{instance}"
    if slug is not None and area is not None and event.verdict is not None:
        asked = {"round": slug, "area": area.area_id, "ruleset": event.verdict.rule_set}
        asked |= {"unit": "commune"} if area.kind in COMMUNE_KINDS else {}
        links["verdicts"] = f"/v1/projects/{project_id}/verdicts?{urlencode(asked)}"
    return links
