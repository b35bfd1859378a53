"""Uploads that have an instance in common wait for each other."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from server.storage.database import lock_instances
from tests.kit.services import Postgres

FORM, OTHER_FORM = 1, 2


@pytest.fixture(name="engine")
def _engine(postgres: Postgres) -> Iterator[Engine]:
    engine = create_engine(postgres.url("postgres"))
    yield engine
    engine.dispose()


def waits(engine: Engine, form_id: int, *instance_ids: str | None) -> bool:
    """Whether somebody else would have to wait for one of them."""
    with engine.begin() as other:
        other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        try:
            lock_instances(other, form_id, *instance_ids)
        except OperationalError:
            return True
    return False


def test_an_edit_waits_for_what_it_edits_and_for_the_edit_of_itself(engine: Engine) -> None:
    with engine.begin() as one:
        lock_instances(one, FORM, "uuid:2", "uuid:1")
        assert waits(engine, FORM, "uuid:1", None)
        assert waits(engine, FORM, "uuid:2", None)
        assert waits(engine, FORM, "uuid:3", "uuid:2")
        assert not waits(engine, FORM, "uuid:3", None)
        assert not waits(engine, OTHER_FORM, "uuid:2", "uuid:1")
    assert not waits(engine, FORM, "uuid:2", "uuid:1")
