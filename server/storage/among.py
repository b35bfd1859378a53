"""Rows by hundreds of keys that are known."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.table_sql import POSTGRESQL
from server.storage.tables import dialect_of


def among(session: Session | Connection, key: Any, numbers: Collection[int]) -> ColumnElement[bool]:
    """The condition that a key is one of these; for PostgreSQL one value and not hundreds, which are slow to write."""
    if dialect_of(session) == POSTGRESQL:
        found: ColumnElement[bool] = key == any_(literal(list(numbers), ARRAY(BigInteger)))
        return found
    some: ColumnElement[bool] = key.in_(numbers)
    return some
