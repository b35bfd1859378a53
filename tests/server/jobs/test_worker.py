"""The worker does what is due, writes down what failed, and plans the nights by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.jobs.nightly import KIND, next_run
from server.jobs.registry import list_kinds
from server.jobs.seal import KIND as SEAL
from server.jobs.worker import drain
from server.services.nightly import list_copies
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.jobs import Job, Work, count_jobs, enqueue, list_dead
from tests.kit.homes import House, house_at


def put(house: House, work: Work, now: datetime) -> None:
    with house.sessions() as session, writing(session) as connection:
        enqueue(connection, work, now)
        session.commit()


def test_a_night_makes_a_copy_and_plans_the_next(tmp_path: Path) -> None:
    with house_at(tmp_path / "home") as house:
        assert drain(house.sessions, house.home) == 0
        with house.sessions() as session:
            planned = session.query(Job).filter(Job.kind == KIND).one()
            sealing = session.query(Job).filter(Job.kind == SEAL).one()
            assert timedelta(0) < sealing.run_after - datetime.now(UTC) <= timedelta(minutes=5)
            assert timedelta(0) < planned.run_after - datetime.now(UTC) <= timedelta(days=1)
            assert planned.run_after.hour == 19
        with house.sessions() as session, writing(session) as connection:
            connection.execute(Job.__table__.update().values(run_after=datetime.now(UTC)))
            session.commit()
        assert drain(house.sessions, house.home) == 2
        assert len(list_copies(house.home.config.backups_folder)) == 1
        with house.sessions() as session:
            assert count_jobs(session) == {"waiting": 2, "dead": 0}
            assert list_audits(session, most=1)[0].action == "backup.create"
            assert not any(line.sealed for line in list_audits(session, most=1))
            assert all(line.sealed for line in list_audits(session)[1:])


def test_a_job_that_fails_is_tried_again_and_one_nobody_knows_is_given_up(tmp_path: Path) -> None:
    with house_at(tmp_path / "home") as house:
        put(house, Work("no.such.job", {}), datetime.now(UTC))
        put(house, Work("apply_held", {}), datetime.now(UTC))
        assert drain(house.sessions, house.home) == 0
        with house.sessions() as session:
            (dead,) = list_dead(session)
            assert "no.such.job" in dead.error
            failed = session.query(Job).filter(Job.kind == "apply_held").one()
            assert "variant_id" in (failed.error or "")
            assert failed.attempts == 1
            assert failed.run_after > datetime.now(UTC)


def test_every_kind_is_found_by_presence() -> None:
    assert {"home.nightly", "apply_held"} <= set(list_kinds())


def test_nights_are_vietnamese() -> None:
    assert next_run(datetime(2026, 11, 23, 18, 59, tzinfo=UTC)) == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert next_run(datetime(2026, 11, 23, 19, 0, tzinfo=UTC)) == datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
