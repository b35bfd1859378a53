"""How a database gets from one revision to another: by Alembic, in one transaction, one program at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from server.storage.database import gate_of
from server.storage.schema import head_revision, revision_of

_LOCK = 0x7468_6F6E_6261_6E  # of pg_advisory_lock: two programs that migrate at once wait for each other


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
            if revision == "head" and before == head_revision():
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
