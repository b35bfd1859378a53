"""Village heads by the hundred: a table in, keys out; all of it or nothing, and twice is once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import insert, update
from werkzeug.test import TestResponse

from server.domain.areas import COMMUNE_KINDS
from server.services.people import NewUser, create_user, grant_role
from server.services.reach import work_out_reach
from server.storage.actors import Actor, GrantView, Token
from server.storage.areas import AreaChangeRow, AreaVersionRow, find_area
from server.storage.audits import Audit
from server.storage.database import writing
from server.storage.reach import find_above
from sync.settings import decode_settings
from tests.kit.passwords import give_password
from tests.kit.world import COMMUNES, PASSWORD, VILLAGES, Api, World, world_fixture

__all__ = ["world_fixture"]

HEADS = "projects/1/village-heads"
HEADER = ("area", "name", "phone", "language")
KHE_TIEN, NA_HAC = VILLAGES["Thôn Khe Tiền"], VILLAGES["Thôn Nà Hắc"]
SENH = (KHE_TIEN.code, "Chíu A Sềnh", "0912 345 678", "vi")


def table(*rows: Sequence[str], header: Sequence[str] = HEADER, delimiter: str = ",") -> str:
    """A table of people as CSV."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([header, *rows])
    return written.getvalue()


def sends(api: Api, content: str | bytes, query: str = "") -> TestResponse:
    """Posts a table."""
    body = content.encode() if isinstance(content, str) else content
    return api.post(f"{HEADS}{query}", data=body, content_type="text/csv")


def people(world: World) -> list[str]:
    """The names of all key holders."""
    return [each["displayName"] for each in world.api.get("projects/1/app-users").get_json()]


def problems(answer: TestResponse) -> list[tuple[int, str | None, str]]:
    """(row, column, message id) of each fault of a refused table."""
    assert (answer.status_code, answer.get_json()["code"]) == (400, 400.8), answer.get_data(as_text=True)
    found = answer.get_json()["details"]["problems"]
    assert all(each["message"] and each["remedy"] and each["remedy"] != each["code"] for each in found)
    return [(each["row"], each["column"], each["code"].removeprefix("heads.")) for each in found]


def programme_admin(world: World, *area_ids: str, role: str = "programme_admin") -> Api:
    """Somebody with a role in some areas alone."""
    email = f"{role}-{len(area_ids)}-{area_ids[0][:8]}@example.vn"
    now = datetime.now(UTC)
    user = create_user(world.session, world.server_itself, NewUser(email, None, "Cán bộ"), now)
    for area_id in area_ids:
        grant = GrantView(role, "project", 1, None, area_id, None, None)
        grant_role(world.session, world.server_itself, user.id, grant, now)
    give_password(world.session, email, PASSWORD)
    return world.signed_in(email, PASSWORD)


def commune_today(world: World, area_id: str) -> str:
    """The commune that an area lies in now."""
    today = datetime.now(UTC).date()
    above = find_above(world.session, area_id, today)
    return next(
        each for each in above if (area := find_area(world.session, each, today)) and area.kind in COMMUNE_KINDS
    )


def test_a_table_becomes_keys_that_work(world: World) -> None:
    form = world.publishes()
    answer = sends(world.api, table(SENH))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    (made,) = answer.get_json()
    assert (made["row"], made["outcome"], made["areaId"], made["areaName"]) == (
        2,
        "created",
        KHE_TIEN.uuid,
        "Thôn Khe Tiền",
    )
    assert made["phone"] == "+84912345678"
    assert made["appUser"]["displayName"] == "Chíu A Sềnh"
    assert made["token"] == made["appUser"]["token"]
    settings = decode_settings(made["qr"])
    assert settings.general["server_url"].endswith(f"/v1/key/{made['token']}/projects/1")
    assert world.api.get(made["qrPng"].removeprefix("/v1/")).status_code == 200

    key = f"/v1/key/{made['token']}/projects/1/formList"
    listed = world.app.test_client().get(key, headers={"X-OpenRosa-Version": "1.0"}).get_data(as_text=True)
    assert form in listed
    granted = [
        each for each in world.api.get("projects/1/assignments").get_json() if each["actorId"] == made["appUser"]["id"]
    ]
    assert [(each["roleId"], each["areaId"]) for each in granted] == [(104, KHE_TIEN.uuid)]


