"""Two and more who write the same thing at once, over the API: one does, and the others are told so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests

from tests.kit.world import PASSWORD, WATER_POINT, World

WRITERS = 5
MD = {"Content-Type": "text/markdown"}
NEW = "một mật khẩu khác hẳn"


class Writers:
    """Scripts of the administrator, each with a connection of its own."""

    def __init__(self, world: World, address: str) -> None:
        self._address = address
        self._token = world.api.token

    def ask(self, method: str, path: str, **more: Any) -> list[tuple[int, Any]]:
        """The same request by all of them at once; statuses and bodies, in the order of the statuses."""
        barrier = Barrier(WRITERS)

        def write(_: int) -> tuple[int, Any]:
            with requests.Session() as session:
                session.headers["Authorization"] = f"Bearer {self._token}"
                session.headers.update(more.get("headers", {}))
                rest = {key: value for key, value in more.items() if key != "headers"}
                barrier.wait()
                answer = session.request(method, f"{self._address}/v1/{path}", timeout=60, **rest)
                return answer.status_code, answer.json()

        with ThreadPoolExecutor(WRITERS) as pool:
            return sorted(pool.map(write, range(WRITERS)), key=lambda each: each[0])


def one_of(answers: list[tuple[int, Any]], code: float) -> Any:
    """The body of the one that wrote; all others were refused with the code and a sentence."""
    assert Counter(status for status, _ in answers) == {200: 1, int(code): WRITERS - 1}, answers
    for status, body in answers[1:]:
        assert body["code"] == code
        assert body["message"].endswith(".")
        assert status == int(code)
    return answers[0][1]


def all_of(answers: list[tuple[int, Any]]) -> list[Any]:
    """The bodies when all of them wrote."""
    assert [status for status, _ in answers] == [200] * WRITERS, answers
    return [body for _, body in answers]


@pytest.fixture
def writers(world: World) -> Iterator[Writers]:
    """Five scripts at one server."""
    with world.server() as address:
        yield Writers(world, address)


def test_one_person_for_an_address(world: World, writers: Writers) -> None:
    made = one_of(writers.ask("POST", "users", json={"email": "lan@example.vn", "displayName": "Lan"}), 409.3)
    assert [each["id"] for each in world.api.get("users?q=lan@example.vn").get_json()] == [made["id"]]


def test_one_person_is_given_a_changed_address(world: World, writers: Writers) -> None:
    people = [world.api.post("users", json={"email": f"{name}@example.vn"}).get_json()["id"] for name in ("lan", "mai")]
    first = writers.ask("PATCH", f"users/{people[0]}", json={"email": "moi@example.vn"})
    assert [each["email"] for each in all_of(first)] == ["moi@example.vn"] * WRITERS
    for status, body in writers.ask("PATCH", f"users/{people[1]}", json={"email": "MOI@example.vn"}):
        assert (status, body["code"]) == (409, 409.3)


def test_one_form_for_an_id(world: World, writers: Writers) -> None:
    one_of(
        writers.ask("POST", "projects/1/forms?publish=true&ignoreWarnings=true", data=WATER_POINT.encode(), headers=MD),
        409.3,
    )
    assert len(world.api.get("projects/1/forms").get_json()) == 1
    assert len(world.api.get("projects/1/forms/water_point/versions").get_json()) == 1


def test_one_draft_and_one_version_of_it(world: World, writers: Writers) -> None:
    world.publishes()
    second = WATER_POINT.replace("| Điểm nước    | 1       |", "| Điểm nước    | 2       |").encode()
    all_of(writers.ask("POST", "projects/1/forms/water_point/draft?ignoreWarnings=true", data=second, headers=MD))
    one_of(writers.ask("POST", "projects/1/forms/water_point/draft/publish"), 404.1)
    versions = world.api.get("projects/1/forms/water_point/versions").get_json()
    assert [each["version"] for each in versions] == ["2", "1"]


def test_a_form_goes_once(world: World, writers: Writers) -> None:
    world.publishes()
    one_of(writers.ask("DELETE", "projects/1/forms/water_point"), 404.1)
    deleted = world.api.get("projects/1/forms?deleted=true").get_json()
    assert len(deleted) == 1
    one_of(writers.ask("POST", f"projects/1/forms/{deleted[0]['id']}/restore"), 404.1)
    told = [each["action"] for each in world.api.get("audits").get_json()]
    assert (told.count("form.delete"), told.count("form.restore")) == (1, 1)


def test_names_that_may_be_shared_are_each_written(world: World, writers: Writers) -> None:
    """Projects and keys are known by number, as in ODK Central: two may have one name."""
    projects = all_of(writers.ask("POST", "projects", json={"name": "Nước sạch"}))
    keys = all_of(writers.ask("POST", "projects/1/app-users", json={"displayName": "Khe Mực"}))
    assert len({each["id"] for each in projects}) == len({each["token"] for each in keys}) == WRITERS
    assert {each["id"] for each in keys} <= {each["id"] for each in world.api.get("projects/1/app-users").get_json()}


def test_a_role_is_given_and_taken_once(world: World, writers: Writers) -> None:
    """What was granted already is left as it is."""
    person = world.api.post("users", json={"email": "lan@example.vn"}).get_json()["id"]
    for place in ("assignments", "projects/1/assignments"):
        all_of(writers.ask("POST", f"{place}/viewer/{person}"))
        assert [each["id"] for each in world.api.get(f"{place}/viewer").get_json()] == [person]
        one_of(writers.ask("DELETE", f"{place}/viewer/{person}"), 404.1)
        assert world.api.get(f"{place}/viewer").get_json() == []
    told = [each for each in world.api.get("audits").get_json() if each["acteeId"] == f"actor:{person}"]
    assert [each["action"].rpartition(".")[2] for each in told] == ["delete", "create"] * 2 + ["create"]


def test_a_preference_is_one_row(world: World, writers: Writers) -> None:
    all_of(writers.ask("PUT", "user-preferences/site/cot", json={"propertyValue": [1, 2]}))
    me = world.api.get("users/current", headers={"X-Extended-Metadata": "true"}).get_json()
    assert me["preferences"]["site"] == {"cot": [1, 2]}


def test_a_file_is_kept_once(world: World, writers: Writers) -> None:
    form_id = world.publishes()
    xml = world.filled(form_id, {"ten": "Giếng", "anh": "anh.jpg"}, "uuid:1")
    path = f"projects/1/forms/{form_id}/submissions"
    one_of(writers.ask("POST", path, data=xml, headers={"Content-Type": "application/xml"}), 409.3)
    all_of(writers.ask("POST", f"{path}/uuid:1/attachments/anh.jpg", data=b"x" * 1000))
    assert len(world.api.get(path).get_json()) == 1
    assert world.api.get(f"{path}/uuid:1/attachments").get_json() == [{"name": "anh.jpg", "exists": True}]


def test_a_link_sets_one_password(world: World, writers: Writers) -> None:
    person = world.api.post("users", json={"email": "lan@example.vn"}).get_json()["id"]
    link = world.api.post(f"users/{person}/reset-link").get_json()
    token = link["url"].rpartition("/")[2].rpartition("=")[2].rpartition("#")[2]
    headers = {"Authorization": f"Bearer {token}"}
    one_of(writers.ask("POST", "users/reset/verify", json={"new": NEW}, headers=headers), 401.2)
    assert world.signed_in("lan@example.vn", NEW).get("users/current").status_code == 200


def test_a_session_ends_once(world: World, writers: Writers) -> None:
    token = world.signed_in("admin@example.vn", PASSWORD).token
    answers = writers.ask("DELETE", f"sessions/{token}")
    assert {status for status, _ in answers} <= {200, 403, 404}
    assert [status for status, _ in answers].count(200) >= 1
    assert world.nobody().get("users", headers={"Authorization": f"Bearer {token}"}).status_code == 401
