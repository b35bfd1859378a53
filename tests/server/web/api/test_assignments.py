"""Roles: on the site, in a project, on one form; who grants what to whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from server.domain.roles import ROLES
from server.services.authenticate import day_of
from server.services.people import grant_role
from server.storage.actors import Grant, GrantView, list_grants
from server.storage.audits import list_audits
from tests.kit.places import two_villages
from tests.kit.world import PASSWORD, VILLAGES, Api, World

EXTENDED = {"X-Extended-Metadata": "true"}
ACTOR = {"id", "type", "displayName", "createdAt", "updatedAt", "deletedAt"}


def current(api: Api) -> int:
    """The id of who is signed in."""
    found: int = api.get("users/current").get_json()["id"]
    return found


def test_roles_have_the_numbers_and_names_that_clients_know(world: World) -> None:
    listed = world.nobody().get("roles").get_json()
    assert {each["system"]: each["id"] for each in listed} == {role.system: role.id for role in ROLES}
    one = world.nobody().get("roles/app-user").get_json()
    assert one.keys() == {"id", "system", "name", "verbs", "createdAt", "updatedAt"}
    assert (one["id"], one["name"]) == (2, "App User")
    for unknown in ("77", "khong-co", "9" * 5000, "²"):
        assert world.nobody().get(f"roles/{unknown}").get_json()["code"] == 404.1


@pytest.mark.parametrize("place", ["", "projects/1/", "projects/1/forms/water_point/"])
def test_a_role_is_granted_listed_and_taken_away(world: World, place: str) -> None:
    if "forms" in place:
        world.publishes()
    api, lan_id = world.api, current(world.person("Lan"))
    base = f"{place}assignments"
    before = api.get(base).get_json()
    for role in ("viewer", "6"):
        assert api.post(f"{base}/{role}/{lan_id}").get_json() == {"success": True}
    assert [each for each in api.get(base).get_json() if each not in before] == [{"actorId": lan_id, "roleId": 6}]
    extended = next(each for each in api.get(base, headers=EXTENDED).get_json() if each["actorId"] == lan_id)
    assert extended.keys() == {"actorId", "roleId", "actor"}
    assert (extended["actor"].keys(), extended["actor"]["displayName"]) == (ACTOR, "Lan")
    assert [each["id"] for each in api.get(f"{base}/viewer").get_json()] == [lan_id]
    entry = list_audits(world.session, f"actor:{lan_id}")[0]
    assert (entry.action, entry.details["roleId"]) == ("user.assignment.create", 6)
    assert api.delete(f"{base}/6/{lan_id}").get_json() == {"success": True}
    assert api.delete(f"{base}/6/{lan_id}").get_json()["code"] == 404.1
    assert api.get(f"{base}/6").get_json() == []
    assert list_audits(world.session, f"actor:{lan_id}")[0].action == "user.assignment.delete"


def test_all_forms_of_a_project_at_once(world: World) -> None:
    form_id = world.publishes()
    phone = world.phone("Khe Mực", form_id)
    api, lan_id = world.api, current(world.person("Lan"))
    api.post(f"projects/1/forms/{form_id}/assignments/manager/{lan_id}")
    api.post(f"projects/1/assignments/viewer/{lan_id}")
    listed = api.get("projects/1/assignments/forms").get_json()
    assert listed == [
        {"actorId": phone.id, "roleId": 2, "xmlFormId": form_id},
        {"actorId": lan_id, "roleId": 5, "xmlFormId": form_id},
    ]
    assert api.get("projects/1/assignments/forms/app-user").get_json() == listed[:1]
    extended = api.get("projects/1/assignments/forms/5", headers=EXTENDED).get_json()
    assert [(each["actor"]["id"], each["xmlFormId"]) for each in extended] == [(lan_id, form_id)]
    api.delete(f"projects/1/app-users/{phone.id}")
    assert api.get("projects/1/assignments/forms/2").get_json() == []


def test_what_is_not_there_cannot_be_granted(world: World) -> None:
    api, gone = world.api, current(world.person("Lan"))
    api.delete(f"users/{gone}")
    form_id = world.publishes()
    for path in (
        f"assignments/khong-co/{gone}",
        f"assignments/viewer/{gone}",
        "assignments/viewer/9999",
        "assignments/viewer/99999999999999999999",
        "projects/77/assignments/viewer/1",
        "projects/1/forms/khong-co/assignments/viewer/1",
        f"projects/1/forms/{form_id}/assignments/viewer/{gone}",
        "projects/1/assignments/forms/1",
        "projects/1/assignments/viewer/1?areaId=khong-co",
    ):
        for method in ("POST", "DELETE"):
            answer = api.ask(method, path)
            assert (answer.status_code, answer.get_json()["code"]) == (404, 404.1), (method, path)


def test_nobody_grants_what_he_may_not_do_himself(world: World) -> None:
    manager, viewer, lan_id = world.person("Quản lý"), world.person("Người xem"), current(world.person("Lan"))
    world.api.post(f"projects/1/assignments/manager/{current(manager)}")
    world.api.post(f"projects/1/assignments/viewer/{current(viewer)}")
    assert manager.post(f"projects/1/assignments/viewer/{lan_id}").status_code == 200
    for api, path in (
        (manager, f"projects/1/assignments/admin/{lan_id}"),
        (manager, f"assignments/viewer/{lan_id}"),
        (viewer, f"projects/1/assignments/viewer/{lan_id}"),
        (world.person("Minh"), f"assignments/viewer/{lan_id}"),
    ):
        for method in ("POST", "DELETE"):
            if (api, method) != (manager, "DELETE") or path.startswith("assignments"):
                assert api.ask(method, path).get_json()["code"] == 403.1, (method, path)
    assert viewer.get("projects/1/assignments").get_json()["code"] == 403.1
    assert manager.get("assignments").get_json()["code"] == 403.1


def test_who_manages_one_commune_grants_nothing_beyond_it(world: World) -> None:
    now, manager, lan_id = datetime.now(UTC), world.person("Cán bộ xã"), current(world.person("Lan"))
    (_, commune), (other, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    grant = GrantView("manager", "project", 1, None, commune, None, None)
    grant_role(world.session, world.server_itself, current(manager), grant, now)
    base = f"projects/1/assignments/commune_supervisor/{lan_id}"
    assert manager.post(base).get_json()["code"] == 403.1
    for foreign in (other, "khong-co"):
        for method in ("POST", "DELETE"):
            assert manager.ask(method, f"{base}?areaId={foreign}").get_json()["code"] == 404.1, (method, foreign)
    assert world.api.post(f"{base}?areaId={commune}").status_code == 200
    listed = [each for each in world.api.get("projects/1/assignments").get_json() if each["actorId"] == lan_id]
    assert listed == [{"actorId": lan_id, "roleId": 101, "areaId": commune}]
    assert manager.delete(base).get_json()["code"] == 403.1
    assert world.api.delete(base).status_code == 200


@pytest.mark.parametrize("place", ["", "projects/1/", "projects/1/forms/water_point/"])
def test_a_role_holds_in_an_area_and_for_a_time(world: World, place: str) -> None:
    form = f"projects/1/forms/{world.publishes()}"
    api, lan = world.api, world.person("Lan")
    lan_id = current(lan)
    (_, commune), (_, other) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    base, today = f"{place}assignments/analyst/{lan_id}", day_of(datetime.now(UTC))
    week = timedelta(days=7)
    for area_id in (commune, other):
        assert api.post(f"{base}?areaId={area_id}&validTo={today + week}").status_code == 200
    listed = [each for each in api.get(f"{place}assignments").get_json() if each["actorId"] == lan_id]
    until = (today + week).isoformat()
    assert listed == [
        {"actorId": lan_id, "roleId": 106, "areaId": area_id, "validTo": until} for area_id in (commune, other)
    ]
    assert lan.get(form).status_code == 200
    begun = len(list_audits(world.session, f"actor:{lan_id}"))
    assert api.post(f"{base}?areaId={other}&validTo={today + week}").status_code == 200
    assert len(list_audits(world.session, f"actor:{lan_id}")) == begun, "the same again changes nothing"
    for dates in ({"validTo": today}, {"validFrom": today + week}):
        for area_id in (commune, other):
            assert api.post(f"{base}?areaId={area_id}&{urlencode(dates)}").status_code == 200
        assert [each for each in api.get(f"{place}assignments").get_json() if each["actorId"] == lan_id] == []
        assert lan.get(form).status_code == 404
    entry = list_audits(world.session, f"actor:{lan_id}")[0]
    assert (entry.action, entry.details["area"]) == ("user.assignment.update", other)
    assert entry.details["was"] == {"validFrom": None, "validTo": today.isoformat()}
    assert (entry.details["validFrom"], entry.details["validTo"]) == (until, None)
    assert api.delete(f"{base}?areaId={other}").status_code == 200
    assert api.delete(f"{base}?areaId={other}").get_json()["code"] == 404.1
    assert [each.area_id for each in list_grants(world.session, lan_id)] == [commune]
    assert list_audits(world.session, f"actor:{lan_id}")[0].area_id == other
    assert api.delete(base).status_code == 200


def test_dates_that_are_none_are_refused_with_a_sentence(world: World) -> None:
    lan_id = current(world.person("Lan"))
    base = f"projects/1/assignments/viewer/{lan_id}"
    for query, code, said in (
        ("validFrom=hôm nay", 400.11, "“hôm nay” trong validFrom không phải ngày"),
        ("validTo=20260701", 400.11, "2025-07-01"),
        ("validTo=2026-02-30", 400.11, "2026-02-30"),
        ("validFrom=2026-07-02&validTo=2026-07-01", 400.8, "phải sau ngày bắt đầu 2026-07-02"),
        ("validFrom=2026-07-01&validTo=2026-07-01", 400.8, "phải sau ngày bắt đầu"),
    ):
        body = world.api.post(f"{base}?{query}").get_json()
        assert body["code"] == code, query
        assert said in body["message"]
    assert list_grants(world.session, lan_id) == ()


def test_nobody_ends_the_last_administration_by_its_dates(world: World) -> None:
    api, own = world.api, current(world.api)
    base, today = "assignments/admin", day_of(datetime.now(UTC))
    for dates in (f"validTo={today + timedelta(days=9)}", f"validFrom={today + timedelta(days=9)}"):
        assert api.post(f"{base}/{own}?{dates}").get_json()["code"] == 409.101
    assert api.post(f"{base}/{own}?validFrom={today}").status_code == 200
    lan_id = current(world.person("Lan"))
    assert api.post(f"{base}/{lan_id}?validTo={today + timedelta(days=9)}").status_code == 200
    assert api.delete(f"{base}/{own}").get_json()["code"] == 409.101, "who administers for a while leaves nobody after"
    assert api.post(f"{base}/{lan_id}").status_code == 200
    assert api.delete(f"{base}/{own}").status_code == 200


def test_who_looks_after_a_commune_sees_the_roles_there_alone(world: World) -> None:
    api, form_id = world.api, world.publishes()
    (village, commune), (foreign, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    boss, lan_id, minh_id = world.person("Cán bộ xã"), current(world.person("Lan")), current(world.person("Minh"))
    for place in ("", "projects/1/"):
        api.post(f"{place}assignments/programme_admin/{current(boss)}?areaId={commune}")
    for place in ("", "projects/1/", f"projects/1/forms/{form_id}/"):
        base = f"{place}assignments"
        assert api.post(f"{base}/analyst/{lan_id}?areaId={village}").status_code == 200
        assert api.post(f"{base}/analyst/{minh_id}?areaId={foreign}").status_code == 200
        assert api.post(f"{base}/viewer/{minh_id}").status_code == 200
        seen = {each["actorId"] for each in boss.get(base).get_json()}
        assert (lan_id in seen, minh_id in seen) == (True, False), base
        assert [each["id"] for each in boss.get(f"{base}/analyst").get_json()] == [lan_id]
        assert boss.get(f"{base}/viewer").get_json() == []
        assert boss.post(f"{base}/village_head/{lan_id}?areaId={village}").status_code == 200
        assert boss.delete(f"{base}/analyst/{lan_id}?areaId={village}").status_code == 200
        for method in ("POST", "DELETE"):
            assert boss.ask(method, f"{base}/analyst/{minh_id}?areaId={foreign}").get_json()["code"] == 404.1
            assert boss.ask(method, f"{base}/viewer/{minh_id}").get_json()["code"] == 403.1
    every = boss.get("projects/1/assignments/forms").get_json()
    assert [(each["actorId"], each["xmlFormId"], each["areaId"]) for each in every] == [(lan_id, form_id, village)]
    assert boss.get("projects/1/assignments/forms/viewer").get_json() == []


def test_a_foreign_key_is_not_taken_out_of_other_hands(world: World) -> None:
    api, form_id = world.api, world.publishes()
    (village, commune), (foreign, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    boss = world.person("Cán bộ xã")
    api.post(f"projects/1/assignments/programme_admin/{current(boss)}?areaId={commune}")
    keys = [api.post("projects/1/app-users", json={"displayName": name}).get_json()["id"] for name in ("A", "B")]
    base = f"projects/1/forms/{form_id}/assignments/app-user"
    for key, area_id in zip(keys, (village, foreign), strict=True):
        assert api.post(f"{base}/{key}?areaId={area_id}").status_code == 200
    near, far = (boss.post(f"{base}/{key}?areaId={commune}") for key in keys)
    assert (near.status_code, far.get_json()["code"]) == (200, 404.1)


def test_two_who_grant_the_same_at_once_grant_it_once(world: World) -> None:
    api, lan_id = world.api, current(world.person("Lan"))
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda _: api.post(f"projects/1/assignments/viewer/{lan_id}").status_code, range(6))
    assert set(answers) == {200}
    assert len(world.session.query(Grant).filter_by(actor_id=lan_id).all()) == 1
    assert len(list_audits(world.session, f"actor:{lan_id}", action="user.assignment.create")) == 1
    assert world.signed_in(api.get(f"users/{lan_id}").get_json()["email"], PASSWORD).get("projects").get_json()
