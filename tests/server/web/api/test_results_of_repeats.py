"""The table of results of a form with repeats within repeats, as files: rows, numbers, labels, and odd values."""

import csv
import io
import zipfile
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from server.storage.audits import list_audits
from tests.kit.workbooks import choices, markdown, row
from tests.kit.world import World

FORM = markdown(
    [
        row("text", "chu_ho", "Tên chủ hộ"),
        row("select_multiple cay", "trong", "Trồng cây gì?"),
        row("geopoint", "cho", "Ở đâu?"),
        row("note", "loi", "Đọc to lên"),
        row("begin_repeat", "nguoi", "Từng người"),
        row("text", "ten", "Tên"),
        row("integer", "tuoi", "Tuổi"),
        row("begin_repeat", "viec", "Từng việc"),
        row("text", "lam", "Làm gì?"),
        row("end_repeat"),
        row("end_repeat"),
        row("calculate", "so", calculation="count(${nguoi})"),
    ],
    choices("cay", "lua=Lúa", "que=Quế"),
    {"form_id": "ho", "form_title": "Hộ", "version": "1"},
)
TABLE = "/projects/1/forms/ho/table"


@pytest.fixture
def household(world: World) -> World:
    """One household that was sent, with names that spreadsheets would work out."""
    world.publishes(FORM.decode())
    phone = world.phone("Người gửi", "ho")
    people: list[dict[str, Any]] = [
        {"ten": "=1+1", "tuoi": 40, "viec": [{"lam": "Làm ruộng"}, {"lam": "@bán hàng"}]},
        {"ten": "Bé Na 🌾", "viec": [{"lam": "Đi học"}]},
    ]
    answers = {"chu_ho": "-Bàn Thị Mẫu", "trong": ["lua", "que"], "cho": (21.09, 107.36, 0, 5), "nguoi": people}
    answer = phone.sends(world.filled("ho", answers))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return world


def download(world: World, ending: str) -> bytes:
    headers = {"Authorization": f"Bearer {world.api.token}"}
    with world.app.test_client().get(f"{TABLE}.{ending}?lang=vi", headers=headers) as answer:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data()


def test_each_repeat_is_a_sheet_and_its_rows_are_numbered(household: World) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(download(household, "xlsx")))
    sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    assert list(sheets) == ["ho", "Từng người", "Từng việc", "Thông tin"]
    head, one = sheets["ho"]
    found = dict(zip(head, one, strict=True))
    assert found["Tên chủ hộ"] == "-Bàn Thị Mẫu"
    assert found["Trồng cây gì?"] == "Lúa; Quế"
    assert (found["Ở đâu?: vĩ độ"], found["Ở đâu?: kinh độ"], found["Ở đâu?: sai số, m"]) == (21.09, 107.36, 5)
    # what a form works out is the text that it worked out
    assert found["so"] == "2"
    assert found["Người gửi"] == "Người gửi"
    # what is only read out is no question
    assert "Đọc to lên" not in head
    people = [dict(zip(sheets["Từng người"][0], line, strict=True)) for line in sheets["Từng người"][1:]]
    assert [(each["Dòng trong phiếu"], each["Tên"], each["Tuổi"]) for each in people] == [
        ("1", "=1+1", 40),
        ("2", "Bé Na 🌾", ""),
    ]
    jobs = [dict(zip(sheets["Từng việc"][0], line, strict=True)) for line in sheets["Từng việc"][1:]]
    assert [(each["Dòng trong phiếu"], each["Làm gì?"]) for each in jobs] == [
        ("1.1", "Làm ruộng"),
        ("1.2", "@bán hàng"),
        ("2.1", "Đi học"),
    ]
    assert {each["Phiếu"] for each in (*people, *jobs)} == {found["Phiếu"]}


def test_csv_files_hold_the_same_and_guard_what_begins_like_a_formula(household: World) -> None:
    with zipfile.ZipFile(io.BytesIO(download(household, "csv.zip"))) as archive:
        assert archive.namelist() == ["ho.csv", "nguoi.csv", "nguoi-viec.csv", "about.csv"]
        text = archive.read("nguoi.csv").decode("utf-8-sig")
    head, *lines = csv.reader(io.StringIO(text, newline=""))
    assert [line[head.index("Tên")] for line in lines] == ["'=1+1", "Bé Na 🌾"]


def test_taking_results_away_is_told_to_the_audit(household: World) -> None:
    download(household, "xlsx")
    (told,) = list_audits(household.session, action="form.submission.export")
    assert told.details["format"] == "xlsx"


def test_nobody_without_a_role_takes_them(household: World) -> None:
    assert household.app.test_client().get(f"{TABLE}.xlsx").status_code == 302
