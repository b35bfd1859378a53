"""Phones on the desk: a key is handed out as a picture or a card, and ended."""

import io
from datetime import UTC, datetime

import pytest
import segno
from flask.testing import FlaskClient

from server.services.people import NewAppUser, create_app_user
from server.services.phones import app_of
from server.services.qr import draw_svg
from server.web.desk.built import FOLDER
from sync.settings import decode_settings, encode_settings, field_settings
from tests.kit.world import EMAIL, PASSWORD, VILLAGES, World, world_fixture

__all__ = ["world_fixture"]

pytestmark = pytest.mark.skipif(
    not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)"
)
PHONES = "/projects/1/phones"


@pytest.fixture
def desk(world: World) -> FlaskClient:
    """The administrator's browser."""
    client = world.app.test_client()
    assert client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    return client


def form_ids(world: World) -> list[int]:
    found = world.session.connection().exec_driver_sql("SELECT id FROM forms").scalars().all()
    world.session.rollback()
    return list(found)


def csrf(desk: FlaskClient) -> str:
    cookie = desk.get_cookie("__csrf")
    assert cookie is not None
    return cookie.value


def test_a_key_is_added_shown_as_a_picture_and_ended(world: World, desk: FlaskClient) -> None:
    world.publishes()
    (form_id,) = form_ids(world)
    answer = desk.post(PHONES, data={"__csrf": csrf(desk), "name": "Chíu A Sềnh", "form": str(form_id)})
    assert answer.status_code == 303
    page = desk.get(answer.location).get_data(as_text=True)
    assert "Chíu A Sềnh" in page
    assert "<svg" in page
    (user,) = world.api.get("projects/1/app-users").get_json()
    # the key stands behind the #, which is sent to no server
    assert f'href="http://localhost/phone/#/card/1/{user["token"]}"' in page
    key = f"/v1/key/{user['token']}/projects/1/formList"
    listed = world.app.test_client().get(key, headers={"X-OpenRosa-Version": "1.0"})
    assert "water_point" in listed.get_data(as_text=True)

    assert desk.post(f"{answer.location}/revoke", data={"__csrf": csrf(desk)}).status_code == 303
    assert world.app.test_client().get(key, headers={"X-OpenRosa-Version": "1.0"}).status_code == 403
    assert "<svg" not in desk.get(answer.location).get_data(as_text=True)
    assert desk.get(f"{PHONES}/cards").get_data(as_text=True).count('class="qr-card"') == 0


def test_nothing_is_added_without_the_page_s_own_token(world: World, desk: FlaskClient) -> None:
    assert desk.post(PHONES, data={"name": "ai đó"}).status_code == 403
    assert world.api.get("projects/1/app-users").get_json() == []


def test_everybody_who_holds_a_key_has_a_card_with_the_village(world: World, desk: FlaskClient) -> None:
    world.publishes()
    village, area = next(iter(VILLAGES.items()))
    head = NewAppUser(1, "Trưởng thôn", area_id=area.uuid, form_ids=tuple(form_ids(world)))
    create_app_user(world.session, world.home, world.server_itself, head, datetime.now(UTC))
    world.phone("máy dự phòng", "water_point")
    page = desk.get(f"{PHONES}/cards").get_data(as_text=True)
    assert (page.count('class="qr-card"'), page.count("<svg")) == (2, 4), "one code for ODK Collect, one for the app"
    for user in world.api.get("projects/1/app-users").get_json():
        assert draw_svg(f"http://localhost/phone/#/card/1/{user['token']}") in page
    assert f"<p>{village}</p>" in page


def test_the_picture_holds_the_settings(world: World) -> None:
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    answer = world.api.get(f"projects/1/app-users/{phone.id}/qr.png")
    svg = world.api.get(f"projects/1/app-users/{phone.id}/qr.svg")
    assert (answer.content_type, svg.content_type) == ("image/png", "image/svg+xml")

    text = expected_text(world, phone.token)
    expected = io.BytesIO()
    segno.make(text, error="l", micro=False).save(expected, kind="png", scale=6, border=4)
    assert answer.data == expected.getvalue()
    assert svg.data.lstrip().startswith(b"<?xml")
    general = decode_settings(text).general
    assert general["server_url"].endswith(phone.base)

    world.api.delete(f"sessions/{phone.token}")
    assert world.api.get(f"projects/1/app-users/{phone.id}/qr.png").status_code == 404


def expected_text(world: World, token: str) -> str:
    """What the picture should say, from the settings a phone would read out of it."""
    project = world.api.get("projects/1").get_json()["name"]
    return encode_settings(field_settings(f"http://localhost/v1/key/{token}/projects/1", project, "vi"))


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("org.odk.collect.android/v2025.3.2 Dalvik/2.1.0", "Collect 2025.3.2"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1",
            "Web Safari",
        ),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36", "Web Chrome"),
        ("Mozilla/5.0 (Linux; Android 13) SamsungBrowser/25.0 Chrome/121.0.0.0 Safari/537.36", "Web Samsung"),
        ("Mozilla/5.0 (X)", "Web"),
        ("curl/8.5.0", "curl/8.5.0"),
        (None, ""),
    ],
)
def test_a_program_is_called_as_people_know_it(agent: str | None, name: str) -> None:
    assert app_of(agent) == name
