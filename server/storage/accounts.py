"""What is written of those who act: actors, people who sign in, tokens, grants. What is asked: actors.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.engine import Connection

from server.storage.actors import Actor, Grant, GrantView, Token, User


def add_actor(connection: Connection, kind: str, name: str, *, now: datetime, project_id: int | None = None) -> int:
    """Writes an actor; returns its id."""
    values = {"kind": kind, "display_name": name, "locale": "vi", "project_id": project_id, "created_at": now}
    return connection.execute(insert(Actor).values(**values).returning(Actor.id)).scalar_one()


def change_actor(connection: Connection, actor_id: int, **values: Any) -> None:
    """Changes columns of an actor."""
    connection.execute(update(Actor).where(Actor.id == actor_id).values(**values))


def add_user(connection: Connection, actor_id: int, email: str, password_hash: str | None) -> None:
    """Makes an actor one who signs in; `email` in lower case."""
    connection.execute(insert(User).values(actor_id=actor_id, email=email, password_hash=password_hash))


def set_password(connection: Connection, actor_id: int, password_hash: str, now: datetime) -> None:
    """Gives a person another password and ends all their web sessions."""
    connection.execute(update(User).where(User.actor_id == actor_id).values(password_hash=password_hash))
    revoke_tokens(connection, actor_id, "session", now)


def add_token(connection: Connection, **values: Any) -> None:
    """Writes a token: actor_id, kind, token_hash, created_at, and what else its kind has."""
    connection.execute(insert(Token).values(**values))


def revoke_token(connection: Connection, token_id: int, now: datetime) -> None:
    """Ends one token."""
    connection.execute(update(Token).where(Token.id == token_id).values(revoked_at=now))


def revoke_tokens(connection: Connection, actor_id: int, kind: str, now: datetime) -> None:
    """Ends all tokens of a kind that an actor holds."""
    connection.execute(
        update(Token)
        .where(Token.actor_id == actor_id, Token.kind == kind, Token.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def add_grant(connection: Connection, actor_id: int, grant: GrantView, created_by: int, now: datetime) -> None:
    """Writes a grant."""
    connection.execute(
        insert(Grant).values(
            actor_id=actor_id,
            role=grant.role,
            scope=grant.scope,
            project_id=grant.project_id,
            form_id=grant.form_id,
            area_id=grant.area_id,
            valid_from=grant.valid_from,
            valid_to=grant.valid_to,
            created_at=now,
            created_by=created_by,
        )
    )


def remove_grant(connection: Connection, grant_id: int) -> None:
    """Takes a grant away."""
    connection.execute(delete(Grant).where(Grant.id == grant_id))
