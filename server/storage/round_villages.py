"""The villages of a round by the area they lie in, the forms that they answer it with, and who is there for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.returned import Track
from server.domain.roles import ALL, Reach, Scope
from server.storage.actors import Actor, Grant
from server.storage.areas import AreaShapeRow, AreaVersionRow, valid_on
from server.storage.forms import Form, FormVersion
from server.storage.key_holders import is_within
from server.storage.memory import Memory
from server.storage.reach import AreaReachRow, in_scope, lies_in
from server.storage.returns import ReturnRow
from server.storage.settings import TREE_REVISION, find_revision

AT_ONCE = 500
KEPT = 48
SUPERVISOR = "commune_supervisor"
Members = Mapping[str, frozenset[str]]
_members: Memory[tuple[object, ...], Members] = Memory(KEPT)


@dataclass(frozen=True, slots=True)
class Below:
    """Villages (`kinds`) below some areas on a day, of those in sight; `areas`: of those in these alone."""

    parents: tuple[str, ...]
    on: date
    kinds: frozenset[str]
    scope: Scope = ALL
    areas: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Somebody with a key who is there for a village; `phone`: the number to call, where it is known."""

    actor_id: int
    name: str
    phone: str | None


def list_members(session: Session | Connection, below: Below) -> Members:
    """The ids of the villages by the area among `parents` that they lie in, or are. Kept in memory while the tree stays
    as it is: a country has twenty thousand, which are the same with every look."""
    revision = find_revision(session, TREE_REVISION)
    key = (revision, below.parents, below.on, below.kinds, below.areas, *_key_of(below.scope))
    found = _members.find(key)
    if found is None:
        found = read_members(session, below)
        if revision:
            _members.put(key, found)
    return found


def _key_of(scope: Scope) -> tuple[object, ...]:
    return (True,) if scope.everywhere else (False, scope.areas, scope.on)


def read_members(session: Session | Connection, below: Below) -> Members:
    """The same, read anew and not kept: of what hardly anybody will ask again."""
    query = (
        select(AreaReachRow.ancestor_id, AreaReachRow.descendant_id)
        .join(AreaVersionRow, AreaVersionRow.area_id == AreaReachRow.descendant_id)
        .where(
            AreaReachRow.ancestor_id.in_(sorted(below.parents)),
            AreaReachRow.valid_from <= below.on,
            AreaReachRow.valid_to > below.on,
            valid_on(AreaVersionRow, below.on),
            AreaVersionRow.kind.in_(sorted(below.kinds)),
            in_scope(below.scope, AreaReachRow.descendant_id),
        )
        .distinct()
    )
    if below.areas is not None:
        query = query.where(lies_in(AreaReachRow.descendant_id, below.areas, below.on))
    found: dict[str, list[str]] = {parent: [] for parent in below.parents}
    for parent, village in session.execute(query):
        found[parent].append(village)
    return {parent: frozenset(villages) for parent, villages in found.items()}


def list_published(session: Session | Connection, project_id: int) -> dict[str, int]:
    """The numbers of the forms that phones of a project get, by their form ids."""
    query = (
        select(Form.xml_form_id, Form.id)
        .join(FormVersion, (FormVersion.form_id == Form.id) & FormVersion.is_current)
        .where(Form.project_id == project_id, Form.deleted_at.is_(None))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def list_heads(
    session: Session | Connection, project_id: int, area_ids: Collection[str], reached: Reach, on: date
) -> dict[str, list[Head]]:
    """Who is there for each of these villages on a day, of those within a reach, by village and then by name."""
    found: dict[str, list[Head]] = {}
    listed = sorted(area_ids)
    for start in range(0, len(listed), AT_ONCE):
        query = (
            select(Grant.area_id, Actor.id, Actor.display_name, Actor.properties)
            .join(Actor, Actor.id == Grant.actor_id)
            .where(
                Grant.area_id.in_(listed[start : start + AT_ONCE]),
                valid_on(Grant, on),
                Actor.kind == "field_key",
                Actor.project_id == project_id,
                Actor.deleted_at.is_(None),
                is_within(reached, on),
            )
            .distinct()
            .order_by(Actor.display_name, Actor.id)
        )
        for area_id, actor_id, name, properties in session.execute(query):
            heads = found.setdefault(area_id, [])
            if all(each.actor_id != actor_id for each in heads):
                heads.append(Head(actor_id, name, (properties or {}).get("phone")))
    return found


def list_reviewers(
    session: Session | Connection, project_id: int, area_ids: Collection[str], reached: Reach, on: date
) -> dict[str, list[str]]:
    """The names of people who supervise these areas, or what they lie in on a day, within a reach; by area."""
    query = (
        select(AreaReachRow.descendant_id, Actor.display_name)
        .join(Grant, Grant.area_id == AreaReachRow.ancestor_id)
        .join(Actor, Actor.id == Grant.actor_id)
        .where(
            AreaReachRow.descendant_id.in_(sorted(area_ids)),
            AreaReachRow.valid_from <= on,
            AreaReachRow.valid_to > on,
            Grant.role == SUPERVISOR,
            true() if reached.everywhere else lies_in(Grant.area_id, reached.area_ids, on),
            or_(Grant.project_id == project_id, Grant.scope == "site"),
            valid_on(Grant, on),
            Actor.kind == "user",
            Actor.deleted_at.is_(None),
        )
        .distinct()
        .order_by(Actor.display_name)
    )
    found: dict[str, list[str]] = {}
    for area_id, name in session.execute(query):
        found.setdefault(area_id, []).append(name)
    return found


def list_tracks(session: Session | Connection, submission_ids: Collection[int]) -> dict[int, Track]:
    """What became of the open returns of these submissions: told, seen; by submission."""
    found: dict[int, Track] = {}
    listed = sorted(submission_ids)
    for start in range(0, len(listed), AT_ONCE):
        query = (
            select(ReturnRow.submission_id, ReturnRow.told_at, ReturnRow.seen_at)
            .where(ReturnRow.submission_id.in_(listed[start : start + AT_ONCE]), ReturnRow.ended_at.is_(None))
            .order_by(ReturnRow.move_id)
        )
        found |= {row[0]: Track(told_at=row[1], seen_at=row[2]) for row in session.execute(query)}
    return found


def list_geometries(
    session: Session | Connection, area_ids: Collection[str], on: date
) -> dict[str, dict[str, Mapping[str, object]]]:
    """Point and boundary of each of these areas on a day, as GeoJSON geometries by kind, of those that have any."""
    found: dict[str, dict[str, Mapping[str, object]]] = {}
    listed: Sequence[str] = sorted(area_ids)
    for start in range(0, len(listed), AT_ONCE):
        query = (
            select(AreaShapeRow.area_id, AreaShapeRow.kind, AreaShapeRow.geometry)
            .where(AreaShapeRow.area_id.in_(listed[start : start + AT_ONCE]), valid_on(AreaShapeRow, on))
            .order_by(AreaShapeRow.id)
        )
        for area_id, kind, geometry in session.execute(query):
            found.setdefault(area_id, {})[kind] = geometry
    return found
