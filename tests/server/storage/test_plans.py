"""SQLite finds what is current, and what somebody sent, by the indexes that were made for it."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from server.domain.roles import Reach, Scope
from server.storage.forms import FormVersion
from server.storage.own_sheets import Eyes, list_own, list_own_apart, list_texts_of
from server.storage.submissions import SubmissionVersion
from tests.kit.statements import listening
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


def test_what_somebody_sent_is_found_by_the_sender(world: World) -> None:
    bound = world.session.get_bind()
    if bound.dialect.name != "sqlite":
        pytest.skip("what PostgreSQL takes depends on how much there is")
    session = world.session
    scope = Scope(False, frozenset(["a"]), date(2026, 1, 1), ((1, Reach(True, frozenset())),))
    eyes = Eyes(scope, frozenset([1]), scope)
    with listening(bound) as said:  # type: ignore[arg-type]  # the session's bind is an engine
        list_own(session, (1, 7), eyes, 0)
        list_own_apart(session, 1, 7, 500)
        list_texts_of(session, [1, 2])
    asked = [sql for sql in said if sql.startswith("SELECT")]
    plans = [[row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))] for sql in asked]
    indexes = ("ix_submissions_sender", "ix_returns_open_sender", "ix_variants_sender")
    for plan, index in zip(plans, (*indexes, "ix_submission_versions_submission"), strict=True):
        assert any(index in step for step in plan), plan
        assert not [step for step in plan if step.startswith(("SCAN", "USE TEMP"))], plan
