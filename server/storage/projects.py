"""Projects: forms, people and rounds that belong together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, String, Text, bindparam, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.prepared import Prepared, always


class Project(Base):
    """`root_area_id` is the top of the area tree that the project works in; `synthetic` marks invented numbers;
    `second_device` says what happens when a key is used from another phone than its first: alert | refuse."""

    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    archived: Mapped[bool] = mapped_column(default=False)
    synthetic: Mapped[bool] = mapped_column(default=False)
    root_area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    second_device: Mapped[str] = mapped_column(String(8), default="alert", server_default="alert")


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as plain values."""

    id: int
    name: str
    description: str | None
    archived: bool
    synthetic: bool
    root_area_id: str | None
    created_at: datetime
    updated_at: datetime | None
    second_device: str


_COLUMNS = tuple(getattr(Project, each.name) for each in fields(ProjectView))
_LIVE: Select[*tuple[Any, ...]] = select(*_COLUMNS).where(Project.deleted_at.is_(None))
_BY_ID = Prepared(always(_LIVE.where(Project.id == bindparam("project_id"))))


def find_project(session: Session | Connection, project_id: int) -> ProjectView | None:
    """A project that was not deleted."""
    row = _BY_ID.first(session, {"project_id": project_id})
    return ProjectView(*row) if row else None


def list_projects(session: Session | Connection) -> list[ProjectView]:
    """All projects that were not deleted, by name."""
    return [ProjectView(*row) for row in session.execute(_LIVE.order_by(Project.name, Project.id))]


def add_project(connection: Connection, **values: Any) -> int:
    """Writes a project; returns its id."""
    return connection.execute(insert(Project).values(**values).returning(Project.id)).scalar_one()


def change_project_row(connection: Connection, project_id: int, **values: Any) -> None:
    """Changes columns of a project."""
    connection.execute(update(Project).where(Project.id == project_id).values(**values))
