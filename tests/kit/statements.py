"""What is asked of a database, counted where its driver is handed it: statements that go past SQLAlchemy too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event


@contextmanager
def listening(engine: Engine) -> Iterator[list[str]]:
    """Every statement of this engine while the block lasts; a list to be cleared at will."""
    said: list[str] = []
    active = True

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **more: Any) -> Any:
            if active:
                said.append(str(query))
            return super().execute(query, *arguments, **more)

    def listen(driver: Any, *_: object) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(lambda text: said.append(text) if active else None)
        else:
            driver.cursor_factory = Noting

    event.listen(engine, "checkout", listen)
    try:
        yield said
    finally:
        active = False
        event.remove(engine, "checkout", listen)
