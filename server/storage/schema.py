"""The tables as a whole: at which revision a database is, and how it gets to the newest one.

The revisions stand in server/migrations/versions; every table of this package belongs to `Base.metadata`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

import server.storage
from server.storage.database import Base, engine_options, gate_of

WITHOUT_TABLES = frozenset({"server.storage.buckets", "server.storage.targets"})
_LOCK = 0x7468_6F6E_6261_6E  # of pg_advisory_lock: two programs that migrate at once wait for each other


def load_tables() -> MetaData:
    """The metadata with every table: all modules of this package are imported, but those that speak to object stores,
    which have none and take ten megabytes."""
    for module in pkgutil.iter_modules(server.storage.__path__, "server.storage."):
        if module.name not in WITHOUT_TABLES:
            importlib.import_module(module.name)
    return Base.metadata


def open_sessions(url: str) -> sessionmaker[Session]:
    """Sessions for a program without a web application. The engine is `.kw["bind"]`; dispose of it at the end."""
    return sessionmaker(create_engine(url, **engine_options(url)), expire_on_commit=False)


def head_revision() -> str:
    """The revision that this program needs."""
    with _alembic() as config:
        return _head(config)


def revision_of(connection: Connection) -> str | None:
    """The revision of a database; None when it has none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def is_ready(url: str) -> bool:
    """Whether a database is there, at the revision that this program needs (or with all tables, where these were made
    without migrations). Asking makes none."""
    named = make_url(url)
    if named.get_backend_name() == "sqlite" and not Path(named.database or "").is_file():
        return False
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            revision = revision_of(connection)
            if revision is None:
                return load_tables().tables.keys() <= set(connection.dialect.get_table_names(connection))
            return revision == head_revision()
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


def measure_database(session: Session) -> int | None:
    """Bytes that the database takes; None where it does not say."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages, size = (connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def find_engine_version(session: Session) -> str:
    """What keeps the tables, with its version: SQLite 3.45.1."""
    dialect = session.connection().dialect
    named = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(dialect.name, dialect.name)
    return f"{named} {'.'.join(str(part) for part in dialect.server_version_info or ())}"


def find_damage(session: Session) -> str | None:
    """What SQLite finds broken in its file, in its own words; None when all is whole, and on PostgreSQL."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    found = [str(row[0]) for row in session.execute(text("PRAGMA integrity_check(5)"))]
    if found != ["ok"]:
        return "; ".join(found)
    broken = session.execute(text("PRAGMA foreign_key_check")).first()
    return None if broken is None else f"foreign keys: {tuple(broken)}"


def is_empty(connection: Connection) -> bool:
    """Whether the database has no table."""
    dialect = connection.dialect
    return not dialect.get_table_names(connection)


def upgrade(url: str, revision: str = "head") -> tuple[str | None, str | None]:
    """Brings the database to a revision, in one transaction; (revision before, after). A second program waits."""
    return _migrate(url, revision, command.upgrade)


def downgrade(url: str, revision: str) -> tuple[str | None, str | None]:
    """Takes the database back to an older revision ("base": no tables), in one transaction; (before, after)."""
    return _migrate(url, revision, command.downgrade)


def _migrate(url: str, revision: str, move: object) -> tuple[str | None, str | None]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with _alembic() as config, gate_of(engine).held(), _exclusive(engine) as connection:
            before = revision_of(connection)
            if revision == "head" and before == _head(config):
                return before, before
            config.attributes["connection"] = connection
            assert callable(move)
            move(config, revision)
            after = revision_of(connection)
            connection.commit()
            return before, after
    finally:
        engine.dispose()


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if connection.dialect.name == "sqlite" and driver is not None:
            # tables that are rebuilt are dropped in between; the pragma does nothing inside a transaction
            driver.execute("PRAGMA foreign_keys=OFF")
            yield connection.execution_options(thonban_immediate=True)
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            # a table cannot be altered while triggers wait for the end of the transaction (forms_revision.py)
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            yield connection


@contextmanager
def _alembic() -> Iterator[AlembicConfig]:
    with as_file(files("server") / "migrations") as folder:
        config = AlembicConfig()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        yield config


def _head(config: AlembicConfig) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise RuntimeError("no migration is installed with this program")
    return head
