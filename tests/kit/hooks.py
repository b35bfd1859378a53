"""People with webhooks in the field, and the worker that serves them, on the field's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import sessionmaker

from server.domain.roles import ALL
from server.domain.webhooks import EVENTS
from server.jobs.webhooks import deliver_all
from server.services.authenticate import Caller, caller_of
from server.services.home import Home
from server.services.people import NewUser, create_user, grant_role
from server.services.webhooks import Asked, Made, create_webhook
from server.storage.actors import GrantView
from server.storage.webhooks import DeliveryView, WebhookRow, list_deliveries
from tests.kit.field import COMMUNES, VILLAGES, WELL_OFF, Field
from tests.kit.receiver import with_loopback

HARD = WELL_OFF | {"ho_ngheo": 60, "ho_can_ngheo": 20, "ho_ngheo_dtts": 50}
VILLAGE = next(iter(VILLAGES))
HERE = VILLAGES[VILLAGE].parent_key or ""
ELSEWHERE = next(area for area in VILLAGES.values() if area.parent_key != HERE)
OF_COMMUNES = datetime(2024, 3, 5, 1, 0, tzinfo=UTC)
"""A time at which the communes of 2019 are still there."""


@dataclass
class Office:
    """Somebody with a role, and the webhooks he or she makes."""

    field: Field
    id: int

    @property
    def caller(self) -> Caller:
        """With what is granted now."""
        return caller_of(self.field.session, self.id, self.field.now)

    def listens(self, url: str, *events: str, **more: Any) -> Made:
        """Makes a webhook for an address; of all events, or of these."""
        asked = Asked("Nơi nhận", url, events or EVENTS, **more)
        return create_webhook(self.field.session, home(self.field), self.caller, (1, asked), self.field.now)


def home(field: Field) -> Home:
    """The home of the field, whose webhooks may call this machine."""
    return with_loopback(field.home)


def office(field: Field, role: str, area: str | None = None) -> Office:
    """A new person with a role in the project, or in one commune of it."""
    new = NewUser(f"{role}.{area or 'all'}@example.vn", None, role)
    person = create_user(field.session, field.administrator, new, field.now).id
    grant = GrantView(role, "project", 1, None, COMMUNES[area].uuid if area else None, None, None)
    grant_role(field.session, field.administrator, person, grant, field.now)
    return Office(field, person)


def bring(field: Field) -> int:
    """Sends all that is due."""
    field.session.rollback()
    done = deliver_all(sessionmaker(field.session.get_bind()), home(field), lambda: field.now)
    field.session.rollback()
    return done


def kept(field: Field, hook_id: int) -> list[DeliveryView]:
    """The deliveries of a webhook, oldest first."""
    field.session.rollback()
    return list_deliveries(field.session, hook_id, ALL, 100)[::-1]


def hook_row(field: Field, hook_id: int) -> WebhookRow:
    """The row of a webhook as it is now."""
    field.session.rollback()
    field.session.expire_all()
    return field.session.get_one(WebhookRow, hook_id)
