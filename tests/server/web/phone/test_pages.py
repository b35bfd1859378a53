"""The files of the phone app: public, with a policy of their own, and kept for as long as their names allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.web.phone import pages
from tests.kit.world import World

needs_app = pytest.mark.skipif(not (pages.FOLDER / "index.html").exists(), reason="the app was not built (make assets)")


@needs_app
@pytest.mark.parametrize(
    ("name", "kind", "caching"),
    [
        ("", "text/html", "no-cache"),
        ("sw.js", "text/javascript", "no-cache"),
        ("manifest.webmanifest", "application/manifest+json", "no-cache"),
    ],
)
def test_the_app_is_asked_for_each_time(world: World, name: str, kind: str, caching: str) -> None:
    answer = world.app.test_client().get(f"/phone/{name}", buffered=True)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, kind, caching)
    assert answer.headers["Content-Security-Policy"] == pages.POLICY


@needs_app
def test_what_bears_a_hash_is_kept_for_a_year_and_goes_out_small(world: World) -> None:
    (engine,) = (pages.FOLDER / "assets").glob("dist-*.js")
    answer = world.app.test_client().get(
        f"/phone/assets/{engine.name}", headers={"Accept-Encoding": "gzip"}, buffered=True
    )
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.content_length is not None
    assert answer.content_length < engine.stat().st_size / 3


@needs_app
@pytest.mark.parametrize("name", ["index.html", "assets/nothing.js", "../pages.py", "assets/../../pages.py"])
def test_nothing_else_is_served(world: World, name: str) -> None:
    assert world.app.test_client().get(f"/phone/{name}", buffered=True).status_code == 404


def test_the_address_ends_with_a_slash(world: World) -> None:
    answer = world.app.test_client().get("/phone")
    assert (answer.status_code, answer.location) == (301, "/phone/")


def test_what_was_not_built_is_named(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    answer = world.app.test_client().get("/phone/")
    assert answer.status_code == 503
    assert "make assets" in answer.get_data(as_text=True)
