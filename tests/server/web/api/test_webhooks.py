"""Webhooks over the API: made with a secret that is shown once, changed, tried, taken away."""

import pytest
from sqlalchemy.orm import sessionmaker

from server.jobs.webhooks import deliver_all, utc_now
from server.services import webhooks
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.webhooks import change_hook
from tests.kit.receiver import receiver, with_loopback
from tests.kit.world import World

HOOKS = "projects/1/webhooks"
ASKED = {"name": "Sở Dân tộc", "url": "https://example.org/thonban", "events": ["submission.created"]}


def test_a_webhook_has_its_life_over_the_api(world: World) -> None:
    api = world.api
    made = api.post(HOOKS, json=ASKED).get_json()
    assert len(made["secret"]) > 40
    one = f"{HOOKS}/{made['id']}"
    assert api.get(one).get_json() == {name: value for name, value in made.items() if name != "secret"}
    assert [each["id"] for each in api.get(HOOKS).get_json()] == [made["id"]]
    changed = api.patch(one, json={"name": "Khác", "paused": True}).get_json()
    assert (changed["name"], changed["url"], changed["pausedWhy"]) == ("Khác", ASKED["url"], "person")
    assert api.patch(one, json={"paused": False}).get_json()["pausedAt"] is None
    renewed = api.post(f"{one}/secret").get_json()
    assert renewed["secret"] != made["secret"]
    assert api.delete(one).get_json() == {"success": True}
    assert api.get(one).status_code == 404
    lines = [line for line in list_audits(world.session) if line.action.startswith("webhook.")]
    assert [line.action for line in lines] == [
        "webhook.delete",
        "webhook.renew",
        "webhook.resume",
        "webhook.pause",
        "webhook.update",
        "webhook.create",
    ]
    assert made["secret"] not in str([line.details for line in lines])


def test_deliveries_are_listed_in_pages_and_sent_again(world: World) -> None:
    form, api = world.publishes(), world.api
    made = api.post(HOOKS, json=ASKED).get_json()
    one = f"{HOOKS}/{made['id']}"
    with receiver() as there:
        # nobody can name this machine over the API
        assert api.patch(one, json={"url": there.url}).get_json()["code"] == 400.8
        session = world.session
        with writing(session) as connection:
            change_hook(connection, made["id"], url=there.url)
            session.commit()
        phone = world.phone("Ngàn Chi", form)
        for number in range(3):
            assert phone.sends(world.filled(form, {"ten": f"Giếng {number}"})).status_code == 201
        api.post(f"{one}/test")
        deliver_all(sessionmaker(world.session.get_bind()), with_loopback(world.home), utc_now)
        assert there.events == ["submission.created"] * 3 + ["ping"]
        assert all(each.signed_by(made["secret"]) for each in there.taken)
    listed = api.get(f"{one}/deliveries").get_json()
    assert {each["state"] for each in listed} == {"sent"}
    assert [each["event"] for each in listed] == ["ping", *["submission.created"] * 3]
    first, second = (
        api.get(f"{one}/deliveries?limit=2{more}").get_json() for more in ("", f"&before={listed[1]['id']}")
    )
    assert first + second == listed
    assert listed[3]["payload"]["form"] == form
    assert listed[3]["payload"]["id"] == listed[3]["eventId"]
    again = api.post(f"{one}/deliveries/{listed[3]['id']}/again").get_json()
    assert (again["state"], again["attempts"], again["againBy"]) == ("waiting", 0, "admin@example.vn")
    assert api.post(f"{one}/deliveries/999999/again").status_code == 404


def test_who_may_not_is_refused(world: World) -> None:
    made = world.api.post(HOOKS, json=ASKED).get_json()
    one = f"{HOOKS}/{made['id']}"
    viewer, manager = world.person("Người xem", "viewer"), world.person("Quản lý", "manager")
    assert viewer.post(HOOKS, json=ASKED).status_code == 403
    assert viewer.get(HOOKS).status_code == 403
    # a manager sees and pauses it, and does not lead it elsewhere
    assert manager.get(one).status_code == 200
    assert manager.patch(one, json={"paused": True}).status_code == 200
    for refused in (manager.patch(one, json={"url": "https://example.net/"}), manager.post(f"{one}/secret")):
        assert (refused.status_code, refused.get_json()["code"]) == (403, 403.1)
    assert world.api.get(f"projects/1/webhooks/{made['id'] + 1}").status_code == 404


def test_what_cannot_be_used_is_refused(world: World) -> None:
    for change, code in (
        ({"url": "http://127.0.0.1/"}, 400.8),
        ({"url": "ftp://example.org/"}, 400.8),
        ({"events": ["submission.eaten"]}, 400.8),
        ({"events": []}, 400.3),
        ({"name": " "}, 400.3),
        ({"form": "khong_co"}, 404.1),
        ({"area": "khong-co"}, 404.1),
    ):
        answer = world.api.post(HOOKS, json=ASKED | change)
        assert answer.get_json()["code"] == code, change
    assert world.api.get(HOOKS).get_json() == []


def test_a_project_has_so_many_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST", 2)
    assert [world.api.post(HOOKS, json=ASKED).status_code for _ in range(3)] == [200, 200, 409]
