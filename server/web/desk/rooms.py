"""Where one can go: the rooms of the desk, which of them somebody may enter, and in which the present page lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for

from server.domain.audit_scope import VERB as ALL_ALIKE
from server.domain.audit_scope import audit_scope
from server.services.area_scope import area_scope
from server.services.authenticate import Caller
from server.services.holidays import VERB as HOLIDAYS
from server.services.unbundle import VERB as BUNDLES
from server.storage.projects import ProjectView
from server.storage.rounds import list_rounds
from server.web.context import current_session

Where = tuple[Caller, ProjectView | None]


@dataclass(frozen=True)
class Room:
    """A page that others lie below. `text`: the message id of its name; `steps`: the first steps of the paths that lie
    in it, those of a project without the project; `of`: what its address names, "" | "project" | "round"."""

    endpoint: str
    text: str
    steps: tuple[str, ...]
    may: Callable[[Caller, ProjectView | None], bool]
    of: str = ""


@dataclass(frozen=True)
class Door:
    """A room as a link. `here`: the present page lies in it; `about`: message id of what it is for."""

    text: str
    url: str
    here: bool
    about: str


@dataclass(frozen=True)
class Rooms:
    """The doors that somebody may go through: the main ones, those of the programme, those of the administration;
    `within`: the doors beside the present page, and the message id of what they have in common."""

    main: Sequence[Door]
    programme: Sequence[Door]
    administration: Sequence[Door]
    within: tuple[str, Sequence[Door]] | None


def _verb(verb: str) -> Callable[[Caller, ProjectView | None], bool]:
    return lambda caller, project: project is not None and caller.may(verb, project.id)


def _everywhere(verb: str) -> Callable[[Caller, ProjectView | None], bool]:
    return lambda caller, _: caller.reach(verb).everywhere


def _may_rules(caller: Caller, project: ProjectView | None) -> bool:
    where = project.id if project else None
    return caller.may("rule_set.read", where) or caller.may("rule_set.update", where)


def _may_areas(caller: Caller, _: ProjectView | None) -> bool:
    return bool(area_scope(current_session(), caller))


def _may_audit(caller: Caller, _: ProjectView | None) -> bool:
    return bool(audit_scope(caller.grants, caller.on))


def _anybody(caller: Caller, _: ProjectView | None) -> bool:
    return True


SHEETS, ROUNDS = _verb("submission.list"), _verb("round.list")
PROGRAMME = (
    Room("programme", "desk.nav.remaining", ("programme",), ROUNDS, "project"),
    Room("training", "desk.nav.training", ("training",), SHEETS, "project"),
    Room("works", "desk.nav.works", ("works",), SHEETS, "project"),
    Room("supervision", "desk.nav.supervision", ("supervision",), SHEETS, "project"),
    Room("models", "desk.nav.models", ("models",), SHEETS, "project"),
)
ADMINISTRATION = (
    Room("forms", "desk.nav.forms", ("forms",), _verb("form.list"), "project"),
    Room("people", "desk.nav.people", ("people",), _everywhere("user.list")),
    Room("phones", "desk.nav.phones", ("phones",), _verb("field_key.list"), "project"),
    Room("bundles", "desk.nav.bundles", ("bundles",), _verb(BUNDLES), "project"),
    Room("areas", "desk.nav.areas", ("areas",), _may_areas),
    Room("rules", "desk.nav.rules", ("rules",), _may_rules),
    Room("holidays", "desk.nav.holidays", ("holidays",), _everywhere(HOLIDAYS)),
    Room("quarantine", "desk.nav.quarantine", ("quarantine",), _everywhere(ALL_ALIKE)),
    Room("all_exports", "desk.nav.exports", ("exports",), _verb("submission.list"), "project"),
    Room("webhooks", "desk.nav.webhooks", ("webhooks",), _verb("webhook.list"), "project"),
    Room("audit", "desk.nav.audit", ("audit",), _may_audit),
    Room("system_health", "desk.nav.health", ("system",), _everywhere(ALL_ALIKE)),
)
MAIN = (
    Room("home", "desk.nav.home", ("",), _anybody),
    Room("inbox", "desk.nav.inbox", ("inbox",), SHEETS, "project"),
    Room("coverage", "desk.nav.coverage", ("rounds/coverage",), SHEETS, "round"),
    Room("all_rounds", "desk.nav.rounds", ("rounds", "new-round", "without-round"), ROUNDS, "project"),
    Room("all_submissions", "desk.nav.sheets", ("submissions", "returned", "quality", "disasters"), SHEETS, "project"),
)


def rooms_for(caller: Caller, project: ProjectView | None) -> Rooms:
    """The doors for somebody, with the project that the page is about or the first they see."""
    where, step = (caller, project), _step(request.path)
    main = _open(MAIN, where, step)
    programme, looked_after = _open(PROGRAMME, where, step), _open(ADMINISTRATION, where, step)
    main[-1:-1] = _first(programme, "desk.nav.programme")
    if looked_after:
        here = step == "administration" or any(each.here for each in looked_after)
        main.append(Door("desk.nav.administration", url_for("desk.administration"), here, ""))
    beside = (("desk.nav.programme", programme), ("desk.nav.administration", looked_after))
    within = next((each for each in beside if any(door.here for door in each[1])), None)
    return Rooms(main, programme, looked_after, within)


def _first(doors: Sequence[Door], text: str) -> list[Door]:
    """A group as one door: to the first of its rooms."""
    return [Door(text, doors[0].url, any(each.here for each in doors), "")] if doors else []


def _open(rooms: Sequence[Room], where: Where, step: str) -> list[Door]:
    found = []
    for room in rooms:
        url = _address(room, where) if room.may(*where) else None
        if url is not None:
            found.append(Door(room.text, url, step in room.steps, room.text.replace(".nav.", ".about.")))
    return found


def _address(room: Room, where: Where) -> str | None:
    endpoint, project = f"desk.{room.endpoint}", where[1]
    if endpoint not in current_app.view_functions or (room.of and project is None):
        return None
    values: dict[str, Any] = {"project_id": project.id} if room.of and project else {}
    if room.of == "round":
        newest = next(iter(list_rounds(current_session(), project.id)), None) if project else None
        if newest is None:
            return None
        values["slug"] = newest.slug
    return url_for(endpoint, **values)


def _step(path: str) -> str:
    """The step of a path that names its room, below the project if it has one: a form may be called as a page is."""
    steps = path.strip("/").split("/")
    below = steps[2:] if steps[0] == "projects" and len(steps) > 2 else steps
    if below[0] == "rounds" and below[2:3] == ["coverage"]:
        return "rounds/coverage"
    return below[0].split(".")[0]
