"""A database as it was made: whether anybody has written to it since, and back to what it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url


class Kept(Protocol):
    """What both databases can."""

    def has_changed(self) -> bool:
        """Whether a transaction that wrote was committed since it was last as it was made."""

    def restore(self) -> None:
        """Makes the database what it was."""

    def close(self) -> None:
        """Lets go of the database."""


def keep(database_url: str) -> Kept:
    """Keeps all that is in a database at present."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return KeptSqlite(Path(str(url.database)))
    return KeptPostgres(url.set(drivername="postgresql").render_as_string(hide_password=False))


class KeptSqlite:
    """A file, and its pages in memory."""

    def __init__(self, file: Path) -> None:
        self._live = sqlite3.connect(file, isolation_level=None, timeout=30)
        self._kept = sqlite3.connect(":memory:")
        self._live.backup(self._kept)
        self._seen = self._version()

    def has_changed(self) -> bool:
        """Whether anybody wrote."""
        return self._version() != self._seen

    def restore(self) -> None:
        """All pages, as they were."""
        self._kept.backup(self._live)
        self._seen = self._version()

    def close(self) -> None:
        """Both connections."""
        self._live.close()
        self._kept.close()

    def _version(self) -> int:
        # grows when another connection commits, and by nothing else
        found: int = self._live.execute("PRAGMA data_version").fetchone()[0]
        return found


SEQUENCES = """
SELECT owner.relname, quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value
FROM pg_sequences
JOIN pg_class sequence ON sequence.oid = (quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass
JOIN pg_depend ON pg_depend.objid = sequence.oid AND deptype IN ('a', 'i') AND classid = 'pg_class'::regclass
JOIN pg_class owner ON owner.oid = refobjid
"""
"""Which table counts with which, and the last number it gave out; NULL: none yet."""


class KeptPostgres:
    """A schema of copies beside the tables. Triggers write down which table a row was written to, in the transaction
    that writes it: what is rolled back leaves no word."""

    def __init__(self, url: str) -> None:
        self._live = psycopg.connect(url, autocommit=True)
        run = self._live.execute
        run("CREATE SCHEMA kept")
        run("CREATE TABLE kept.touched (name text)")
        run("""CREATE FUNCTION kept.touch() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN INSERT INTO kept.touched VALUES (TG_TABLE_NAME); RETURN NULL; END $$""")
        self._sequences = run(SEQUENCES).fetchall()
        for (name,) in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            table = sql.Identifier(name)
            run(sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(table))
            run(
                sql.SQL(
                    "CREATE TRIGGER kept AFTER INSERT OR UPDATE OR DELETE ON public.{} "
                    "FOR EACH ROW EXECUTE FUNCTION kept.touch()"
                ).format(table)
            )

    def has_changed(self) -> bool:
        """Whether anybody wrote a row."""
        return self._live.execute("SELECT FROM kept.touched LIMIT 1").fetchone() is not None

    def restore(self) -> None:
        """The tables that were written to, and the numbers that come next in them."""
        touched = {name for (name,) in self._live.execute("SELECT DISTINCT name FROM kept.touched").fetchall()}
        with self._live.transaction():
            # neither triggers nor foreign keys: each table by itself
            self._live.execute("SET LOCAL session_replication_role = replica")
            for name in sorted(touched):
                table = sql.Identifier(name)
                self._live.execute(sql.SQL("DELETE FROM public.{}").format(table))
                self._live.execute(sql.SQL("INSERT INTO public.{0} TABLE kept.{0}").format(table))
            self._live.execute("DELETE FROM kept.touched")
        for table_name, sequence, last in self._sequences:
            if table_name in touched:
                self._live.execute(
                    "SELECT setval(%s::regclass, coalesce(%s, 1), %s)", (sequence, last, last is not None)
                )

    def close(self) -> None:
        """The connection."""
        self._live.close()
