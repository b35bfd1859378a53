"""What a phone sends: the answers of the intake table on the wire, and everything that should not stop the server."""

import io
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from server.services.quarantine import MOST_ROWS
from server.storage.database import db
from sync.receipt_number import read_number
from tests.kit.world import OPENROSA, Phone, World

ANSWERS = {"ten": "Giếng làng", "so_ho": 12}


@pytest.fixture(name="phone")
def phone_fixture(world: World) -> Phone:
    world.publishes()
    return world.phone("phone")


def message(answer: TestResponse) -> str:
    """The sentence of a receipt, which any XML parser must be able to read."""
    root = ET.fromstring(answer.data)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    said = root.find("{http://openrosa.org/http/response}message")
    assert said is not None
    assert said.text
    return said.text


def posted(phone: Phone, *parts: tuple[str, bytes, bool]) -> TestResponse:
    """A body written by hand: (name, content, whether it has a file name)."""
    body = io.BytesIO()
    for name, content, named in parts:
        file = f'; filename="{name}"' if named else ""
        body.write(f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n")
    body.write(b"--b--\r\n")
    return phone.world.app.test_client().post(
        f"{phone.base}/submission",
        data=body.getvalue(),
        content_type="multipart/form-data; boundary=b",
        headers=OPENROSA,
    )


def listed(world: World, **query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = world.api.get("projects/1/forms/water_point/submissions").get_json()
    return found


def test_head_says_how_much_is_taken_at_once_and_nothing_else(world: World, phone: Phone) -> None:
    answer = world.app.test_client().head(f"{phone.base}/submission?deviceID=collect:1", headers=OPENROSA)
    assert (answer.status_code, answer.data) == (204, b"")
    assert int(answer.headers["X-OpenRosa-Accept-Content-Length"]) == world.home.config.max_upload
    assert "Location" not in answer.headers


def test_a_clean_sheet_is_201_with_a_sentence_in_vietnamese(world: World, phone: Phone) -> None:
    answer = phone.sends(world.filled("water_point", ANSWERS, "uuid:1"))
    assert answer.status_code == 201
    assert answer.headers["X-OpenRosa-Accept-Content-Length"]
    assert "nhận" in message(answer)
    (kept,) = listed(world)
    assert (kept["instanceId"], kept["reviewState"], kept["deviceId"]) == ("uuid:1", None, "collect:1")


def test_the_receipt_says_what_is_missing_and_a_number_to_ask_by(world: World, phone: Phone) -> None:
    sheet = world.filled("water_point", ANSWERS | {"anh": "gieng.jpg"}, "uuid:1")
    first = phone.sends(sheet)
    assert "còn thiếu 1/1 ảnh" in message(first)
    number = message(first).partition("Số biên nhận: ")[2].rstrip(".")
    assert read_number(number) is not None
    second = phone.sends(sheet, {"gieng.jpg": b"a photo"})
    assert "thiếu" not in message(second)
    again = phone.sends(sheet, {"gieng.jpg": b"a photo"})
    for answer in (second, again):
        assert (answer.status_code, message(answer).endswith(f"Số biên nhận: {number}.")) == (201, True)


def test_what_is_kept_apart_has_a_number_of_its_own(world: World, phone: Phone) -> None:
    phone.sends(world.filled("water_point", ANSWERS, "uuid:1"))
    other = phone.sends(world.filled("water_point", {"ten": "Giếng khác"}, "uuid:1"))
    again = phone.sends(world.filled("water_point", {"ten": "Giếng khác"}, "uuid:1"))
    numbers = {message(answer).partition("Số biên nhận: ")[2].rstrip(".") for answer in (other, again)}
    assert (other.status_code, again.status_code, len(numbers)) == (202, 202, 1)
    found = read_number(numbers.pop())
    assert found is not None
    assert found[1]


def test_a_broken_constraint_is_201_and_has_issues(world: World, phone: Phone) -> None:
    answer = phone.sends(world.filled("water_point", {"ten": "x", "so_ho": -3}, "uuid:1"))
    assert answer.status_code == 201
    (kept,) = listed(world)
    assert kept["reviewState"] == "hasIssues"
    xml = world.api.get("projects/1/forms/water_point/submissions/uuid:1.xml").get_data(as_text=True)
    assert "<so_ho>-3</so_ho>" in xml


def test_the_xml_may_come_without_a_file_name(world: World, phone: Phone) -> None:
    xml = world.filled("water_point", ANSWERS | {"ten": "x" * 700_000}, "uuid:1")
    assert posted(phone, ("xml_submission_file", xml, False)).status_code == 201


def test_a_name_is_never_a_path(world: World, phone: Phone) -> None:
    xml = world.filled("water_point", ANSWERS, "uuid:1")
    answer = posted(phone, ("xml_submission_file", xml, True), ("../../x", b"evil", True), ("..", b"evil", True))
    assert answer.status_code == 201
    assert not list(world.home.config.home.parent.glob("x"))
    names = [file["name"] for file in world.api.get("projects/1/forms/water_point/submissions/uuid:1/attachments").json]
    assert "x" in names
    assert not any("/" in name or name == ".." for name in names)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not xml", 400),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><data id="water_point"/>', 400),
        (
            b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
            b'<data id="water_point"><ten>&c;</ten></data>',
            400,
        ),
        (b"<data><ten>x</ten></data>", 400),
        (b'<data id="nobody_knows"><ten>x</ten></data>', 404),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence_and_kept(
    world: World, phone: Phone, body: bytes, status: int
) -> None:
    for _ in range(2):
        answer = phone.sends(body)
        assert answer.status_code == status
        assert len(message(answer)) > 10
    (kept,) = world.api.get("quarantine").get_json()
    assert world.api.get(f"quarantine/{kept['id']}").get_data() == body
    assert phone.sends(world.filled("water_point", ANSWERS)).status_code == 201


def test_an_id_that_is_no_xml_is_found_among_what_is_kept(world: World, phone: Phone) -> None:
    body = '<data id="water_point" version="1"><meta><instanceID>✅ ^&*()</instanceID></meta></data>'.encode()
    answer = phone.sends(body)
    assert answer.status_code == 400
    assert "được giữ trên máy chủ" in message(answer)
    (kept,) = world.api.get("quarantine").get_json()
    assert (kept["xmlFormId"], kept["instanceId"]) == ("water_point", "✅ ^&*()")
    refused = world.api.post("projects/1/forms/water_point/submissions", data=body, content_type="application/xml")
    assert refused.get_json()["code"] == 400.1
    assert refused.get_json()["details"]["instance"] == "✅ ^&*()"
    assert len(world.api.get("quarantine").get_json()) == 1


def test_what_comes_past_the_quota_is_not_said_to_be_kept(world: World, phone: Phone) -> None:
    for number in range(MOST_ROWS):
        assert "được giữ" in message(phone.sends(f"<data>{number}</data>".encode()))
    assert "được giữ" not in message(phone.sends(b"<data>one more</data>"))


def test_without_the_instance_the_answer_says_which_part_is_missing(world: World, phone: Phone) -> None:
    answer = phone.sends(None, {"a.jpg": b"x"})
    assert answer.status_code == 400
    assert "xml_submission_file" in message(answer)


def test_what_is_no_form_at_all_is_refused_with_a_sentence(world: World, phone: Phone) -> None:
    answer = world.app.test_client().post(f"{phone.base}/submission", data=b"{}", headers=OPENROSA)
    assert answer.status_code == 400
    assert message(answer)


def test_a_wrong_key_is_refused(world: World, phone: Phone) -> None:
    answer = world.app.test_client().post(
        f"/v1/key/{'x' * 64}/projects/1/submission",
        data={"xml_submission_file": (io.BytesIO(b"<data/>"), "a.xml")},
        headers=OPENROSA,
    )
    assert answer.status_code == 403
    assert message(answer)


def test_unicode_names_of_files_come_back_as_they_were(world: World, phone: Phone) -> None:
    xml = world.filled("water_point", ANSWERS | {"anh": "ảnh giếng 1.jpg"}, "uuid:1")
    assert phone.sends(xml, {"ảnh giếng 1.jpg": b"\xff\xd8\xff picture"}).status_code == 201
    (file,) = world.api.get("projects/1/forms/water_point/submissions/uuid:1/attachments").get_json()
    assert file == {"name": "ảnh giếng 1.jpg", "exists": True} | file
    path = "projects/1/forms/water_point/submissions/uuid:1/attachments/%E1%BA%A3nh%20gi%E1%BA%BFng%201.jpg"
    assert world.api.get(path).get_data() == b"\xff\xd8\xff picture"


def test_while_the_database_is_away_a_phone_is_told_to_send_again(
    world: World, phone: Phone, request: pytest.FixtureRequest
) -> None:
    xml = world.filled("water_point", ANSWERS, "uuid:1")
    url = make_url(world.home.config.database_url)
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).unlink()
        Path(str(url.database)).mkdir()
        with world.app.app_context():
            db.engine.dispose()
    else:
        request.getfixturevalue("postgres").drop(url.database)
    answer = phone.sends(xml)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert message(answer)


def test_a_large_photo_goes_through_a_file_and_leaves_none_behind(world: World, phone: Phone) -> None:
    photo = bytes(range(256)) * 8000
    xml = world.filled("water_point", ANSWERS | {"anh": "big.jpg"}, "uuid:1")
    answer = posted(phone, ("xml_submission_file", xml, True), ("big.jpg", photo, True))
    assert answer.status_code == 201
    kept = world.api.get("projects/1/forms/water_point/submissions/uuid:1/attachments/big.jpg")
    assert kept.get_data() == photo
    assert not list(world.home.config.home.glob("upload-*"))


def test_what_nobody_can_read_is_kept_apart_though_its_project_is_not_there(world: World, phone: Phone) -> None:
    api, part = world.api, {"xml_submission_file": (io.BytesIO(b"<khong-phai>"), "submission.xml", "text/xml")}
    answer = api.post("projects/99/submission", data=part, headers=OPENROSA)
    assert answer.status_code == 400
    assert message(answer)
    assert [each["code"] for each in api.get("quarantine").get_json()] == ["instance.not_xml"]