def test_the_same_again_changes_nothing(world: World) -> None:
    first = sends(world.api, table(SENH)).get_json()
    lines = world.session.query(Audit).count()
    # another spelling of the same name, another place for the tone mark, and another number
    again = sends(
        world.api, table(("Khe Tiền", "CHÍU A  SỀNH", "0987654321", "en"), (NA_HAC.code, "Lý Thị Hoà", "", ""))
    )
    one, two = again.get_json()
    assert (one["outcome"], one["appUser"], one["token"], one["qr"]) == (
        "kept",
        first[0]["appUser"],
        first[0]["token"],
        first[0]["qr"],
    )
    assert one["differs"] == ["phone", "language"]
    assert one["phone"] == "+84912345678"
    assert two["outcome"] == "created"
    assert sorted(people(world)) == ["Chíu A Sềnh", "Lý Thị Hoà"]
    third = sends(world.api, table((NA_HAC.uuid, "Lý Thị Hòa", "", ""))).get_json()
    assert third[0]["token"] == two["token"]
    assert world.session.query(Audit).count() == lines + 2


def test_a_dry_run_writes_nothing(world: World) -> None:
    answer = sends(world.api, table(SENH), "?dryRun=true").get_json()
    assert [(each["outcome"], each["appUser"], each["token"], each["qr"]) for each in answer] == [
        ("created", None, None, None)
    ]
    assert people(world) == []


def test_forms_and_dates_narrow_what_they_may(world: World) -> None:
    form = world.publishes()
    answer = sends(
        world.api,
        table((*SENH, "01/01/2027", "31/12/2027"), header=("Thôn", "Họ tên", "SĐT", "Ngôn ngữ", "Từ ngày", "Đến ngày")),
        f"?form={form}",
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    key = answer.get_json()[0]["token"]
    listed = world.app.test_client().get(f"/v1/key/{key}/projects/1/formList", headers={"X-OpenRosa-Version": "1.0"})
    assert form not in listed.get_data(as_text=True), "it begins with 2027"
    (grant,) = [
        (row.form_id is not None, row.valid_from, row.valid_to)
        for row in world.session.connection().exec_driver_sql(
            "SELECT form_id, valid_from, valid_to FROM grants WHERE role = 'village_head'"
        )
    ]
    assert [str(each) for each in grant] == ["True", "2027-01-01", "2028-01-01"]
    assert sends(world.api, table(SENH), "?form=khong_co").status_code == 404


def test_every_wrong_row_is_told_and_nothing_is_written(world: World) -> None:
    rows = [
        SENH,
        ("QN-99999-99", "Không Có Thôn", "", ""),
        (KHE_TIEN.code, "", "", ""),
        ("", "Không Thôn", "", ""),
        (KHE_TIEN.code, "Số Sai", "9.12E+08", ""),
        (KHE_TIEN.code, "Số Cũ", "01234567890", ""),
        (KHE_TIEN.code, "Tiếng Lạ", "", "fr"),
        ("22", "Ở Tỉnh", "", ""),
        ("Thôn mẫu 02", "Nhiều Nơi", "", ""),
        ("Khe Tiền", "Chíu A sềnh", "", ""),
    ]
    found = problems(sends(world.api, table(*rows)))
    assert found == [
        (3, "area", "area_unknown"),
        (4, "name", "no_name"),
        (5, "area", "no_area"),
        (6, "phone", "phone"),
        (7, "phone", "phone"),
        (8, "language", "language"),
        (9, "area", "not_village"),
        (10, "area", "area_unclear"),
        (11, "name", "doubled"),
    ]
    assert people(world) == []
    message = sends(world.api, table(*rows)).get_json()["message"]
    assert "9" in message
    assert "Chưa ghi gì" in message


def test_the_commune_tells_villages_of_one_name_apart(world: World) -> None:
    commune = COMMUNES[KHE_TIEN.parent_key or ""].name
    twin = next(each for each in VILLAGES.values() if each.name == "Thôn mẫu 02")
    path = f"{COMMUNES[twin.parent_key or ''].name} / Thôn mẫu 02"
    answer = sends(world.api, table((path, "Một", "", ""), (f"{commune.lower()} > khe tiền", "Hai", "", "")))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert [each["areaId"] for each in answer.get_json()] == [twin.uuid, KHE_TIEN.uuid]


@pytest.mark.parametrize("known", [True, False])
def test_an_area_that_ended_names_its_successor(world: World, known: bool) -> None:
    there = NA_HAC
    with writing(world.session) as connection:
        ended = update(AreaVersionRow).where(AreaVersionRow.area_id == KHE_TIEN.uuid)
        connection.execute(ended.values(valid_to=date(2026, 1, 1)))
        if known:
            told = {"on": date(2026, 1, 1), "extent": "whole", "status": "synthetic", "kind": "merged"}
            merged = insert(AreaChangeRow).values(from_area_id=KHE_TIEN.uuid, to_area_id=there.uuid, **told)
            connection.execute(merged)
        work_out_reach(connection)
        world.own_session.commit()
    answer = sends(world.api, table(SENH))
    assert problems(answer) == [(2, "area", "area_ended_into" if known else "area_ended")]
    text = answer.get_json()["details"]["problems"][0]["text"]
    assert "01/01/2026" in text
    assert (there.name in text) == known


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", ","), ("utf-16", ",")]
)
def test_files_as_spreadsheets_write_them(world: World, encoding: str, delimiter: str) -> None:
    answer = sends(world.api, table(SENH, delimiter=delimiter).encode(encoding))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert people(world) == ["Chíu A Sềnh"]


