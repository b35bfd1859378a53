"""What webhooks are told of: in the transaction of the cause, and within the sight of who owns them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from server.domain.errors import DomainError, Forbidden, Invalid, NotFound, Unavailable
from server.domain.review import APPROVED, REJECTED
from server.domain.webhooks import EVENTS
from server.services.review import Decision, review
from server.services.roll_up import work_off
from server.services.webhooks import Asked, change_webhook, get_webhook, list_messages, list_webhooks, send_again
from server.storage.accounts import change_actor
from server.storage.actors import GrantView
from server.storage.database import writing
from server.storage.submissions import Submission
from server.storage.webhooks import DeliveryRow, WebhookRow
from tests.kit.field import COMMUNES, VILLAGES, WELL_OFF, Field
from tests.kit.hooks import ELSEWHERE, HARD, HERE, OF_COMMUNES, VILLAGE, bring, home, hook_row, kept, office
from tests.kit.receiver import Receiver, receiver


@pytest.fixture(autouse=True)
def time_of_the_communes(field: Field) -> None:
    """A day on which the communes of 2019 are still there."""
    field.now = OF_COMMUNES


@pytest.fixture(name="there")
def there_fixture() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def test_what_happens_is_told_signed_and_once(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    made = manager.listens(there.url)
    phone = field.phone(VILLAGE)
    first = phone.fills(WELL_OFF)
    receipt = phone.sends_xml(first)
    phone.sends_xml(first)
    assert bring(field) == 3
    created, approved, newest = there.told
    assert created | {"id": "", "area": "", "links": ""} == {
        "id": "",
        "event": "submission.created",
        "at": "2024-03-05T01:01:00Z",
        "project": 1,
        "form": "village_criteria",
        "instanceId": receipt.instance_id,
        "area": "",
        "round": "2019-06",
        "reviewState": {"from": None, "to": "received"},
        "verdict": None,
        "links": "",
        "synthetic": True,
    }
    assert created["area"]["uuid"] == VILLAGES[VILLAGE].uuid
    assert created["area"]["name"] == VILLAGE
    assert created["links"]["submission"].endswith(receipt.instance_id.replace(":", "%3A"))
    assert {each["verdict"]["basis"] for each in (approved, newest)} == {"newest"}
    assert {each["verdict"]["from"] for each in (approved, newest)} == {None}
    for each in there.taken:
        assert each.signed_by(made.secret)
        assert not each.signed_by("another")
        assert each.headers["X-Thonban-Event"] == each.told["event"]
    assert len({each["id"] for each in there.told}) == 3
    assert bring(field) == 0
    assert {each.state for each in kept(field, made.hook.id)} == {"sent"}


def test_edits_decisions_and_verdicts_that_change_are_told_in_order(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    manager.listens(there.url)
    receipt = field.phone(VILLAGE).sends(WELL_OFF)
    bring(field)
    there.taken.clear()
    review(field.session, manager.caller, Decision(receipt.submission_id or 0, APPROVED), field.now)
    bring(field)
    reviewed, *judged = there.told
    assert (reviewed["event"], reviewed["reviewState"]) == (
        "submission.reviewed",
        {"from": "received", "to": "approved"},
    )
    # what was approved is the newest as before: only the approved verdict is new
    assert {each["verdict"]["basis"] for each in judged} == {"approved"}
    there.taken.clear()
    review(field.session, manager.caller, Decision(receipt.submission_id or 0, REJECTED, "sai"), field.now)
    bring(field)
    gone = [each["verdict"] for each in there.told if each["event"] == "verdict.changed"]
    assert {(each["basis"], each["to"]) for each in gone} == {("approved", None), ("newest", None)}
    there.taken.clear()
    phone = field.phone(VILLAGE)
    edit = phone.fills(HARD).decode()
    old = f"<orx:deprecatedID>{receipt.instance_id}</orx:deprecatedID>" if "orx:" in edit else ""
    if not old:
        old = f"<deprecatedID>{receipt.instance_id}</deprecatedID>"
    tag = "<orx:instanceID>" if "<orx:instanceID>" in edit else "<instanceID>"
    phone.sends_xml(edit.replace(tag, old + tag).encode())
    bring(field)
    edited = there.told[0]
    assert edited["event"] == "submission.edited"
    assert edited["instanceId"] == receipt.instance_id
    assert edited["reviewState"] == {"from": "rejected", "to": "edited"}


def test_communes_are_told_of_once_they_are_worked_out(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    manager.listens(there.url, "verdict.changed", area=COMMUNES[HERE].uuid)
    field.phone(VILLAGE).sends(WELL_OFF)
    work_off(field.session, field.now)
    bring(field)
    communes = [each for each in there.told if each["form"] == "commune_criteria"]
    assert communes
    assert {each["area"]["uuid"] for each in communes} == {COMMUNES[HERE].uuid}
    assert all("unit=commune" in each["links"]["verdicts"] for each in communes)
    there.taken.clear()
    # the same once more changes nothing
    field.phone(VILLAGE).sends(WELL_OFF)
    work_off(field.session, field.now)
    bring(field)
    assert there.taken == []


@contextmanager
def away(field: Field, table: str) -> Iterator[None]:
    """Writes to a table fail."""
    field.session.rollback()
    engine = field.session.get_bind()
    with engine.begin() as connection:  # type: ignore[union-attr]
        connection.execute(text(f"ALTER TABLE {table} RENAME TO put_away"))
    try:
        yield
    finally:
        field.session.rollback()
        with engine.begin() as connection:  # type: ignore[union-attr]
            connection.execute(text(f"ALTER TABLE put_away RENAME TO {table}"))


@pytest.mark.parametrize("table", ["rollup_marks", "webhook_deliveries"])
def test_cause_and_message_are_written_both_or_none(field: Field, there: Receiver, table: str) -> None:
    made = office(field, "manager").listens(there.url)
    phone = field.phone(VILLAGE)
    # the marks are written after the message, the message after the sheet
    with away(field, table), pytest.raises((Unavailable, DBAPIError)):
        phone.sends(WELL_OFF)
    assert field.count(Submission) == 0
    assert kept(field, made.hook.id) == []
    phone.sends(WELL_OFF)
    assert field.count(Submission) == 1
    assert kept(field, made.hook.id)[0].event == "submission.created"


def test_without_a_webhook_an_upload_asks_nothing_of_them(field: Field) -> None:
    field.phone(VILLAGE).sends(WELL_OFF)
    with away(field, "webhooks"):
        assert field.phone(VILLAGE).sends(HARD).submission_id is not None
    assert field.count(DeliveryRow) == 0


def test_a_supervisor_hears_of_the_own_commune_alone(field: Field, there: Receiver) -> None:
    made = office(field, "commune_supervisor", HERE).listens(there.url)
    field.phone(ELSEWHERE.name).sends(WELL_OFF)
    assert kept(field, made.hook.id) == []
    field.phone(VILLAGE).sends(WELL_OFF)
    bring(field)
    assert {each["area"]["uuid"] for each in there.told} == {VILLAGES[VILLAGE].uuid}


def test_what_the_owner_no_longer_sees_is_not_sent(field: Field, there: Receiver) -> None:
    supervisor = office(field, "commune_supervisor", HERE)
    made = supervisor.listens(there.url)
    field.phone(VILLAGE).sends(WELL_OFF)
    waiting = len(kept(field, made.hook.id))
    other = GrantView("commune_supervisor", "project", 1, None, COMMUNES[ELSEWHERE.parent_key or ""].uuid, None, None)
    with writing(field.session) as connection:
        connection.execute(update(_grants()).where(_grants().c.actor_id == supervisor.id).values(area_id=other.area_id))
        field.session.commit()
    bring(field)
    assert there.taken == []
    # neither is it shown any more
    hook = get_webhook(field.session, supervisor.caller, 1, made.hook.id)
    assert list_messages(field.session, supervisor.caller, hook, 10) == []
    assert len(list_messages(field.session, office(field, "manager").caller, hook, 10)) == waiting
    with pytest.raises(NotFound):
        send_again(field.session, supervisor.caller, (hook, kept(field, hook.id)[0].id), field.now)
    assert [(each.state, each.error) for each in kept(field, made.hook.id)] == [("dead", "sight")] * waiting
    field.phone(VILLAGE).sends(WELL_OFF)
    assert len(kept(field, made.hook.id)) == waiting


def _grants() -> Any:
    return WebhookRow.metadata.tables["grants"]


def test_the_webhooks_of_who_is_gone_stop(field: Field, there: Receiver) -> None:
    manager = office(field, "manager")
    made = manager.listens(there.url)
    field.phone(VILLAGE).sends(WELL_OFF)
    with writing(field.session) as connection:
        change_actor(connection, manager.id, deleted_at=field.now)
        field.session.commit()
    before = len(kept(field, made.hook.id))
    bring(field)
    field.phone(VILLAGE).sends(HARD)
    assert there.taken == []
    assert len(kept(field, made.hook.id)) == before
    assert hook_row(field, made.hook.id).paused_why == "owner"


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "example.org", "http://", "http://a:b@example.org/", "http://ví dụ.vn/", "http://x:0/"],
)
def test_no_odd_address_is_taken(field: Field, url: str) -> None:
    if "postgresql" in str(field.session.get_bind()):
        return
    with pytest.raises(Invalid):
        office(field, "manager").listens(url)


def test_what_cannot_be_asked_for_is_refused(field: Field, there: Receiver) -> None:
    supervisor, manager = office(field, "commune_supervisor", HERE), office(field, "manager")
    elsewhere = COMMUNES[ELSEWHERE.parent_key or ""].uuid
    refused: list[tuple[type[DomainError], dict[str, Any]]] = [
        (NotFound, {"area": elsewhere}),
        (NotFound, {"form": "khong_co"}),
    ]
    for error, wrong in refused:
        with pytest.raises(error):
            supervisor.listens(there.url, **wrong)
    with pytest.raises(Invalid):
        supervisor.listens(there.url, "submission.eaten")
    with pytest.raises(Forbidden):
        office(field, "viewer").listens(there.url)
    made = supervisor.listens(there.url).hook
    assert [each.id for each in list_webhooks(field.session, manager.caller, 1)] == [made.id]
    assert list_webhooks(field.session, office(field, "province_reviewer", "qn").caller, 1) == []
    asked = Asked("Khác", there.url, EVENTS)
    with pytest.raises(Forbidden):
        change_webhook(field.session, home(field), manager.caller, (made, asked), field.now)
    with pytest.raises(NotFound):
        get_webhook(field.session, office(field, "commune_supervisor", ELSEWHERE.parent_key).caller, 1, made.id)
