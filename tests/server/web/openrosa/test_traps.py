"""The traps that ODK Collect lays for a server, one by one; those of other files are not repeated.

Digest is not offered (keys stand in the address), entity lists with their integrity address are not served yet: long
addresses are tried on gunicorn itself, in tests/server/test_run.py.
"""

import csv
import io
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from server.domain.data_files import list_demo_villages
from server.services.campaign import touch
from server.storage.actors import Actor
from server.storage.areas import AreaVersionRow
from server.storage.database import writing
from sync.openrosa import read_form_list, read_manifest, read_receipt
from tests.forms.test_parse import xform
from tests.kit.field import library_form
from tests.kit.world import OPENROSA, WATER_POINT, Phone, World

FORM = "projects/1/forms/water_point"
SHEET = (
    '<data id="water_point" version="1"><ten>{name}</ten><anh>a.jpg</anh>'
    "<meta><instanceID>{id}</instanceID></meta></data>"
)
MARKDOWN = "text/markdown"


@pytest.fixture(name="phone")
def phone_fixture(world: World) -> Phone:
    world.publishes()
    return world.phone("Khe Mực")


def sheet(instance_id: str = "uuid:1", name: str = "Giếng") -> bytes:
    return SHEET.format(id=instance_id, name=name).encode()


def kept(world: World) -> list[str]:
    return [each["instanceId"] for each in world.api.get(f"{FORM}/submissions").get_json()]


def files(world: World, instance_id: str) -> dict[str, bool]:
    path = f"{FORM}/submissions/{instance_id.replace(':', '%3A')}/attachments"
    return {each["name"]: each["exists"] for each in world.api.get(path).get_json()}


# -- the list ---------------------------------------------------------------------------------------------------------


def test_a_form_without_a_title_or_a_version_does_not_spoil_the_list(world: World) -> None:
    world.publishes()
    bare = xform().replace(b"<h:title>M\xe1\xba\xabu</h:title>", b"<h:title> </h:title>").replace(b' version="2"', b"")
    made = world.api.post("projects/1/forms?publish=true", data=bare, content_type="application/xml")
    assert made.status_code == 200
    phone = world.phone("Khe Mực")
    found = {each.form_id: each for each in read_form_list(phone.get("formList").data)}
    assert found.keys() == {"water_point", "mau"}
    assert (found["mau"].name, found["mau"].version) == ("mau", "")


def test_names_with_every_sign_of_xml_can_be_read(world: World) -> None:
    world.publishes(WATER_POINT.replace("Điểm nước", "A & B <c> \"d\" 'đ'").replace("| water_point |", "| a&b |"))
    (entry,) = read_form_list(world.phone("Khe Mực").get("formList").data)
    assert (entry.form_id, entry.name) == ("a&b", "A & B <c> \"d\" 'đ'")
    assert world.app.test_client().get(entry.download_url).status_code == 200


def test_what_a_phone_or_the_specification_adds_to_the_address_is_borne(phone: Phone) -> None:
    for path in ("formList", "forms/water_point.xml", "forms/water_point/manifest"):
        answer = phone.get(f"{path}?deviceID=collect%3AaSd&verbose=true&listAllVersions=true")
        assert answer.status_code == 200, path
    assert [each.form_id for each in read_form_list(phone.get("formList?formID=water_point").data)] == ["water_point"]
    assert read_form_list(phone.get("formList?formID=other").data) == ()


def test_a_trailing_slash_of_the_server_address_is_cut_by_the_phone_and_borne_here(world: World, phone: Phone) -> None:
    answer = world.app.test_client().get(f"{phone.base}/formList/", headers=OPENROSA)
    assert (answer.status_code, answer.content_type) == (200, "text/xml; charset=utf-8")


def test_the_list_is_never_another_kind_of_xml(world: World, phone: Phone) -> None:
    for wanted in ("application/xml", "application/json", "text/html", "*/*"):
        assert phone.get("formList", Accept=wanted).content_type == "text/xml; charset=utf-8"
        assert phone.get("forms/water_point/manifest", Accept=wanted).content_type == "text/xml; charset=utf-8"


