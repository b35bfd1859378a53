"""Recordings on their page and over the API: put to a question, heard, published, fetched by a phone, taken away."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from forms.parse import parse_form
from server.storage.audits import list_audits
from server.web.desk.built import FOLDER
from sync.openrosa import read_form_list, read_manifest
from tests.kit.world import OPENROSA, World
from tests.server.web.desk.test_form_pages import desk_fixture, look, person, post, send

pytestmark = pytest.mark.skipif(
    not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)"
)
__all__ = ["desk_fixture"]
SPOKEN = """
| survey |
|        | type    | name  | label::Tiếng Việt (vi) | label::English (en) |
|        | text    | ten   | Tên giếng là gì?       | What is it called?  |
|        | integer | so_ho | Bao nhiêu hộ dùng?     | How many use it?    |
| settings |
|        | form_id | form_title | version | default_language   |
|        | gieng   | Giếng      | 7       | Tiếng Việt (vi)    |
"""
FORM = "/projects/1/forms/gieng"
PAGE = f"{FORM}/recordings"
VOICE = b"OggS somebody speaks Dao"


def test_a_recording_goes_from_the_page_to_the_phone_and_back_out(world: World, desk: FlaskClient) -> None:
    world.publishes(SPOKEN)
    phone = world.phone("phone")
    assert "0 trong 2 câu có bản ghi âm" in look(desk, PAGE)
    added = post(desk, PAGE, file=(VOICE, "giong-noi.ogg"), question="/data/so_ho", language="ium")
    assert "1 trong 2 câu có bản ghi âm" in added
    assert "chưa tới điện thoại" in added
    (before,) = read_form_list(phone.get("formList").data)
    assert before.version == "7"

    (name,) = {
        part.split('"')[0] for part in desk.get(PAGE).get_data(as_text=True).split(f"{PAGE}/")[1:] if "ghi-am" in part
    }
    heard = desk.get(f"{PAGE}/{name}")
    assert (heard.status_code, heard.data, heard.content_type) == (200, VOICE, "audio/ogg")

    assert send(desk, f"{FORM}/draft/publish").status_code == 303
    (entry,) = read_form_list(phone.get("formList").data)
    assert entry.version == "8"
    assert entry.manifest_url is not None
    nobody = world.app.test_client()
    text = nobody.get(entry.download_url).data
    assert parse_form(text).languages == ("Tiếng Việt (vi)", "English (en)", "Dao Iu Miền (ium)")
    assert f"jr://audio/{name}".encode() in text
    (media,) = read_manifest(nobody.get(entry.manifest_url, headers=OPENROSA).data)
    assert media.filename == name
    assert nobody.get(media.download_url).data == VOICE
    assert phone.sends(world.filled("gieng", {"ten": "Khe Mực", "so_ho": 4})).status_code == 201

    removed = post(desk, f"{PAGE}/removed", question="/data/so_ho", language="ium")
    assert "0 trong 2 câu có bản ghi âm" in removed
    send(desk, f"{FORM}/draft/publish")
    (entry,) = read_form_list(phone.get("formList").data)
    assert (entry.version, entry.manifest_url) == ("9", None)
    lines = [each.action for each in list_audits(world.session, "form:1")]
    assert lines.count("form.attachment.update") == 2


def test_what_is_no_recording_is_told_and_changes_nothing(world: World, desk: FlaskClient) -> None:
    world.publishes(SPOKEN)
    for content, told in ((b"\x89PNG a picture", "không phải bản ghi âm"), (b"", "Chưa chọn tệp")):
        assert told in post(desk, PAGE, file=(content, "a.ogg"), question="/data/ten", language="tyz")
    assert "không có câu" in post(desk, PAGE, file=(VOICE, "a.ogg"), question="/data/khac", language="tyz")
    assert "không có câu" in post(desk, PAGE, file=(VOICE, "a.ogg"), question="/data/ten", language="fr")
    assert "không có bản ghi âm" in post(desk, f"{PAGE}/removed", question="/data/ten", language="tyz")
    assert "chưa tới điện thoại" not in look(desk, PAGE)
    assert desk.get(f"{PAGE}/ghi-am-khong-co.ogg").status_code == 404


def test_who_may_not_change_a_form_hears_and_adds_nothing(world: World, desk: FlaskClient) -> None:
    world.publishes(SPOKEN)
    post(desk, PAGE, file=(VOICE, "a.ogg"), question="/data/ten", language="tyz")
    viewer = person(world, "viewer")
    page = look(viewer, PAGE)
    assert "1 trong 2 câu có bản ghi âm" in page
    assert "Gắn vào câu" not in page
    assert send(viewer, PAGE, file=(VOICE, "a.ogg"), question="/data/so_ho", language="tyz").status_code == 403


def test_the_same_over_the_api(world: World) -> None:
    world.publishes(SPOKEN)
    path = "projects/1/forms/gieng/recordings"
    asked = "?path=/data/ten&language=mji"
    assert world.api.get(path).get_json()[0] == {"path": "/data/ten", "recordings": []}
    put = world.api.put(f"{path}{asked}", data=VOICE, content_type="application/octet-stream")
    assert put.status_code == 200, put.get_data(as_text=True)
    (row, other) = put.get_json()
    assert [each["language"] for each in row["recordings"]] == ["mji"]
    assert other["recordings"] == []
    assert world.api.put(f"{path}{asked}", data=b"PK", content_type="application/octet-stream").status_code == 400
    assert world.person("Người xem", "viewer").put(f"{path}{asked}", data=VOICE).status_code in (403, 415)
    assert world.api.delete(f"{path}{asked}").get_json() == [
        {"path": each, "recordings": []} for each in ("/data/ten", "/data/so_ho")
    ]
    assert world.api.delete(f"{path}{asked}").status_code == 404
