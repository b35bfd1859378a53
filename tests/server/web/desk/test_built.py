"""Pages find the built browser files, and say what to do when they were not built."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.config import Config, ConfigError
from server.web.desk import built
from server.web.desk.blueprint import policy_with


def test_styles_and_script_are_served_for_a_year(client: FlaskClient) -> None:
    found = built.find_built()
    for name in (found.script, *found.styles):
        answer = client.get(f"/static/{name}", buffered=True)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["manifest.json", "assets/../manifest.json", "assets/nothing.js"])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}", buffered=True).status_code == 404


def test_without_built_files_the_page_names_the_command(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(built, "FOLDER", tmp_path)
    answer = client.get("/sign-in")
    assert answer.status_code == 503
    assert "make assets" in answer.get_data(as_text=True)


def test_only_the_host_of_the_tiles_may_be_asked_where_one_is_set() -> None:
    assert "connect-src" not in policy_with(None)
    told = policy_with("https://tiles.example.vn/{z}/{x}/{y}.png")
    assert "img-src 'self' data: blob: https://tiles.example.vn;" in told
    assert told.endswith("connect-src 'self' https://tiles.example.vn")


@pytest.mark.parametrize(
    "value", ["https://tiles.example.vn/", "https://a.vn/{z}/{x}/{y}; script-src *", "ftp://{z}{x}{y}"]
)
def test_what_names_no_tiles_is_no_setting(value: str) -> None:
    with pytest.raises(ConfigError, match="THONBAN_MAP_TILES"):
        Config.from_env({"THONBAN_MAP_TILES": value})
