"""Fixtures every test may ask for. Servers are started when the first test asks and stopped when the session ends.

- `database_url`: a fresh database with all tables; the test runs on SQLite and on PostgreSQL.
- `empty_database_url`: the same without tables (migrations).
- `copy_home`: a home that was furnished once per session, copied for the test (`world`, `field`).
- `postgres`, `redis_url`: the running servers; `chromium_path`: the browser. They skip with the reason where missing.
"""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.kit.databases import KINDS, CopyHome, Databases, Furnish
from tests.kit.quick_apps import compile_once
from tests.kit.services import Missing, Postgres, chromium_program, memory_folder, running_postgres, running_redis

# how long one example takes says how busy the machine is
settings.register_profile("thonban", deadline=None)
settings.load_profile("thonban")

MakeDatabase = Callable[..., str]
LONG = {
    "tests/server/test_run.py",
    "tests/journeys/test_desk_browser.py",
    "tests/journeys/test_scope_everywhere.py",
    "tests/server/web/api/test_openapi.py",
    "tests/server/web/api/test_every_route.py",
}
"""Files that wait for programs they start, or ask very much; with more than one worker these come first."""


def pytest_configure(config: pytest.Config) -> None:
    """Temporary files lie in memory where there is room: every commit and every photograph waits for a disk."""
    compile_once()
    memory = memory_folder()
    if memory is not None and config.option.basetemp is None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long goes first: a worker that begins it last would keep the others waiting."""
    items.sort(key=lambda item: item.nodeid.partition("::")[0] not in LONG)


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command that sets up its log in this process writes to what pytest lent the test as standard error; that is
    closed afterwards, and every later line, from any thread, would be an error of its own."""
    root = logging.getLogger()
    level, before = root.level, set(root.handlers)
    yield
    for handler in [*root.handlers]:
        if handler not in before and type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    root.setLevel(level)


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


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def make_database(request: pytest.FixtureRequest, databases: Databases, database_kind: str) -> Iterator[MakeDatabase]:
    """Makes databases of the test's kind, which go when it ends."""
    with ExitStack() as stack:

        def make(*, tables: bool = True, furnish: Furnish | None = None, home: Path | None = None) -> str:
            if database_kind == "sqlite":
                return stack.enter_context(databases.sqlite_file(tables=tables, furnish=furnish, home=home))
            server: Postgres = request.getfixturevalue("postgres")
            return stack.enter_context(databases.postgresql(server, tables=tables, furnish=furnish, home=home))

        yield make


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    """The address of a fresh database that has every table and no row."""
    return make_database()


@pytest.fixture
def empty_database_url(make_database: MakeDatabase) -> str:
    """The address of a fresh database without tables."""
    return make_database(tables=False)


@pytest.fixture
def copy_home(make_database: MakeDatabase) -> CopyHome:
    """Copies a home that was furnished once: its folder, and a database of the test's kind."""
    return lambda furnish, home: make_database(furnish=furnish, home=home)
