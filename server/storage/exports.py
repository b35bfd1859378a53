"""Files of answers that were ordered: what was wanted, how far it is, and where the file lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.actors import Actor
from server.storage.database import Base

WAITING, RUNNING, READY, FAILED, EXPIRED = "waiting", "running", "ready", "failed", "expired"
UNDONE = (WAITING, RUNNING)


class ExportRow(Base):
    """A file that somebody ordered. `wish` is that of domain/wishes.py, `scope` what the person saw when it was made
    (areas; null: everything); `tag` says what the file was made of (services/data_tag.py); `file` is its name in the
    folder of exports, which several rows may share; `error` a message id of the catalogue `errors`."""

    __tablename__ = "exports"
    __table_args__ = (
        Index("uq_exports_uuid", "uuid", unique=True),
        Index("ix_exports_form", "form_id", "tag"),
        Index("ix_exports_file", "file"),
    )
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36))
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    wish: Mapped[dict[str, Any]]
    locale: Mapped[str] = mapped_column(String(8))
    scope: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    total: Mapped[int]
    done: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    tag: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(320))
    file: Mapped[str | None] = mapped_column(String(36))
    error: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class ExportView:
    """A file that was ordered, with the name of who did."""

    uuid: str
    project_id: int
    form_id: int
    actor_id: int
    actor: str
    wish: dict[str, Any]
    locale: str
    scope: dict[str, Any]
    state: str
    total: int
    done: int
    size: int
    sha256: str | None
    tag: str
    name: str
    file: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None


_VIEW = select(
    ExportRow.uuid,
    ExportRow.project_id,
    ExportRow.form_id,
    ExportRow.actor_id,
    Actor.display_name,
    ExportRow.wish,
    ExportRow.locale,
    ExportRow.scope,
    ExportRow.state,
    ExportRow.total,
    ExportRow.done,
    ExportRow.size,
    ExportRow.sha256,
    ExportRow.tag,
    ExportRow.name,
    ExportRow.file,
    ExportRow.error,
    ExportRow.created_at,
    ExportRow.started_at,
    ExportRow.finished_at,
    ExportRow.expires_at,
).join(Actor, Actor.id == ExportRow.actor_id)
_ONE = Session | Connection


def add_export(connection: Connection, **values: Any) -> None:
    """Writes an order down."""
    connection.execute(insert(ExportRow).values(**values))


def find_export(session: _ONE, uuid: str) -> ExportView | None:
    """An order by its uuid."""
    row = session.execute(_VIEW.where(ExportRow.uuid == uuid)).first()
    return ExportView(*row) if row else None


def list_exports(session: _ONE, form_id: int, actor_id: int | None, most: int = 50) -> list[ExportView]:
    """The orders of a form, the newest first; of one person, or (None) of everybody."""
    query = _VIEW.where(ExportRow.form_id == form_id)
    if actor_id is not None:
        query = query.where(ExportRow.actor_id == actor_id)
    return [ExportView(*row) for row in session.execute(query.order_by(ExportRow.id.desc()).limit(most))]


def find_made(connection: Connection, form_id: int, tag: str, now: datetime) -> ExportView | None:
    """A file of a form that was made of just this and will be there for a while; nobody takes it away before the
    transaction ends."""
    same = (ExportRow.form_id == form_id) & (ExportRow.tag == tag) & (ExportRow.state == READY)
    query = select(ExportRow.uuid).where(same, ExportRow.expires_at > now).order_by(ExportRow.id.desc()).limit(1)
    uuid = connection.execute(query.with_for_update()).scalar()
    return find_export(connection, uuid) if uuid else None


def find_undone(connection: Connection, actor_id: int, form_id: int, tag: str) -> ExportView | None:
    """The order of somebody for just this which is not done yet."""
    same = (ExportRow.form_id == form_id) & (ExportRow.tag == tag) & (ExportRow.actor_id == actor_id)
    row = connection.execute(_VIEW.where(same, ExportRow.state.in_(UNDONE)).limit(1)).first()
    return ExportView(*row) if row else None


def count_undone(connection: Connection, actor_id: int) -> int:
    """How many orders of somebody are not done yet."""
    mine = (ExportRow.actor_id == actor_id) & ExportRow.state.in_(UNDONE)
    return connection.execute(select(func.count()).select_from(ExportRow).where(mine)).scalar_one()


def change_export(connection: Connection, uuid: str, values: Mapping[str, Any]) -> bool:
    """Changes an order that is not done yet; False when there is none, or it is done."""
    mine = (ExportRow.uuid == uuid) & ExportRow.state.in_(UNDONE)
    return connection.execute(update(ExportRow).where(mine).values(**values)).rowcount == 1


def remove_export(connection: Connection, uuid: str) -> str | None:
    """Takes an order away; the file that no other order names any more, if there is one."""
    removed = delete(ExportRow).where(ExportRow.uuid == uuid).returning(ExportRow.file)
    file = connection.execute(removed).scalar()
    return file if file and not _is_named(connection, file) else None


def expire_exports(connection: Connection, now: datetime, *, forgotten: datetime, lost: datetime) -> list[str]:
    """Marks orders whose time has passed, forgets those that ended before `forgotten`, and gives those up that were
    asked for before `lost` and never ended; the files that no order names any more."""
    over = (ExportRow.state == READY) & (ExportRow.expires_at <= now)
    files = set(connection.execute(select(ExportRow.file).where(over, ExportRow.file.is_not(None))).scalars())
    connection.execute(update(ExportRow).where(over).values(state=EXPIRED, file=None))
    never = ExportRow.state.in_(UNDONE) & (ExportRow.created_at < lost)
    connection.execute(update(ExportRow).where(never).values(state=FAILED, error="export.failed", finished_at=now))
    ended = ExportRow.state.in_((FAILED, EXPIRED)) & (ExportRow.created_at < forgotten)
    connection.execute(delete(ExportRow).where(ended))
    return [file for file in files if file and not _is_named(connection, file)]


def list_named_files(session: _ONE) -> set[str]:
    """The names of all files that an order names."""
    found = session.execute(select(ExportRow.file).where(ExportRow.file.is_not(None))).scalars()
    return {file for file in found if file}


def _is_named(connection: Connection, file: str) -> bool:
    named: ColumnElement[bool] = ExportRow.file == file
    return connection.execute(select(ExportRow.id).where(named).limit(1)).first() is not None
