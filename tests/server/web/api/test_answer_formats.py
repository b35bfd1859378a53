"""Every format of a form's answers, as it is asked for: whole, in sight, told to the audit, and without persons."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.exports.formats import list_formats
from server.exports.xlsx import LONGEST
from server.services import extract
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from tests.kit.awkward import TEXTS
from tests.kit.bucket import running_bucket
from tests.kit.field import WELL_OFF, library_form, place_of
from tests.kit.formats import FORM, READERS, all_bytes
from tests.kit.passwords import give_password
from tests.kit.places import two_villages
from tests.kit.world import PASSWORD, VILLAGES, Api, World, world_at

ENDINGS = sorted(list_formats())
ODD = """
| survey |
| | type         | name | label    |
| | text         | chu  | Chữ      |
| | geopoint     | cho  | Chỗ      |
| | begin_repeat | dong | Dòng     |
| | text         | ten  | Tên      |
| | geopoint     | noi  | Nơi      |
| | end_repeat   |      |          |
| settings |
| | form_id | form_title  | version |
| | la      | Giá trị lạ  | 1       |
"""
REVIEW, CRITERIA = "household_review", "village_criteria"
SENDER, DEVICE, REVIEWER = "Máy của Trưởng Thôn", "collect:may-0977", "Người Duyệt Tám"
PERSONS = ("Bàn Thị Bí Mật", "0912 345 678", "Lý Văn Kín", "ky_ten_1.jpg")
SQUARE = (21.3, 107.3, 4.0, 5.0)


def taken(api: Api, form_id: str, ending: str, **query: str) -> bytes:
    """The file, as it comes."""
    answer = api.get(f"projects/1/forms/{form_id}/submissions.{ending}?{urlencode(query)}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type.partition(";")[0] == list_formats()[ending].KIND
    content: bytes = answer.get_data()
    answer.close()
    return content


def sends(world: World, form_id: str, answers: dict[str, Any], files: dict[str, bytes] | None = None) -> str:
    """A phone sends a sheet; its instance id."""
    phone = world.phone(SENDER, form_id)
    xml = world.filled(form_id, answers)
    answer = phone.sends(xml, files or {})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return xml.decode().partition("<instanceID>")[2].partition("<")[0]


def publish_shipped(world: World, name: str) -> None:
    path = "projects/1/forms?publish=true&ignoreWarnings=true"
    answer = world.api.post(path, data=library_form(name), content_type="application/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)


def here(village: str) -> dict[str, Any]:
    place = place_of(village, "2019")
    return {"xa": place.xa, "thon": place.thon, "ky": place.ky}


def villages_apart(world: World) -> list[tuple[str, str]]:
    """Names of two villages, each with the commune that it lies in today."""
    names = {area.uuid: name for name, area in VILLAGES.items()}
    return [(names[village], commune) for village, commune in two_villages(world.session, names)]


def supervisor(world: World, commune: str) -> Api:
    """Who sees one commune."""
    email, now = "can.bo@example.vn", datetime.now(UTC)
    user = create_user(world.session, world.server_itself, NewUser(email, None, "Cán bộ xã"), now)
    grant = GrantView("commune_supervisor", "project", 1, None, commune, None, None)
    grant_role(world.session, world.server_itself, user.id, grant, now)
    give_password(world.session, email, PASSWORD)
    return world.signed_in(email, PASSWORD)


def test_what_a_phone_sends_comes_through_whole(world: World) -> None:
    world.publishes(ODD)
    # a phone writes XML, which has no controls; blanks around an answer are taken off where it comes in
    texts = [text.strip() for name, text in TEXTS.items() if name != "a control"]
    rows = [{"ten": text, "noi": SQUARE} for text in texts]
    key = sends(world, "la", {"chu": texts[0], "dong": rows})
    guarded = ["'" + text if text.startswith(("=", "+", "-", "@")) else text for text in texts]
    for ending in ENDINGS:
        for raw in ("true", "false") if ending == "csv.zip" else ("false",):
            place = {"fieldpath": "dong/noi"} if ending == "geojson" else {}
            tables = READERS[ending](taken(world.api, "la", ending, raw=raw, **place))
            if ending == "media.zip":
                continue
            found = tables[FORM] if ending == "geojson" else tables["dong"]
            assert [row["KEY"] for row in found] == [f"{key}/dong[{number}]" for number in range(1, len(texts) + 1)]
            expected = guarded if (ending, raw) == ("csv.zip", "false") else texts
            for row, text in zip(found, expected, strict=True):
                # in a workbook what is longer than a cell stands whole in a sheet of its own
                most = 30_000 if ending == "xlsx" and len(text) > LONGEST else None
                assert row["ten"][:most] == text[:most], ending


def test_each_commune_takes_its_own_answers_in_each_format(world: World) -> None:
    publish_shipped(world, CRITERIA)
    (mine, my_commune), (other, _) = villages_apart(world)
    keys = {}
    for village, name in ((mine, "cua_toi.jpg"), (other, "cua_ho.jpg")):
        answers = here(village) | WELL_OFF | {"nguoi_bao": f"Người của {village}", "anh_nha_van_hoa": name}
        answers |= {"toa_do": SQUARE, "nha_van_hoa_khu_the_thao": "co"}
        keys[village] = sends(world, CRITERIA, answers, {name: b"JPEG " + village.encode()})
    api = supervisor(world, my_commune)
    for ending in ENDINGS:
        content = all_bytes(taken(api, CRITERIA, ending, details="true"))
        assert keys[mine].encode() in content, ending
        foreign = [keys[other], f"Người của {other}", "cua_ho.jpg", VILLAGES[other].uuid, f"JPEG {other}"]
        assert [each for each in foreign if each.encode() in content] == [], ending
        # who sees the whole has both
        whole = all_bytes(taken(world.api, CRITERIA, ending))
        assert keys[mine].encode() in whole, ending
        assert keys[other].encode() in whole, ending
        line, again, *_ = list_audits(world.session, action="form.submission.export")
        assert (line.details["format"], again.details["format"]) == (ending, ending)
        assert "details=true" in again.details["query"]
        assert line.project_id == 1


def test_what_names_a_person_is_in_no_format_that_is_to_be_without(world: World) -> None:
    publish_shipped(world, REVIEW)
    publish_shipped(world, CRITERIA)
    village = villages_apart(world)[0][0]
    household = {
        "dong_y": "co",
        "nhap_thay": "co",
        "chu_ho": PERSONS[0],
        "so_nguoi": 2,
        "ghi_chu": PERSONS[1],
        "nguoi_bao": PERSONS[2],
    }
    household |= {"thanh_vien": [{"nam_sinh": 1980}, {"nam_sinh": 2015}], "anh_phieu_ky": PERSONS[3]}
    sheet = WELL_OFF | {
        "nhap_thay": "co",
        "nguoi_bao": PERSONS[2],
        "ghi_chu": PERSONS[1],
        "anh_phieu_ky": PERSONS[3],
        "toa_do": SQUARE,
    }
    sent = {
        REVIEW: sends(world, REVIEW, here(village) | household, {PERSONS[3]: b"JPEG"}),
        CRITERIA: sends(world, CRITERIA, here(village) | sheet, {PERSONS[3]: b"JPEG"}),
    }
    reviewer = world.person(REVIEWER, "admin")
    for form_id, key in sent.items():
        decided = reviewer.patch(f"projects/1/forms/{form_id}/submissions/{key}", json={"reviewState": "approved"})
        assert decided.status_code == 200
    hidden = [*PERSONS, SENDER, "collect:1", REVIEWER, *(key.removeprefix("uuid:") for key in sent.values())]
    keys: dict[str, set[str]] = {}
    for ending in ENDINGS:
        form_id = CRITERIA if ending == "geojson" else REVIEW
        query = {"details": "true", "personal": "false", "labels": "beside", "deletedFields": "true"}
        if ending == "media.zip":
            answer = world.api.get(f"projects/1/forms/{form_id}/submissions.{ending}?personal=false")
            assert (answer.status_code, answer.get_json()["code"]) == (400, 400.8)
            continue
        content = taken(world.api, form_id, ending, **query)
        found = [each for each in hidden if each.encode() in all_bytes(content) or json.dumps(each).encode() in content]
        assert found == [], ending
        # and they are there when they are asked for, so that this looks where they would be
        whole = all_bytes(taken(world.api, form_id, ending, details="true"))
        shown = [PERSONS[1], PERSONS[2], REVIEWER] + ([SENDER] if ending != "geojson" else [])
        assert [each for each in shown if each.encode() not in whole] == [], ending
        tables = READERS[ending](content)
        own = {row["KEY"] for row in tables[FORM]}
        keys.setdefault(form_id, own)
        assert own == keys[form_id] != {sent[form_id]}
        if ending != "geojson":
            assert {row["PARENT_KEY"] for row in tables["thanh_vien"]} == own
            assert [row["nguoi-nam_sinh"] for row in tables["thanh_vien"]] in ([1980, 2015], ["1980", "2015"])


PHOTOS = """
| survey |
| | type  | name | label |
| | image | anh  | Ảnh   |
| settings |
| | form_id | form_title | version |
| | anh     | Ảnh        | 1       |
"""


@pytest.mark.parametrize("stored", ["in a folder", "in a bucket"])
def test_files_come_from_where_they_are_stored(database_url: str, tmp_path: Path, stored: str) -> None:
    environment: dict[str, str] = {}
    with ExitStack() as stack:
        if stored == "in a bucket":
            address = stack.enter_context(running_bucket())
            environment = {"THONBAN_BLOBS_URL": "s3://thonban/files", "THONBAN_BLOBS_ENDPOINT": address}
            environment |= {"THONBAN_BLOBS_KEY_ID": "thonban", "THONBAN_BLOBS_SECRET": "secret-of-the-key"}
        world = stack.enter_context(world_at(database_url, tmp_path, **environment))
        world.publishes(PHOTOS)
        photo = bytes(range(256)) * 1500
        first = sends(world, "anh", {"anh": "anh.jpg"}, {"anh.jpg": photo})
        second = sends(world, "anh", {"anh": "anh.jpg"}, {"anh.jpg": b"second"})
        unsent = sends(world, "anh", {"anh": "chua_gui.jpg"})
        gone = sends(world, "anh", {"anh": "mat.jpg"}, {"mat.jpg": b"gone"})
        world.home.blobs.remove(sha256(b"gone").hexdigest())
        content = taken(world.api, "anh", "media.zip")
        tables = READERS["media.zip"](content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = {row["KEY"]: archive.read(row["file"]) for row in tables["files"]}
        assert found == {first: photo, second: b"second"}
        assert {(row["KEY"], row["name"]) for row in tables["missing"]} == {(unsent, "chua_gui.jpg"), (gone, "mat.jpg")}
        # and a zip of tables goes on without them
        with zipfile.ZipFile(io.BytesIO(taken(world.api, "anh", "csv.zip"))) as archive:
            assert sum(name.startswith("media/") for name in archive.namelist()) == 2


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("la/submissions.geojson?fieldpath=khong/co", 400.8),
        ("khong_co_cho/submissions.geojson", 400.8),
        ("la/submissions.xlsx?personal=maybe", 400.8),
        ("la/submissions.parquet.zip?form=x", 400.8),
        ("la/submissions.media.zip?states=wrong", 400.8),
        ("khong_co/submissions.xlsx", 404.1),
    ],
)
def test_what_cannot_be_given_is_said(world: World, path: str, code: float) -> None:
    world.publishes(ODD)
    world.publishes(ODD.replace("| la ", "| khong_co_cho ").replace("geopoint", "text    "))
    answer = world.api.get(f"projects/1/forms/{path}")
    assert (answer.status_code, answer.get_json()["code"]) == (int(code), code)
    assert list_audits(world.session, action="form.submission.export") == []


def test_a_map_can_be_of_a_place_in_a_repeat(world: World) -> None:
    world.publishes(ODD)
    phone = world.phone("Ngàn Chi", "la")
    rows = [{"noi": SQUARE}, {"noi": None}, {"noi": (21.5, 107.5, 0, 1)}]
    assert phone.sends(world.filled("la", {"chu": "a", "dong": rows}, "uuid:1")).status_code == 201
    said = json.loads(taken(world.api, "la", "geojson", fieldpath="dong/noi"))
    assert [each["id"] for each in said["features"]] == ["uuid:1/dong[1]", "uuid:1/dong[3]"]
    assert said["features"][0]["geometry"]["coordinates"] == [107.3, 21.3, 4.0]
    assert said["left_out"] == 1


def test_a_form_that_no_sheet_holds_is_refused_as_a_workbook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publishes(ODD)
    monkeypatch.setattr(extract, "WIDEST", 3)
    answer = world.api.get("projects/1/forms/la/submissions.xlsx")
    assert (answer.status_code, answer.get_json()["code"]) == (400, 400.8)
    assert "3" in answer.get_json()["message"]
    assert taken(world.api, "la", "csv.zip")
