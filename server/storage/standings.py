"""For the criteria: where areas lie on a day, with the flags of each, and what decisions said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import islice

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.standing import Decided, Link
from server.storage.areas import AreaFactRow, AreaRow, AreaVersionRow, valid_on

AT_ONCE = 500
DEEPEST = 16


def read_paths(session: Session | Connection, area_ids: Collection[str], on: date) -> dict[str, tuple[Link, ...]]:
    """For each area its path as of a day, from itself up to the top; areas that were not there then are left out."""
    parents: dict[str, str | None] = {}
    links: dict[str, Link] = {}
    wanted = set(area_ids)
    for _ in range(DEEPEST):
        wanted -= parents.keys()
        if not wanted:
            break
        found = _read_links(session, wanted, on)
        for link, parent in found:
            links.setdefault(link.area_id, link)
            parents.setdefault(link.area_id, parent)
        wanted = {parent for _, parent in found if parent is not None}
    return {area_id: tuple(_up(area_id, parents, links)) for area_id in area_ids if area_id in links}


def read_decided(
    session: Session | Connection, area_ids: Collection[str], names: Collection[str], on: date
) -> dict[tuple[str, str], Decided]:
    """What decisions said of these areas on a day, by (area, name); the one that began last counts."""
    found: dict[tuple[str, str], Decided] = {}
    for some in _parts(sorted(area_ids), AT_ONCE):
        query = (
            select(
                AreaFactRow.area_id,
                AreaFactRow.name,
                AreaFactRow.value,
                AreaFactRow.decision_number,
                AreaFactRow.synthetic,
            )
            .where(AreaFactRow.area_id.in_(some), AreaFactRow.name.in_(sorted(names)), valid_on(AreaFactRow, on))
            .order_by(AreaFactRow.valid_from)
        )
        for area_id, name, value, number, synthetic in session.execute(query):
            found[area_id, name] = Decided((value or {}).get("value"), number, synthetic)
    return found


def _read_links(session: Session | Connection, area_ids: set[str], on: date) -> list[tuple[Link, str | None]]:
    found: list[tuple[Link, str | None]] = []
    for some in _parts(sorted(area_ids), AT_ONCE):
        query = (
            select(
                AreaVersionRow.area_id,
                AreaVersionRow.kind,
                AreaVersionRow.flags,
                AreaRow.synthetic,
                AreaVersionRow.parent_id,
            )
            .join(AreaRow, AreaRow.id == AreaVersionRow.area_id)
            .where(AreaVersionRow.area_id.in_(some), valid_on(AreaVersionRow, on))
        )
        for area_id, kind, flags, synthetic, parent in session.execute(query):
            found.append((Link(area_id, kind, flags or {}, synthetic), parent))
    return found


def _up(area_id: str, parents: dict[str, str | None], links: dict[str, Link]) -> Iterator[Link]:
    seen: set[str] = set()
    key: str | None = area_id
    while key is not None and key in links and key not in seen:
        seen.add(key)
        yield links[key]
        key = parents.get(key)


def _parts(values: Iterable[str], size: int) -> Iterator[list[str]]:
    waiting = iter(values)
    while part := list(islice(waiting, size)):
        yield part
