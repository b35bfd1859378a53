"""What the app is told of the sheets that were sent with its key: that they are kept, what became of them, and why one
came back; of nobody else's."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Update, update
from werkzeug.test import TestResponse

from server.domain.returned import CORRECTED, OPEN, SEEN
from server.domain.roles import ALL
from server.services.authenticate import day_of
from server.services.rounds import open_round
from server.storage.actors import Grant
from server.storage.database import db
from server.storage.devices import list_devices
from server.storage.own_sheets import Eyes, list_own
from server.storage.readings import find_submission_number
from server.storage.returns import find_track
from server.storage.submissions import Submission
from server.web.openrosa.contacts import write_now
from sync.receipt_number import read_number
from tests.kit.statements import listening
from tests.kit.world import ROUND, VILLAGES, WATER_POINT, Phone, World

WELL = {"ten": "Giếng làng", "so_ho": 12}
VILLAGE = VILLAGES["Thôn Khe Tiền"]
SUBMISSIONS = "projects/1/forms/water_point/submissions"
IN_ROUND = """
| survey |
|        | type                              | name | label::Tiếng Việt (vi) | label::English (en) |
|        | select_one_from_file rounds.csv   | ky   | Kỳ                     | Round               |
|        | select_one_from_file villages.csv | thon | Thôn                   | Village             |
|        | begin repeat                      | ho   | Hộ                     | Household           |
|        | integer                           | tre  | Trẻ của ${ten}         | Children of ${ten}  |
|        | text                              | ten  | Tên hộ                 | Household name      |
|        | end repeat                        |      |                        |                     |
| settings |
|        | form_id | form_title | version | default_language |
|        | ho_dan  | Hộ dân     | 1       | Tiếng Việt (vi)  |
"""


@pytest.fixture(name="phone")
def phone_fixture(world: World) -> Phone:
    world.publishes()
    return world.phone("Người gửi")


def told(phone: Phone) -> dict[str, Any]:
    """All that a phone is told."""
    answer = phone.get("sheets?deviceID=collect:1")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def sheets(phone: Phone) -> dict[str, dict[str, Any]]:
    """The sheets that it is told of, by the id of their first text."""
    return {each["rootInstanceId"]: each for each in told(phone)["sheets"]}


def state(phone: Phone, name: str = "uuid:1") -> str:
    found: str = sheets(phone)[name]["state"]
    return found


def sent(phone: Phone, name: str = "uuid:1", files: dict[str, bytes] | None = None, **answers: object) -> bytes:
    """Fills a sheet and sends it; gives the text."""
    xml = phone.world.filled("water_point", WELL | answers, name)
    assert phone.sends(xml, files or {}).status_code == 201
    return xml


def edited(xml: bytes, old: str, new: str) -> bytes:
    """The text as an edit of what was sent as `old`."""
    named = re.search(rb"<(\w*:?)instanceID>", xml)
    assert named is not None
    mark = b"<%bdeprecatedID>%b</%bdeprecatedID>" % (named[1], old.encode(), named[1])
    return xml.replace(old.encode(), new.encode()).replace(named[0], mark + named[0])


def decides(world: World, name: str, verdict: str, form: str = "water_point", **more: Any) -> None:
    """The office decides on a sheet."""
    path = f"projects/1/forms/{form}/submissions/{quote(name, safe='')}/decisions"
    seen = world.api.get(path).get_json()["seen"]
    answer = world.api.post(path, json={"reviewState": verdict, "seen": seen, **more})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def changes(world: World, statement: Update) -> None:
    """As by hand in the database."""
    session = world.session
    session.execute(statement)
    session.commit()


def head(world: World) -> Phone:
    """A village head's card."""
    rows = f"area,name\n{VILLAGE.code},Chíu A Sềnh (mẫu)\n"
    (made,) = world.api.post("projects/1/village-heads", data=rows.encode(), content_type="text/csv").get_json()
    return Phone(world, made["appUser"]["id"], made["appUser"]["token"], VILLAGE.name)


def xml_of(phone: Phone, name: str) -> TestResponse:
    return phone.get(f"sheets/{quote(name, safe='')}.xml")


