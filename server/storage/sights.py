"""The areas of a project that somebody sees, as the tree stood on a day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from server.domain.roles import ALL, Scope
from server.storage.areas import AreaRow, AreaVersionRow, AreaView, find_root, valid_on
from server.storage.reach import AreaReachRow, in_scope, lies_in

AT_ONCE = 500
_VIEW = (
    AreaRow.id,
    AreaVersionRow.code,
    AreaVersionRow.name,
    AreaVersionRow.kind,
    AreaVersionRow.parent_id,
    AreaVersionRow.status,
    AreaRow.synthetic,
)


def list_seen_areas(
    session: Session | Connection, project_id: int, on: date, scope: Scope = ALL, *, below: str | None = None
) -> dict[str, AreaView]:
    """The areas in which a project works as they were on a day, of those in sight today, parents before children, then
    by code and name; `below`: only this one (own id) and what lay below it."""
    # asked for first: of an area that it knows a database knows too how much lies below it
    root = find_root(session, project_id)
    if root is None:
        return {}
    query: Select[*tuple[Any, ...]] = (
        select(*_VIEW)
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaRow.id)
        .join(AreaReachRow, AreaReachRow.descendant_id == AreaRow.id)
        .where(
            AreaReachRow.ancestor_id == root,
            AreaReachRow.valid_from <= on,
            AreaReachRow.valid_to > on,
            valid_on(AreaVersionRow, on),
            in_scope(scope, AreaRow.id),
        )
        .order_by(AreaReachRow.distance, AreaVersionRow.code, AreaVersionRow.name)
    )
    if below is not None:
        query = query.where(lies_in(AreaRow.id, (below,), on))
    seen: dict[str, AreaView] = {}
    for row in session.execute(query):
        seen.setdefault(row[0], AreaView(*row))
    return seen


def list_seen_of(session: Session | Connection, scope: Scope, area_ids: Collection[str]) -> frozenset[str]:
    """Of these areas those in sight today, whether they are still there or not."""
    found: set[str] = set()
    listed = sorted(area_ids)
    for start in range(0, len(listed), AT_ONCE):
        query = select(AreaRow.id).where(AreaRow.id.in_(listed[start : start + AT_ONCE]), in_scope(scope, AreaRow.id))
        found.update(session.execute(query).scalars())
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Sought:
    """Areas of some kinds that somebody sees; `below`: only this one (own id) and what lay below it."""

    kinds: Collection[str]
    scope: Scope = ALL
    below: str | None = None


def list_seen_ids(session: Session | Connection, project_id: int, on: date, sought: Sought) -> list[str]:
    """The ids of such areas of a project as they were on a day, by the code and name of the area above and then by
    their own. Ids alone, so that a country's villages can be gone through in parts."""
    root, above = find_root(session, project_id), aliased(AreaVersionRow)
    if root is None:
        return []
    query = (
        select(AreaRow.id, above.code, above.name, AreaVersionRow.code, AreaVersionRow.name)
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaRow.id)
        .join(AreaReachRow, AreaReachRow.descendant_id == AreaRow.id)
        .outerjoin(above, (above.area_id == AreaVersionRow.parent_id) & valid_on(above, on))
        .where(
            AreaReachRow.ancestor_id == root,
            AreaReachRow.valid_from <= on,
            AreaReachRow.valid_to > on,
            valid_on(AreaVersionRow, on),
            AreaVersionRow.kind.in_(sorted(sought.kinds)),
            in_scope(sought.scope, AreaRow.id),
        )
    )
    if sought.below is not None:
        query = query.where(lies_in(AreaRow.id, (sought.below,), on))
    # sorted here and not there: databases sort by languages of their own
    rows = sorted((tuple(part or "" for part in row[1:]), row[0]) for row in session.execute(query))
    return list(dict.fromkeys(area_id for _, area_id in rows))
