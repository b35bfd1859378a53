"""What surrounds every view: paths that servers decode too early, proxies, logs."""

from pathlib import Path

import pytest

from server.web.logs import without_secrets
from tests.kit.databases import Databases
from tests.kit.world import EMAIL, PASSWORD, world_at

TOKEN = "aB3!$" * 12 + "wxyz"


@pytest.mark.parametrize(
    "path",
    [f"/v1/key/{TOKEN}/projects/1/formList", f"/v1/test/{TOKEN}/x", f"/x?st={TOKEN}", f"/v1/sessions/{TOKEN}"],
)
def test_no_key_stands_in_the_log(path: str) -> None:
    assert TOKEN not in without_secrets(path)
    assert "aB3!…" in without_secrets(path)


def test_a_path_without_a_key_is_logged_as_it_is() -> None:
    assert without_secrets("/v1/sessions/current?limit=1") == "/v1/sessions/current?limit=1"


@pytest.mark.parametrize(("proxies", "status"), [("1", 200), ("0", 401)])
def test_only_proxies_that_are_trusted_say_it_is_https(
    databases: Databases, tmp_path: Path, proxies: str, status: int
) -> None:
    with world_at(databases.sqlite(), tmp_path, THONBAN_TRUSTED_PROXIES=proxies) as world:
        answer = world.app.test_client().get(
            "/v1/users/current",
            auth=(EMAIL, PASSWORD),
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "example.vn"},
            environ_base={"REMOTE_ADDR": "10.0.0.1"},
        )
        assert answer.status_code == status


def test_an_unexpected_error_says_nothing_of_the_inside(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise ZeroDivisionError("inside")

    with world_at(databases.sqlite(), tmp_path) as world:
        monkeypatch.setitem(world.app.view_functions, "assignments.list_roles", fails)
        answer = world.nobody().get("roles")
        assert (answer.status_code, answer.get_json()["code"], answer.get_json()["details"]) == (500, 500.1, {})
        assert "inside" not in answer.get_data(as_text=True)


def test_every_answer_has_a_number_to_be_found_by(databases: Databases, tmp_path: Path) -> None:
    with world_at(databases.sqlite(), tmp_path) as world:
        assert len(world.nobody().get("roles").headers["X-Request-ID"]) == 32
        assert world.nobody().get("roles", headers={"X-Request-ID": "abc"}).headers["X-Request-ID"] == "abc"
