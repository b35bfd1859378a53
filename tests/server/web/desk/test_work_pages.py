"""Works, supervision and models on the pages, over the API and as files: sent by phones, answered by the commune."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from server.services.review import Decision, review
from server.storage.audits import Audit
from server.storage.submissions import Submission
from tests.kit.field import library_form
from tests.kit.works import FORMS, GOATS, NEIGHBOUR, PROGRESS, ROAD, VILLAGE, VISIT
from tests.kit.world import COMMUNES, EMAIL, PASSWORD, VILLAGES, Phone, World

THIN = {"noi_dung": "Bê tông mỏng", "kien_nghi": "Đổ lại", "han_tra_loi": "2019-03-10", "anh": "mong.jpg"}
PICTURE = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
PAGES = "/projects/1"
ON = "2019-06-30"


def place(village: str) -> dict[str, str]:
    area = VILLAGES[village]
    return {"xa": COMMUNES[area.parent_key or ""].uuid, "thon": area.uuid}


class Works:
    """A road with progress, a visit, upkeep; a canal that nobody decided on; goats and what became of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        for name in FORMS:
            answer = world.api.post(
                "projects/1/forms?publish=true&ignoreWarnings=true", data=library_form(name), content_type="text/xml"
            )
            assert answer.status_code == 200, answer.get_data(as_text=True)
        self.phone: Phone = world.phone("xã")

    def sends(self, form: str, answers: Mapping[str, object], key: str, files: Mapping[str, bytes] = {}) -> str:
        xml = self.world.filled(form, answers, f"uuid:{key}")
        assert self.phone.sends(xml, files).status_code == 201
        return key

    def approves(self, *keys: str) -> None:
        session, server = self.world.session, self.world.server_itself
        for key in keys:
            number = session.execute(select(Submission.id).where(Submission.instance_id == f"uuid:{key}")).scalar_one()
            review(session, server, Decision(number, "approved"), datetime.now(UTC))

    def furnish(self) -> None:
        self.sends("work_register", ROAD | place(VILLAGE), "duong")
        canal = {"ten_cong_trinh": "Kênh mẫu", "loai": "thuy_loi", "von_trung_uong": None, "von_dan_gop": None}
        self.sends("work_register", ROAD | place(NEIGHBOUR) | canal | {"toa_do": None}, "kenh")
        self.sends("production_model", GOATS | place(VILLAGE), "de")
        self.approves("duong", "de")
        told = {"cong_trinh": "duong"}
        photo = {"anh_toan_canh": "toan_canh.jpg"}
        done = {"ngay": "2019-02-28", "khoi_luong": 60, "da_giai_ngan": 1_500_000_000}
        self.sends("work_progress", PROGRESS | told | done | photo, "tiendo", {"toan_canh.jpg": PICTURE})
        found = {"co_phat_hien": "co", "phat_hien": [THIN], "ngay": "2019-02-20", "vat_lieu": "khong"}
        right = {"vat_lieu_ro": "Cát bẩn", "lao_dong": 12, "lao_dong_nu": 4}
        self.sends("community_supervision", VISIT | told | found | right, "giamsat", {"mong.jpg": PICTURE})
        broken = {"hu_hong": "sat_lo", "da_sua": "chua", "chi_phi": 0, "ngay": "2019-05-02"}
        self.sends("maintenance", told | {"ly_do": "su_co", "tinh_trang": "2"} | broken, "duytu")
        end = {"giai_doan": "cuoi", "mo_hinh": "de", "ngay": "2019-05-01", "con_song": 36, "thu_nhap": "tang"}
        self.sends("production_model", end | {"nhan_rong": "co", "ho_tu_lam": 5}, "decuoi")


@pytest.fixture(name="works")
def works_fixture(world: World) -> Works:
    made = Works(world)
    made.furnish()
    return made


