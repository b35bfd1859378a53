"""Messages brought to webhooks: tried again with growing pauses, in order, and no receiver slows another."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import sessionmaker

from server.domain.review import APPROVED
from server.domain.webhooks import KEEP_TRYING
from server.jobs.webhooks import Postman
from server.services import deliver as delivering
from server.services.deliver import deliver
from server.services.home import open_home
from server.services.review import Decision, review
from server.services.webhooks import (
    Asked,
    change_webhook,
    delete_webhook,
    forget_old_deliveries,
    get_webhook,
    pause_webhook,
    renew_secret,
    resume_webhook,
    send_again,
    try_webhook,
)
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.jobs import Job
from server.storage.webhooks import DeliveryRow
from tests.kit.field import COMMUNES, WELL_OFF, Field
from tests.kit.hooks import ELSEWHERE, HERE, OF_COMMUNES, VILLAGE, bring, home, hook_row, kept, office
from tests.kit.receiver import Receiver, receiver


@pytest.fixture(autouse=True)
def time_of_the_communes(field: Field) -> None:
    """A day on which the communes of 2019 are still there."""
    field.now = OF_COMMUNES


@pytest.fixture(name="there")
def there_fixture() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def test_what_fails_comes_again_after_growing_pauses_and_keeps_its_id(field: Field, there: Receiver) -> None:
    made = office(field, "manager").listens(there.url, "submission.created")
    there.answers = 503
    field.phone(VILLAGE).sends(WELL_OFF)
    pauses = []
    for _ in range(4):
        assert bring(field) == 0
        (due,) = kept(field, made.hook.id)
        pauses.append((due.next_at - field.now).total_seconds())
        # nothing is sent before its time
        bring(field)
        field.now = due.next_at
    assert pauses == [5, 15, 45, 135]
    assert (due.state, due.status, due.error, due.attempts) == ("waiting", 503, "status", 4)
    there.answers = 200
    assert bring(field) == 1
    assert len(there.taken) == 5
    assert len({each["id"] for each in there.told}) == 1
    assert len({each.headers["X-Thonban-Delivery"] for each in there.taken}) == 1
    assert hook_row(field, made.hook.id).failures == 0


def test_one_message_that_is_refused_holds_up_nothing_but_what_is_about_the_same(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    made = manager.listens(there.url, "submission.created", "submission.reviewed")
    there.answers = 422
    receipt = field.phone(VILLAGE).sends(WELL_OFF)
    assert bring(field) == 0
    review(field.session, manager.caller, Decision(receipt.submission_id or 0, APPROVED), field.now)
    field.phone(ELSEWHERE.name).sends(WELL_OFF)
    there.answers = 200
    there.taken.clear()
    first, _, _ = kept(field, made.hook.id)
    with writing(field.session) as connection:
        connection.execute(
            update(DeliveryRow).where(DeliveryRow.id == first.id).values(next_at=field.now + timedelta(hours=1))
        )
        field.session.commit()
    field.now += timedelta(minutes=5)
    assert bring(field) == 1
    assert there.told[0]["area"]["uuid"] == ELSEWHERE.uuid
    field.now += timedelta(hours=1)
    assert bring(field) == 2
    assert there.events[1:] == ["submission.created", "submission.reviewed"]


def test_after_three_days_it_is_given_up_and_the_webhook_paused(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    made = manager.listens(there.url, "submission.created")
    there.answers = 500
    field.phone(VILLAGE).sends(WELL_OFF)
    began, tries = field.now, 0
    while hook_row(field, made.hook.id).paused_at is None:
        bring(field)
        tries += 1
        (due,) = kept(field, made.hook.id)
        field.now = max(due.next_at, field.now)
        assert tries < 100
    assert due.state == "dead"
    assert KEEP_TRYING <= field.now - began <= KEEP_TRYING + timedelta(hours=1)
    assert hook_row(field, made.hook.id).paused_why == "failing"
    assert list_audits(field.session, most=1)[0].action == "webhook.pause"
    # what happens meanwhile waits; once resumed it is sent
    field.phone(VILLAGE).sends(WELL_OFF)
    there.answers = 200
    there.taken.clear()
    assert bring(field) == 0
    hook = get_webhook(field.session, manager.caller, 1, made.hook.id)
    resume_webhook(field.session, manager.caller, hook, field.now)
    assert bring(field) == 1
    # and what was given up, when somebody says so
    again = send_again(field.session, manager.caller, (hook, due.id), field.now)
    assert (again.state, again.again_by) == ("waiting", "manager")
    assert bring(field) == 1
    assert there.told[1]["id"] == due.event_id


def test_the_owner_of_a_paused_webhook_gets_mail(field: Field, there: Receiver) -> None:
    from_config = field.home.config
    object.__setattr__(from_config, "smtp_url", "smtp://localhost:1")
    object.__setattr__(from_config, "base_url", "https://thonban.example.vn")
    manager = office(field, "manager")
    manager.listens(there.url, "submission.created")
    there.answers = 410
    field.phone(VILLAGE).sends(WELL_OFF)
    bring(field)
    letters = field.session.execute(select(Job.payload).where(Job.kind == "mail")).scalars()
    paused = [each for each in letters if each["letter"] == "webhook_paused"]
    assert [(each["to"], each["params"]) for each in paused] == [("manager.all@example.vn", {"hook": "Nơi nhận"})]
    assert there.told[0]["links"]["submission"].startswith("https://thonban.example.vn/v1/projects/1/forms/")


def test_receivers_that_hang_slow_nobody(field: Field, there: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TOTAL_SECONDS", 3.0)
    manager = office(field, "manager")
    with receiver(None) as hanging:
        slow = [manager.listens(hanging.url, "submission.created") for _ in range(10)]
        manager.listens(there.url, "submission.created")
        field.phone(VILLAGE).sends(WELL_OFF)
        postman = Postman(sessionmaker(field.session.get_bind()), home(field), lambda: datetime.now(UTC))
        began = time.monotonic()
        started = postman.look()
        while not there.taken and time.monotonic() - began < 10:
            time.sleep(0.01)
        healthy = time.monotonic() - began
        assert len(started) == 11
        assert healthy < 2.5
        # nobody is served twice at once
        assert postman.look() == []
        wait(started)
        assert time.monotonic() - began < 6
        postman.close()
    errors = {each.error for made in slow for each in kept(field, made.hook.id)}
    assert errors == {"timeout"}
    assert {hook_row(field, made.hook.id).failures for made in slow} == {1}


def test_a_secret_is_changed_without_a_gap(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    made = manager.listens(there.url)
    renewed = renew_secret(field.session, home(field), manager.caller, made.hook, field.now)
    try_webhook(field.session, manager.caller, made.hook, field.now)
    assert bring(field) == 1
    assert there.events == ["ping"]
    assert there.taken[0].signed_by(made.secret)
    assert there.taken[0].signed_by(renewed.secret)
    field.now += timedelta(hours=25)
    try_webhook(field.session, manager.caller, made.hook, field.now)
    bring(field)
    assert not there.taken[1].signed_by(made.secret)
    assert there.taken[1].signed_by(renewed.secret)


def test_a_webhook_is_paused_changed_and_taken_away(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    hook = manager.listens(there.url, "submission.created").hook
    hook = pause_webhook(field.session, manager.caller, hook, field.now)
    field.phone(VILLAGE).sends(WELL_OFF)
    assert bring(field) == 0
    asked = Asked("Tên khác", there.url, ("submission.created",), area=COMMUNES[HERE].uuid)
    hook = change_webhook(field.session, home(field), manager.caller, (hook, asked), field.now)
    assert (hook.name, hook.area_id) == ("Tên khác", COMMUNES[HERE].uuid)
    field.phone(ELSEWHERE.name).sends(WELL_OFF)
    resume_webhook(field.session, manager.caller, hook, field.now)
    assert bring(field) == 1
    field.phone(VILLAGE).sends(WELL_OFF)
    delete_webhook(field.session, manager.caller, hook, field.now)
    assert bring(field) == 0
    assert hook_row(field, hook.id).sealed is None
    forget_old_deliveries(field.session, field.now)
    assert field.count(DeliveryRow) == 0
    actions = [line.action for line in list_audits(field.session) if line.action.startswith("webhook.")]
    assert actions == ["webhook.delete", "webhook.resume", "webhook.update", "webhook.pause", "webhook.create"]


def test_deliveries_are_forgotten_after_thirty_days(field: Field, there: Receiver) -> None:
    made = office(field, "manager").listens(there.url, "submission.created")
    field.phone(VILLAGE).sends(WELL_OFF)
    forget_old_deliveries(field.session, field.now + timedelta(days=29))
    assert len(kept(field, made.hook.id)) == 1
    forget_old_deliveries(field.session, field.now + timedelta(days=31))
    assert kept(field, made.hook.id) == []


def test_two_workers_do_not_send_twice(field: Field, there: Receiver) -> None:
    made = office(field, "manager").listens(there.url)
    field.phone(VILLAGE).sends(WELL_OFF)
    sessions = sessionmaker(field.session.get_bind())
    sent: list[int] = []

    def serve() -> None:
        with sessions() as session:
            sent.append(deliver(session, home(field), made.hook.id, lambda: field.now))

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(sent) == len(kept(field, made.hook.id)) == len(there.taken)
    ids = [each["id"] for each in there.told]
    assert len(ids) == len(set(ids))


def test_with_another_key_of_the_server_it_pauses_until_the_secret_is_changed(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    made = manager.listens(there.url)
    elsewhere = field.home.config.home / "elsewhere"
    field.home = open_home(replace(field.home.config, secret_key="another key of thirty-two letters", home=elsewhere))
    try_webhook(field.session, manager.caller, made.hook, field.now)
    assert bring(field) == 0
    assert hook_row(field, made.hook.id).paused_why == "secret"
    hook = get_webhook(field.session, manager.caller, 1, made.hook.id)
    renewed = renew_secret(field.session, home(field), manager.caller, hook, field.now)
    resume_webhook(field.session, manager.caller, renewed.hook, field.now)
    assert bring(field) == 1
    assert there.taken[0].signed_by(renewed.secret)
