"""Where areas lie, for maps: the boundary where one was loaded, else the point."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.areas import AreaShapeRow, valid_on

AT_ONCE = 500


def list_places(session: Session | Connection, area_ids: Collection[str], on: date) -> dict[str, dict[str, Any]]:
    """A GeoJSON geometry for each of these areas that has one on a day. `area_ids`: those in the reader's sight."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    wanted = sorted(area_ids)
    for start in range(0, len(wanted), AT_ONCE):
        query = (
            select(AreaShapeRow.area_id, AreaShapeRow.kind, AreaShapeRow.geometry)
            .where(AreaShapeRow.area_id.in_(wanted[start : start + AT_ONCE]), valid_on(AreaShapeRow, on))
            .order_by(AreaShapeRow.id)
        )
        for area_id, kind, geometry in session.execute(query):
            found.setdefault(area_id, {})[kind] = geometry
    return {area_id: shapes.get("boundary") or shapes["point"] for area_id, shapes in found.items()}
