"""The revisions make what the models say, on either database, and can be taken back."""

import multiprocessing
import subprocess
import sys
from importlib.resources import as_file, files
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

from server.storage import migrate, schema
from tests.kit.databases import make_tables


def _described(url: str) -> dict[str, Any]:
    """What a database holds, as it tells itself: columns, keys, indexes with their expressions, triggers."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        tables = sorted(set(inspector.get_table_names()) - {"alembic_version"})
        found: dict[str, Any] = {}
        for table in tables:
            found[table] = {
                "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
                "primary key": inspector.get_pk_constraint(table),
                "foreign keys": sorted(inspector.get_foreign_keys(table), key=lambda key: str(key["name"])),
            }
        catalogue = (
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            if connection.dialect.name == "sqlite"
            else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            " UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
        rows = connection.exec_driver_sql(catalogue)
        # the order in which constraints are written means nothing, nor that a rebuilt table's name stands in quotes
        bare = str.maketrans({",": " ", '"': ""})
        found["texts"] = {name: sorted(text.translate(bare).split()) for name, text in rows if "alembic" not in name}
    return found


def test_the_revisions_make_what_the_models_say(empty_database_url: str) -> None:
    assert migrate.upgrade(empty_database_url) == (None, schema.head_revision())
    migrated = _described(empty_database_url)

    migrate.downgrade(empty_database_url, "base")
    assert _described(empty_database_url) == {"texts": {}}

    make_tables(empty_database_url)
    assert migrated == _described(empty_database_url)
    assert "uq_grants_once" in migrated["texts"]
    assert any(name.startswith("grants_revise_forms") for name in migrated["texts"])
    assert len(migrated) > 25


def test_the_newest_revision_is_the_one_that_alembic_goes_to() -> None:
    with as_file(files("server") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        assert ScriptDirectory.from_config(config).get_heads() == [schema.head_revision()]


def test_a_worker_needs_nothing_of_what_moves_tables() -> None:
    told = "import sys, server.app, server.storage.schema as s; s.load_tables(); print('alembic' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_a_second_upgrade_changes_nothing_and_a_downgrade_can_be_taken_back(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    before = _described(empty_database_url)
    head = schema.head_revision()
    assert migrate.upgrade(empty_database_url) == (head, head)

    # the newest revision alone may change nothing on one of the two databases
    assert migrate.downgrade(empty_database_url, "-2")[0] == head
    assert _described(empty_database_url) != before
    migrate.upgrade(empty_database_url)
    assert _described(empty_database_url) == before


def _upgrade(url: str) -> tuple[str | None, str | None]:
    return migrate.upgrade(url)


def test_of_two_that_migrate_at_once_one_waits_for_the_other(empty_database_url: str) -> None:
    head = schema.head_revision()
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        answers = pool.map(_upgrade, [empty_database_url] * 3, chunksize=1)
    assert sorted(answers, key=str) == sorted([(None, head), (head, head), (head, head)], key=str)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_database_url: str) -> None:
    engine = sa.create_engine(empty_database_url, poolclass=NullPool)
    with engine.begin() as connection:
        # the second revision will stumble over this one
        connection.exec_driver_sql("CREATE TABLE review_moves (id integer)")
    before = _described(empty_database_url)
    with pytest.raises(sa.exc.DatabaseError, match="review_moves"):
        migrate.upgrade(empty_database_url)
    assert _described(empty_database_url) == before
