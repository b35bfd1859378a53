"""People: what they and administrators do to their accounts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from server.storage.audits import list_audits
from tests.kit.world import EMAIL, PASSWORD, Api, World

OTHER = "a rather different one"
USER = {"id", "type", "displayName", "email", "createdAt", "updatedAt", "deletedAt"}


def current(api: Api) -> int:
    """The id of who is signed in."""
    found: int = api.get("users/current").get_json()["id"]
    return found


def add(world: World, email: str, **more: str) -> int:
    """A new person with the usual password; the id."""
    answer = world.api.post("users", json={"email": email, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json().keys() == USER
    found: int = answer.get_json()["id"]
    return found


def test_lists_people_to_who_may_and_finds_anybody_by_the_whole_address(world: World) -> None:
    add(world, "lan@xa.example.vn", displayName="Hoàng Thị Lan")
    add(world, "a.lanh@example.vn", displayName="Bàn Văn Lành")
    add(world, "minh@example.vn", displayName="Đặng Minh")
    names = [each["displayName"] for each in world.api.get("users").get_json()]
    assert names == ["Bàn Văn Lành", EMAIL, "Hoàng Thị Lan", "Đặng Minh"]
    assert world.api.get("users?q=lan").get_json()[0]["displayName"] == "Hoàng Thị Lan"
    assert [each["displayName"] for each in world.api.get("users?q=dang minh").get_json()] == ["Đặng Minh"]
    assert world.api.get("users?q=zzz").get_json() == []
    viewer = world.person("Người xem", "viewer")
    assert viewer.get("users").get_json() == []
    assert viewer.get("users?q=lan").get_json() == []
    assert [each["displayName"] for each in viewer.get("users?q=LAN@xa.example.vn").get_json()] == ["Hoàng Thị Lan"]


def test_who_asks_is_told_what_he_may_when_he_asks_for_it(world: World) -> None:
    plain = world.api.get("users/current").get_json()
    assert plain.keys() == USER | {"locale"}
    more = world.api.get("users/current", headers={"X-Extended-Metadata": "true"}).get_json()
    assert {"user.password.invalidate", "assignment.create", "role.update"} <= set(more["verbs"])
    assert more["preferences"] == {"site": {}, "projects": {}}
    nobody_special = world.person("Lan")
    assert nobody_special.get("users/current", headers={"X-Extended-Metadata": "True"}).get_json()["verbs"] == []


def test_people_change_themselves_and_administrators_everybody(world: World) -> None:
    lan = world.person("Lan")
    lan_id, admin_id = current(lan), current(world.api)
    change = {"displayName": "Hoàng Thị Lan", "email": "Lan.Moi@example.vn", "id": 9, "type": "x", "password": OTHER}
    after = lan.patch(f"users/{lan_id}", json=change).get_json()
    assert (after["id"], after["displayName"], after["email"]) == (lan_id, "Hoàng Thị Lan", "lan.moi@example.vn")
    assert after["updatedAt"] is not None
    assert world.signed_in("lan.moi@example.vn", PASSWORD).get(f"users/{lan_id}").get_json() == after
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", "")):
        assert lan.ask(method, f"users/{admin_id}{path}", json={}).get_json()["code"] == 403.1, method
    assert world.api.patch(f"users/{lan_id}", json={"displayName": "Lan"}).get_json()["displayName"] == "Lan"
    assert world.api.patch(f"users/{lan_id}", json={"email": EMAIL}).get_json()["code"] == 409.3
    assert world.api.get(f"users/{lan_id}").get_json()["email"] == "lan.moi@example.vn"
    entry = next(each for each in list_audits(world.session, f"actor:{lan_id}") if each.action == "user.update")
    assert entry.details == {"data": {"displayName": "Lan"}}


def test_who_was_taken_away_is_gone_and_the_address_is_free(world: World) -> None:
    lan = world.person("Lan")
    lan_id, email = current(lan), lan.get("users/current").get_json()["email"]
    assert world.api.delete(f"users/{lan_id}").get_json() == {"success": True}
    assert lan.get("users/current").status_code == 401
    assert world.nobody().post("sessions", json={"email": email, "password": PASSWORD}).status_code == 401
    assert world.api.get(f"users/{lan_id}").status_code == 404
    assert world.api.delete(f"users/{lan_id}").status_code == 404
    assert add(world, email) != lan_id
    assert list_audits(world.session, f"actor:{lan_id}")[0].action == "user.delete"


def test_the_last_administrator_stays(world: World) -> None:
    admin_id = current(world.api)
    for path in (f"users/{admin_id}", f"assignments/admin/{admin_id}"):
        answer = world.api.delete(path)
        assert (answer.status_code, answer.get_json()["code"]) == (409, 409.101)
    second = world.person("Quản trị hai", "admin")
    assert second.delete(f"users/{admin_id}").status_code == 200
    assert second.delete(f"users/{current(second)}").status_code == 409


def test_of_two_administrators_who_take_each_other_away_one_stays(world: World) -> None:
    one, two = world.person("Một", "admin"), world.person("Hai", "admin")
    assert one.delete(f"users/{current(world.api)}").status_code == 200
    pairs = [(one, current(two)), (two, current(one))]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].delete(f"users/{pair[1]}").status_code, pairs))
    # the second is gone before he is asked, or is the last
    assert sorted(answers)[0] == 200
    assert sorted(answers)[1] in (401, 403, 409)


def test_two_who_add_the_same_address_at_once(world: World) -> None:
    api, body = world.api, {"email": "moi@example.vn"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.post("users", json=body), range(4)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert {each.get_json().get("code") for each in answers} == {None, 409.3}
    assert len([each for each in api.get("users").get_json() if each["email"] == "moi@example.vn"]) == 1


def test_another_password_is_proved_by_the_one_before_and_ends_the_other_sessions(world: World) -> None:
    here = world.person("Lan")
    lan = here.get("users/current").get_json()
    there = world.signed_in(lan["email"], PASSWORD)
    path = f"users/{lan['id']}/password"
    assert here.put(path, json={"old": "not this one", "new": OTHER}).get_json()["code"] == 401.2
    assert world.api.put(path, json={"old": "not this one", "new": OTHER}).get_json()["code"] == 401.2
    assert here.put(path, json={"old": PASSWORD, "new": "short"}).get_json()["code"] == 400.21
    assert there.get("users/current").status_code == 200
    assert here.put(path, json={"old": PASSWORD, "new": OTHER}).get_json() == {"success": True}
    assert (here.get("users/current").status_code, there.get("users/current").status_code) == (200, 401)
    assert world.signed_in(lan["email"], OTHER).get("users/current").status_code == 200
    assert list_audits(world.session, f"actor:{lan['id']}")[1].details == {"data": {"password": True}}
    stranger = world.person("Minh")
    assert stranger.put(path, json={"old": OTHER, "new": PASSWORD}).get_json()["code"] == 403.1
    assert world.api.put("users/9999/password", json={"old": OTHER, "new": PASSWORD}).get_json()["code"] == 404.1


def test_of_two_who_change_a_password_at_once_one_is_right(world: World) -> None:
    lan = world.person("Lan")
    path = f"users/{current(lan)}/password"
    wanted = [f"mật khẩu mới số {number}" for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda new: lan.put(path, json={"old": PASSWORD, "new": new}).status_code, wanted))
    assert sorted(answers) == [200, 401, 401]


def test_a_password_that_will_not_do_makes_nobody(world: World) -> None:
    weak = {"ngắn": 400.21, "dài " * 20: 400.38, "aaaaaaaaaaaa": 400.44, "Lan.Moi@Example.vn": 400.44}
    for password, code in weak.items():
        answer = world.api.post("users", json={"email": "lan.moi@example.vn", "password": password})
        assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert [each["email"] for each in world.api.get("users").get_json()] == [EMAIL]


def test_without_a_password_nobody_gets_in(world: World) -> None:
    for password in ("", None):
        assert world.api.post("users", json={"email": f"lan{password}@example.vn", "password": password}).get_json()
    assert world.nobody().post("sessions", json={"email": "lan@example.vn", "password": "x"}).status_code == 401


def test_settings_of_clients_are_kept_by_person_and_place(world: World) -> None:
    lan, api = world.person("Lan", "viewer"), world.api
    site, project = "user-preferences/site", "user-preferences/project/1"
    for value in (True, {"1": 2, "sâu": [1, 2.5, "nhiều"]}, None, "null"):
        assert api.put(f"{site}/cột", json={"propertyValue": value}).get_json() == {"success": True}
        assert preferences(api) == {"site": {"cột": value}, "projects": {}}
    api.put(f"{project}/a%2Fb", json={"propertyValue": 1})
    lan.put(f"{site}/màu", json={"propertyValue": "xanh"})
    assert preferences(api)["projects"] == {"1": {"a/b": 1}}
    assert preferences(lan) == {"site": {"màu": "xanh"}, "projects": {}}
    assert api.delete(f"{project}/a%2Fb").get_json() == {"success": True}
    assert api.delete(f"{project}/a%2Fb").get_json()["code"] == 404.1
    assert api.delete(f"{site}/màu").get_json()["code"] == 404.1
    missing = api.put(f"{site}/x", json={"notPropertyValue": 1})
    assert (missing.get_json()["code"], missing.get_json()["details"]) == (400.23, {"property": "propertyValue"})
    assert api.put(f"{site}/x", json={"propertyValue": 1, "pancakes": True}).get_json()["code"] == 400.33
    assert api.put("user-preferences/project/77/x", json={"propertyValue": 1}).get_json()["code"] == 404.1
    assert api.put(f"{site}/{'x' * 256}", json={"propertyValue": 1}).get_json()["code"] == 400.13
    assert api.put(f"{site}/x", json={"propertyValue": "x" * 20_000}).get_json()["code"] == 400.36
    stranger = world.person("Minh")
    assert stranger.put(f"{project}/x", json={"propertyValue": 1}).get_json()["code"] == 404.1


def preferences(api: Api) -> dict[str, object]:
    """What the client reads back."""
    found: dict[str, object] = api.get("users/current", headers={"X-Extended-Metadata": "true"}).get_json()[
        "preferences"
    ]
    return found
