"""Who acts: users, app users (field keys), public links, the system; what each was granted; with which tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, bindparam, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.storage.database import Base
from server.storage.forms_revision import revision_column, word_of
from server.storage.prepared import Prepared, always
from server.storage.projects import Project


class Actor(Base):
    """Everyone who acts. kind: user | field_key | public_link | system."""

    __tablename__ = "actors"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(8), default="vi")
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    properties: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


_LIVE = "deleted_at IS NULL"


class User(Base):
    """A person who signs in at the desk. `email` is kept lower-case: it is compared without regard to case. An address
    belongs to one person at a time; who was taken away (`deleted_at`, as in the actor) leaves it to others."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_live_email", "email", unique=True, sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
    )
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    deleted_at: Mapped[datetime | None]


class Token(Base):
    """A session, an app user's key, or a password-reset link. Only the SHA-256 is kept, except for what must be shown
    again (an app user's key), which is `sealed` with the secret key of this home. kind: session | field_key | reset.
    `device_id`: the phone that a key is pinned to, the first that used it."""

    __tablename__ = "tokens"
    __table_args__ = (Index("ix_tokens_actor", "actor_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    kind: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[bytes | None]
    csrf_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    device_id: Mapped[str | None] = mapped_column(String(255))


class Grant(Base):
    """What an actor may do, where and when. scope: site | project | form; `role` names a row of domain/roles.py; with
    an area the grant reaches that area and what lies below it."""

    __tablename__ = "grants"
    __table_args__ = (
        Index("ix_grants_actor", "actor_id"),
        Index(
            "uq_grants_once",
            "actor_id",
            "role",
            "scope",
            text("coalesce(project_id, 0)"),
            text("coalesce(form_id, 0)"),
            text("coalesce(area_id, '')"),
            unique=True,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    role: Mapped[str] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(8))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int | None] = mapped_column(ForeignKey("forms.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))


class GrantView(NamedTuple):
    """One grant, as plain values."""

    role: str
    scope: str
    project_id: int | None
    form_id: int | None
    area_id: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token with the actor it belongs to. Of a key: the phone it is pinned to, and what its project does about
    another one (domain/devices.py). `revision`: the word of forms_revision.py as it stood when the token was read."""

    id: int
    kind: str
    csrf_hash: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    actor_id: int
    actor_kind: str
    name: str
    locale: str
    project_id: int | None
    device_id: str | None
    second_device: str | None
    revision: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class UserView:
    """A person who signs in, or did until `deleted_at`."""

    id: int
    email: str
    name: str
    locale: str
    password_hash: str | None = field(repr=False)
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppUserView:
    """A phone's key holder. `token` is None once it was revoked (and in what storage gives: it knows `sealed` only).
    `phone`: the number to call; `device_id`: the phone that the key is pinned to."""

    id: int
    project_id: int | None
    name: str
    created_at: datetime
    updated_at: datetime | None
    sealed: bytes | None = field(repr=False)
    token: str | None = field(default=None, repr=False)
    locale: str = field(default="vi", kw_only=True)
    phone: str | None = field(default=None, kw_only=True)
    device_id: str | None = field(default=None, kw_only=True)


_GRANT_COLUMNS = (
    Grant.role,
    Grant.scope,
    Grant.project_id,
    Grant.form_id,
    Grant.area_id,
    Grant.valid_from,
    Grant.valid_to,
)

# built once, and of plain columns: a phone asks this with every request, and classes would double its cost
_tokens, _actors, _grants, _projects = (each.__table__ for each in (Token, Actor, Grant, Project))
_BY_TOKEN = Prepared(
    always(
        select(
            _tokens.c.id,
            _tokens.c.kind,
            _tokens.c.csrf_hash,
            _tokens.c.created_at,
            _tokens.c.expires_at,
            _tokens.c.revoked_at,
            _actors.c.id,
            _actors.c.kind,
            _actors.c.display_name,
            _actors.c.locale,
            _actors.c.project_id,
            _tokens.c.device_id,
            _projects.c.second_device,
            revision_column(),
        )
        .select_from(
            _tokens.join(_actors, _actors.c.id == _tokens.c.actor_id).outerjoin(
                _projects, _projects.c.id == _actors.c.project_id
            )
        )
        .where(_tokens.c.token_hash == bindparam("token_hash"), _actors.c.deleted_at.is_(None))
    )
)
_GRANTS_OF = Prepared(
    always(
        select(*(_grants.c[column.key] for column in _GRANT_COLUMNS))
        .where(_grants.c.actor_id == bindparam("actor_id"))
        .order_by(_grants.c.id)
    )
)


def find_token(session: Session | Connection, token_hash: str) -> TokenView | None:
    """The token with this SHA-256, revoked and expired ones too, with its actor: one select.

    Within a transaction its `revision` is empty: what is read there may be older than the word, or never be committed,
    so that nobody may keep it under that word."""
    row = _BY_TOKEN.first(session, {"token_hash": token_hash})
    if row is None:
        return None
    alone = isinstance(session, Session) and not session.in_transaction()
    return TokenView(*row[:-1], revision=word_of(row[-1]) if alone else "")


def list_grants(session: Session | Connection, actor_id: int) -> tuple[GrantView, ...]:
    """All grants of an actor, past and future ones too."""
    return tuple(map(GrantView._make, _GRANTS_OF.rows(session, {"actor_id": actor_id})))


_USER_COLUMNS = (
    Actor.id,
    User.email,
    Actor.display_name,
    Actor.locale,
    User.password_hash,
    Actor.created_at,
    Actor.updated_at,
    Actor.deleted_at,
)
_EVER_USERS = select(*_USER_COLUMNS).join(User, User.actor_id == Actor.id)
_USERS = _EVER_USERS.where(Actor.deleted_at.is_(None))


def find_user(session: Session | Connection, actor_id: int, *, ever: bool = False) -> UserView | None:
    """A person by actor id; `ever`: also one who was taken away."""
    row = session.execute((_EVER_USERS if ever else _USERS).where(Actor.id == actor_id)).first()
    return UserView(*row) if row else None


def lock_user(connection: Connection, actor_id: int) -> UserView | None:
    """A person by actor id; whoever else would change the person waits until the transaction ends."""
    row = connection.execute(_USERS.where(Actor.id == actor_id).with_for_update()).first()
    return UserView(*row) if row else None


def find_user_by_email(session: Session | Connection, email: str) -> UserView | None:
    """A person by e-mail, without regard to case."""
    if "\x00" in email:  # PostgreSQL keeps no such text
        return None
    row = session.execute(_USERS.where(User.email == email.strip().lower())).first()
    return UserView(*row) if row else None


def list_users(session: Session | Connection, *, ever: bool = False) -> list[UserView]:
    """All who sign in, by e-mail; `ever`: also those who were taken away."""
    statement = (_EVER_USERS if ever else _USERS).order_by(User.email, Actor.id)
    return [UserView(*row) for row in session.execute(statement)]


def find_system_actor(session: Session | Connection) -> int | None:
    """The id of the actor in whose name the server itself acts."""
    return session.execute(
        select(Actor.id).where(Actor.kind == "system").order_by(Actor.id).limit(1)
    ).scalar_one_or_none()


def find_actor_name(session: Session | Connection, actor_id: int) -> tuple[str, str, int | None] | None:
    """(kind, display name, project id) of an actor, deleted ones too."""
    row = session.execute(select(Actor.kind, Actor.display_name, Actor.project_id).where(Actor.id == actor_id)).first()
    return (row[0], row[1], row[2]) if row else None
