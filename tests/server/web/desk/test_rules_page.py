"""The pages of the law: the list, one rule set with who read what, a text that is looked at and loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.web.desk.built import FOLDER
from tests.kit.field import WELL_OFF, library_form
from tests.kit.law import OFFICE, OTHER_NUMBER, PDF, RULE_SET, RULES, shipped_text, unread_clauses
from tests.kit.passwords import give_password
from tests.kit.world import COMMUNES, EMAIL, PASSWORD, VILLAGES, World

CLAUSE = unread_clauses()[-1]
PAGE = f"/rules/{RULE_SET}"
VILLAGE = "Thôn Ngàn Chi"
UNCHECKED = "Quy tắc chưa đối chiếu"
Browse = Callable[..., "Desk"]


class Desk:
    """Somebody's browser at the desk."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, path: str, status: int = 302, **form: Any) -> TestResponse:
        token = self.client.get_cookie("__csrf")
        assert token is not None
        data = {"__csrf": token.decoded_value, **form}
        answer = self.client.post(path, data=data, content_type="multipart/form-data")
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[-2000:])
        return answer


@pytest.fixture(name="browse")
def browse_fixture(world: World) -> Browse:
    """Signs somebody in: the administrator, or a new person with a role."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")

    def enter(name: str = "", role: str = "admin") -> Desk:
        email = EMAIL
        if name:
            email = f"{name.lower()}@example.vn"
            person = world.api.post("users", json={"email": email, "displayName": name}).get_json()
            give_password(world.session, email, PASSWORD)
            assert world.api.post(f"assignments/{role}/{person['id']}").status_code == 200
        client = world.app.test_client()
        assert client.post("/v1/sessions", json={"email": email, "password": PASSWORD}).status_code == 200
        return Desk(client)

    return enter


def confirm(desk: Desk, status: int = 302, **more: Any) -> str:
    form = {"clause": CLAUSE, "source": "Công báo số 77", "quote": "dòng một\r\ndòng hai"} | more
    return desk.post(f"{PAGE}/confirm", status, **form).get_data(as_text=True)


def test_the_list_says_what_is_in_force_and_what_was_read(browse: Browse, world: World) -> None:
    desk = browse()
    page = desk.get("/rules")
    for words in (
        "Quyết định 50/2016/QĐ-TTg",
        "Đi kèm phần mềm",
        f"còn {len(unread_clauses())} khoản",
        'href="/rules/load"',
    ):
        assert words in page, words
    on = desk.get("/rules?on=2017-06-30")
    assert "có hiệu lực ngày 30/06/2017" in on
    assert "qd50_2016_thon" in on
    assert RULE_SET not in on
    assert "Không có bộ quy tắc nào có hiệu lực" in desk.get("/rules?on=1990-01-01")
    desk.get("/rules?on=hôm-nay", 400)
    other = RULES.replace(OFFICE, "cua_huyen").replace("định của xã", "định của huyện")
    for text in (RULES, other):
        desk.post("/rules/load", text=text, act="write")
    page = desk.get("/rules?on=2019-06-30")
    assert "cùng trả lời một câu hỏi" in page
    assert "admin@example.vn nạp" in page
    assert "several rule sets answer the same question" in desk.get("/rules?on=2019-06-30&lang=en")


def test_everybody_at_the_desk_reads_and_few_write(browse: Browse, world: World) -> None:
    viewer = browse("Xem", "viewer")
    page = viewer.get(PAGE)
    assert "Tôi đã đọc văn bản" not in page
    assert 'href="/rules/load"' not in viewer.get("/rules")
    viewer.get("/rules/load", 403)
    viewer.post("/rules/load", 403, text=RULES, act="write")
    confirm(viewer, 403)
    viewer.post(f"{PAGE}/withdraw", 403, confirmation="1")
    assert 'href="/rules"' not in viewer.get("/account")
    assert 'href="/rules"' in browse().get("/people")
    viewer.get("/rules/khong_co", 404)
    assert world.app.test_client().get(PAGE).status_code == 302


def test_one_rule_set_clause_by_clause(browse: Browse) -> None:
    page = browse().get(PAGE)
    for words in (
        "Quyết định 03/2019/QĐ-TTg",
        "(Số hộ nghèo + Số hộ cận nghèo) / Tổng số hộ của thôn ≥ 55%",
        "Đông Nam Bộ",
        "mặc định",
        "Phiếu village_criteria, câu tong_ho",
        "Quyết định về địa bàn",
        "chỉ tính theo chuẩn nghèo: qd59_2015",
        "nhớ lại",
        "1 trong 3",
    ):
        assert words in page, words
    assert page.count("Tôi đã đọc văn bản") == len(unread_clauses())
    assert UNCHECKED not in page
    assert "desk." not in re.sub(r"/static/\S+", "", page)


def test_two_persons_confirm_at_the_desk(browse: Browse) -> None:
    lan, minh = browse("Lan"), browse("Minh")
    refused = confirm(lan, 400, quote="")
    assert "chép nguyên văn khoản này" in refused
    assert 'value="Công báo số 77"' in refused
    assert confirm(lan, 404, clause="khong.co")
    confirm(lan, scan=(BytesIO(PDF), "trang 12.pdf"))
    page = lan.get(f"{PAGE}?done=confirmed")
    for words in ("Đã ghi xác nhận của bạn", "1/2 người đã xác nhận", "dòng một\ndòng hai", "Rút lại xác nhận"):
        assert words in page, words
    assert "bạn đã xác nhận khoản" in confirm(lan, 409).lower()
    confirm(minh, quote="")
    page = minh.get(PAGE)
    assert "(trước: đọc được một phần)" in page
    assert "Lan, " in page
    assert "Minh, " in page
    assert page.count("Tôi đã đọc văn bản") == len(unread_clauses()) - 1
    (scan,) = re.findall(r'href="(/rules/scans/\d+)"', page)
    answer = browse("Xem", "viewer").client.get(scan)
    assert (answer.status_code, answer.get_data(), answer.mimetype) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "trang 12.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    minh.get("/rules/scans/99", 404)
    numbers = re.findall(r'name="confirmation" value="(\d+)"', page)
    lan.post(f"{PAGE}/withdraw", confirmation=numbers[-1])
    page = lan.get(f"{PAGE}?done=withdrawn")
    assert "rút lại" in page
    assert "<s>Minh</s>" in page
    assert "(trước:" not in page
    lan.post(f"{PAGE}/withdraw", 404, confirmation="không")


def test_a_text_is_looked_at_and_then_loaded(browse: Browse) -> None:
    desk = browse()
    assert "Kiểm tra" in desk.get("/rules/load")
    page = desk.post("/rules/load", 400, text="a: 1\r\nlaw: x", act="look").get_data(as_text=True)
    assert "chỗ phải sửa" in page
    assert "<code>a</code>" in page
    assert "Không biết khóa này ở đây" in page
    assert "a: 1\nlaw: x" in page
    page = desk.post("/rules/load", 400, file=(BytesIO(b"\xff"), "a.yaml"), act="look").get_data(as_text=True)
    assert "Không đọc được tệp: UTF-8" in page
    page = desk.post("/rules/load", 200, text=RULES.replace("\n", "\r\n"), act="look").get_data(as_text=True)
    assert "Chưa có bộ quy tắc nào mang mã này" in page
    desk.get(f"/rules/{OFFICE}", 404)
    packed = re.findall(r'name="packed" value="([^"]+)"', page)[0]
    answer = desk.post("/rules/load", packed=packed, act="write")
    assert answer.headers["Location"].endswith(f"/rules/{OFFICE}?done=loaded")
    assert "Đã nạp bộ quy tắc" in desk.get(f"/rules/{OFFICE}?done=loaded")
    same = desk.post("/rules/load", 200, file=(BytesIO(RULES.encode()), "a.yaml"), act="look").get_data(as_text=True)
    assert "đang được dùng đúng như văn bản này" in same
    desk.post(f"/rules/{OFFICE}/confirm", clause="dong", source="Công báo", quote="lời")
    other = desk.post("/rules/load", 200, text=OTHER_NUMBER, act="look").get_data(as_text=True)
    for words in ("1 khoản hỏi khác trước", "1 xác nhận hết giá trị", "admin@example.vn"):
        assert words in other, words
    read = RULES.replace("status: recalled", "status: verified")
    restated = desk.post("/rules/load", 200, text=read, act="look").get_data(as_text=True)
    assert "1 khoản mà tệp ghi tình trạng đọc khác trước" in restated
    desk.post("/rules/load", 400, packed="???", act="write")


def sheet(world: World) -> str:
    """A village that has reported; the path of its page."""
    xml = library_form("village_criteria")
    path = "projects/1/forms?publish=true&ignoreWarnings=true"
    assert world.api.post(path, data=xml, content_type="application/xml").status_code == 200
    area = VILLAGES[VILLAGE]
    place = {"xa": COMMUNES[area.parent_key or ""].uuid, "thon": area.uuid, "ky": "2019"}
    phone = world.phone(VILLAGE, "village_criteria")
    answer = phone.sends(world.filled("village_criteria", {**WELL_OFF, **place}))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return f"/projects/1/rounds/2019/villages/{area.uuid}"


def test_a_village_says_so_only_where_an_unread_clause_decided(browse: Browse, world: World) -> None:
    lan, minh = browse("Lan"), browse("Minh")
    path = sheet(world)
    page = lan.get(path)
    assert f'href="{PAGE}"' in page
    assert 'href="/rules/qd50_2016_thon"' in page
    before = page.count(UNCHECKED)
    assert before <= 1
    # every clause of one rule set unread: what rests on it says so, what rests on the other does not
    text = shipped_text("qd50_2016_thon")
    assert "status: verified" in text
    lan.post("/rules/load", text=text.replace("status: verified", "status: recalled"), act="write")
    assert lan.get(path).count(UNCHECKED) == before + 1
    unread = re.findall(r'name="clause" value="([^"]+)"', lan.get("/rules/qd50_2016_thon"))
    assert len(unread) > 5
    for desk in (lan, minh):
        for clause in unread:
            form = {"clause": clause, "source": "Công báo", "quote": "lời"}
            desk.post("/rules/qd50_2016_thon/confirm", **form)
    page = minh.get(path)
    assert page.count(UNCHECKED) == before
    assert "(trước: nhớ lại)" in page


def test_a_law_without_thresholds_says_so(browse: Browse) -> None:
    desk = browse()
    text = re.sub(r"facts:\n.*?\ntest: .*?\n.*?\nexamples.*\n", "facts: {}\ntest: not_loaded\n", RULES, flags=re.DOTALL)
    assert "not_loaded" in text
    desk.post("/rules/load", text=text, act="write")
    assert "chưa nạp ngưỡng" in desk.get("/rules")
    page = desk.get(f"/rules/{OFFICE}?lang=en")
    assert "nobody has read and entered its conditions" in page
