"""Webhooks and deliveries on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields

from server.domain.webhooks import EVENTS
from server.web.api.schemas.fields import Body, Moment


class WebhookBody(Schema):
    """An address that is told of events. `form` and `area` (an own id) narrow what it hears, null: all that its owner
    sees. `pausedAt` with `pausedWhy` (person | failing | gone | owner | secret): nothing is sent. `failures`: in a
    row. `waiting`, `sent` and `dead`: deliveries of the last 30 days."""

    id = fields.Integer()
    projectId = fields.Integer()  # noqa: N815 - the wire's own names
    name = fields.String()
    url = fields.String()
    events = fields.List(fields.String())
    form = fields.String(allow_none=True)
    area = fields.String(allow_none=True)
    ownerId = fields.Integer()  # noqa: N815
    ownerName = fields.String()  # noqa: N815
    createdAt = Moment()  # noqa: N815
    updatedAt = Moment(allow_none=True)  # noqa: N815
    pausedAt = Moment(allow_none=True)  # noqa: N815
    pausedWhy = fields.String(allow_none=True)  # noqa: N815
    failures = fields.Integer()
    failingSince = Moment(allow_none=True)  # noqa: N815
    waiting = fields.Integer()
    sent = fields.Integer()
    dead = fields.Integer()


class SecretWebhookBody(WebhookBody):
    """The same with the secret that messages are signed with, which is shown this once."""

    secret = fields.String()


class WebhookChangeBody(Body):
    """What shall be different; what is left out stays. `area`: an own id, or a code as of today; null: all that the
    owner sees. `paused`: whether nothing is sent; that alone others who see it may change too."""

    name = fields.String()
    url = fields.String()
    events = fields.List(fields.String(), metadata={"description": f"Of {', '.join(EVENTS)}."})
    form = fields.String(allow_none=True)
    area = fields.String(allow_none=True)
    paused = fields.Boolean()
    example: ClassVar[Any] = {"paused": True}


class NewWebhookBody(Body):
    """A new webhook. `form` (an xmlFormId) and `area` (an own id, or a code as of today) can be left out: all that its
    owner sees."""

    name = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(
        fields.String(), required=True, metadata={"description": f"At least one of {', '.join(EVENTS)}."}
    )
    form = fields.String(allow_none=True, load_default=None)
    area = fields.String(allow_none=True, load_default=None)
    example: ClassVar[Any] = {
        "name": "Sở Dân tộc",
        "url": "https://example.vn/thonban",
        "events": ["submission.created", "verdict.changed"],
    }


class DeliveryBody(Schema):
    """A message to a webhook. `eventId` stands in it as `id`. `state`: waiting | sent | dead; `nextAt`: when it is
    tried next, of one that waits; `error`: how the last attempt failed (status | timeout | unreachable | tls | inside |
    unreadable, or why it was not made: sight); `againAt`: somebody had it sent again."""

    id = fields.Integer()
    eventId = fields.String()  # noqa: N815
    event = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    createdAt = Moment()  # noqa: N815
    triedAt = Moment(allow_none=True)  # noqa: N815
    nextAt = Moment(allow_none=True)  # noqa: N815
    status = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)
    milliseconds = fields.Integer(allow_none=True)
    againAt = Moment(allow_none=True)  # noqa: N815
    againBy = fields.String(allow_none=True)  # noqa: N815
    payload = fields.Dict()
