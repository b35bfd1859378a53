"""The outbox: written with its cause, taken by one, retried with growing pauses, kept when it is given up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from server.storage.database import writing
from server.storage.jobs import (
    LEASE,
    MOST_ATTEMPTS,
    Leased,
    Work,
    count_jobs,
    enqueue,
    fail,
    find_due,
    finish,
    forget_finished,
    lease,
    list_dead,
    pause_after,
    revive,
)
from server.storage.schema import open_sessions

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(name="sessions")
def _sessions(database_url: str) -> Iterator[sessionmaker[Session]]:
    made = open_sessions(database_url)
    yield made
    made.kw["bind"].dispose()


def put(sessions: sessionmaker[Session], work: Work, now: datetime = NOW) -> bool:
    with sessions() as session, writing(session) as connection:
        written = enqueue(connection, work, now)
        session.commit()
    return written


def take(sessions: sessionmaker[Session], now: datetime) -> Leased | None:
    with sessions() as session, writing(session) as connection:
        leased = lease(connection, now)
        session.commit()
    return leased


def test_work_is_undone_with_its_cause(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, writing(session) as connection:
        enqueue(connection, Work("count", {}), NOW)
        session.rollback()
    with sessions() as session:
        assert find_due(session, NOW) is None


def test_one_takes_it_and_nobody_else_until_the_lease_ends(sessions: sessionmaker[Session]) -> None:
    put(sessions, Work("count", {"area": "x"}))
    first = take(sessions, NOW)
    assert first is not None
    assert (first.kind, first.payload, first.attempts) == ("count", {"area": "x"}, 1)
    assert take(sessions, NOW + LEASE - MINUTE) is None
    again = take(sessions, NOW + LEASE)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)


def test_of_a_key_one_waits_and_another_may_be_written_once_it_runs(sessions: sessionmaker[Session]) -> None:
    assert put(sessions, Work("count", {}, key="x"))
    assert not put(sessions, Work("count", {}, key="x"))
    assert put(sessions, Work("count", {}, key="y"))
    assert put(sessions, Work("copy", {}, key="x"))
    running = take(sessions, NOW)
    assert running is not None
    # what happened after the job was taken may not have been seen by it
    assert put(sessions, Work("count", {}, key="x"))


def test_what_has_been_due_the_longest_comes_first_and_the_later_waits(sessions: sessionmaker[Session]) -> None:
    put(sessions, Work("later", {}, delay=MINUTE))
    put(sessions, Work("second", {}), NOW + timedelta(seconds=1))
    put(sessions, Work("first", {}))
    taken = [job.kind for job in iter(lambda: take(sessions, NOW + timedelta(seconds=2)), None)]
    assert taken == ["first", "second"]
    assert take(sessions, NOW + MINUTE) is not None


def test_pauses_grow_and_the_dead_are_kept_and_can_be_revived(sessions: sessionmaker[Session]) -> None:
    put(sessions, Work("count", {}, key="x"))
    now, pauses = NOW, []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        leased = take(sessions, now)
        assert leased is not None
        with sessions() as session, writing(session) as connection:
            assert fail(connection, leased, f"fault {attempt}", now) is (attempt == MOST_ATTEMPTS)
            session.commit()
        pauses.append(pause_after(attempt))
        assert take(sessions, now + pauses[-1] - timedelta(seconds=1)) is None
        now += pauses[-1]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=5)
    assert pauses[-1] == timedelta(hours=1)
    with sessions() as session:
        (dead,) = list_dead(session)
        assert (dead.kind, dead.key, dead.attempts, dead.error) == (
            "count",
            "x",
            MOST_ATTEMPTS,
            f"fault {MOST_ATTEMPTS}",
        )
        assert count_jobs(session) == {"waiting": 0, "dead": 1}
    with sessions() as session, writing(session) as connection:
        assert forget_finished(connection, now + timedelta(days=365)) == 0
        assert revive(connection, dead.id, now)
        assert not revive(connection, dead.id, now)
        session.commit()
    assert take(sessions, now) is not None


def test_finished_work_is_forgotten_after_a_while(sessions: sessionmaker[Session]) -> None:
    put(sessions, Work("count", {}))
    leased = take(sessions, NOW)
    assert leased is not None
    with sessions() as session, writing(session) as connection:
        finish(connection, leased.id, NOW)
        assert forget_finished(connection, NOW) == 0
        assert forget_finished(connection, NOW + MINUTE) == 1
        session.commit()
