"""What is written of those who act: actors, people who sign in, tokens, grants. What is asked: actors.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from server.storage.actors import Actor, Grant, GrantView, Token, User


def add_actor(connection: Connection, kind: str, name: str, *, now: datetime, project_id: int | None = None) -> int:
    """Writes an actor; returns its id."""
    values = {"kind": kind, "display_name": name, "locale": "vi", "project_id": project_id, "created_at": now}
    return connection.execute(insert(Actor).values(**values).returning(Actor.id)).scalar_one()


def change_actor(connection: Connection, actor_id: int, **values: Any) -> None:
    """Changes columns of an actor."""
    connection.execute(update(Actor).where(Actor.id == actor_id).values(**values))


def add_user(connection: Connection, actor_id: int, email: str, password_hash: str | None) -> bool:
    """Makes an actor one who signs in; `email` in lower case. False when somebody else has the address."""
    values = {"actor_id": actor_id, "email": email, "password_hash": password_hash}
    # of two who add the same address at once, one waits and then writes nothing
    row = _insert(connection)(User).values(**values).on_conflict_do_nothing().returning(User.actor_id)
    return connection.execute(row).first() is not None


def change_email(connection: Connection, actor_id: int, email: str) -> bool:
    """Gives a person another address. False when somebody else has it: the transaction cannot go on then."""
    try:
        connection.execute(update(User).where(User.actor_id == actor_id).values(email=email))
    except IntegrityError:
        return False
    return True


def set_password(
    connection: Connection, actor_id: int, password_hash: str | None, now: datetime, *, keep: int | None = None
) -> None:
    """Gives a person another password, or none; ends all their web sessions but `keep` and the links to set one."""
    connection.execute(update(User).where(User.actor_id == actor_id).values(password_hash=password_hash))
    revoke_tokens(connection, actor_id, "session", now, keep=keep)
    revoke_tokens(connection, actor_id, "reset", now)


def end_user(connection: Connection, actor_id: int, now: datetime) -> None:
    """Takes a person away: what they did stays, their sessions and links end."""
    for table, column in ((Actor, Actor.id), (User, User.actor_id)):
        connection.execute(update(table).where(column == actor_id).values(deleted_at=now))
    for kind in ("session", "reset"):
        revoke_tokens(connection, actor_id, kind, now)


def restore_user(connection: Connection, actor_id: int) -> bool:
    """Lets a person who was taken away come back. False when somebody else has the address by now: the transaction
    cannot go on then."""
    try:
        for table, column in ((Actor, Actor.id), (User, User.actor_id)):
            connection.execute(update(table).where(column == actor_id).values(deleted_at=None))
    except IntegrityError:
        return False
    return True


def add_token(connection: Connection, **values: Any) -> None:
    """Writes a token: actor_id, kind, token_hash, created_at, and what else its kind has."""
    connection.execute(insert(Token).values(**values))


def revoke_token(connection: Connection, token_id: int, now: datetime) -> bool:
    """Ends one token. False when it had ended: of two who use it at once, one is first."""
    held = update(Token).where(Token.id == token_id, Token.revoked_at.is_(None)).values(revoked_at=now)
    return connection.execute(held).rowcount == 1


def revoke_tokens(connection: Connection, actor_id: int, kind: str, now: datetime, *, keep: int | None = None) -> None:
    """Ends all tokens of a kind that an actor holds, but the one with the id `keep`."""
    held = update(Token).where(Token.actor_id == actor_id, Token.kind == kind, Token.revoked_at.is_(None))
    connection.execute(held.where(Token.id != (keep or 0)).values(revoked_at=now))


def forget_tokens(connection: Connection, before: datetime) -> int:
    """Removes sessions and links that ended before then. How many."""
    over = (Token.expires_at < before) | (Token.revoked_at < before)
    return connection.execute(delete(Token).where(Token.kind.in_(("session", "reset")), over)).rowcount


def add_grant(connection: Connection, actor_id: int, grant: GrantView, created_by: int, now: datetime) -> bool:
    """Writes a grant. False when the actor has that role in that place already, for whatever dates."""
    written = connection.execute(
        _insert(connection)(Grant)
        .values(
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
        .on_conflict_do_nothing()
        .returning(Grant.id)
    )
    return written.first() is not None


def redate_grant(connection: Connection, grant_id: int, grant: GrantView) -> None:
    """Gives a grant the dates of another."""
    dates = {"valid_from": grant.valid_from, "valid_to": grant.valid_to}
    connection.execute(update(Grant).where(Grant.id == grant_id).values(**dates))


def remove_grant(connection: Connection, grant_id: int) -> None:
    """Takes a grant away."""
    connection.execute(delete(Grant).where(Grant.id == grant_id))


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
