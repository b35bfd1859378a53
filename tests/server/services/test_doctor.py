"""The doctor finds what is wrong, says what to do, and changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.config import Config
from server.diagnoses import DIAGNOSES
from server.services.doctor import Check, examine
from server.services.home import Home, open_home
from server.storage.database import writing
from server.storage.jobs import Work, bury, enqueue, lease
from server.storage.migrate import downgrade
from server.storage.settings import put_setting
from tests.kit.homes import NIGHT, House, environment_of, house_at

SOON = NIGHT + timedelta(hours=1)


@pytest.fixture(name="house")
def _house(empty_database_url: str, tmp_path: Path) -> Iterator[House]:
    with house_at(tmp_path / "home", empty_database_url) as made:
        yield made


def looked_over(house: House, home: Home | None = None) -> dict[str, Check]:
    with house.sessions() as session:
        checks = {check.name: check for check in examine(session, home or house.home, SOON)}
    for check in checks.values():
        assert "{" not in DIAGNOSES[check.name, check.state].filled(check.params).vi
    return checks


def test_a_healthy_home(house: House) -> None:
    house.keeps(b"a photo")
    checks = looked_over(house)
    assert {check.state for check in checks.values()} == {"ok"}
    assert set(checks) == {"home", "space", "database", "clock", "secret", "integrity", "files", "orphans", "jobs"} | {
        "tallies",
        "worker",
        "copies",
    }


def test_files_that_are_lost_or_damaged(house: House) -> None:
    lost, damaged = house.keeps(b"lost"), house.keeps(b"damaged")
    house.home.blobs.remove(lost)
    (house.home.config.blobs_folder / damaged[:2] / damaged).write_bytes(b"other bytes")
    check = looked_over(house)["files"]
    assert check.state == "error"
    assert check.params == {"count": 2, "missing": 1, "damaged": 1, "first": lost}


def test_another_secret_an_old_revision_dead_and_late_work(house: House, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home", house.home.config.database_url)
    other = open_home(Config.from_env(environment | {"THONBAN_SECRET_KEY": "another secret key of forty characters!!"}))
    with house.sessions() as session, writing(session) as connection:
        enqueue(connection, Work("count", {}), NIGHT)
        leased = lease(connection, NIGHT)
        assert leased is not None
        bury(connection, leased.id, "Traceback\nValueError: no", NIGHT)
        enqueue(connection, Work("count", {}), NIGHT)
        put_setting(connection, "home", {"kind": "real", "made_at": (NIGHT - timedelta(days=9)).isoformat()})
        session.commit()
    checks = looked_over(house, other)
    assert checks["secret"].state == "error"
    assert checks["jobs"].params == {"count": 1, "kind": "count", "error": "ValueError: no"}
    assert checks["worker"].params == {"minutes": 60}
    assert checks["copies"].state == "warning"
    downgrade(house.home.config.database_url, "0001")
    assert looked_over(house)["migrations"].state == "error"


def test_a_disk_without_room(house: House) -> None:
    full = replace(house.home, config=replace(house.home.config, min_free_bytes=1 << 62))
    assert looked_over(house, full)["space"].state == "error"
