"""What this home knows of itself: a key, a JSON value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.prepared import Prepared, always


class Setting(Base):
    """Keys in use: home (demo or real, made when), loading (how far the demo is), areas_revision, fingerprint."""

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
