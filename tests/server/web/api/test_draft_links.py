"""The test link of a draft: who sees it, and how another is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.storage.audits import list_audits
from tests.kit.world import OPENROSA, WATER_POINT, Api, World, furnish_world, furnished_world

FORM = "projects/1/forms/water_point"
DRAFT = f"{FORM}/draft"


def is_live(world: World, token: str) -> bool:
    """Whether a phone with this link gets the draft."""
    path = f"/v1/test/{token}/{DRAFT}.xml"
    return world.app.test_client().get(path, headers=OPENROSA).status_code == 200


def token_of(api: Api) -> str | None:
    token: str | None = api.get(DRAFT).get_json()["draftToken"]
    return token


def drafted(world: World) -> str:
    """A draft that was never published; its token."""
    source = WATER_POINT.encode()
    made = world.api.post("projects/1/forms?ignoreWarnings=true", data=source, content_type="text/markdown").get_json()
    token: str = made["draftToken"]
    return token


def test_only_who_may_change_the_form_sees_its_link(world: World) -> None:
    token = drafted(world)
    viewer, manager = world.person("Người xem", "viewer"), world.person("Người quản lý", "manager")
    assert token_of(world.api) == token_of(manager) == token
    for path in (FORM, DRAFT):
        assert viewer.get(path).get_json()["draftToken"] is None
    for path in ("projects/1/forms", "projects?forms=true"):
        assert token not in viewer.get(path).get_data(as_text=True)
        assert token in manager.get(path).get_data(as_text=True)
    assert viewer.get(f"{DRAFT}/qr.png").get_json()["code"] == 403.1
    assert manager.get(f"{DRAFT}/qr.svg").status_code == 200


def test_another_link_ends_the_one_before(world: World) -> None:
    token = drafted(world)
    assert is_live(world, token)
    assert world.person("Người xem", "viewer").post(f"{DRAFT}/link").get_json()["code"] == 403.1
    renewed = world.api.post(f"{DRAFT}/link").get_json()["draftToken"]
    assert renewed not in (None, token)
    assert (is_live(world, token), is_live(world, renewed)) == (False, True)
    assert token_of(world.api) == renewed
    assert "form.update.draft.link" in {line.action for line in list_audits(world.session)}
    world.api.post(f"{DRAFT}/publish")
    assert world.api.post(f"{DRAFT}/link").get_json()["code"] == 404.1


@pytest.mark.parametrize("way", ["link", ""])
def test_a_link_lost_with_the_secret_key_can_be_had_again(make_database: object, tmp_path: Path, way: str) -> None:
    """`POST …/draft/link`, or a new draft, where the key that sealed the old link is gone."""
    url = make_database()  # type: ignore[operator]
    home = tmp_path / "home"
    furnish_world(url, home)
    with furnished_world(url, home) as world:
        token = drafted(world)
    with furnished_world(url, home, THONBAN_SECRET_KEY="x" * 64) as world:
        assert token_of(world.api) is None
        assert is_live(world, token)
        assert world.api.get(f"{DRAFT}/qr.png").get_json()["code"] == 404.1
        source = WATER_POINT.encode()
        if way:
            world.api.post(f"{DRAFT}/{way}")
        else:
            world.api.post(f"{DRAFT}?ignoreWarnings=true", data=source, content_type="text/markdown")
        renewed = token_of(world.api)
        assert renewed is not None
        assert (is_live(world, token), is_live(world, renewed)) == (False, True)
        assert world.api.get(f"{DRAFT}/qr.png").status_code == 200


def test_a_draft_in_the_place_of_another_keeps_its_link(world: World) -> None:
    token = drafted(world)
    source = WATER_POINT.replace("| 1       |", "| 2       |").encode()
    world.api.post(f"{DRAFT}?ignoreWarnings=true", data=source, content_type="text/markdown")
    assert token_of(world.api) == token