def test_a_text_under_a_version_never_changes(world: World, phone: Phone) -> None:
    (before,) = read_form_list(phone.get("formList").data)
    other = WATER_POINT.replace("Tên giếng", "Tên giếng nước").encode()
    assert world.api.post(f"{FORM}/draft?ignoreWarnings=true", data=other, content_type=MARKDOWN).status_code == 200
    refused = world.api.post(f"{FORM}/draft/publish").get_json()
    assert refused["code"] == 409.6
    assert read_form_list(phone.get("formList").data) == (before,)
    assert world.api.post(f"{FORM}/draft/publish?version=2").status_code == 200
    (after,) = read_form_list(phone.get("formList").data)
    assert after.version == "2"
    assert after.hash != before.hash


def test_every_row_of_a_list_can_be_read_whatever_a_village_is_called(world: World) -> None:
    world.api.post("projects/1/forms?publish=true", data=library_form("village_criteria"), content_type="text/xml")
    phone = world.phone("phone")
    odd = 'Thôn "Khe, Mực"\nđội 2'
    villages = list_demo_villages()
    village = villages[0]
    with writing(world.own_session) as connection:
        connection.execute(update(AreaVersionRow).where(AreaVersionRow.area_id == village.uuid).values(name=odd))
        touch(connection)
        world.own_session.commit()
    rows = list(
        csv.DictReader(io.StringIO(phone.get("forms/village_criteria/attachments/villages.csv").text, newline=""))
    )
    assert len(rows) == len(villages)
    assert all(row["name"] and row["label"] and None not in row for row in rows)
    assert [row["label"] for row in rows if row["name"] == village.uuid] == [odd]


def test_names_of_files_with_signs_and_accents_come_as_they_are(world: World) -> None:
    name = "dân tộc & xã (1).csv"
    xml = xform(model=f'<instance id="a" src="jr://file-csv/{name.replace("&", "&amp;")}"/>')
    world.api.post("projects/1/forms", data=xml, content_type="application/xml")
    path = "projects/1/forms/mau/draft/attachments/d%C3%A2n%20t%E1%BB%99c%20%26%20x%C3%A3%20(1).csv"
    assert world.api.post(path, data=b"name,label\na,A\n", content_type="text/csv").status_code == 200
    world.api.post("projects/1/forms/mau/draft/publish")
    (file,) = read_manifest(world.phone("Khe Mực").get("forms/mau/manifest").data)
    assert file.filename == name
    assert world.app.test_client().get(file.download_url).data == b"name,label\na,A\n"


# -- what is sent -----------------------------------------------------------------------------------------------------


def test_after_a_failure_a_phone_starts_again_with_the_first_file(world: World, phone: Phone) -> None:
    photos = {name: name.encode() for name in ("a.jpg", "b.jpg", "c.jpg")}
    more = {"*isIncomplete*": "yes"}

    def sends(name: str, **fields: str) -> TestResponse:
        parts: dict[str, Any] = {"xml_submission_file": (io.BytesIO(sheet()), "s.xml"), **fields}
        parts[name] = (io.BytesIO(photos[name]), name)
        return world.app.test_client().post(f"{phone.base}/submission", data=parts, headers=OPENROSA)

    first = [sends("a.jpg", **more)]
    # the second request never arrived: everything comes again, from the first file on
    again = [sends("a.jpg", **more), sends("b.jpg", **more), sends("c.jpg")]
    assert [answer.status_code for answer in first + again] == [201] * 4
    assert kept(world) == ["uuid:1"]
    assert files(world, "uuid:1") == dict.fromkeys(photos, True)
    for name, content in photos.items():
        assert world.api.get(f"{FORM}/submissions/uuid%3A1/attachments/{name}").data == content


def test_the_mark_of_an_unfinished_upload_is_no_attachment(world: World, phone: Phone) -> None:
    parts = {"xml_submission_file": (io.BytesIO(sheet()), "s.xml"), "*isIncomplete*": "yes"}
    answer = world.app.test_client().post(f"{phone.base}/submission", data=parts, headers=OPENROSA)
    assert answer.status_code == 201
    assert "1/1" in read_receipt(answer.data).message
    assert files(world, "uuid:1") == {"a.jpg": False}