def test_who_sent_a_sheet_is_told_that_it_is_kept_as_it_was_sent(world: World, phone: Phone) -> None:
    xml = sent(phone)
    found = told(phone)
    write_now(world.app)
    (device,) = list_devices(world.session, [phone.id])[phone.id]
    assert device.last_seen > device.last_sent, "a phone that asks is alive"
    assert (found["person"], found["sender"], found["project"]["id"]) == ("Người gửi", phone.id, 1)
    assert datetime.fromisoformat(found["serverTime"]) - datetime.now(UTC) < timedelta(minutes=1)
    (sheet,) = found["sheets"]
    assert (sheet["instanceId"], sheet["instanceIds"], sheet["state"]) == ("uuid:1", ["uuid:1"], "received")
    assert (sheet["xmlFormId"], sheet["version"], sheet["formName"]) == ("water_point", "1", "Điểm nước")
    assert sheet["sha256s"] == [sha256(xml).hexdigest()]
    assert read_number(sheet["receipt"]) == (find_submission_number(world.session, 1, "uuid:1"), False)
    assert sheet["files"] == {"expected": 0, "here": 0, "missing": [], "names": []}
    assert (sheet["returned"], sheet["apart"], sheet["level"]) == (None, [], None)


def test_nobody_is_told_of_what_another_sent(world: World, phone: Phone) -> None:
    sent(phone, files={"gieng.jpg": b"a photo"}, anh="gieng.jpg")
    other, neighbour = world.phone("Người khác"), head(world)
    for stranger in (other, neighbour):
        assert told(stranger)["sheets"] == []
        assert xml_of(stranger, "uuid:1").status_code == 404
        assert stranger.get("sheets/uuid%3A1/attachments/gieng.jpg").status_code == 404


def test_the_newest_comes_first_and_the_answer_costs_as_many_questions_for_many_as_for_one(
    world: World, phone: Phone
) -> None:
    with world.app.app_context():
        engine = db.engine
    sent(phone, "uuid:1")
    told(phone)
    with listening(engine) as said:
        told(phone)
        few = len(said)
        said.clear()
    for number in range(2, 6):
        sent(phone, f"uuid:{number}", files={"a.jpg": b"x"}, anh="a.jpg")
    with listening(engine) as said:
        found = told(phone)["sheets"]
        assert len(said) <= few
    assert [each["instanceId"] for each in found] == [f"uuid:{number}" for number in range(5, 0, -1)]


def test_what_is_missing_is_named_until_it_is_here(world: World, phone: Phone) -> None:
    xml = sent(phone, anh="gieng.jpg")
    sheet = sheets(phone)["uuid:1"]
    assert sheet["state"] == "incomplete"
    assert sheet["files"] == {"expected": 1, "here": 0, "missing": ["gieng.jpg"], "names": ["gieng.jpg"]}
    assert phone.get("sheets/uuid%3A1/attachments/gieng.jpg").status_code == 404
    phone.sends(xml, {"gieng.jpg": b"a photo"})
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["state"], sheet["files"]["missing"], sheet["files"]["here"]) == ("received", [], 1)


def test_a_returned_sheet_comes_with_why_and_can_be_fetched_again(world: World, phone: Phone) -> None:
    xml = sent(phone, files={"gieng.jpg": b"a photo"}, anh="gieng.jpg")
    questions = [{"path": "/data/so_ho", "reason": "Không khớp"}, {"path": "/data/ten", "reason": "Tên khác"}]
    decides(world, "uuid:1", "rejected", reason="Xem lại biên bản", questions=questions)
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["state"], sheet["returned"]["words"]) == ("returned", "Xem lại biên bản")
    assert [(each["path"], each["words"], each["label"]["vi"]) for each in sheet["returned"]["questions"]] == [
        ("/data/so_ho", "Không khớp", "Số hộ dùng giếng"),
        ("/data/ten", "Tên khác", "Tên giếng"),
    ]
    answer = xml_of(phone, sheet["instanceId"])
    assert (answer.data, answer.mimetype) == (xml, "application/xml")
    photo = phone.get("sheets/uuid%3A1/attachments/gieng.jpg")
    assert (photo.data, photo.headers["X-Content-Type-Options"]) == (b"a photo", "nosniff")
    assert phone.get("sheets/uuid%3A1/attachments/khac.jpg").status_code == 404
    for again in (answer, photo):
        tag = {"If-None-Match": again.headers["ETag"]}
        assert phone.get(again.request.path.removeprefix(f"{phone.base}/"), **tag).status_code == 304


