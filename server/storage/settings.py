"""What this home knows of itself: a key, a JSON value."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.prepared import Prepared, always

REVISION = "areas_revision"
"""The key of a random word that is another one after every change of areas, of where they lie, their facts, or rounds:
what is kept in memory is kept under it (ADR 0007)."""
TREE_REVISION = "tree_revision"
"""The key of a random word that is another one after every change of what areas are called and of where they lie, and
of nothing else: sheets that come leave it as it is."""


class Setting(Base):
    """Keys in use: home (demo or real, made when), loading (how far the demo is), areas_revision, tree_revision,
    forms_revision (forms_revision.py), register_revision (programmes.py), fingerprint."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]


_BY_KEY = Prepared(always(select(Setting.value).where(Setting.key == bindparam("wanted"))))


def find_setting(session: Session | Connection, key: str) -> dict[str, Any] | None:
    """The value kept under `key`."""
    row = _BY_KEY.first(session, {"wanted": key})
    found: dict[str, Any] | None = row[0] if row else None
    return found


def put_setting(connection: Connection, key: str, value: Mapping[str, Any]) -> None:
    """Keeps `value` under `key`, in place of what was there."""
    changed = connection.execute(update(Setting).where(Setting.key == key).values(value=dict(value)))
    if changed.rowcount:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = insert(Setting).values(key=key, value=dict(value))
    connection.execute(row.on_conflict_do_update(index_elements=[Setting.key], set_={"value": row.excluded.value}))


def find_revision(session: Session | Connection, key: str = REVISION) -> str:
    """The word of now; empty before the first change."""
    found = find_setting(session, key)
    return str(found["value"]) if found else ""


def put_revision(connection: Connection, key: str = REVISION) -> None:
    """Another word. It is random, so that two databases served by one process never share one."""
    put_setting(connection, key, {"value": secrets.token_hex(8)})
