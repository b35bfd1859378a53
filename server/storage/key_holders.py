"""Who holds a phone's key, within somebody's reach, and where each of them is at home.

Whoever sees a key can act with it. So a key is within a reach when all that its holder was granted, and that has not
ended, lies there: a key for two communes is nobody's in one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from server.domain.areas import COMMUNE_KINDS
from server.domain.roles import Reach
from server.storage.actors import Actor, AppUserView, Grant, Token
from server.storage.areas import AreaVersionRow, valid_on
from server.storage.reach import AreaReachRow, lies_in

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class HomeArea:
    """An area that a key holder is there for, with the commune that it lies in today."""

    area_id: str
    name: str
    commune_id: str | None
    commune: str | None


def is_within(reached: Reach, on: date) -> ColumnElement[bool]:
    """The condition that a key holder (a row of actors) lies within a reach on a day."""
    if reached.everywhere:
        return true()
    grant = aliased(Grant)
    open_still = or_(grant.valid_to.is_(None), grant.valid_to > on)
    here = and_(grant.area_id.is_not(None), lies_in(grant.area_id, reached.area_ids, on))
    granted = select(grant.id).where(grant.actor_id == Actor.id, open_still).correlate(Actor)
    return and_(granted.where(here).exists(), ~granted.where(~here).exists())


def _holders(project_id: int, reached: Reach, on: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Actor.id,
            Actor.project_id,
            Actor.display_name,
            Actor.created_at,
            Actor.updated_at,
            Token.sealed,
            Actor.locale,
            Actor.properties,
            Token.device_id,
        )
        .outerjoin(Token, (Token.actor_id == Actor.id) & (Token.kind == "field_key") & Token.revoked_at.is_(None))
        .where(
            Actor.kind == "field_key",
            Actor.deleted_at.is_(None),
            Actor.project_id == project_id,
            is_within(reached, on),
        )
    )


def _view(row: Any) -> AppUserView:
    phone = (row[7] or {}).get("phone")
    return AppUserView(*row[:6], locale=row[6], phone=phone, device_id=row[8])


def list_app_users(
    session: Session | Connection, project_id: int, reached: Reach, on: date, ids: Sequence[int] | None = None
) -> list[AppUserView]:
    """The key holders of a project within a reach, or those of these numbers, newest first."""
    query = _holders(project_id, reached, on).order_by(Actor.id.desc())
    if ids is None:
        return [_view(row) for row in session.execute(query)]
    parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
    return [_view(row) for part in parts for row in session.execute(query.where(Actor.id.in_(part)))]


def find_app_user(
    session: Session | Connection, project_id: int, actor_id: int, reached: Reach, on: date
) -> AppUserView | None:
    """One key holder of a project within a reach."""
    row = session.execute(_holders(project_id, reached, on).where(Actor.id == actor_id)).first()
    return _view(row) if row else None


def list_holders_below(
    session: Session | Connection, project_id: int, reached: Reach, on: date, top: str
) -> list[AppUserView]:
    """The key holders within a reach who are there for an area or for something in it."""
    grant = aliased(Grant)
    there = select(grant.id).where(grant.actor_id == Actor.id, valid_on(grant, on), lies_in(grant.area_id, {top}, on))
    query = _holders(project_id, reached, on).where(there.correlate(Actor).exists())
    return [_view(row) for row in session.execute(query.order_by(Actor.display_name, Actor.id))]


def list_home_areas(
    session: Session | Connection, project_id: int, on: date, ids: Collection[int] | None = None
) -> dict[int, list[HomeArea]]:
    """The areas that each key holder's grants name, by actor id and then by name; `ids` None: of everybody."""
    if ids is not None and len(ids) > AT_ONCE:
        every = sorted(ids)
        found: dict[int, list[HomeArea]] = {}
        for start in range(0, len(every), AT_ONCE):
            found |= list_home_areas(session, project_id, on, every[start : start + AT_ONCE])
        return found
    query = _home_areas(project_id, on)
    if ids is not None:
        query = query.where(Actor.id.in_(sorted(ids)))
    nearest: dict[tuple[int, str], HomeArea] = {}
    for actor_id, area_id, name, commune_id, commune in session.execute(query):
        nearest.setdefault((actor_id, area_id), HomeArea(area_id, name, commune_id, commune))
    homes: dict[int, list[HomeArea]] = {}
    for (actor_id, _), home in sorted(nearest.items(), key=lambda item: (item[0][0], item[1].name)):
        homes.setdefault(actor_id, []).append(home)
    return homes


def _home_areas(project_id: int, on: date) -> Select[*tuple[Any, ...]]:
    """One row for each commune that an area lies in, nearest first."""
    above, commune, version = aliased(AreaReachRow), aliased(AreaVersionRow), aliased(AreaVersionRow)
    # an area that ended goes by its last name
    name = (
        select(version.name)
        .where(version.area_id == Grant.area_id)
        .order_by(valid_on(version, on).desc(), version.id.desc())
        .limit(1)
        .correlate(Grant)
        .scalar_subquery()
    )
    communes = (
        select(above.descendant_id, above.distance, commune.area_id, commune.name)
        .join(commune, commune.area_id == above.ancestor_id)
        .where(above.valid_from <= on, above.valid_to > on, commune.kind.in_(COMMUNE_KINDS), valid_on(commune, on))
        .subquery()
    )
    return (
        select(Grant.actor_id, Grant.area_id, name, communes.c.area_id, communes.c.name)
        .join(Actor, Actor.id == Grant.actor_id)
        .outerjoin(communes, communes.c.descendant_id == Grant.area_id)
        .where(
            Actor.project_id == project_id,
            Actor.kind == "field_key",
            Actor.deleted_at.is_(None),
            Grant.area_id.is_not(None),
            valid_on(Grant, on),
        )
        .order_by(Grant.actor_id, func.coalesce(communes.c.distance, 0))
    )