@pytest.mark.parametrize(
    "content",
    [
        table(SENH).encode("utf-16")[2:],
        "area,name\nQN-06853-01,Tr\u1ea7".encode()[:-1],
        "area,name\nQN-06853-01,Tr\u00e2\u0300n".encode("cp1258"),
        b"",
        b"area,name\n",
        b"\n\n",
        b'area,name\n"X,A',
        b"\xff\xfe\x00",
        b"PK\x03\x04 a workbook",
    ],
)
def test_files_that_cannot_be_read_are_refused_with_a_sentence(world: World, content: bytes) -> None:
    answer = sends(world.api, content)
    assert answer.status_code == 400, answer.get_data(as_text=True)
    body = answer.get_json()
    assert body["code"] in (400.1, 400.8)
    assert " " in body["message"]
    assert people(world) == []


def test_a_workbook_does_as_well(world: World) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Thôn", "Họ tên", "SĐT"])
    # a spreadsheet keeps a telephone number as a number: its zero is gone
    sheet.append([KHE_TIEN.code, "Chíu A Sềnh", 912345678])
    file = io.BytesIO()
    book.save(file)
    (made,) = sends(world.api, file.getvalue()).get_json()
    assert (made["outcome"], made["phone"], made["areaId"]) == ("created", "+84912345678", KHE_TIEN.uuid)


def test_headers_are_looked_at(world: World) -> None:
    assert problems(sends(world.api, "ghi chú,khác\na,b\n")) == [(1, None, "column_missing")] * 2
    assert problems(sends(world.api, "area,area,name\na,b,c\n")) == [(1, "area", "column_twice")]


def test_ten_thousand_rows_at_once(world: World) -> None:
    villages = list(VILLAGES.values())
    rows = [(villages[number % len(villages)].uuid, f"Người {number}", "", "") for number in range(10_000)]
    answer = sends(world.api, table(*rows))
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    made = answer.get_json()
    assert len({each["token"] for each in made}) == len({each["appUser"]["id"] for each in made}) == 10_000
    assert [each["appUser"]["displayName"] for each in made[:2]] == ["Người 0", "Người 1"]
    again = sends(world.api, table(*rows[-600:])).get_json()
    assert [each["token"] for each in again] == [each["token"] for each in made[-600:]]
    assert world.session.query(Token).filter_by(kind="field_key").count() == 10_000
    too_many = sends(world.api, table(*rows, SENH))
    assert (too_many.status_code, too_many.get_json()["code"]) == (400, 400.36)


def test_people_are_named_only_where_the_caller_looks_after(world: World) -> None:
    api = programme_admin(world, commune_today(world, KHE_TIEN.uuid))
    elsewhere = NA_HAC
    answer = sends(api, table(SENH, (elsewhere.code, "Người Ngoài", "", "")))
    assert problems(answer) == [(3, "area", "area_unknown")]
    assert elsewhere.name not in answer.get_data(as_text=True)
    assert people(world) == []
    (made,) = sends(api, table(SENH)).get_json()
    (outside,) = sends(world.api, table((elsewhere.code, "Người Ngoài", "", ""))).get_json()

    assert [each["id"] for each in api.get("projects/1/app-users").get_json()] == [made["appUser"]["id"]]
    for path in ("", "/qr.png"):
        assert api.get(f"projects/1/app-users/{made['appUser']['id']}{path}").status_code == 200
        assert api.get(f"projects/1/app-users/{outside['appUser']['id']}{path}").status_code == 404
    assert api.delete(f"projects/1/app-users/{outside['appUser']['id']}").status_code == 404
    assert api.post("projects/1/app-users", json={"displayName": "Cả dự án"}).status_code == 403


def test_who_may_not_add_people_is_refused(world: World) -> None:
    supervisor = programme_admin(world, commune_today(world, KHE_TIEN.uuid), role="commune_supervisor")
    assert sends(supervisor, table(SENH)).status_code == 403
    assert sends(world.nobody(), table(SENH)).status_code == 401
    assert world.session.query(Actor).filter_by(kind="field_key").count() == 0


def test_all_is_in_the_audit(world: World) -> None:
    (made,) = sends(world.api, table(SENH)).get_json()
    lines: list[Any] = world.session.query(Audit).filter_by(acted_on=f"actor:{made['appUser']['id']}").all()
    assert sorted((each.action, each.area_id, each.project_id) for each in lines) == [
        ("field_key.assignment.create", KHE_TIEN.uuid, 1),
        ("field_key.create", KHE_TIEN.uuid, 1),
    ]
    assert made["token"] not in str([each.details for each in lines])