def test_a_row_of_a_repeat_is_named_and_its_label_in_both_languages(world: World) -> None:
    world.publishes(IN_ROUND)
    phone = world.phone("Người gửi")
    answers = {"ho": [{"tre": 1, "ten": "A"}, {"tre": 2, "ten": "B"}]}
    assert phone.sends(world.filled("ho_dan", answers, "uuid:1")).status_code == 201
    decides(world, "uuid:1", "rejected", "ho_dan", questions=[{"path": "/data/ho[2]/tre", "reason": "Đếm lại"}])
    (question,) = sheets(phone)["uuid:1"]["returned"]["questions"]
    assert question == {
        "path": "/data/ho/tre",
        "rows": [2],
        "label": {"vi": "Trẻ của …", "en": "Children of …"},
        "words": "Đếm lại",
    }


def test_a_return_is_seen_once_the_phone_was_told_of_it(world: World, phone: Phone) -> None:
    sent(phone)
    tag = phone.get("sheets").headers["ETag"]
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    number = find_submission_number(world.session, 1, "uuid:1") or 0

    def stage() -> str:
        write_now(world.app)
        found = find_track(world.session, number)
        assert found is not None
        return found[1].stage

    assert stage() == OPEN
    # another's poll makes nothing seen
    told(world.phone("Người khác"))
    assert stage() == OPEN
    answer = phone.get("sheets", **{"If-None-Match": tag})
    assert answer.status_code == 200
    assert stage() == SEEN
    assert phone.get("sheets", **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    phone.sends(edited(world.filled("water_point", WELL, "uuid:1"), "uuid:1", "uuid:2"))
    assert stage() == CORRECTED


def test_an_edit_stands_with_all_its_ids_and_the_last_text_alone_is_given_back(world: World, phone: Phone) -> None:
    first = sent(phone, files={"gieng.jpg": b"a photo"}, anh="gieng.jpg")
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    second = edited(first, "uuid:1", "uuid:2")
    assert phone.sends(second).status_code == 201
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["instanceId"], sheet["instanceIds"]) == ("uuid:2", ["uuid:1", "uuid:2"])
    assert sheet["sha256s"] == [sha256(first).hexdigest(), sha256(second).hexdigest()]
    assert (sheet["state"], sheet["returned"], sheet["files"]["here"]) == ("edited", None, 1)
    assert xml_of(phone, "uuid:2").data == second
    assert xml_of(phone, "uuid:1").status_code == 404
    assert phone.get("sheets/uuid%3A2/attachments/gieng.jpg").data == b"a photo"


def test_an_approved_sheet_says_so_also_while_a_photo_is_missing(world: World, phone: Phone) -> None:
    sent(phone, anh="gieng.jpg")
    decides(world, "uuid:1", "approved")
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["state"], sheet["files"]["missing"]) == ("approved", ["gieng.jpg"])
    assert sheet["level"] in ("commune", "province")


def test_what_has_not_changed_is_told_so_whatever_the_time(world: World, phone: Phone) -> None:
    sent(phone)
    first = phone.get("sheets")
    tag = {"If-None-Match": first.headers["ETag"]}
    again = phone.get("sheets", **tag)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    later = phone.get("sheets")
    assert later.headers["ETag"] == first.headers["ETag"]
    assert later.get_json()["serverTime"] > first.get_json()["serverTime"]
    decides(world, "uuid:1", "approved")
    assert phone.get("sheets", **tag).status_code == 200


