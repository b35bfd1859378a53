"""Who has which role where: on the site, in a project, on one form; in all of it, or in one area and what lies below,
and from when until when."""

from __future__ import annotations

from typing import Any

from flask import request

from server.domain.errors import NotFound
from server.domain.roles import ROLES, Role, Scope, find_role
from server.services.people import grant_role, revoke_role
from server.storage.actors import GrantView
from server.storage.assignments import ActorView, AssignmentView, Spot, list_assignments
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import ActorBody, AssignmentBody, RoleBody
from server.web.context import current_session, date_asked, is_extended, now
from server.web.wire import DATE, EXTENDED, Parameter, Wire, told

nouns = Nouns("assignments", "Roles, and who has which where")

SITE = "/assignments"
PROJECT = "/projects/<int:project_id>/assignments"
FORM = "/projects/<int:project_id>/forms/<segment:form_id>/assignments"
EVERY_FORM = f"{PROJECT}/forms"
GIVEN = "/<role>/<int:actor_id>"
MANY, ACTORS = AssignmentBody(many=True), ActorBody(many=True)
EXTRAS = Wire(reads=(EXTENDED,))
AREA = Parameter("areaId", "An area by its own id: the role holds there and below.")
FROM = Parameter("validFrom", "The first day on which the role holds.", DATE, "2026-07-01")
TO = Parameter("validTo", "The first day on which it holds no more; later than `validFrom`.", DATE, "2027-07-01")
LIMITED = Wire(reads=(AREA, FROM, TO), refuses=(409,))
IN_AREA = Wire(reads=(AREA,), refuses=(409,))


@nouns.public("GET /roles", answer=RoleBody(many=True))
def list_roles() -> list[Role]:
    """The roles there are."""
    return list(ROLES)


@nouns.public("GET /roles/<role>", answer=RoleBody())
def get_role(role: str) -> Role:
    """A role by number or name."""
    return _role(role)


@nouns.view(f"GET {SITE}", "assignment.list", answer=MANY)
@told(EXTRAS)
def list_on_site(here: Here) -> list[dict[str, Any]]:
    """Who has which role everywhere, as of today. With `X-Extended-Metadata: true` each with its actor. Here and in the
    lists below, whoever looks after some areas is shown the roles in these areas, and none that go beyond them."""
    return _list(here)


@nouns.view(f"GET {PROJECT}", "assignment.list", answer=MANY)
@told(EXTRAS)
def list_on_project(here: Here) -> list[dict[str, Any]]:
    """Who has which role in a project; what is granted everywhere or on single forms is not among it."""
    return _list(here)


@nouns.view(f"GET {FORM}", "assignment.list", answer=MANY)
@told(EXTRAS)
def list_on_form(here: Here) -> list[dict[str, Any]]:
    """Who has which role on one form."""
    return _list(here)


@nouns.view(f"GET {EVERY_FORM}", "assignment.list", answer=MANY)
@told(EXTRAS)
def list_on_every_form(here: Here) -> list[dict[str, Any]]:
    """Who has which role on which form of a project, all forms at once."""
    return _list_forms(here, None)


@nouns.view(f"GET {EVERY_FORM}/<role>", "assignment.list", answer=MANY)
@told(EXTRAS)
def list_role_on_every_form(here: Here, role: str) -> list[dict[str, Any]]:
    """Who has one role on which form of a project."""
    return _list_forms(here, _role(role))


@nouns.view(f"GET {SITE}/<role>", "assignment.list", answer=ACTORS)
def list_holders_on_site(here: Here, role: str) -> list[ActorView]:
    """Who has one role everywhere."""
    return _holders(here, role)


@nouns.view(f"GET {PROJECT}/<role>", "assignment.list", answer=ACTORS)
def list_holders_on_project(here: Here, role: str) -> list[ActorView]:
    """Who has one role in a project."""
    return _holders(here, role)


@nouns.view(f"GET {FORM}/<role>", "assignment.list", answer=ACTORS)
def list_holders_on_form(here: Here, role: str) -> list[ActorView]:
    """Who has one role on a form."""
    return _holders(here, role)