@pytest.mark.parametrize("date", ["Tue, 24 Nov 2026 03:44:47 GMT", "Thứ 3, 24 Tháng 11", "", "0"])
def test_the_time_a_phone_says_is_not_looked_at(world: World, phone: Phone, date: str) -> None:
    assert phone.sends(sheet(), headers={"Date": date}).status_code == 201
    assert phone.get("formList", Date=date).status_code == 200


def test_no_answer_leads_elsewhere(world: World, phone: Phone) -> None:
    head = world.app.test_client().head(f"{phone.base}/submission", headers=OPENROSA)
    for answer in (head, phone.sends(sheet()), phone.sends(sheet()), phone.sends(b"<x/>")):
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_the_sentence_is_in_the_language_that_is_kept_of_the_key_holder(world: World, phone: Phone) -> None:
    plain = read_receipt(phone.sends(sheet("uuid:1")).data).message
    asked = read_receipt(phone.sends(sheet("uuid:2"), headers={"Accept-Language": "en"}).data).message
    assert "Số biên nhận" in plain
    assert "Số biên nhận" in asked
    with writing(world.own_session) as connection:
        connection.execute(update(Actor).where(Actor.id == phone.id).values(locale="en"))
        world.own_session.commit()
    answer = phone.sends(sheet("uuid:3"), headers={"Accept-Language": "vi"})
    assert "Receipt number" in read_receipt(answer.data).message
    assert answer.headers["Content-Language"] == "en"
    assert "submission" in read_receipt(phone.sends(b"no xml").data).message.lower()


def test_no_sentence_shows_the_key(world: World, phone: Phone) -> None:
    for path in ("nothing/here", "forms/nobody_knows.xml", "forms/nobody_knows/manifest"):
        answer = phone.get(path)
        assert answer.status_code == 404
        assert phone.token.encode() not in answer.data
    assert phone.token.encode() not in world.app.test_client().put(f"{phone.base}/submission", headers=OPENROSA).data


def test_a_report_and_its_encrypted_copy_are_both_kept(world: World, phone: Phone) -> None:
    manifest = (
        b'<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="water_point" version="1">'
        b"<base64EncryptedKey>eA==</base64EncryptedKey><encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
        b'<meta xmlns="http://openrosa.org/xforms"><instanceID>uuid:1</instanceID></meta></data>'
    )
    first = phone.sends(manifest, {"submission.xml.enc": b"\x00\x01"})
    stray = phone.sends(sheet("uuid:1"), {"a.jpg": b"x"})
    assert (first.status_code, stray.status_code) == (201, 202)
    assert world.api.get(f"{FORM}/submissions/uuid%3A1.xml").data == manifest
    assert files(world, "uuid:1")["submission.xml.enc"]


# -- every answer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "formList", 200),
        ("HEAD", "submission", 204),
        ("GET", "forms/none.xml", 404),
        ("GET", "forms/none/manifest", 404),
        ("GET", "forms/water_point/attachments/none.csv", 404),
        ("GET", "no/such/address", 404),
        ("DELETE", "formList", 405),
        ("POST", "submission", 400),
    ],
)
def test_every_answer_says_version_and_limit(world: World, phone: Phone, method: str, path: str, status: int) -> None:
    answer = world.app.test_client().open(f"{phone.base}/{path}", method=method, headers=OPENROSA)
    assert answer.status_code == status
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert int(answer.headers["X-OpenRosa-Accept-Content-Length"]) == world.home.config.max_upload
    if status >= 400:
        assert answer.content_type == "text/xml; charset=utf-8"
        assert ET.fromstring(answer.data).tag == "{http://openrosa.org/http/response}OpenRosaResponse"
        assert read_receipt(answer.data).message


@pytest.mark.parametrize("key", ["short", "x" * 64])
def test_a_wrong_key_is_answered_so_too(world: World, key: str) -> None:
    answer = world.app.test_client().get(f"/v1/key/{key}/projects/1/formList", headers=OPENROSA)
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"]
    assert "WWW-Authenticate" not in answer.headers


def test_a_body_past_the_limit_is_413_with_a_sentence(world: World, phone: Phone) -> None:
    world.app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = phone.sends(sheet(), {"a.jpg": b"x" * 2000})
    assert (answer.status_code, read_receipt(answer.data).nature) == (413, "error")
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert kept(world) == []
