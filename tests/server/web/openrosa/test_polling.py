"""A phone that asks again and again is told 304 at next to no cost, and of every change at once, whoever made it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, request_started
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from server.app import create_app
from server.services.keys import revoke_key
from server.storage.actors import Actor, Grant, Token
from server.storage.database import db
from server.storage.forms_revision import FORMS_REVISION
from server.storage.projects import Project
from server.storage.settings import find_setting
from server.web import context
from sync.openrosa import read_form_list
from tests.kit.statements import listening
from tests.kit.world import OPENROSA, WATER_POINT, Phone, World

Polls = Callable[..., TestResponse]
READS = ("SELECT", "WITH")


def by_hand(world: World, statement: sa.Update | sa.Delete) -> None:
    """As an administrator would at the database's own prompt: past everything that the product does."""
    with world.session.get_bind().begin() as connection:  # type: ignore[union-attr]  # the session's bind is an engine
        connection.execute(statement.execution_options(synchronize_session=False))


@pytest.fixture(name="elsewhere")
def second_app(world: World) -> Iterator[Flask]:
    """Another process that serves the same home, or as good as one: an application with an engine of its own."""
    app = create_app(world.home.config, world.home)
    yield app
    with app.app_context():
        db.engine.dispose()


def polling(app: Flask, phone: Phone) -> Polls:
    """Asks for the form list with the tag of the last answer."""
    tag = ""

    def poll(path: str = "formList?deviceID=collect:1", base_url: str | None = None, **headers: str) -> TestResponse:
        nonlocal tag
        told = OPENROSA | ({"If-None-Match": tag} if tag else {}) | headers
        answer = app.test_client().get(f"{phone.base}/{path}", headers=told, base_url=base_url)
        tag = answer.headers.get("ETag", tag)
        return answer

    return poll


def listed(answer: TestResponse) -> list[str]:
    """The ids of the forms in a list, which is a new one."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [entry.form_id for entry in read_form_list(answer.data)]


def settled(poll: Polls) -> None:
    """The list was fetched, and is the same now."""
    poll()
    assert [poll().status_code for _ in range(3)] == [304] * 3


def engine_of(app: Flask) -> Engine:
    """The application's own engine."""
    with app.app_context():
        return db.engine


