"""Copies kept apart are seen at the desk, and a receipt number leads to what it names."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.web.desk.built import FOLDER
from tests.kit.world import EMAIL, PASSWORD, World, world_fixture

__all__ = ["world_fixture"]

pytestmark = pytest.mark.skipif(
    not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)"
)
SHEETS = "/projects/1/submissions"


@pytest.fixture
def desk(world: World) -> FlaskClient:
    """The administrator's browser."""
    client = world.app.test_client()
    assert client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    return client


def number_of(answer: TestResponse) -> str:
    """The number on a receipt."""
    return answer.get_data(as_text=True).partition("Số biên nhận: ")[2].partition(".<")[0]


def test_a_copy_kept_apart_is_held_against_what_stands(world: World, desk: FlaskClient) -> None:
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    assert "Không có bản nào" in desk.get("/projects/1/apart").get_data(as_text=True)
    first = phone.sends(world.filled("water_point", {"ten": "Giếng làng", "so_ho": 12}, "uuid:1"))
    other = phone.sends(world.filled("water_point", {"ten": "Giếng khác", "so_ho": 12}, "uuid:1"))
    assert (first.status_code, other.status_code) == (201, 202)
    assert "Giữ riêng: 1" in desk.get(SHEETS).get_data(as_text=True)
    listed = desk.get("/projects/1/apart").get_data(as_text=True)
    assert number_of(other) in listed

    found = desk.get(SHEETS, query_string={"receipt": number_of(other)})
    assert found.status_code == 302
    page = desk.get(found.location).get_data(as_text=True)
    for word in ("Tên giếng", "Giếng làng", "Giếng khác"):
        assert word in page
    assert "Số hộ" not in page
    saved = desk.get(f"{found.location}.xml")
    assert saved.content_type == "application/octet-stream"
    assert "Giếng khác" in saved.get_data(as_text=True)


def test_a_receipt_number_leads_to_the_sheet(world: World, desk: FlaskClient) -> None:
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    number = number_of(phone.sends(world.filled("water_point", {"ten": "Giếng làng"}, "uuid:1")))
    for written in (number, number.replace("-", " "), "uuid:1"):
        found = desk.get(SHEETS, query_string={"receipt": written})
        assert found.status_code == 302
        assert "Giếng làng" in desk.get(found.location).get_data(as_text=True)
    wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    for written in (wrong, "uuid:2", "999999-0", "G1-8"):
        page = desk.get(SHEETS, query_string={"receipt": written})
        assert page.status_code == 200
        assert "Không có phiếu mang số này" in page.get_data(as_text=True)


def test_who_sees_only_forms_sees_no_copies(world: World) -> None:
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    phone.sends(world.filled("water_point", {"ten": "a"}, "uuid:1"))
    phone.sends(world.filled("water_point", {"ten": "b"}, "uuid:1"))
    assert world.person("Chỉ xem biểu mẫu", "formview").client.get("/projects/1/apart").status_code != 200