def test_what_was_kept_apart_is_told_with_its_hash(world: World, phone: Phone) -> None:
    first = sent(phone)
    other = world.filled("water_point", WELL | {"so_ho": 13}, "uuid:1")
    assert phone.sends(other).status_code == 202
    waits = edited(world.filled("water_point", WELL, "uuid:8"), "uuid:8", "uuid:9")
    assert phone.sends(waits).status_code == 202
    found = sheets(phone)
    assert found["uuid:1"]["sha256s"] == [sha256(first).hexdigest(), sha256(other).hexdigest()]
    assert [each["reason"] for each in found["uuid:1"]["apart"]] == ["other_xml"]
    held = found["uuid:9"]
    assert (held["state"], held["sha256s"], held["formName"]) == ("apart", [sha256(waits).hexdigest()], "Điểm nước")
    assert held["apart"][0]["reason"] == "held"
    assert read_number(held["receipt"]) == read_number(held["apart"][0]["receipt"])
    assert held["receipt"].startswith("G")
    assert xml_of(phone, "uuid:9").status_code == 404
    assert told(world.phone("Người khác"))["sheets"] == []


def test_what_the_office_wrote_on_in_is_not_the_sender_s(world: World, phone: Phone) -> None:
    first = sent(phone)
    theirs = edited(first, "uuid:1", "uuid:2")
    assert world.api.put(f"{SUBMISSIONS}/uuid%3A1", data=theirs, content_type="application/xml").status_code == 200
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["state"], sheet["instanceIds"], sheet["returned"]) == ("elsewhere", ["uuid:1"], None)
    assert sheet["sha256s"] == [sha256(first).hexdigest()]
    for name in ("uuid:1", "uuid:2"):
        assert xml_of(phone, name).status_code == 404
    write_now(world.app)
    found = find_track(world.session, find_submission_number(world.session, 1, "uuid:1") or 0)
    assert found is not None
    assert found[1].stage == OPEN, "nobody was told of it"


def test_a_head_is_told_of_what_the_office_wrote_on_in_where_the_head_may_read(world: World) -> None:
    world.publishes()
    phone = head(world)
    first = sent(phone)
    place = update(Submission).where(Submission.instance_id == "uuid:1")
    changes(world, place.values(area_id=VILLAGE.uuid))
    theirs = edited(first, "uuid:1", "uuid:2")
    assert world.api.put(f"{SUBMISSIONS}/uuid%3A1", data=theirs, content_type="application/xml").status_code == 200
    changes(world, place.values(area_id=VILLAGE.uuid))
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["state"], sheet["instanceId"]) == ("returned", "uuid:2")
    assert xml_of(phone, "uuid:2").data == theirs
    elsewhere = next(each for name, each in VILLAGES.items() if name != VILLAGE.name)
    changes(world, place.values(area_id=elsewhere.uuid))
    sheet = sheets(phone)["uuid:1"]
    assert (sheet["state"], sheet["instanceIds"]) == ("elsewhere", ["uuid:1"])
    assert xml_of(phone, "uuid:2").status_code == 404


def test_a_head_is_told_of_an_own_sheet_that_lies_in_no_area(world: World) -> None:
    world.publishes()
    phone = head(world)
    xml = sent(phone)
    assert told(phone)["area"] == VILLAGE.name
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    assert state(phone) == "returned"
    assert xml_of(phone, "uuid:1").data == xml


def test_whose_grants_have_ended_is_told_that_it_is_kept_and_no_more(world: World, phone: Phone) -> None:
    xml = sent(phone)
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    yesterday = day_of(datetime.now(UTC)) - timedelta(days=1)
    changes(world, update(Grant).where(Grant.actor_id == phone.id).values(valid_to=yesterday))
    found = told(phone)
    assert (found["forms"], found["rounds"]) == ([], [])
    (sheet,) = found["sheets"]
    assert (sheet["state"], sheet["returned"], sheet["sha256s"]) == ("elsewhere", None, [sha256(xml).hexdigest()])
    assert xml_of(phone, "uuid:1").status_code == 404


def test_what_was_deleted_is_told_so(world: World, phone: Phone) -> None:
    sent(phone, "uuid:1")
    sent(phone, "uuid:2")
    assert world.api.delete(f"{SUBMISSIONS}/uuid%3A1").status_code == 200
    assert (state(phone, "uuid:1"), state(phone, "uuid:2")) == ("deleted", "received")
    assert xml_of(phone, "uuid:1").status_code == 404
    assert world.api.delete("projects/1/forms/water_point").status_code == 200
    assert (state(phone, "uuid:1"), state(phone, "uuid:2")) == ("deleted", "deleted")
    assert xml_of(phone, "uuid:2").status_code == 404


