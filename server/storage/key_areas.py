"""Which areas the phones' key holders of a project are there for."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.actors import Actor, Grant
from server.storage.areas import AreaVersionRow, valid_on


def list_key_areas(session: Session | Connection, project_id: int, on: date) -> dict[int, list[str]]:
    """The names of the areas that each key holder's grants name, as of a date, by actor id: one select."""
    query = (
        select(Grant.actor_id, AreaVersionRow.name)
        .join(Actor, Actor.id == Grant.actor_id)
        .join(AreaVersionRow, AreaVersionRow.area_id == Grant.area_id)
        .where(
            Actor.project_id == project_id,
            Actor.kind == "field_key",
            Actor.deleted_at.is_(None),
            valid_on(AreaVersionRow, on),
            valid_on(Grant, on),
        )
        .distinct()
        .order_by(Grant.actor_id, AreaVersionRow.name)
    )
    found: dict[int, list[str]] = {}
    for actor_id, name in session.execute(query):
        found.setdefault(actor_id, []).append(name)
    return found
