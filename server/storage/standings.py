"""For the criteria: where areas lie on a day, with the flags of each, and what decisions said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.standing import Decided, Link
from server.storage.areas import AreaFactRow, AreaRow, AreaVersionRow, valid_on
from server.storage.prepared import Prepared
from server.storage.reach import AreaReachRow

AT_ONCE = 500
# as plain tables: a statement over classes takes twice as long to put together
_reach, _versions, _areas, _facts = (each.__table__ for each in (AreaReachRow, AreaVersionRow, AreaRow, AreaFactRow))


def _path_of_one(_dialect: str) -> Select[Any]:
    return (
        select(_versions.c.area_id, _versions.c.kind, _versions.c.flags, _areas.c.synthetic)
        .select_from(_reach)
        .join(_versions, _versions.c.area_id == _reach.c.ancestor_id)
        .join(_areas, _areas.c.id == _reach.c.ancestor_id)
        .where(*_lay(bindparam("area")), valid_on(_versions.c, bindparam("on")))  # type: ignore[arg-type]
        .order_by(_reach.c.distance, _reach.c.ancestor_id)
    )


def _decided_of_one(_dialect: str) -> Select[Any]:
    return (
        select(*(_facts.c[name] for name in ("area_id", "name", "value", "decision_number", "synthetic")))
        .select_from(_reach)
        .join(_facts, _facts.c.area_id == _reach.c.ancestor_id)
        .where(*_lay(bindparam("area")), valid_on(_facts.c, bindparam("on")))  # type: ignore[arg-type]
        .order_by(_facts.c.valid_from.nulls_first())
    )


def _lay(area: Any) -> tuple[ColumnElement[bool], ...]:
    """That it lay there on the day `on`."""
    on: Any = bindparam("on")
    return _reach.c.descendant_id == area, _reach.c.valid_from <= on, _reach.c.valid_to > on


_PATH, _DECIDED = Prepared(_path_of_one), Prepared(_decided_of_one)


def read_standing(
    session: Session | Connection, area_id: str, on: date
) -> tuple[tuple[Link, ...], dict[tuple[str, str], Decided]]:
    """The path of one area and all that decisions said along it, as `read_paths` and `read_decided` have it: a fresh
    sheet asks this while its sender waits."""
    asked = {"area": area_id, "on": on}
    path = tuple(Link(row[0], row[1], row[2] or {}, row[3]) for row in _PATH.rows(session, asked))
    if not path or path[0].area_id != area_id:
        return (), {}
    decided = {
        (row[0], row[1]): Decided((row[2] or {}).get("value"), *row[3:]) for row in _DECIDED.rows(session, asked)
    }
    return path, decided


def read_paths(session: Session | Connection, area_ids: Collection[str], on: date) -> dict[str, tuple[Link, ...]]:
    """For each area its path as of a day, from itself up to the top; areas that were not there then are left out."""
    paths: dict[str, list[Link]] = {}
    for some in _parts(sorted(area_ids), AT_ONCE):
        query = (
            select(_reach.c.descendant_id, _versions.c.area_id, _versions.c.kind, _versions.c.flags, _areas.c.synthetic)
            .join(_versions, _versions.c.area_id == _reach.c.ancestor_id)
            .join(_areas, _areas.c.id == _reach.c.ancestor_id)
            .where(
                _reach.c.descendant_id.in_(some),
                _reach.c.valid_from <= on,
                _reach.c.valid_to > on,
                valid_on(_versions.c, on),
            )
            .order_by(_reach.c.distance, _reach.c.ancestor_id)
        )
        for area_id, *link in session.execute(query):
            paths.setdefault(area_id, []).append(Link(link[0], link[1], link[2] or {}, link[3]))
    return {area_id: tuple(path) for area_id, path in paths.items() if path[0].area_id == area_id}


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
            .order_by(AreaFactRow.valid_from.nulls_first())
        )
        for area_id, name, value, number, synthetic in session.execute(query):
            found[area_id, name] = Decided((value or {}).get("value"), number, synthetic)
    return found


def _parts(values: Iterable[str], size: int) -> Iterator[list[str]]:
    waiting = iter(values)
    while part := list(islice(waiting, size)):
        yield part
