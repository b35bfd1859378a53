"""Bodies of the audit."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from server.storage.audits import AuditLine
from server.web.answers import moment


class AuditActorBody(Schema):
    """Who did something."""

    id = fields.Integer()
    type = fields.String()
    displayName = fields.String()  # noqa: N815


class OwnAuditBody(Schema):
    """Who did what to a thing, and when."""

    optional = frozenset({"actor"})

    actorId = fields.Integer(allow_none=True)  # noqa: N815
    actor = fields.Nested(AuditActorBody, allow_none=True)
    action = fields.String()
    acteeId = fields.String(allow_none=True)  # noqa: N815
    details = fields.Dict()
    notes = fields.String(allow_none=True)
    loggedAt = fields.String()  # noqa: N815


class AuditBody(OwnAuditBody):
    """Who did what to which thing, when, in which project and area, from which address. `sealed`: whether the line lies
    under a seal by now (docs/audit.md)."""

    id = fields.Integer()
    projectId = fields.Integer(allow_none=True)  # noqa: N815
    areaId = fields.String(allow_none=True)  # noqa: N815
    address = fields.String(allow_none=True)
    sealed = fields.Boolean()


def own_audit_body(line: AuditLine, extended: bool = False) -> dict[str, Any]:
    """A line as Central writes it; `acteeId` is what it was about, such as `form:3`."""
    shown: dict[str, Any] = {
        "actorId": line.actor_id,
        "action": line.action,
        "acteeId": line.acted_on,
        "details": line.details,
        "notes": line.note,
        "loggedAt": moment(line.at),
    }
    if extended and line.actor_id is not None:
        shown["actor"] = {"id": line.actor_id, "type": line.actor_kind, "displayName": line.actor_name}
    return shown


def audit_body(line: AuditLine, extended: bool = False) -> dict[str, Any]:
    """The same with what is ours beside it."""
    return own_audit_body(line, extended) | {
        "id": line.id,
        "projectId": line.project_id,
        "areaId": line.area_id,
        "address": line.address,
        "sealed": line.sealed,
    }
