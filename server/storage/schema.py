"""The tables as a whole: which there are, and at which revision a database is.

The revisions stand in server/migrations/versions; every table of this package belongs to `Base.metadata`. What moves a
database from one revision to another is server/storage/migrate.py: it takes ten megabytes that a worker never needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.resources import files
from pathlib import Path

from sqlalchemy import MetaData, column, create_engine, select, table, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

import server.storage
from server.storage.database import Base, engine_options

WITHOUT_TABLES = frozenset({"server.storage.buckets", "server.storage.migrate", "server.storage.targets"})
_MARK = table("alembic_version", column("version_num"))


def load_tables() -> MetaData:
    """The metadata with every table: all modules of this package are imported, but those that have none and
    take ten megabytes each: what speaks to object stores, and what moves tables."""
    for module in pkgutil.iter_modules(server.storage.__path__, "server.storage."):
        if module.name not in WITHOUT_TABLES:
            importlib.import_module(module.name)
    return Base.metadata


def open_sessions(url: str) -> sessionmaker[Session]:
    """Sessions for a program without a web application. The engine is `.kw["bind"]`; dispose of it at the end."""
    return sessionmaker(create_engine(url, **engine_options(url)), expire_on_commit=False)


def head_revision() -> str:
    """The revision that this program needs: the newest of its migrations, whose files begin with their numbers."""
    names = (each.name for each in files("server.migrations.versions").iterdir())
    return max(name.split("_")[0] for name in names if name[:1].isdigit())


def revision_of(connection: Connection) -> str | None:
    """The revision of a database; None when it has none yet."""
    if not connection.dialect.has_table(connection, _MARK.name):
        return None
    return connection.execute(select(_MARK.c.version_num)).scalar_one_or_none()


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
