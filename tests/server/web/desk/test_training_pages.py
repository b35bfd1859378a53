"""The pages of training: turns and persons apart, names added from paper, duplicates, the sign-in sheet."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import func, select

from server.storage.audits import Audit
from server.storage.training import TraineeRow
from tests.kit.world import EMAIL, PASSWORD, World
from tests.server.services.test_training import names
from tests.server.web.api.test_training_api import opened

PAGES = "/projects/1/training"


@pytest.fixture(name="desk")
def desk_fixture(world: World) -> FlaskClient:
    """The administrator signed in, with three classes."""
    opened(world)
    client = world.app.test_client()
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token
    form = {"form_token": token[1], "email": EMAIL, "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


def csrf(client: FlaskClient) -> str:
    cookie = client.get_cookie("__csrf")
    return cookie.value if cookie else ""


def class_page(world: World, desk: FlaskClient, class_id: str = "p") -> str:
    sheet = world.api.get(f"projects/1/forms/training_class/submissions/uuid:{class_id}")
    assert sheet.status_code == 200
    page = desk.get(PAGES).get_data(as_text=True)
    place = {"p": 0, "d": 1, "c": 2}[class_id]
    links = [part.split('"', 1)[0] for part in page.split(f'data-href="{PAGES}/')[1:]]
    return f"{PAGES}/{links[place]}"


def count(world: World, condition: object = None) -> int:
    query = select(func.count()).select_from(TraineeRow).where(TraineeRow.removed_at.is_(None))
    return world.session.execute(query).scalar_one()


def test_classes_are_listed_with_turns_and_unknown_persons_and_what_both_are(world: World, desk: FlaskClient) -> None:
    page = desk.get(PAGES).get_data(as_text=True)
    assert "3 lớp, 135 lượt" in page
    assert "Đã biết tên 25 người; còn 1 lớp chỉ biết tổng số." in page
    assert "Lượt: mỗi người trong mỗi lớp tính một lần." in page
    assert "dữ liệu mẫu" in page.lower()
    asked = desk.get(f"{PAGES}?level=district&from=2018-01-01&to=2018-12-31").get_data(as_text=True)
    assert "1 lớp, 20 lượt" in asked
    assert "0 classes" in desk.get(f"{PAGES}?to=2016-01-01&lang=en").get_data(as_text=True)


def test_a_list_is_looked_at_taken_in_and_taken_back(world: World, desk: FlaskClient) -> None:
    path = class_page(world, desk)
    assert "chưa rõ là bao nhiêu người" in desk.get(path).get_data(as_text=True)
    form = {"__csrf": csrf(desk), "text": names(110), "audience": "truong_thon"}
    looked = desk.post(f"{path}/people", data=form | {"act": "look"})
    assert looked.status_code == 200
    assert "Sẽ thêm 110 người mới" in looked.get_data(as_text=True)
    assert count(world) == 0
    written = desk.post(f"{path}/people", data=form | {"act": "write"})
    assert written.status_code == 303
    after = desk.get(written.headers["Location"]).get_data(as_text=True)
    assert "110 người, đều đã biết tên." in after
    assert count(world) == 110
    back = desk.post(f"{path}/people", data={"__csrf": csrf(desk), "act": "take_back"})
    assert back.status_code == 303
    assert count(world) == 0
    lines = select(Audit.action).where(Audit.action.like("training.%")).order_by(Audit.id)
    assert list(world.session.execute(lines).scalars()) == ["training.people.create", "training.people.delete"]


def test_a_workbook_with_a_row_that_cannot_be_used_is_told_with_its_line(world: World, desk: FlaskClient) -> None:
    book = Workbook()
    book.active.append(["Họ tên", "Năm sinh", "Giới tính"])
    book.active.append(["Học viên mẫu 001", 1980, "Nữ"])
    book.active.append(["Học viên mẫu 002", 1981, "bà"])
    file = BytesIO()
    book.save(file)
    path = class_page(world, desk)
    form = {"__csrf": csrf(desk), "act": "look", "file": (BytesIO(file.getvalue()), "ten.xlsx")}
    refused = desk.post(f"{path}/people", data=form)
    assert refused.status_code == 400
    page = refused.get_data(as_text=True)
    assert "Dòng 3: không hiểu giới tính “bà”" in page
    assert "Chưa ghi gì cả." in page
    assert count(world) == 0


def test_exact_duplicates_are_merged_at_once_undone_and_merged_one_by_one(world: World, desk: FlaskClient) -> None:
    page = desk.get(f"{PAGES}/persons").get_data(as_text=True)
    assert "5 nhóm có thể là một người, trong 25 người" in page
    assert desk.post(f"{PAGES}/persons", data={"__csrf": csrf(desk), "act": "exact"}).status_code == 303
    merged = desk.get(f"{PAGES}/persons").get_data(as_text=True)
    assert "20 người, không thấy ai trùng" in merged
    number = merged.split('name="merge" value="', 1)[1].split('"', 1)[0]
    assert desk.post(f"{PAGES}/persons", data={"__csrf": csrf(desk), "act": "undo", "merge": number}).status_code == 303
    again = desk.get(f"{PAGES}/persons").get_data(as_text=True)
    ids = [part.split('"', 1)[0] for part in again.split('name="person" value="')[1:]]
    assert len(ids) == 2
    herself = desk.post(f"{PAGES}/persons", data={"__csrf": csrf(desk), "act": "merge", "person": [ids[0], ids[0]]})
    assert herself.status_code == 400
    assert "không gộp một người vào chính mình" in herself.get_data(as_text=True)
    assert desk.post(f"{PAGES}/persons", data={"__csrf": csrf(desk), "act": "merge", "person": ids}).status_code == 303
    assert "20 người" in desk.get(f"{PAGES}/persons").get_data(as_text=True)


def test_a_sign_in_sheet_has_numbered_pages_and_rows_and_the_code_of_the_class(world: World, desk: FlaskClient) -> None:
    path = class_page(world, desk)
    page = desk.get(f"{path}/sign-in?rows=110").get_data(as_text=True)
    assert page.count('class="signin-page') == 5
    assert '<th scope="row">125</th>' in page
    assert "Tờ 5/5" in page
    assert page.count("<svg") == 5
    # as many as were planned, and some to spare
    assert desk.get(f"{path}/sign-in").get_data(as_text=True).count('class="signin-page') == 5
    assert desk.get(f"{PAGES}/999999").status_code == 404


def test_the_training_condition_of_a_commune_is_unknown_without_a_roster(world: World, desk: FlaskClient) -> None:
    page = desk.get(f"{PAGES}/communes").get_data(as_text=True)
    assert "0 trong" in page
    assert "chưa có số cán bộ cơ sở" in page
    assert "≥ 20" in page
    assert desk.get(f"{PAGES}/communes?round=nothing").status_code == 404
