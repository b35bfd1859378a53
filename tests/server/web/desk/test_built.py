"""Pages find the built browser files, and say what to do when they were not built."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.web.desk import built


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
