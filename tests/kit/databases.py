"""Fresh databases and homes for tests: each kind is made once per session, every test gets a copy of its own."""

import importlib
import pkgutil
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy

from tests.kit.services import Postgres

KINDS = ("sqlite", "postgresql")

Furnish = Callable[[str, Path], None]
"""Fills the database at an address, which has every table and no row, and the folder of the home that it belongs to."""
CopyHome = Callable[[Furnish, Path], str]
"""What the fixture `copy_home` gives: copies a furnished home into a folder; the address of its own database."""


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


@dataclass
class Databases:
    """Copies of databases that were made once: with all tables and no row, or furnished."""

    folder: Path
    _made: dict[tuple[str, Furnish | None], str] = field(default_factory=dict)

    def sqlite(self, *, tables: bool = True, furnish: Furnish | None = None, home: Path | None = None) -> str:
        """The address of a new SQLite file; it goes with the session's folder. What `furnish` made of the home's folder
        is copied to `home`."""
        path = self.folder / f"{uuid.uuid4().hex}.db"
        if tables:
            shutil.copyfile(self._sqlite_pattern(furnish), path)
        self._copy_home("sqlite", furnish, home)
        return f"sqlite:///{path}"

    @contextmanager
    def sqlite_file(
        self, *, tables: bool = True, furnish: Furnish | None = None, home: Path | None = None
    ) -> Iterator[str]:
        """The same, removed afterwards."""
        url = self.sqlite(tables=tables, furnish=furnish, home=home)
        try:
            yield url
        finally:
            # with its log and its lock; a test may have put a folder in its place
            path = Path(url.removeprefix("sqlite:///"))
            for left in path.parent.glob(f"{path.name}*"):
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()

    @contextmanager
    def postgresql(
        self, server: Postgres, *, tables: bool = True, furnish: Furnish | None = None, home: Path | None = None
    ) -> Iterator[str]:
        """The address of a new PostgreSQL database, dropped afterwards; the rest as for SQLite."""
        name = f"test_{uuid.uuid4().hex}"
        pattern = self._postgresql_pattern(server, furnish) if tables else "template1"
        self._copy_home("postgresql", furnish, home)
        try:
            yield server.create(name, pattern)
        finally:
            server.drop(name)

    @contextmanager
    def furnished(self, kind: str, find_server: Callable[[], Postgres], furnish: Furnish, home: Path) -> Iterator[str]:
        """The address of a copy of what was furnished, on either kind; its home is copied to `home`."""
        if kind == "sqlite":
            with self.sqlite_file(furnish=furnish, home=home) as url:
                yield url
            return
        with self.postgresql(find_server(), furnish=furnish, home=home) as url:
            yield url

    def _sqlite_pattern(self, furnish: Furnish | None) -> Path:
        key = ("sqlite", furnish)
        if key not in self._made:
            path = self.folder / f"pattern-{uuid.uuid4().hex}.db"
            if furnish is None:
                make_tables(f"sqlite:///{path}")
            else:
                shutil.copyfile(self._sqlite_pattern(None), path)
                furnish(f"sqlite:///{path}", self._home_of("sqlite", furnish))
            self._made[key] = str(path)
        return Path(self._made[key])

    def _postgresql_pattern(self, server: Postgres, furnish: Furnish | None) -> str:
        key = ("postgresql", furnish)
        if key not in self._made:
            name = f"pattern_{uuid.uuid4().hex}"
            if furnish is None:
                make_tables(server.create(name))
            else:
                url = server.create(name, self._postgresql_pattern(server, None))
                furnish(url, self._home_of("postgresql", furnish))
            self._made[key] = name
        return self._made[key]

    def _home_of(self, kind: str, furnish: Furnish) -> Path:
        return self.folder / f"home-{kind}-{furnish.__module__}.{furnish.__qualname__}"

    def _copy_home(self, kind: str, furnish: Furnish | None, home: Path | None) -> None:
        if furnish is not None and home is not None:
            shutil.copytree(self._home_of(kind, furnish), home)
