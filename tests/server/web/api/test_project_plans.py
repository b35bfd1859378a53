"""A whole project in one request: its own data, the states of its forms, who has which role on each."""

from __future__ import annotations

from typing import Any

import pytest

from server.storage.audits import list_audits
from tests.kit.world import WATER_POINT, Api, World

FORMS = "projects/1/forms"
APP_USER, VIEW_FORM, FILL_FORM = 2, 7, 8


def other(name: str) -> str:
    return WATER_POINT.replace("| water_point |", f"| {name} |")


@pytest.fixture(name="two")
def two_fixture(world: World) -> World:
    """A project with two forms, `water_point` and `bridge`."""
    world.publishes()
    world.publishes(other("bridge"))
    return world


def held(api: Api, form: str) -> set[tuple[int, int]]:
    """(role, actor) of everybody who has a role on a form."""
    found = api.get(f"{FORMS}/{form}/assignments").get_json()
    return {(each["roleId"], each["actorId"]) for each in found}


def plan(*forms: dict[str, Any]) -> dict[str, Any]:
    """A body that changes these forms alone."""
    return {"name": "Nước và cầu", "forms": list(forms)}


def test_states_and_roles_of_all_forms_change_in_one_request(two: World) -> None:
    api = two.api
    head, other_head = two.phone("Khe Mực", "water_point").id, two.phone("Khe Tiền", "bridge").id
    answer = api.put(
        "projects/1",
        json={
            "name": "Nước và cầu",
            "description": "Hai loại công trình",
            "archived": True,
            "forms": [
                {
                    "xmlFormId": "water_point",
                    "state": "closing",
                    "assignments": [{"actorId": other_head, "roleId": APP_USER}],
                },
                {"xmlFormId": "bridge", "state": "open"},
            ],
        },
    )
    assert answer.status_code == 200
    project = answer.get_json()
    assert (project["name"], project["description"], project["archived"]) == (
        "Nước và cầu",
        "Hai loại công trình",
        True,
    )
    assert api.get(f"{FORMS}/water_point").get_json()["state"] == "closing"
    assert held(api, "water_point") == {(APP_USER, other_head)}
    assert held(api, "bridge") == {(APP_USER, other_head)}
    written = [line.action for line in list_audits(two.session, f"actor:{head}")]
    assert written[0] == "field_key.assignment.delete"


def test_what_is_left_out_of_the_project_is_taken_away_and_of_forms_is_kept(two: World) -> None:
    api = two.api
    api.patch("projects/1", json={"description": "Giếng", "archived": True})
    api.patch(f"{FORMS}/bridge", json={"state": "closed"})
    phone = two.phone("Khe Mực", "bridge")
    project = api.put("projects/1", json=plan({"xmlFormId": "bridge"}, {"xmlFormId": "water_point"})).get_json()
    assert (project["description"], project["archived"]) == (None, False)
    assert api.get(f"{FORMS}/bridge").get_json()["state"] == "closed"
    assert held(api, "bridge") == {(APP_USER, phone.id)}
    assert api.put("projects/1", json={"name": "Cầu"}).get_json()["name"] == "Cầu"
    assert api.get(f"{FORMS}/bridge").get_json()["state"] == "closed"


def test_who_may_only_look_at_a_form_is_not_taken_away_by_a_list_that_leaves_him_out(two: World) -> None:
    api = two.api
    person = two.person("Người xem")
    actor = person.get("users/current").get_json()["id"]
    for role in (VIEW_FORM, FILL_FORM):
        assert api.post(f"{FORMS}/bridge/assignments/{role}/{actor}").status_code == 200
    body = plan({"xmlFormId": "bridge", "assignments": []}, {"xmlFormId": "water_point"})
    assert api.put("projects/1", json=body).status_code == 200
    assert held(api, "bridge") == {(VIEW_FORM, actor)}


WATER, BRIDGE = {"xmlFormId": "water_point"}, {"xmlFormId": "bridge"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.3),
        ({"name": "  "}, 400.3),
        ({"name": "Một", "forms": "bridge"}, 400.11),
        (plan({"state": "closed"}, BRIDGE), 501.2),
        (plan({"xmlFormId": "water_point", "state": "closed"}), 501.2),
        (plan(WATER, BRIDGE, {"xmlFormId": "road"}), 501.2),
        (plan({"xmlFormId": "water_point", "state": "closed"}, WATER), 400.8),
        (plan(BRIDGE, {"xmlFormId": "water_point", "state": "shut"}), 400.8),
        (plan(BRIDGE, WATER | {"assignments": [{"roleId": 2}]}), 400.2),
        (plan(BRIDGE, WATER | {"assignments": [{"actorId": 1}]}), 400.2),
        (plan(BRIDGE, WATER | {"assignments": [{"actorId": 1, "roleId": 77}]}), 400.14),
        (plan(BRIDGE, WATER | {"assignments": [{"actorId": 777, "roleId": 2}]}), 400.14),
        (plan(BRIDGE, WATER | {"assignments": [{"actorId": 2**62, "roleId": 2**62}]}), 400.14),
    ],
)
def test_what_cannot_be_done_changes_nothing(two: World, body: dict[str, Any], code: float) -> None:
    api = two.api
    phone = two.phone("Khe Mực", "water_point")
    forms = body.get("forms")
    if isinstance(forms, list):
        # what comes first in the list is good, and is not done either
        body = body | {"forms": [each | {"state": each.get("state", "closing")} for each in forms]}
    before = api.get("projects?forms=true").get_json()
    refused = api.put("projects/1", json=body).get_json()
    assert refused["code"] == code
    assert api.get("projects?forms=true").get_json() == before
    assert held(api, "water_point") == {(APP_USER, phone.id)}


def test_nobody_gives_what_he_or_she_may_not_do(two: World) -> None:
    body = plan(BRIDGE, WATER)
    assert two.person("Người xem", "viewer").put("projects/1", json=body).get_json()["code"] == 403.1
    manager = two.person("Người quản lý", "manager")
    actor = manager.get("users/current").get_json()["id"]
    admin = plan(BRIDGE, WATER | {"assignments": [{"actorId": actor, "roleId": 1}], "state": "closed"})
    assert manager.put("projects/1", json=admin).get_json()["code"] == 403.1
    assert two.api.get(f"{FORMS}/water_point").get_json()["state"] == "open"
    assert manager.put("projects/1", json=body).status_code == 200


def test_a_role_that_holds_in_one_area_stays_where_it_holds(two: World) -> None:
    """Phones are given forms in the area of their village; a client of ODK Central knows of no areas."""
    api = two.api
    phone = two.phone("Khe Mực", "bridge")
    with two.session.get_bind().begin() as connection:  # type: ignore[union-attr]
        area = connection.exec_driver_sql("SELECT id FROM areas LIMIT 1").scalar_one()
        connection.exec_driver_sql(f"UPDATE grants SET area_id = '{area}' WHERE actor_id = {phone.id}")
    pairs = [{"actorId": phone.id, "roleId": APP_USER}]
    assert api.put("projects/1", json=plan(WATER, BRIDGE | {"assignments": pairs})).status_code == 200
    (kept,) = api.get(f"{FORMS}/bridge/assignments").get_json()
    assert kept["areaId"] == area
