"""A word that is another one after every change of what decides who may have which forms: grants, projects, forms,
their versions and files. What is kept in memory of these is kept under it (ADR 0010).

The databases change it themselves, by triggers: nobody who writes one of these tables can forget it, not even by hand.
The word becomes known with the change itself, when its transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, MetaData, event, select
from sqlalchemy.engine import Connection

from server.storage.database import Base
from server.storage.settings import Setting

FORMS_REVISION = "forms_revision"
TABLES = ("form_attachments", "form_versions", "forms", "grants", "projects")
EVENTS = ("insert", "update", "delete")

_SQLITE = """CREATE TRIGGER {table}_revise_forms_{event} AFTER {event} ON {table} BEGIN
INSERT INTO settings (key, value)
VALUES ('forms_revision', '{{"value":"' || lower(hex(randomblob(8))) || '"}}')
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
END"""

# once in a transaction is enough: nobody else sees the word before the changes; 'yes' is forgotten with the transaction
_FUNCTION = """CREATE FUNCTION revise_forms() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF current_setting('thonban.forms_revised', true) IS DISTINCT FROM 'yes' THEN
INSERT INTO settings (key, value)
VALUES ('forms_revision', jsonb_build_object('value', gen_random_uuid()))
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
PERFORM set_config('thonban.forms_revised', 'yes', true);
END IF;
RETURN NULL;
END $$"""

# at the end of the transaction: whoever held this one row while waiting for another could be waited for in turn
_POSTGRESQL = """CREATE CONSTRAINT TRIGGER {table}_revise_forms AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise_forms()"""


def revision_column() -> ColumnElement[Any]:
    """The word as a column of a select that reads something else: what `word_of` reads."""
    settings = Setting.__table__
    return select(settings.c.value).where(settings.c.key == FORMS_REVISION).scalar_subquery()


def word_of(value: Any) -> str:
    """The word; empty before the first change."""
    return str(value["value"]) if value else ""


def _statements(dialect: str) -> Iterator[str]:
    if dialect == "sqlite":
        yield from (_SQLITE.format(table=table, event=each) for table in TABLES for each in EVENTS)
        return
    yield _FUNCTION
    yield from (_POSTGRESQL.format(table=table) for table in TABLES)


@event.listens_for(Base.metadata, "after_create")
def _make_triggers(_metadata: MetaData, connection: Connection, **_more: Any) -> None:
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
