"""SQLite finds what is current by the index that was made for it."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from server.storage.forms import FormVersion
from server.storage.submissions import SubmissionVersion
from tests.kit.world import World, world_fixture

__all__ = ["world_fixture"]


@pytest.mark.parametrize("versions", [FormVersion, SubmissionVersion])
def test_current_versions_are_found_by_their_index(world: World, versions: type) -> None:
    if world.session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL understands the condition of a partial index however it is written")
    owner = versions.form_id if versions is FormVersion else versions.submission_id
    query = select(versions.id).where(owner == 1, versions.is_current)
    sql = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan = " ".join(row[3] for row in world.session.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
    assert f"uq_{versions.__tablename__}_current" in plan
