"""Projects: made, renamed, put away."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.devices import ALERT, RULES
from server.domain.errors import Invalid, Missing, NotFound
from server.services.authenticate import Caller
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.projects import ProjectView, add_project, change_project_row, find_project
from server.storage.settings import find_setting

LONGEST_NAME = 255


@dataclass(frozen=True)
class ProjectChange:
    """What shall be different; None leaves it as it is, an empty description takes it away. `second_device`: what
    happens when a key is used from another phone than its own (domain/devices.py)."""

    name: str | None = None
    description: str | None = None
    archived: bool | None = None
    second_device: str | None = None


def create_project(session: Session, caller: Caller, change: ProjectChange, now: datetime) -> ProjectView:
    """Adds a project; in a demo home it is synthetic like all there. Raises Missing, Invalid, Forbidden."""
    caller.require("project.create")
    name = _checked(change.name or "")
    with writing(session) as connection:
        synthetic = bool((find_setting(connection, "home") or {}).get("synthetic"))
        values = {"name": name, "description": change.description, "archived": False, "synthetic": synthetic}
        project_id = add_project(connection, **values, created_at=now)
        where = Where(project_id)
        write_audit(connection, caller.entry("project.create", f"project:{project_id}", now, where, name=name))
        session.commit()
    return get_project(session, project_id)


def change_project(
    session: Session, caller: Caller, project_id: int, change: ProjectChange, now: datetime
) -> ProjectView:
    """Changes a project. Raises NotFound, Missing, Invalid, Forbidden."""
    caller.require("project.update", project_id)
    given = {each.name: getattr(change, each.name) for each in fields(change)}
    values = {name: value for name, value in given.items() if value is not None}
    if "name" in values:
        values["name"] = _checked(values["name"])
    if values.get("second_device", ALERT) not in RULES:
        raise Invalid("project.unknown_key", field="secondDevice", value=values["second_device"])
    if values.get("description") == "":
        values["description"] = None
    with writing(session) as connection:
        change_project_row(connection, project_id, **values, updated_at=now)
        where = Where(project_id)
        write_audit(connection, caller.entry("project.update", f"project:{project_id}", now, where, **values))
        session.commit()
    return get_project(session, project_id)


def replaced_columns(change: ProjectChange) -> dict[str, str | bool | None]:
    """The columns of a project that shall be just this: what is None is taken away. Raises Missing, Invalid."""
    return {
        "name": _checked(change.name or ""),
        "description": change.description or None,
        "archived": bool(change.archived),
    }


def delete_project(session: Session, caller: Caller, project_id: int, now: datetime) -> None:
    """Puts a project away: nobody finds it any more, phones get nothing from it; all that belongs to it stays. Raises
    NotFound, Forbidden."""
    caller.require("project.delete", project_id)
    with writing(session) as connection:
        if find_project(connection, project_id) is None:
            raise NotFound("project.unknown", value=project_id)
        change_project_row(connection, project_id, deleted_at=now)
        write_audit(connection, caller.entry("project.delete", f"project:{project_id}", now, Where(project_id)))
        session.commit()


def get_project(session: Session, project_id: int) -> ProjectView:
    """A project. Raises NotFound."""
    found = find_project(session, project_id)
    if found is None:
        raise NotFound("project.unknown", value=project_id)
    return found


def _checked(name: str) -> str:
    if not name.strip():
        raise Missing("request.fields_missing", fields=["name"])
    if len(name) > LONGEST_NAME:
        raise Invalid("request.too_long", field="name", most=LONGEST_NAME)
    return name.strip()