def test_a_poll_that_finds_nothing_new_costs_one_select_and_writes_nothing(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    poll = polling(world.app, phone)
    settled(poll)
    entered: list[object] = []
    with listening(engine_of(world.app)) as said, request_started.connected_to(lambda app: entered.append(app)):
        assert poll().status_code == 304
        assert not entered
        assert len([text for text in said if text.lstrip().upper().startswith(READS)]) == 1
        assert not [text for text in said if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def test_the_answer_to_a_poll_is_the_same_at_its_cheapest(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    for accepts in ("gzip", "identity"):
        poll = polling(world.app, phone)
        whole = poll(**{"Accept-Encoding": accepts})
        first, *more = (poll(**{"Accept-Encoding": accepts}) for _ in range(4))
        for again in (first, *more):
            assert (again.status_code, again.data) == (304, b"")
            own = {name for name, _ in again.headers} - {"X-Request-ID"}
            assert {name: again.headers[name] for name in own} == {name: first.headers[name] for name in own}
            for name in ("X-OpenRosa-Version", "X-OpenRosa-Accept-Content-Length", "Vary"):
                assert again.headers[name] == whole.headers[name], name
            assert again.headers["Cache-Control"] == "private, no-cache"
            assert again.headers["ETag"].removeprefix("W/") == whole.headers["ETag"].removeprefix("W/")
        numbers = {again.headers["X-Request-ID"] for again in (first, *more)}
        assert len(numbers) == 4
        assert poll(**{"X-Request-ID": "of a proxy"}).headers["X-Request-ID"] == "of a proxy"


def test_what_is_changed_in_one_process_is_told_by_another_on_the_next_poll(world: World, elsewhere: Flask) -> None:
    world.publishes()
    phone = world.phone("phone")
    poll, api, form = polling(elsewhere, phone), world.api, "projects/1/forms/water_point"
    settled(poll)

    other = world.publishes(WATER_POINT.replace("water_point", "second"))
    assert api.post(f"projects/1/forms/{other}/assignments/2/{phone.id}").status_code == 200
    assert listed(poll()) == ["second", "water_point"]
    settled(poll)
    changed = WATER_POINT.replace("| 1       |", "| 2       |")
    headers = {"Content-Type": "text/markdown"}
    assert api.post(f"{form}/draft?ignoreWarnings=true", data=changed.encode(), headers=headers).status_code == 200
    poll()
    settled(poll)
    assert api.post(f"{form}/draft/publish").status_code == 200
    assert [entry.version for entry in read_form_list(poll().data)] == ["1", "2"]
    settled(poll)
    for state, left in (("closing", ["second"]), ("open", ["second", "water_point"]), ("closed", ["second"])):
        assert api.patch(form, json={"state": state}).status_code == 200
        assert listed(poll()) == left
        settled(poll)
    assert api.patch(form, json={"state": "open"}).status_code == 200
    assert listed(poll()) == ["second", "water_point"]
    assert api.delete("projects/1/forms/second").status_code == 200
    assert listed(poll()) == ["water_point"]
    settled(poll)
    assert api.delete(f"{form}/assignments/2/{phone.id}").status_code == 200
    assert listed(poll()) == []
    settled(poll)
    assert api.post(f"{form}/assignments/2/{phone.id}").status_code == 200
    assert listed(poll()) == ["water_point"]
    settled(poll)
    revoke_key(world.session, world.server_itself, (1, phone.id), datetime.now(UTC))
    assert poll().status_code == 403


def test_what_is_changed_by_hand_in_the_database_is_told_as_well(world: World, elsewhere: Flask) -> None:
    world.publishes()
    phone = world.phone("phone")
    poll, now = polling(elsewhere, phone), datetime.now(UTC)
    settled(poll)
    project, own = sa.update(Project).where(Project.id == 1), sa.update(Token).where(Token.actor_id == phone.id)
    actor = sa.update(Actor).where(Actor.id == phone.id)

    by_hand(world, project.values(deleted_at=now))
    assert listed(poll()) == []
    by_hand(world, project.values(deleted_at=None))
    assert listed(poll()) == ["water_point"]
    settled(poll)
    by_hand(world, actor.values(locale="en"))
    answer = poll()
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "en")
    settled(poll)
    for column in ("expires_at", "revoked_at"):
        by_hand(world, own.values({column: now}))
        assert poll().status_code == 403
        by_hand(world, own.values({column: None}))
        assert poll().status_code == 304
    by_hand(world, actor.values(deleted_at=now))
    assert poll().status_code == 403
    by_hand(world, actor.values(deleted_at=None))
    assert poll().status_code == 304
    by_hand(world, sa.delete(Grant).where(Grant.actor_id == phone.id))
    assert listed(poll()) == []


def test_a_second_phone_is_refused_as_soon_as_the_project_says_so(world: World, elsewhere: Flask) -> None:
    world.publishes()
    phone = world.phone("phone")
    first, second = polling(elsewhere, phone), polling(elsewhere, phone)
    settled(first)
    other = "formList?deviceID=collect:2"
    assert [second(other).status_code for _ in range(3)] == [200, 304, 304]
    by_hand(world, sa.update(Project).where(Project.id == 1).values(second_device="refuse"))
    assert [second(other).status_code for _ in range(2)] == [403, 403]
    assert first().status_code == 304
    by_hand(world, sa.update(Token).where(Token.actor_id == phone.id).values(device_id="collect:2"))
    assert (second(other).status_code, first().status_code) == (304, 403)


def test_the_days_of_grants_and_the_end_of_keys_come_without_a_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publishes()
    phone = world.phone("phone")
    today, clock = context.day_of(datetime.now(UTC)), datetime.now(UTC)
    by_hand(world, sa.update(Grant).where(Grant.actor_id == phone.id).values(valid_to=today + timedelta(days=1)))
    by_hand(world, sa.update(Token).where(Token.actor_id == phone.id).values(expires_at=clock + timedelta(days=3)))

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # what is served asks for UTC alone
            return clock

    monkeypatch.setattr(context, "datetime", Clock)
    poll = polling(world.app, phone)
    settled(poll)
    clock += timedelta(days=1)
    assert listed(poll()) == []
    settled(poll)
    clock += timedelta(days=2)
    assert poll().status_code == 403


def test_each_address_language_and_project_has_a_list_of_its_own(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    poll = polling(world.app, phone)
    settled(poll)
    for url in ("http://other.example", "https://other.example", "https://other.example:8443"):
        answer = poll(base_url=url)
        assert answer.status_code == 200
        assert all(entry.download_url.startswith(f"{url}/v1/key/") for entry in read_form_list(answer.data))
        assert poll(base_url=url).status_code == 304
    assert listed(poll("formList?formID=nothing")) == []
    assert listed(poll("formList?formID=water_point")) == ["water_point"]
    settled(poll)
    foreign = world.app.test_client().get(f"/v1/key/{phone.token}/projects/2/formList", headers=OPENROSA)
    assert listed(foreign) == []
    assert poll(**{"X-OpenRosa-Version": "2.0"}).status_code == 400
    assert poll().status_code == 304
    assert world.app.test_client().post(f"{phone.base}/formList", headers=OPENROSA).status_code == 405


def test_what_is_sent_and_who_was_here_changes_no_list(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    poll = polling(world.app, phone)
    settled(poll)

    def word() -> object:
        return find_setting(world.session, FORMS_REVISION)

    before = word()
    assert before
    sent = phone.sends(world.filled("water_point", {"ten": "Giếng làng", "so_ho": "3"}))
    assert sent.status_code in (201, 202)
    poll()
    assert word() == before


def test_what_a_transaction_has_not_committed_is_remembered_by_nobody(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    poll = polling(world.app, phone)
    settled(poll)
    before = find_setting(world.session, FORMS_REVISION)
    with world.session.get_bind().connect() as connection:  # type: ignore[union-attr]  # the bind is an engine
        connection.execute(sa.delete(Grant).where(Grant.actor_id == phone.id))
        assert poll().status_code == 304
        connection.rollback()
    assert poll().status_code == 304
    assert find_setting(world.session, FORMS_REVISION) == before


def test_who_writes_grants_and_waits_for_the_other_is_not_waited_for(world: World) -> None:
    """The word is one row that all writers change: it is changed last, so that it is never held while waiting."""
    if world.session.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    world.publishes()
    phone = world.phone("phone")
    engine = world.session.get_bind()
    assert isinstance(engine, Engine)
    grant = sa.update(Grant).where(Grant.actor_id == phone.id).values(role="app-user")
    project = sa.update(Project).where(Project.id == 1).values(name="one")
    with engine.connect() as one, engine.connect() as other:
        other.exec_driver_sql("SET lock_timeout = '5s'")
        one.execute(grant)
        try:
            other.execute(project)
            other.commit()
        except OperationalError as error:  # pragma: no cover - says what was broken
            raise AssertionError("a writer waited for another that had not committed") from error
        one.commit()