@nouns.view(f"POST {SITE}{GIVEN}", "assignment.create", answer=Success())
@told(LIMITED)
def assign_on_site(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Grants a role everywhere; ours beside Central: `areaId` limits it to an area and what lies below, `validFrom` and
    `validTo` to a time. Granted there already, it gets these dates (none: without a beginning, without an end); the
    same again changes nothing. Nobody grants what he or she may not do; 409 where nobody would be left who administers
    the site."""
    return _assign(here, role, actor_id)


@nouns.view(f"DELETE {SITE}{GIVEN}", "assignment.delete", answer=Success())
@told(IN_AREA)
def unassign_on_site(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Takes a role everywhere away, in all areas or in the one that `areaId` names; 409 for the last administrator."""
    return _unassign(here, role, actor_id)


@nouns.view(f"POST {PROJECT}{GIVEN}", "assignment.create", answer=Success())
@told(LIMITED)
def assign_on_project(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Grants a role in a project, in an area and for a time as above."""
    return _assign(here, role, actor_id)


@nouns.view(f"DELETE {PROJECT}{GIVEN}", "assignment.delete", answer=Success())
@told(IN_AREA)
def unassign_on_project(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Takes a role in a project away: in all areas, or in the one that `areaId` names."""
    return _unassign(here, role, actor_id)


@nouns.view(f"POST {FORM}{GIVEN}", "assignment.create", answer=Success())
@told(LIMITED)
def assign_on_form(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Grants a role on one form, in an area and for a time as above: role 2 lets an app user fill it."""
    return _assign(here, role, actor_id)


@nouns.view(f"DELETE {FORM}{GIVEN}", "assignment.delete", answer=Success())
@told(IN_AREA)
def unassign_on_form(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    """Takes a role on one form away: in all areas, or in the one that `areaId` names."""
    return _unassign(here, role, actor_id)


def _list(here: Here) -> list[dict[str, Any]]:
    return [_body(each, is_extended()) for each in _seen(here, _spot(here))]


def _list_forms(here: Here, role: Role | None) -> list[dict[str, Any]]:
    return [
        _body(each, is_extended()) | {"xmlFormId": each.form}
        for each in _seen(here, Spot("form", here.project.id))
        if role in (None, find_role(each.role))
    ]


def _holders(here: Here, key: str) -> list[ActorView]:
    role = _role(key)
    found = _seen(here, _spot(here))
    return list({each.actor.id: each.actor for each in found if find_role(each.role) == role}.values())


def _seen(here: Here, spot: Spot) -> list[AssignmentView]:
    caller = here.caller
    if spot.project_id is None:
        reached = caller.reach("assignment.list")
        scope = Scope(reached.everywhere, reached.area_ids, caller.on)
    else:
        scope = caller.scope("assignment.list", spot.project_id, spot.form_id)
    return list_assignments(current_session(), spot, caller.on, scope)


def _assign(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    grant_role(current_session(), here.caller, actor_id, _grant(here, role), now())
    return SUCCESS


def _unassign(here: Here, role: str, actor_id: int) -> dict[str, bool]:
    revoke_role(current_session(), here.caller, actor_id, _grant(here, role), now())
    return SUCCESS


def _body(each: AssignmentView, extended: bool) -> dict[str, Any]:
    role = find_role(each.role)
    limits = {"areaId": each.area_id, "validFrom": each.valid_from, "validTo": each.valid_to}
    body: dict[str, Any] = {"actorId": each.actor.id, "roleId": role.id if role else 0}
    body |= {key: limit for key, limit in limits.items() if limit is not None}
    return body | {"actor": each.actor} if extended else body


def _spot(here: Here) -> Spot:
    project, form = here.found_project, here.found_form
    scope = "form" if form else "project" if project else "site"
    return Spot(scope, project.id if project else None, form.id if form else None)


def _role(key: str) -> Role:
    role = find_role(key)
    if role is None:
        raise NotFound("people.unknown_role", role=key)
    return role


def _grant(here: Here, key: str) -> GrantView:
    role, spot = _role(key), _spot(here)
    place = (spot.scope, spot.project_id, spot.form_id, request.args.get("areaId") or None)
    return GrantView(role.system, *place, date_asked("validFrom"), date_asked("validTo"))
