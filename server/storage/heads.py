"""Village heads by the hundred: the areas they may be named for, who is there already, and what is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import and_, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.roles import Reach
from server.storage.actors import Actor, Grant, GrantView, Token
from server.storage.areas import AreaChangeRow, AreaRow, AreaVersionRow, valid_on
from server.storage.projects import Project
from server.storage.reach import AreaReachRow, lies_in

One = TypeVar("One")
AT_ONCE = 500
ROLE = "village_head"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an area was called, coded and part of in some time."""

    area_id: str
    name: str
    code: str | None
    kind: str
    parent_id: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class KnownHead:
    """Somebody who is head of an area in a project: one row for each grant."""

    actor_id: int
    name: str
    locale: str
    properties: Mapping[str, Any]
    area_id: str
    form_id: int | None
    valid_from: date | None
    valid_to: date | None


def list_candidates(
    session: Session | Connection, root_id: str | None, reaches: Collection[Reach], on: date
) -> list[Candidate]:
    """All versions of the areas below a root (None: of all areas) that lie within each of the reaches on a day; those
    that ended lie in what they went into."""
    tops = {reached.area_ids for reached in reaches if not reached.everywhere}
    if root_id is not None:
        tops |= {frozenset({root_id})}
    inside = and_(True, *(lies_in(AreaRow.id, top, on) for top in sorted(tops, key=sorted)))
    query = (
        select(
            AreaRow.id,
            AreaVersionRow.name,
            AreaVersionRow.code,
            AreaVersionRow.kind,
            AreaVersionRow.parent_id,
            AreaVersionRow.valid_from,
            AreaVersionRow.valid_to,
        )
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaRow.id)
        .where(inside)
        .order_by(AreaVersionRow.id)
    )
    return [Candidate(*row) for row in session.execute(query)]


def list_names_above(session: Session | Connection, area_ids: Iterable[str], on: date) -> dict[str, list[str]]:
    """The names of all that areas lie in on a day, themselves left out, nearest first; those of what they lay in
    directly, if that ended, come last."""
    found: dict[str, list[str]] = {}
    for part in _parts(sorted(set(area_ids))):
        rows = [
            *session.execute(
                select(AreaReachRow.descendant_id, AreaVersionRow.name)
                .join(AreaVersionRow, AreaVersionRow.area_id == AreaReachRow.ancestor_id)
                .where(
                    AreaReachRow.descendant_id.in_(part),
                    AreaReachRow.valid_from <= on,
                    AreaReachRow.valid_to > on,
                    AreaReachRow.distance > 0,
                    valid_on(AreaVersionRow, on),
                )
                .order_by(AreaReachRow.distance)
            ),
            *_parents(session, part),
        ]
        for area_id, name in rows:
            names = found.setdefault(area_id, [])
            if name not in names:
                names.append(name)
    return found


def _parents(session: Session | Connection, area_ids: Sequence[str]) -> Iterable[Any]:
    own = AreaVersionRow.__table__.alias("own")
    above = AreaVersionRow.__table__.alias("above")
    query = select(own.c.area_id, above.c.name).join(above, above.c.area_id == own.c.parent_id)
    return session.execute(query.where(own.c.area_id.in_(area_ids)).order_by(above.c.id))


def list_successor_names(session: Session | Connection, area_id: str) -> list[str]:
    """What became of an area that ended, by name."""
    query = (
        select(AreaVersionRow.name)
        .join(AreaChangeRow, AreaChangeRow.to_area_id == AreaVersionRow.area_id)
        .where(AreaChangeRow.from_area_id == area_id, AreaChangeRow.to_area_id != area_id)
        .order_by(AreaVersionRow.id)
    )
    return list(dict.fromkeys(session.execute(query).scalars()))


def list_known_heads(session: Session | Connection, project_id: int) -> list[KnownHead]:
    """Everybody who is or was head of an area in a project, and was not taken away."""
    query = (
        select(
            Actor.id,
            Actor.display_name,
            Actor.locale,
            Actor.properties,
            Grant.area_id,
            Grant.form_id,
            Grant.valid_from,
            Grant.valid_to,
        )
        .join(Grant, Grant.actor_id == Actor.id)
        .where(
            Actor.kind == "field_key",
            Actor.deleted_at.is_(None),
            Actor.project_id == project_id,
            Grant.role == ROLE,
            Grant.project_id == project_id,
            Grant.area_id.is_not(None),
        )
        .order_by(Actor.id)
    )
    return [KnownHead(row[0], row[1], row[2], row[3] or {}, *row[4:]) for row in session.execute(query)]


def lock_project(connection: Connection, project_id: int) -> None:
    """Makes two who would add people to a project at once wait for each other until the transaction ends."""
    connection.execute(select(Project.id).where(Project.id == project_id).with_for_update())


def add_key_holders(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Writes actors, keys as the columns; their ids, in the order of the rows."""
    ids: list[int] = []
    for part in _parts(rows):
        ids += connection.execute(insert(Actor).returning(Actor.id, sort_by_parameter_order=True), part).scalars()
    return ids


def add_tokens(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes tokens, keys as the columns."""
    for part in _parts(rows):
        connection.execute(insert(Token), part)


def add_grants(
    connection: Connection, granted: Iterable[tuple[int, GrantView]], created_by: int, now: datetime
) -> None:
    """Writes grants of actors that have none yet."""
    rows = [
        {
            "actor_id": actor_id,
            "role": grant.role,
            "scope": grant.scope,
            "project_id": grant.project_id,
            "form_id": grant.form_id,
            "area_id": grant.area_id,
            "valid_from": grant.valid_from,
            "valid_to": grant.valid_to,
            "created_at": now,
            "created_by": created_by,
        }
        for actor_id, grant in granted
    ]
    for part in _parts(rows):
        connection.execute(insert(Grant), part)


def _parts(values: Sequence[One]) -> Iterable[Sequence[One]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
