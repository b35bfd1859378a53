"""The phones that app users' keys are used from: the first one, and any other that turned up; what each fetched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.devices import ALARMING, FORMER
from server.domain.roles import Reach
from server.storage.actors import Actor, Token
from server.storage.database import Base
from server.storage.forms import Form, FormVersion
from server.storage.key_holders import is_within
from server.storage.projects import Project
from server.storage.submissions import BigId

AT_ONCE = 500


class DeviceRow(Base):
    """One phone (`device_id` is the install id that Collect sends; "" is a caller that names none) that one key was
    used from. `standing`: see domain/devices.py. `forms`: {xml form id: {"version": …, "at": …}} as fetched last."""

    __tablename__ = "devices"
    __table_args__ = (Index("uq_devices_once", "actor_id", "device_id", unique=True),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    last_sent: Mapped[datetime | None]
    standing: Mapped[str] = mapped_column(String(8))
    forms: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One phone as it stands. `forms`: by form id, the version and the moment (ISO 8601) it was fetched."""

    id: int
    actor_id: int
    device_id: str
    user_agent: str | None
    first_seen: datetime
    last_seen: datetime
    last_sent: datetime | None
    standing: str
    forms: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pin:
    """A key in force: its token, the phone that it is pinned to, and what its project does about another."""

    token_id: int
    actor_id: int
    device_id: str | None
    rule: str


_COLUMNS = (
    DeviceRow.id,
    DeviceRow.actor_id,
    DeviceRow.device_id,
    DeviceRow.user_agent,
    DeviceRow.first_seen,
    DeviceRow.last_seen,
    DeviceRow.last_sent,
    DeviceRow.standing,
    DeviceRow.forms,
)


def list_devices(session: Session | Connection, actor_ids: Collection[int]) -> dict[int, list[DeviceView]]:
    """The phones of these key holders by actor id, the one heard of last first."""
    found: dict[int, list[DeviceView]] = {}
    every = sorted(actor_ids)
    for start in range(0, len(every), AT_ONCE):
        query = select(*_COLUMNS).where(DeviceRow.actor_id.in_(every[start : start + AT_ONCE]))
        for row in session.execute(query.order_by(DeviceRow.last_seen.desc(), DeviceRow.id)):
            found.setdefault(row[1], []).append(DeviceView(*row))
    return found


def count_alarms(session: Session | Connection, project_id: int, reached: Reach, on: date) -> int:
    """How many key holders within a reach have a key that was used from another phone than its own."""
    query = (
        select(func.count(func.distinct(DeviceRow.actor_id)))
        .join(Actor, Actor.id == DeviceRow.actor_id)
        .where(
            DeviceRow.standing.in_(ALARMING),
            Actor.project_id == project_id,
            Actor.deleted_at.is_(None),
            is_within(reached, on),
        )
    )
    return session.execute(query).scalar_one()


def list_pins(session: Session | Connection, token_ids: Collection[int]) -> dict[int, Pin]:
    """The keys of these tokens that are in force, by token."""
    query = (
        select(Token.id, Token.actor_id, Token.device_id, Project.second_device)
        .join(Actor, Actor.id == Token.actor_id)
        .join(Project, Project.id == Actor.project_id)
        .where(Token.id.in_(sorted(token_ids)), Token.revoked_at.is_(None))
    )
    return {row[0]: Pin(*row) for row in session.execute(query)}


def find_pin(session: Session | Connection, actor_id: int) -> Pin | None:
    """The key of somebody that is in force; None for who holds none."""
    held = select(Token.id).where(Token.actor_id == actor_id, Token.kind == "field_key", Token.revoked_at.is_(None))
    pins = list_pins(session, session.execute(held).scalars().all())
    return next(iter(pins.values()), None)


def pin_token(connection: Connection, token_id: int, device_id: str) -> bool:
    """Pins a key to a phone. False when it is pinned already: of two phones at once, one is first."""
    free = update(Token).where(Token.id == token_id, Token.device_id.is_(None)).values(device_id=device_id)
    return connection.execute(free).rowcount == 1


def move_pin(connection: Connection, actor_id: int, device_id: str | None) -> None:
    """Pins the key of somebody to a phone, or to none: the next one that comes."""
    held = update(Token).where(Token.actor_id == actor_id, Token.kind == "field_key", Token.revoked_at.is_(None))
    connection.execute(held.values(device_id=device_id))


def let_go(connection: Connection, actor_id: int) -> None:
    """All phones of somebody are former ones."""
    connection.execute(update(DeviceRow).where(DeviceRow.actor_id == actor_id).values(standing=FORMER))


def put_device(connection: Connection, known: DeviceView | None, row: Mapping[str, Any]) -> None:
    """Writes a phone, or what is new of one; one that another process wrote meanwhile is written over."""
    if known is not None:
        connection.execute(update(DeviceRow).where(DeviceRow.id == known.id).values(**row))
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    fresh = insert(DeviceRow).values(**row)
    later = {name: value for name, value in row.items() if name != "first_seen"}
    connection.execute(fresh.on_conflict_do_update(index_elements=["actor_id", "device_id"], set_=later))


def list_versions_by_md5(
    session: Session | Connection, wanted: Iterable[tuple[int, str, str]]
) -> dict[tuple[int, str, str], str]:
    """The versions behind (project id, form id, MD5 of the form's text)."""
    pairs = sorted(set(wanted))
    found: dict[tuple[int, str, str], str] = {}
    for start in range(0, len(pairs), AT_ONCE):
        some = pairs[start : start + AT_ONCE]
        query = (
            select(Form.project_id, Form.xml_form_id, FormVersion.md5, FormVersion.version)
            .join(FormVersion, FormVersion.form_id == Form.id)
            .where(
                Form.project_id.in_({project for project, _, _ in some}),
                Form.xml_form_id.in_({form for _, form, _ in some}),
                FormVersion.md5.in_({md5 for _, _, md5 in some}),
                FormVersion.published_at.is_not(None),
            )
        )
        found |= {(row[0], row[1], row[2]): row[3] for row in session.execute(query)}
    return {key: version for key, version in found.items() if key in set(pairs)}
