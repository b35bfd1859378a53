"""What /healthz says: loading, ready, full, away; and what /metrics counts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from server.app import create_app
from server.services.health import LOADING, home_notices
from server.storage.database import db, writing
from server.storage.migrate import downgrade
from server.storage.settings import put_setting
from tests.kit.homes import House, house_at


@pytest.fixture(name="house")
def _house(empty_database_url: str, tmp_path: Path) -> Iterator[House]:
    with house_at(tmp_path / "home", empty_database_url, "demo") as made:
        yield made


@pytest.fixture(name="app")
def _app(house: House) -> Iterator[Flask]:
    made = create_app(house.home.config, house.home)
    yield made
    with made.app_context():
        db.engine.dispose()


def load(house: House, done: int, *, finished: bool) -> None:
    with house.sessions() as session, writing(session) as connection:
        put_setting(connection, LOADING, {"done": done, "total": 126, "finished": finished})
        session.commit()


def test_503_until_the_demo_is_there(app: Flask, house: House) -> None:
    load(house, 7, finished=False)
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["loading"]) == (503, "7 of 126")
    load(house, 126, finished=True)
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_503_until_the_tables_are_those_of_the_program(app: Flask, house: House) -> None:
    downgrade(house.home.config.database_url, "0001")
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["reason"]) == (503, "migrations")


def test_503_and_a_notice_on_a_full_disk(house: House) -> None:
    full = replace(house.home, config=replace(house.home.config, min_free_bytes=1 << 62))
    app = create_app(full.config, full)
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["reason"]) == (503, "storage.disk_full")
    assert [notice.code for notice in home_notices(full)] == ["storage.disk_full"]
    assert home_notices(house.home) == ()


def test_503_when_the_database_is_away(house: House) -> None:
    away = replace(house.home.config, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    app = create_app(away, replace(house.home, config=away))
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["reason"]) == (503, "storage.database_away")


def test_metrics_count_what_is_kept(app: Flask) -> None:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert "thonban_submissions 0.0" in answer.text
    assert "thonban_jobs_dead 0.0" in answer.text