@pytest.fixture(name="desk")
def desk_fixture(works: Works) -> FlaskClient:
    """The administrator signed in."""
    client = works.world.app.test_client()
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token
    form = {"form_token": token[1], "email": EMAIL, "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


def read(desk: FlaskClient, path: str, status: int = 200) -> str:
    answer = desk.get(f"{PAGES}/{path}")
    assert answer.status_code == status, answer.get_data(as_text=True)[:1500]
    return answer.get_data(as_text=True)


def post(desk: FlaskClient, path: str, **fields: str) -> int:
    token = desk.get_cookie("__csrf")
    assert token is not None
    return desk.post(f"{PAGES}/{path}", data={"__csrf": token.value, **fields}).status_code


def test_works_are_listed_with_their_money_state_and_condition(desk: FlaskClient) -> None:
    page = read(desk, f"works?on={ON}")
    assert "Công trình: 2, trong đó 2 chậm; 1 kiến nghị đang chờ" in page
    assert "2.600.000.000" in page
    assert "1.500.000.000" in page
    assert "tạm, chưa duyệt" in page
    assert "2 – Hỏng nặng" in page
    assert "dữ liệu mẫu" in page.lower()
    assert 'class="mark is-2"' in page
    assert "1 công trình không có tọa độ" in page
    narrowed = read(desk, "works?kind=thuy_loi&lang=en")
    assert "Kênh mẫu" in narrowed
    assert "Đường mẫu" not in narrowed
    assert "Nothing fits" in read(desk, "works?state=finished&lang=en")
    assert "Works: none yet" in read(desk, "works?on=2018-01-01&lang=en")
    read(desk, "works?on=hôm nay", 400)
    read(desk, "works?area=khong-co", 404)


def test_a_long_list_is_turned_over(works: Works, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.desk.works.PAGE", 1)
    first, second = read(desk, f"works?on={ON}"), read(desk, f"works?on={ON}&page=2")
    assert ("Đường mẫu</a>" in first, "Kênh mẫu</a>" in first) == (True, False)
    assert ("Đường mẫu</a>" in second, "Kênh mẫu</a>" in second) == (False, True)
    assert "page=2" in first
    # the sums are of all, and a page beyond the last is the last
    assert "Công trình: 2," in second
    assert "Kênh mẫu</a>" in read(desk, "works?page=9")
    read(desk, "works?page=hai", 400)


def test_one_work_tells_its_progress_with_photos_its_supervision_and_its_upkeep(desk: FlaskClient) -> None:
    page = read(desk, f"works/duong?on={ON}")
    for text in ("60 %", "Bê tông mỏng", "Cát bẩn", "12 người làm, 4 phụ nữ", "sạt lở, xói mòn", "quá hạn trả lời"):
        assert text in page, text
    photos = re.findall(r'<img src="([^"]+toan_canh.jpg)"', page)
    assert photos
    assert desk.get(photos[0]).get_data() == PICTURE
    assert "mong.jpg" in page
    read(desk, "works/khong-co", 404)


def test_a_finding_is_answered_settled_and_taken_back_on_the_page(works: Works, desk: FlaskClient) -> None:
    read(desk, "works/duong")
    answer, settle = "supervision/giamsat-1/answer", "supervision/giamsat-1/settle"
    assert post(desk, answer, text="Đã đổ lại", day="2019-03-05") == 302
    page = read(desk, f"works/duong?on={ON}")
    assert "Đã trả lời, chờ ban giám sát" in page
    assert "trả lời sau 13 ngày" in page
    assert post(desk, settle, settled="no") == 400
    assert post(desk, settle, settled="yes", day="2019-03-20") == 302
    assert "0 kiến nghị đang chờ trong số 1, 0 quá hạn" in read(desk, f"supervision?on={ON}")
    assert post(desk, answer, text="Thêm nữa") == 409
    words = re.findall(r"/words/(\d+)/undo", read(desk, "works/duong?on=2019-12-31"))
    assert post(desk, f"supervision/giamsat-1/words/{words[-1]}/undo") == 302
    actions = select(Audit.action).where(Audit.action.like("submission.supervision.%")).order_by(Audit.id)
    assert list(works.world.session.execute(actions).scalars()) == [
        "submission.supervision.answer",
        "submission.supervision.settle",
        "submission.supervision.undo",
    ]
    assert post(desk, "supervision/khong-co-1/answer", text="x") == 404


def test_findings_are_listed_by_how_long_they_wait(desk: FlaskClient) -> None:
    page = read(desk, f"supervision?on={ON}")
    assert "1 kiến nghị đang chờ trong số 1, 1 quá hạn" in page
    assert "Bê tông mỏng" in page
    assert ">130<" in page
    assert "Bê tông mỏng" not in read(desk, f"supervision?on={ON}&state=settled")
    assert "Bê tông mỏng" in read(desk, f"supervision?on={ON}&state=overdue&lang=en")


def test_models_are_joined_in_one_line(desk: FlaskClient) -> None:
    page = read(desk, f"models?on={ON}")
    assert "Mô hình sản xuất: 1, 20 hộ tham gia; 1 mô hình được quyết định làm tiếp" in page
    assert "36 / 40" in page
    assert "5 hộ tự làm theo" in page
    assert "Going on" in read(desk, "models?on=2019-04-30&lang=en")
    assert "Nothing fits" in read(desk, "models?kind=lam_nghiep&lang=en")


@pytest.mark.parametrize(("page", "sheet", "rows"), [("works", 0, 3), ("supervision", 0, 2), ("models", 0, 2)])
def test_each_is_taken_away_as_a_workbook_and_as_csv(desk: FlaskClient, page: str, sheet: int, rows: int) -> None:
    book = load_workbook(io.BytesIO(desk.get(f"{PAGES}/{page}.xlsx?on={ON}").get_data()))
    assert book.worksheets[sheet].max_row == rows
    assert any("mẫu" in str(cell.value).lower() for row in book.worksheets[-1].rows for cell in row)
    packed = zipfile.ZipFile(io.BytesIO(desk.get(f"{PAGES}/{page}.csv.zip?on={ON}&lang=en").get_data()))
    names = packed.namelist()
    text = packed.read(next(name for name in names if name.endswith(".csv"))).decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text)))) == rows


