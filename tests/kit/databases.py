"""Fresh databases for tests: the tables are made once per kind and session, every test gets a copy."""

import importlib
import pkgutil
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from tests.kit.services import Postgres

KINDS = ("sqlite", "postgresql")
_TEMPLATE = "thonban_template"


def make_tables(url: str) -> None:
    """Make every table of `server.storage` in an empty database."""
    storage = importlib.import_module("server.storage")
    for module in pkgutil.iter_modules(storage.__path__, "server.storage."):
        importlib.import_module(module.name)
    engine = sqlalchemy.create_engine(url)
    try:
        importlib.import_module("server.storage.database").Base.metadata.create_all(engine)
    finally:
        engine.dispose()


class Databases:
    """Copies of one database that has all tables and no rows, of either kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template: Path | None = None
        self._prepared: set[int] = set()

    def sqlite(self, *, tables: bool = True) -> str:
        """The address of a new SQLite file; it goes with the session's folder."""
        path = self._folder / f"{uuid.uuid4().hex}.db"
        if tables:
            shutil.copyfile(self._sqlite_template(), path)
        return f"sqlite:///{path}"

    @contextmanager
    def postgresql(self, server: Postgres, *, tables: bool = True) -> Iterator[str]:
        """The address of a new PostgreSQL database, dropped afterwards."""
        if tables and server.port not in self._prepared:
            make_tables(server.create(_TEMPLATE))
            self._prepared.add(server.port)
        name = f"test_{uuid.uuid4().hex}"
        try:
            yield server.create(name, _TEMPLATE if tables else "template1")
        finally:
            server.drop(name)

    def _sqlite_template(self) -> Path:
        if self._template is None:
            path = self._folder / "template.db"
            make_tables(f"sqlite:///{path}")
            self._template = path
        return self._template
