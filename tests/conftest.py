"""Fixtures every test may ask for. Servers are started when the first test asks and stopped when the session ends.

- `database_url`: a fresh database with all tables; the test runs on SQLite and on PostgreSQL.
- `empty_database_url`: the same without tables (migrations).
- `postgres`, `redis_url`: the running servers; `chromium_path`: the browser. They skip with the reason where missing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit.databases import KINDS, Databases
from tests.kit.services import Missing, Postgres, chromium_program, running_postgres, running_redis


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the whole session."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres())
        except Missing as reason:
            pytest.skip(str(reason))
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a Redis server for the whole session."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_redis())
        except Missing as reason:
            pytest.skip(str(reason))
        yield url


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Where Chromium is."""
    try:
        return chromium_program()
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """The maker of fresh databases."""
    return Databases(tmp_path_factory.mktemp("databases"))


def _fresh(request: pytest.FixtureRequest, databases: Databases, *, tables: bool) -> Iterator[str]:
    if request.param == "sqlite":
        yield databases.sqlite(tables=tables)
        return
    server: Postgres = request.getfixturevalue("postgres")
    with databases.postgresql(server, tables=tables) as url:
        yield url


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a fresh database that has every table and no row."""
    yield from _fresh(request, databases, tables=True)


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a fresh database without tables."""
    yield from _fresh(request, databases, tables=False)
