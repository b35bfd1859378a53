"""Passwords that are checked at once: the same argon2id, at a cost that a test can pay with each signing in."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.storage.actors import User
from server.storage.database import writing

_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@cache
def quick_hash(password: str) -> str:
    """A hash with the least cost there is. The cost stands in it, and whoever checks a password reads it from there."""
    return _QUICK.hash(unicodedata.normalize("NFKC", password))


def give_password(session: Session, email: str, password: str) -> None:
    """Gives a person this password; what it is checked against costs next to nothing."""
    with writing(session) as connection:
        connection.execute(update(User).where(User.email == email).values(password_hash=quick_hash(password)))
        session.commit()
