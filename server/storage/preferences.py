"""What people set for themselves in a client: a name, a JSON value, for the site or for one project."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base


class Preference(Base):
    """One setting of one person; `project_id` NULL: for the site. `value` is {"value": …}: SQLite would make a number
    of a text that looks like one."""

    __tablename__ = "preferences"
    __table_args__ = (Index("uq_preferences_name", "actor_id", text("coalesce(project_id, 0)"), "name", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    value: Mapped[dict[str, Any]]


def list_preferences(session: Session | Connection, actor_id: int) -> list[tuple[int | None, str, Any]]:
    """(project id or None, name, value) of all that a person set."""
    rows = session.execute(
        select(Preference.project_id, Preference.name, Preference.value)
        .where(Preference.actor_id == actor_id)
        .order_by(Preference.project_id, Preference.name)
    )
    return [(row[0], row[1], row[2]["value"]) for row in rows]


def count_preferences(session: Session | Connection, actor_id: int) -> int:
    """How many a person set."""
    counted = select(func.count()).select_from(Preference).where(Preference.actor_id == actor_id)
    return session.execute(counted).scalar_one()


def put_preference(connection: Connection, actor_id: int, project_id: int | None, name: str, value: Any) -> None:
    """Keeps a value under a name, in place of what was there."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = insert(Preference).values(actor_id=actor_id, project_id=project_id, name=name, value={"value": value})
    place: list[Any] = [Preference.actor_id, func.coalesce(Preference.project_id, text("0")), Preference.name]
    connection.execute(row.on_conflict_do_update(index_elements=place, set_={"value": row.excluded.value}))


def remove_preference(connection: Connection, actor_id: int, project_id: int | None, name: str) -> bool:
    """Forgets one. False when there was none."""
    wanted = delete(Preference).where(
        Preference.actor_id == actor_id,
        Preference.project_id.is_not_distinct_from(project_id),
        Preference.name == name,
    )
    return connection.execute(wanted).rowcount > 0
