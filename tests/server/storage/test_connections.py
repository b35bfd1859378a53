"""A connection that PostgreSQL closed while it lay in the pool is given to nobody."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from server.storage import database
from server.storage.database import engine_options
from tests.kit.services import Postgres

WHO = text("SELECT pg_backend_pid()")


@pytest.fixture
def engine(postgres: Postgres) -> Iterator[Engine]:
    url = postgres.url("postgres")
    made = create_engine(url, **engine_options(url))
    yield made
    made.dispose()


def ask(engine: Engine) -> int:
    """Which process of PostgreSQL answers."""
    with engine.connect() as connection:
        return int(connection.execute(WHO).scalar_one())


def end(engine: Engine, process: int) -> None:
    """Ends a process of PostgreSQL, as a restart does, and waits until it is gone."""
    other = create_engine(engine.url, poolclass=NullPool)
    with other.connect() as connection:
        told = connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
        assert told.scalar_one()


def test_no_plan_is_compiled_before_its_first_row(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"


def test_a_connection_is_used_again(engine: Engine) -> None:
    assert ask(engine) == ask(engine)


def test_whoever_comes_after_a_restart_gets_another_connection(engine: Engine) -> None:
    first = ask(engine)
    end(engine, first)
    second = ask(engine)
    assert second != first
    assert ask(engine) == second


def test_a_connection_that_lay_long_is_asked_and_used_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MOST_SECONDS_LAID", 0)
    first = ask(engine)
    assert ask(engine) == first
    end(engine, first)
    assert ask(engine) != first
