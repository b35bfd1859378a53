"""Roles: on the site, in a project, on one form; who grants what to whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from server.domain.roles import ROLES
from server.services.people import grant_role
from server.storage.actors import Grant, GrantView
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
    assert manager.post(f"{base}?areaId={other}").get_json()["code"] == 403.1
    assert world.api.post(f"{base}?areaId={commune}").status_code == 200
    listed = [each for each in world.api.get("projects/1/assignments").get_json() if each["actorId"] == lan_id]
    assert listed == [{"actorId": lan_id, "roleId": 101, "areaId": commune}]
    assert manager.delete(base).get_json()["code"] == 403.1
    assert world.api.delete(base).status_code == 200


def test_two_who_grant_the_same_at_once_grant_it_once(world: World) -> None:
    api, lan_id = world.api, current(world.person("Lan"))
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda _: api.post(f"projects/1/assignments/viewer/{lan_id}").status_code, range(6))
    assert set(answers) == {200}
    assert len(world.session.query(Grant).filter_by(actor_id=lan_id).all()) == 1
    assert len([each for each in list_audits(world.session) if each.action == "user.assignment.create"]) == 1
    assert world.signed_in(api.get(f"users/{lan_id}").get_json()["email"], PASSWORD).get("projects").get_json()
