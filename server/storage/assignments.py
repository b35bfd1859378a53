"""Who has which role where, as lists: the grants of a place with the actors they belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import ALL, Scope
from server.storage.actors import Actor, Grant, GrantView, User
from server.storage.areas import AreaRow, valid_on
from server.storage.forms import Form
from server.storage.reach import in_scope


@dataclass(frozen=True, slots=True)
class ActorView:
    """Somebody who acts. kind: user | field_key | public_link | system."""

    id: int
    kind: str
    name: str
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """A role that an actor has at a place, in one area of it or in all, and when. `form`: the form's own id."""

    actor: ActorView
    role: str
    area_id: str | None
    valid_from: date | None
    valid_to: date | None
    project_id: int | None
    form: str | None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where roles are granted: the site, a project, one form; or every form of a project at once."""

    scope: str
    project_id: int | None = None
    form_id: int | None = None


_ACTOR = (Actor.id, Actor.kind, Actor.display_name, Actor.created_at, Actor.updated_at, Actor.deleted_at)
_ASSIGNMENTS: Select[*tuple[Any, ...]] = (
    select(*_ACTOR, Grant.role, Grant.area_id, Grant.valid_from, Grant.valid_to, Grant.project_id, Form.xml_form_id)
    .join(Actor, Actor.id == Grant.actor_id)
    .outerjoin(Form, Form.id == Grant.form_id)
    .where(Actor.deleted_at.is_(None))
    .order_by(Grant.id)
)
_WIDTH = 6


AT_ONCE = 1000


def list_actors(session: Session | Connection, actor_ids: Iterable[int]) -> dict[int, ActorView]:
    """Actors by id, deleted ones too."""
    wanted = sorted(set(actor_ids))
    found: dict[int, ActorView] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = session.execute(select(*_ACTOR).where(Actor.id.in_(wanted[start : start + AT_ONCE])))
        found |= {row[0]: ActorView(*row) for row in rows}
    return found


def list_assignments(session: Session | Connection, spot: Spot, on: date, scope: Scope = ALL) -> list[AssignmentView]:
    """The grants of exactly this place that hold on a day, oldest first, of those in sight: of whoever looks after some
    areas, those on these areas and below. Scope form without a form: all its forms."""
    statement = _ASSIGNMENTS.where(
        Grant.scope == spot.scope, valid_on(Grant, on), in_scope(scope, Grant.area_id, Grant.form_id)
    )
    if spot.project_id is not None:
        statement = statement.where(Grant.project_id == spot.project_id, Form.deleted_at.is_(None))
    if spot.form_id is not None:
        statement = statement.where(Grant.form_id == spot.form_id)
    return [AssignmentView(ActorView(*row[:_WIDTH]), *row[_WIDTH:]) for row in session.execute(statement)]


def list_actor_assignments(session: Session | Connection, actor_id: int) -> list[AssignmentView]:
    """Everything an actor was granted, past and future grants too."""
    statement = _ASSIGNMENTS.where(Grant.actor_id == actor_id)
    return [AssignmentView(ActorView(*row[:_WIDTH]), *row[_WIDTH:]) for row in session.execute(statement)]


def lock_grants(connection: Connection, actor_id: int, grant: GrantView) -> list[tuple[int, GrantView]]:
    """An actor's grants of this role in this place with their ids, whatever their dates: in the area that is named, or
    in any when none is. Whoever else would change them waits until the transaction ends."""
    statement = select(Grant.id, Grant.area_id, Grant.valid_from, Grant.valid_to).where(
        Grant.actor_id == actor_id,
        Grant.role == grant.role,
        Grant.scope == grant.scope,
        Grant.project_id.is_not_distinct_from(grant.project_id),
        Grant.form_id.is_not_distinct_from(grant.form_id),
    )
    if grant.area_id is not None:
        statement = statement.where(Grant.area_id == grant.area_id)
    rows = connection.execute(statement.order_by(Grant.id).with_for_update())
    return [(row.id, grant._replace(area_id=row[1], valid_from=row[2], valid_to=row[3])) for row in rows]


def find_live_actor(session: Session | Connection, actor_id: int) -> ActorView | None:
    """Somebody who was not taken away."""
    row = session.execute(select(*_ACTOR).where(Actor.id == actor_id, Actor.deleted_at.is_(None))).first()
    return ActorView(*row) if row else None


def list_actors_named(session: Session | Connection, name: str) -> list[ActorView]:
    """Key holders of this name who were not taken away, in any project, the oldest first."""
    if "\x00" in name:
        return []
    query = select(*_ACTOR).where(Actor.display_name == name, Actor.kind == "field_key", Actor.deleted_at.is_(None))
    return [ActorView(*row) for row in session.execute(query.order_by(Actor.id))]


def name_forms(session: Session | Connection, form_ids: Collection[int]) -> dict[int, str]:
    """The forms' own ids by number, of deleted ones too."""
    rows = session.execute(select(Form.id, Form.xml_form_id).where(Form.id.in_(sorted(form_ids))))
    return {row[0]: row[1] for row in rows}


def is_area(session: Session | Connection, area_id: str) -> bool:
    """Whether there is such an area, at whatever time."""
    if "\x00" in area_id:
        return False
    return session.execute(select(AreaRow.id).where(AreaRow.id == area_id)).first() is not None


def lock_administrators(connection: Connection, on: date) -> set[int]:
    """The people who administer the whole site on a day and without an end; two who would each remove the other wait
    for each other."""
    statement = (
        select(Grant.actor_id)
        .join(User, User.actor_id == Grant.actor_id)
        .where(
            Grant.role == "admin",
            Grant.scope == "site",
            Grant.area_id.is_(None),
            valid_on(Grant, on),
            Grant.valid_to.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Grant.actor_id)
        .with_for_update()
    )
    return set(connection.execute(statement).scalars())


def list_people_assignments(session: Session | Connection, on: date) -> dict[int, list[AssignmentView]]:
    """What everybody who signs in was granted and holds on a day, by actor id; who has nothing is left out."""
    statement = _ASSIGNMENTS.join(User, User.actor_id == Actor.id).where(valid_on(Grant, on))
    found: dict[int, list[AssignmentView]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(AssignmentView(ActorView(*row[:_WIDTH]), *row[_WIDTH:]))
    return found
