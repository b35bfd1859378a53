"""People, phones' keys, and what is granted to whom."""

import pytest
from sqlalchemy import select

from server.storage.actors import Token
from server.storage.audits import list_audits
from tests.kit.world import PASSWORD, World


def test_adds_a_person_who_can_sign_in(world: World) -> None:
    made = world.api.post("users", json={"email": "Lan@Example.VN", "password": PASSWORD, "displayName": "Lan"})
    assert made.get_json()["email"] == "lan@example.vn"
    lan = world.signed_in("lan@example.vn", PASSWORD)
    assert lan.get("projects").get_json() == []
    assert [each["displayName"] for each in world.api.get("users?q=lan").get_json()] == ["Lan"]


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [("admin@example.vn", PASSWORD, 409.3), ("x@example.vn", "short", 400.21), ("x", PASSWORD, 400.8)],
)
def test_refuses_a_person_with_its_reason(world: World, email: str, password: str, code: float) -> None:
    assert world.api.post("users", json={"email": email, "password": password}).get_json()["code"] == code


def test_a_new_phone_fills_nothing_until_a_form_is_assigned(world: World) -> None:
    form_id = world.publishes()
    api = world.api
    made = api.post("projects/1/app-users", json={"displayName": "Trưởng thôn"}).get_json()
    assert (made["type"], made["projectId"], len(made["token"])) == ("field_key", 1, 64)
    openrosa = {"X-OpenRosa-Version": "1.0"}
    client = world.app.test_client()
    path = f"/v1/key/{made['token']}/projects/1/formList"
    assert b"formID" not in client.get(path, headers=openrosa).data
    assignment = f"projects/1/forms/{form_id}/assignments/2/{made['id']}"
    for _ in range(2):
        assert api.post(assignment).get_json() == {"success": True}
    assert b"<formID>water_point</formID>" in client.get(path, headers=openrosa).data
    assert api.delete(assignment).status_code == 200
    assert b"formID" not in client.get(path, headers=openrosa).data
    assert api.delete(assignment).status_code == 404


def test_a_key_lies_sealed_in_the_database(world: World) -> None:
    made = world.api.post("projects/1/app-users", json={"displayName": "Trưởng thôn"}).get_json()
    kept = world.session.execute(select(Token).where(Token.actor_id == made["id"])).scalar_one()
    assert made["token"] not in (kept.token_hash, (kept.sealed or b"").decode())
    assert world.api.get(f"projects/1/app-users/{made['id']}").get_json()["token"] == made["token"]


def test_a_phone_that_is_taken_away_knocks_in_vain(world: World) -> None:
    phone = world.phone("Khe Mực")
    assert world.api.delete(f"projects/1/app-users/{phone.id}").get_json() == {"success": True}
    assert phone.get("formList").status_code == 403
    assert world.api.get("projects/1/app-users").get_json() == []


def test_nobody_grants_what_he_does_not_hold(world: World) -> None:
    manager = world.person("Quản lý", "manager")
    phone = world.phone("Khe Mực")
    assert manager.post(f"projects/1/assignments/admin/{phone.id}").get_json()["code"] == 403.1
    assert manager.post(f"projects/1/assignments/viewer/{phone.id}").status_code == 200
    assert world.api.post("projects/1/assignments/77/1").get_json()["code"] == 404.1


def test_the_reason_of_an_act_stands_in_the_audit(world: World) -> None:
    note = {"X-Action-Notes": "theo%20%C4%91%E1%BB%81%20ngh%E1%BB%8B%20c%E1%BB%A7a%20x%C3%A3"}
    made = world.api.post("projects/1/app-users", json={"displayName": "Trưởng thôn"}, headers=note).get_json()
    entry = list_audits(world.session, f"actor:{made['id']}")[0]
    assert (entry.action, entry.note) == ("field_key.create", "theo đề nghị của xã")


def test_roles_are_shown_with_the_numbers_that_scripts_know(world: World) -> None:
    assert world.nobody().get("roles/2").get_json()["system"] == "app-user"
    assert world.nobody().get("roles/admin").get_json()["id"] == 1