def test_a_sheet_of_a_draft_is_none(world: World, phone: Phone) -> None:
    draft = WATER_POINT.replace("| 1       |", "| 2       |").encode()
    path = "projects/1/forms/water_point/draft"
    assert world.api.post(f"{path}?ignoreWarnings=true", data=draft, content_type="text/markdown").status_code == 200
    xml = world.filled("water_point", WELL, "uuid:1")
    made = phone.world.api.post(f"{path}/submissions", data=xml, content_type="application/xml")
    assert made.status_code == 200
    assert told(phone)["sheets"] == []


def test_a_key_that_is_none_opens_nothing(world: World, phone: Phone) -> None:
    sent(phone)
    for path in ("sheets", "sheets/uuid%3A1.xml", "sheets/uuid%3A1/attachments/a.jpg"):
        client = world.app.test_client()
        assert client.get(f"/v1/key/{'a' * 64}/projects/1/{path}").status_code == 403
        assert client.get(f"/v1/key/abc/projects/1/{path}").status_code == 401
        assert client.get(f"/v1/key/{phone.token}/projects/99/{path}").status_code == 404
    assert world.api.post("projects", json={"name": "Dự án khác"}).status_code == 200
    assert world.app.test_client().get(f"/v1/key/{phone.token}/projects/2/sheets").status_code == 404
    assert world.api.delete(f"sessions/{phone.token}").status_code == 200
    for path in ("sheets", "sheets/uuid%3A1.xml"):
        assert phone.get(path).status_code == 403


def test_a_second_phone_is_told_nothing_where_the_project_refuses_it(world: World, phone: Phone) -> None:
    sent(phone)
    told(phone)
    assert world.api.patch("projects/1", json={"secondDevice": "refuse"}).status_code == 200
    assert phone.get("sheets?deviceID=web:2").status_code == 403
    assert phone.get("sheets/uuid%3A1.xml?deviceID=web:2").status_code == 403
    assert phone.get("sheets/uuid%3A1.xml?deviceID=collect:1").status_code == 200


def test_forms_say_until_when_and_rounds_that_go_on_are_named(world: World) -> None:
    world.publishes()
    world.publishes(IN_ROUND)
    phone = world.phone("Người gửi")
    assert told(phone)["rounds"] == [], "that of 2019 is over"
    today = day_of(datetime.now(UTC))
    soon = replace(ROUND, slug="nay", name_vi="Kỳ này", starts_on=today, ends_on=today + timedelta(days=9))
    open_round(world.session, 1, soon, datetime.now(UTC))
    far = replace(soon, slug="gieng", name_vi="Kỳ giếng", forms=("water_point",), ends_on=today + timedelta(days=20))
    open_round(world.session, 1, far, datetime.now(UTC))
    found = told(phone)
    assert found["rounds"] == [
        {"name": "Kỳ này", "closesOn": soon.ends_on.isoformat()},
        {"name": "Kỳ giếng", "closesOn": far.ends_on.isoformat()},
    ]
    assert {each["xmlFormId"]: each["deadline"] for each in found["forms"]} == {
        "ho_dan": soon.ends_on.isoformat(),
        "water_point": far.ends_on.isoformat(),
    }


def test_a_round_that_is_held_elsewhere_is_not_named(world: World) -> None:
    world.publishes(IN_ROUND)
    phone, today = head(world), day_of(datetime.now(UTC))
    other = next(each for name, each in VILLAGES.items() if each.parent_key != VILLAGE.parent_key)
    for slug, area in (("day", VILLAGE.uuid), ("kia", other.uuid)):
        opened = replace(ROUND, slug=slug, name_vi=slug, starts_on=today, ends_on=today, areas=(area,))
        open_round(world.session, 1, opened, datetime.now(UTC))
    assert [each["name"] for each in told(phone)["rounds"]] == ["day"]


def test_returned_ones_are_told_however_many_came_since(world: World, phone: Phone) -> None:
    for number in range(1, 5):
        sent(phone, f"uuid:{number}")
    decides(world, "uuid:1", "rejected", reason="Xem lại")
    names = [each.instance_id for each in list_own(world.session, (1, phone.id), Eyes(ALL, None, ALL), 2)]
    assert names == ["uuid:4", "uuid:3", "uuid:1"]
