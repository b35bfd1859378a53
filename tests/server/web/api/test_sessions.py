"""Signing in and out, and which credential counts."""

import unicodedata
from base64 import b64encode
from pathlib import Path

import pytest

from server.storage.audits import list_audits
from tests.kit.world import EMAIL, PASSWORD, World, world_at


def test_signs_in_whatever_the_case_of_the_address(world: World) -> None:
    client = world.app.test_client()
    answer = client.post("/v1/sessions", json={"email": EMAIL.upper(), "password": PASSWORD})
    body = answer.get_json()
    assert answer.status_code == 200
    assert len(body["token"]) == 64
    assert body["createdAt"].endswith("Z")
    assert "session=" in answer.headers["Set-Cookie"]
    assert client.get("/v1/users/current").get_json()["email"] == EMAIL


def test_over_https_the_cookie_belongs_to_the_host_alone(world: World) -> None:
    answer = world.app.test_client().post(
        "/v1/sessions", json={"email": EMAIL, "password": PASSWORD}, base_url="https://example.vn"
    )
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("__Host-session="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@example.vn", PASSWORD)])
def test_does_not_say_which_was_wrong(world: World, email: str, password: str) -> None:
    answer = world.nobody().post("sessions", json={"email": email, "password": password})
    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["details"]) == (401, 401.2, {})


def test_says_what_is_missing(world: World) -> None:
    answer = world.nobody().post("sessions", json={"email": EMAIL})
    assert answer.get_json()["code"] == 400.3
    assert answer.get_json()["details"] == {"required": ["password"]}


def test_a_session_that_was_ended_is_no_more(world: World) -> None:
    api = world.api
    assert api.get("sessions/restore").get_json().keys() == {"createdAt", "expiresAt"}
    assert api.delete("sessions/current").get_json() == {"success": True}
    assert api.get("users/current").status_code == 401


def test_the_key_of_a_phone_is_revoked_by_its_token(world: World) -> None:
    world.publishes()
    phone = world.phone("Khe Mực")
    assert phone.get("formList").status_code == 200
    assert world.api.delete(f"sessions/{phone.token}").status_code == 200
    assert phone.get("formList").status_code == 403
    keys = world.api.get("projects/1/app-users").get_json()
    assert [(each["displayName"], each["token"]) for each in keys] == [("Khe Mực", None)]


def test_only_a_session_can_be_looked_at_or_ended(world: World) -> None:
    assert world.nobody().get("sessions/restore").get_json()["code"] == 404.1
    assert world.nobody().delete("sessions/current").status_code == 401
    basic = {"Authorization": "Basic " + b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()}
    assert world.nobody().get("sessions/restore", headers=basic).get_json()["code"] == 404.1
    assert world.nobody().delete("sessions/current", headers=basic).get_json()["code"] == 404.1


def test_cookies_go_with_the_session_they_belong_to(world: World) -> None:
    client = world.app.test_client()
    mine = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).get_json()
    other = world.signed_in(EMAIL, PASSWORD)
    assert "Set-Cookie" not in client.delete(f"/v1/sessions/{other.token}").headers
    assert other.get("users/current").status_code == 401
    assert "Set-Cookie" in client.delete(f"/v1/sessions/{mine['token']}").headers
    assert client.get("/v1/users/current").status_code == 401


def test_cookies_are_given_only_where_they_may_pass(world: World) -> None:
    away = {"base_url": "http://example.vn", "environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    answer = world.app.test_client().post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}, **away)
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])


def test_signing_in_is_written_down_with_the_program(world: World) -> None:
    script = {"User-Agent": "pyodk v1.3.0"}
    world.nobody().post("sessions", json={"email": EMAIL, "password": PASSWORD}, headers=script)
    entry = list_audits(world.session)[0]
    assert (entry.action, entry.details) == ("user.session.create", {"userAgent": "pyodk v1.3.0"})


def test_who_ends_what_is_not_there_learns_nothing(world: World) -> None:
    assert world.api.delete(f"sessions/{'a' * 64}").get_json()["code"] == 403.1


def test_a_cookie_alone_changes_nothing(world: World) -> None:
    client = world.app.test_client()
    csrf = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).get_json()["csrf"]
    project = {"name": "Dự án mới"}
    assert client.post("/v1/projects", json=project).status_code == 403
    assert client.post("/v1/projects", json=project, headers={"X-CSRF-Token": "wrong"}).status_code == 403
    for said in ({"X-CSRF-Token": csrf}, {"X-Requested-With": "XMLHttpRequest"}):
        assert client.post("/v1/projects", json=project, headers=said).status_code == 200
    assert client.post("/v1/projects", json=project | {"__csrf": csrf}).status_code == 200


def test_passwords_pass_over_https_or_on_this_machine_only(world: World) -> None:
    basic = {"Authorization": "Basic " + b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()}
    client = world.app.test_client()
    assert client.get("/v1/users/current", headers=basic).status_code == 200
    away = {"REMOTE_ADDR": "203.0.113.7"}
    plain = client.get("/v1/users/current", headers=basic, environ_base=away, base_url="http://example.vn")
    assert plain.get_json()["code"] == 401.3
    secure = client.get("/v1/users/current", headers=basic, environ_base=away, base_url="https://example.vn")
    assert secure.status_code == 200
    assert "WWW-Authenticate" not in plain.headers


def test_the_first_credential_counts_and_none_after_it(world: World) -> None:
    client = world.app.test_client()
    client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    assert client.get("/v1/users/current", headers={"Authorization": "Bearer " + "x" * 64}).status_code == 401


def test_what_is_no_credential_is_not_passed_over(world: World) -> None:
    client = world.app.test_client()
    client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    for said in ("Basic !!!", "Basic " + b64encode(b"no colon").decode(), "Digest a=b", "Bearer", "nonsense"):
        answer = client.get("/v1/users/current", headers={"Authorization": said})
        assert (answer.status_code, answer.get_json()["code"]) == (401, 401.2), said


def test_a_password_is_the_same_on_every_keyboard(world: World) -> None:
    apart = unicodedata.normalize("NFD", PASSWORD)
    assert apart != PASSWORD
    assert world.nobody().post("sessions", json={"email": EMAIL, "password": apart}).status_code == 200


def test_who_guesses_is_told_when_to_come_back(database_url: str, tmp_path: Path) -> None:
    with world_at(database_url, tmp_path, THONBAN_SIGN_IN_ATTEMPTS="3") as world:
        wrong, right = ({"email": EMAIL, "password": each} for each in ("not the password", PASSWORD))
        basic = {"Authorization": "Basic " + b64encode(f"{EMAIL}:not the password".encode()).decode()}
        assert world.nobody().post("sessions", json=wrong).status_code == 401
        assert world.nobody().get("users/current", headers=basic).status_code == 401
        assert world.nobody().post("sessions", json=wrong).status_code == 401
        for _ in range(2):
            answer = world.nobody().post("sessions", json=right)
            assert (answer.status_code, answer.get_json()["code"]) == (429, 429.1)
            assert 0 < int(answer.headers["Retry-After"]) <= 900
            assert "phút" in answer.get_json()["message"]
        assert world.nobody().get("users/current", headers=basic).status_code == 429
        # a neighbour on the same machine, and the same person from another one
        world.person("Lan")
        there = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
        assert world.nobody().post("sessions", json=right, **there).status_code == 200