def test_the_api_tells_the_same(works: Works) -> None:
    api = works.world.api
    listed = api.get(f"projects/1/works?on={ON}").get_json()
    assert (listed["synthetic"], listed["sums"]["works"], listed["sums"]["openFindings"]) == (True, 2, 1)
    road = next(each for each in listed["works"] if each["id"] == "duong")
    assert (road["planned"], road["paid"], road["volumePercent"], road["lateDays"]) == (
        2_600_000_000,
        1_500_000_000,
        60,
        91,
    )
    assert (road["condition"], road["openFaults"], road["place"]) == (2, ["sat_lo"], [107.4, 21.3])
    province = next(each for each in listed["byArea"] if each["area"]["kind"] == "province")
    assert province["sums"]["plannedUnknown"] == 1
    whole = api.get(f"projects/1/works/duong?on={ON}").get_json()
    assert [len(whole[name]) for name in ("progress", "supervision", "findings", "upkeep")] == [1, 1, 1, 1]
    answered = api.post(
        "projects/1/supervision/giamsat-1/words", json={"said": "answer", "text": "Đã làm", "on": "2019-03-01"}
    ).get_json()
    assert (answered["state"], answered["daysToAnswer"]) == ("answered", 9)
    word = answered["words"][0]["id"]
    assert api.delete(f"projects/1/supervision/giamsat-1/words/{word}").get_json()["state"] == "open"
    assert api.post("projects/1/supervision/giamsat-1/words", json={"said": "nothing"}).status_code == 400
    found = api.get(f"projects/1/supervision?on={ON}").get_json()
    assert (found["sums"]["open"], found["findings"][0]["daysOpen"]) == (1, 130)
    (goats,) = api.get(f"projects/1/models?on={ON}").get_json()["models"]
    assert (goats["given"], goats["alive"], goats["repeat"], goats["takenUp"]) == (40, 36, "co", 5)
    assert api.get("projects/1/works/khong-co").status_code == 404
    assert works.world.nobody().get("projects/1/works").status_code == 401
