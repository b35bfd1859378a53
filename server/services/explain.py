"""Says what somebody may do where, and why: gathers what was granted and the areas that are named in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server.domain.areas import COMMUNE_KINDS, AreaChange, AreaVersion
from server.domain.errors import Invalid, NotFound
from server.domain.powers import Held, Meaning, Power, explain_grants
from server.domain.roles import ALL, Grant, Reach
from server.services.lists import VILLAGE_KINDS
from server.storage.actors import find_user, find_user_by_email, list_grants
from server.storage.area_views import VersionView, count_kinds_below, list_steps, list_versions
from server.storage.areas import find_path
from server.storage.assignments import ActorView, find_live_actor, list_actors_named, name_forms
from server.storage.projects import list_projects

MOST_SHOWN = 5
"""People of one name that are named when it is not clear who is meant."""


@dataclass(frozen=True)
class NamedArea:
    """An area as of the day; one that is not in being then as it was last, or will be first. `above`: names of what it
    lies in, nearest first. `communes`, `villages`: how many lie in it that day, itself included."""

    id: str
    name: str
    code: str | None
    kind: str
    above: tuple[str, ...]
    communes: int
    villages: int


@dataclass(frozen=True)
class Explanation:
    """What the grants of an actor mean, with the names of all that is spoken of. `projects` and `forms` by number: a
    project that was deleted has no name."""

    actor: ActorView
    email: str | None
    meaning: Meaning
    areas: Mapping[str, NamedArea]
    projects: Mapping[int, str]
    forms: Mapping[int, str]


def explain(session: Session, actor_id: int, on: date) -> Explanation:
    """What somebody may do on a day, and why. Raises NotFound."""
    actor = find_live_actor(session, actor_id)
    if actor is None:
        raise NotFound("people.unknown", value=actor_id)
    user = find_user(session, actor_id)
    grants = [
        Grant(each.role, each.scope, each.project_id, each.form_id, each.area_id, each.valid_from, each.valid_to)
        for each in list_grants(session, actor_id)
    ]
    named = sorted({grant.area_id for grant in grants if grant.area_id is not None})
    versions = list_versions(session, named)
    changes = [
        AreaChange(step.from_area, step.to_area, step.on, step.extent, step.decree, step.status, step.kind)
        for area_id in named
        for step in list_steps(session, ALL, area_id)
        if step.on is not None
    ]
    meaning = explain_grants(grants, [_version(each) for each in versions], changes, on)
    heirs = {heir for held in meaning.held for heir, _ in held.heirs}
    versions += list_versions(session, heirs - set(named))
    return Explanation(
        actor,
        user.email if user else None,
        meaning,
        {area_id: _name(session, area_id, versions, on) for area_id in (*named, *sorted(heirs - set(named)))},
        {project.id: project.name for project in list_projects(session)},
        name_forms(session, {grant.form_id for grant in grants if grant.form_id is not None}),
    )


def get_actor_named(session: Session, who: str) -> int:
    """The number of the person with this e-mail address, or of the one with this number, or of the key holder of this
    name. Raises NotFound, and Invalid where several key holders have it."""
    text = who.strip()
    user = find_user_by_email(session, text)
    if user is not None:
        return user.id
    if text.isascii() and text.isdecimal() and len(text) < 10 and find_live_actor(session, int(text)) is not None:
        return int(text)
    found = list_actors_named(session, text)
    if not found:
        raise NotFound("people.unknown", value=text)
    if len(found) > 1:
        told = ", ".join(str(each.id) for each in found[:MOST_SHOWN])
        raise Invalid("people.several", value=text, count=len(found), found=told)
    return found[0].id


def explanation_body(told: Explanation) -> dict[str, Any]:
    """The same for scripts; days as `2025-07-01`. The members are described in docs/roles.md."""
    actor = {"id": told.actor.id, "kind": told.actor.kind, "name": told.actor.name, "email": told.email}
    return {
        "actor": actor,
        "on": told.meaning.on.isoformat(),
        "grants": [_grant_body(told, held) for held in told.meaning.held],
        "may": [
            {
                "project": _project_body(told, each.project_id),
                "powers": [_power_body(told, power) for power in each.powers],
            }
            for each in told.meaning.sums
        ],
    }


def _version(view: VersionView) -> AreaVersion:
    dates = (view.valid_from, view.valid_to)
    return AreaVersion(view.area_id, view.name, view.code, view.kind, view.parent_id, *dates, view.source, view.status)


def _name(session: Session, area_id: str, versions: Iterable[VersionView], on: date) -> NamedArea:
    own = [each for each in versions if each.area_id == area_id]
    begun = [each for each in own if each.valid_from is None or each.valid_from <= on]
    nearest = begun[-1] if begun else own[0]
    day = on
    if nearest.valid_to is not None and nearest.valid_to <= on:
        day = nearest.valid_to - timedelta(days=1)
    elif nearest.valid_from is not None and nearest.valid_from > on:
        day = nearest.valid_from
    kinds = count_kinds_below(session, area_id, on)
    return NamedArea(
        area_id,
        nearest.name,
        nearest.code,
        nearest.kind,
        tuple(each.name for each in find_path(session, area_id, day)[1:]),
        sum(kinds.get(kind, 0) for kind in COMMUNE_KINDS),
        sum(kinds.get(kind, 0) for kind in VILLAGE_KINDS),
    )


def _grant_body(told: Explanation, held: Held) -> dict[str, Any]:
    grant = held.grant
    return {
        "role": grant.role,
        "scope": grant.scope,
        "project": _project_body(told, grant.project_id),
        "form": told.forms.get(grant.form_id) if grant.form_id is not None else None,
        "area": _area_body(told.areas[grant.area_id]) if grant.area_id is not None else None,
        "validFrom": grant.valid_from.isoformat() if grant.valid_from else None,
        "validTo": grant.valid_to.isoformat() if grant.valid_to else None,
        "state": held.state,
        "areaEnded": held.until.isoformat() if held.until else None,
        "wentInto": [_area_body(told.areas[heir]) | {"extent": extent} for heir, extent in held.heirs],
    }


def _power_body(told: Explanation, power: Power) -> dict[str, Any]:
    return {
        "verbs": list(power.verbs),
        "everywhere": power.reach.everywhere,
        "areas": [
            _area_body(area) | {"communes": area.communes, "villages": area.villages}
            for area in areas_of(told, power.reach)
        ],
        "form": told.forms.get(power.form_id) if power.form_id is not None else None,
    }


def areas_of(told: Explanation, reached: Reach) -> list[NamedArea]:
    """The areas of a reach, by name; none when it goes everywhere."""
    if reached.everywhere:
        return []
    return sorted((told.areas[area_id] for area_id in reached.area_ids), key=lambda area: (area.name, area.id))


def _project_body(told: Explanation, project_id: int | None) -> dict[str, Any] | None:
    return None if project_id is None else {"id": project_id, "name": told.projects.get(project_id)}


def _area_body(area: NamedArea) -> dict[str, Any]:
    return {"id": area.id, "name": area.name, "code": area.code, "kind": area.kind, "above": list(area.above)}
