"""What was sent to try a draft, over REST: sent, listed, read, as a table; the code that a phone scans."""

import struct

import pytest

from server.services.qr import DRAFT_INK
from server.storage.forms import find_form
from server.web.phone_settings import draft_settings
from sync.settings import decode_settings
from tests.kit.world import WATER_POINT, World

FORM = "projects/1/forms/water_point"
TRIED = f"{FORM}/draft/submissions"
SHEET = (
    b'<data id="water_point" version="7"><ten>Gieng</ten><so_ho>3</so_ho><anh>a.jpg</anh>'
    b"<meta><instanceID>uuid:1</instanceID></meta></data>"
)


@pytest.fixture(name="draft")
def draft_fixture(world: World) -> World:
    made = world.api.post(
        "projects/1/forms?ignoreWarnings=true", data=WATER_POINT.encode(), content_type="text/markdown"
    )
    assert made.status_code == 200
    return world


def test_sends_lists_and_reads(draft: World) -> None:
    api = draft.api
    sent = api.post(f"{TRIED}?deviceID=collect:7", data=SHEET, content_type="application/xml").get_json()
    assert (sent["instanceId"], sent["deviceId"], sent["currentVersion"]["instanceId"]) == (
        "uuid:1",
        "collect:7",
        "uuid:1",
    )
    assert api.post(TRIED, data=SHEET).get_json()["code"] == 409.3
    assert [each["instanceId"] for each in api.get(TRIED).get_json()] == ["uuid:1"]
    assert api.get(f"{TRIED}?limit=1&offset=1").get_json() == []
    path = f"{TRIED}/uuid%3A1"
    assert api.get(path).get_json() == sent
    assert api.get(f"{path}.xml").data == SHEET
    assert api.post(f"{path}/attachments/a.jpg", data=b"photo", content_type="image/jpeg").status_code == 200
    assert api.get(f"{path}/attachments").get_json() == [{"name": "a.jpg", "exists": True}]
    assert api.get(f"{path}/attachments/a.jpg").data == b"photo"
    assert api.delete(f"{path}/attachments/a.jpg").status_code == 200
    assert api.get(f"{path}/attachments/a.jpg").get_json()["code"] == 404.1
    assert api.get(f"{TRIED}/uuid%3A2").get_json()["code"] == 404.1
    assert api.get(f"{FORM}/submissions/uuid%3A1").get_json()["code"] == 404.1


def test_an_edit_is_answered_with_what_it_edits(draft: World) -> None:
    draft.api.post(TRIED, data=SHEET)
    edit = SHEET.replace(b"uuid:1</instanceID>", b"uuid:2</instanceID><deprecatedID>uuid:1</deprecatedID>")
    changed = draft.api.post(TRIED, data=edit).get_json()
    assert (changed["instanceId"], changed["currentVersion"]["instanceId"]) == ("uuid:1", "uuid:2")


def test_without_a_draft_there_is_nothing_to_try(world: World) -> None:
    world.publishes()
    for answer in (
        world.api.get(TRIED),
        world.api.post(TRIED, data=SHEET),
        world.api.get(f"{FORM}/draft.svc"),
        world.api.get(f"{FORM}/draft.svc/Submissions"),
        world.api.get(f"{FORM}/draft/qr.png"),
    ):
        assert answer.get_json()["code"] == 404.1


def test_the_tables_of_a_draft(draft: World) -> None:
    api = draft.api
    draft.api.post(TRIED, data=SHEET)
    (row,) = api.get(f"{FORM}/draft.svc/Submissions?$count=true").get_json()["value"]
    assert (row["__id"], row["so_ho"]) == ("uuid:1", 3)
    assert api.get(f"{FORM}/draft.svc/Submissions('uuid%3A1')").get_json()["ten"] == "Gieng"
    assert [each["name"] for each in api.get(f"{FORM}/draft.svc").get_json()["value"]] == ["Submissions"]
    assert b'Name="so_ho"' in api.get(f"{FORM}/draft.svc/$metadata").data
    # a form that has no other version than its draft has no reports, and says so
    assert api.get(f"{FORM}.svc/Submissions").get_json()["value"] == []


def test_the_rows_of_a_repeat_of_a_draft(world: World) -> None:
    rows = "| begin_repeat | ho | | | | |\n|  | text | chu | Chủ | | | |\n| | end_repeat | | | | | |\n| "
    text = WATER_POINT.replace("| text     | ten ", f"{rows}| text | ten ")
    made = world.api.post("projects/1/forms?ignoreWarnings=true", data=text.encode(), content_type="text/markdown")
    assert made.status_code == 200, made.get_json()
    sheet = SHEET.replace(b"<ten>", b"<ho><chu>A</chu></ho><ho><chu>B</chu></ho><ten>")
    assert world.api.post(TRIED, data=sheet).status_code == 200
    found = world.api.get(f"{FORM}/draft.svc/Submissions('uuid%3A1')/ho").get_json()["value"]
    assert [row["chu"] for row in found] == ["A", "B"]


def test_the_code_to_scan_is_marked_as_that_of_a_draft(draft: World) -> None:
    token = draft.api.get(f"{FORM}/draft").get_json()["draftToken"]
    svg = draft.api.get(f"{FORM}/draft/qr.svg")
    assert svg.content_type.startswith("image/svg+xml")
    text = svg.get_data(as_text=True)
    assert DRAFT_INK in text
    assert "[Bản nháp]" in text
    assert "[Draft]" in draft.api.get(f"{FORM}/draft/qr.svg?lang=en").get_data(as_text=True)
    png = draft.api.get(f"{FORM}/draft/qr.png")
    assert png.data.startswith(b"\x89PNG")
    colours = png.data[png.data.index(b"PLTE") - 4 :]
    length = struct.unpack(">I", colours[:4])[0]
    assert bytes.fromhex(DRAFT_INK.removeprefix("#")) in colours[8 : 8 + length]
    assert token not in text


def test_what_the_code_holds_leads_to_the_draft(draft: World) -> None:
    token = draft.api.get(f"{FORM}/draft").get_json()["draftToken"]
    form = find_form(draft.session, 1, "water_point")
    assert form is not None
    with draft.app.test_request_context("/", base_url="https://thon.example.vn"):
        settings = decode_settings(draft_settings(form, token).text)
    assert settings.general["server_url"] == f"https://thon.example.vn/v1/test/{token}/{FORM}/draft"
    assert settings.project["name"] == "[Bản nháp] Điểm nước"
