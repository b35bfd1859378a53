"""The programme on its pages: the answer of a day, its sentence and files, a table taken in, a unit that leaves."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from server.domain.programme_rows import COLUMNS
from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.kit.world import COMMUNES
from tests.server.web.desk.seeding import PROJECT, Seeded, seed
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
PAGE = f"/projects/{PROJECT}/programme"
TABLE = files("server.domain").joinpath("data", "programme_units_demo.csv").read_bytes()
NEW = {
    "slug": "thu",
    "name_vi": "Sổ thử của Chương trình 135",
    "name_en": "Programme 135, 2016–2020",
    "law": "Quyết định 1722/QĐ-TTg",
    "valid_from": "2015-01-01",
    "valid_to": "2020-12-31",
    "status": "recalled",
    "source": "thử",
}
HA_LAU = COMMUNES["qn-tien-yen-ha-lau"].uuid


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home of its own, with the sheet of one village."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("programme") / "home", 1)
    yield made
    with made.app.app_context():
        db.engine.dispose()


def csrf(browser: FlaskClient) -> str:
    found = re.search(r'name="__csrf" value="([^"]+)"', read(browser, f"{PAGE}/load?programme=thu"))
    assert found
    return found[1]


@pytest.fixture(name="office")
def office_fixture(admin: FlaskClient) -> FlaskClient:
    """The administrator's browser in a home with the register of the demo."""
    page = read(admin, f"{PAGE}/new")
    token = re.search(r'name="__csrf" value="([^"]+)"', page)
    assert token
    if "Sổ thử" not in read(admin, PAGE):
        assert admin.post(f"{PAGE}/new", data=NEW | {"__csrf": token[1]}).status_code == 302
        answer = load(admin, TABLE, "look")
        assert "Sẽ ghi: 33 mới, 0 thay đổi, 0 như cũ" in answer
        packed = re.search(r'name="packed" value="([^"]+)"', answer)
        assert packed
        form = {"act": "write", "packed": packed[1], "ending": ".csv", "programme": "thu"}
        assert admin.post(f"{PAGE}/load", data=form | {"__csrf": csrf(admin)}).status_code == 302
    return admin


def load(browser: FlaskClient, table: bytes, act: str) -> str:
    form = {"act": act, "programme": "thu", "file": (io.BytesIO(table), "units.csv"), "__csrf": csrf(browser)}
    return browser.post(f"{PAGE}/load", data=form).get_data(as_text=True)


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("2017-01-01", "Còn 22 xã, 11 thôn · 01/01/2017"),
        ("2018-12-30", "Còn 19 xã, 11 thôn · 30/12/2018"),
        ("2019-06-30", "Còn 12 xã, 8 thôn · 30/06/2019"),
        ("2019-12-30", "Còn 12 xã, 8 thôn · 30/12/2019"),
        ("2019-12-31", "Không còn xã, thôn nào · 31/12/2019"),
    ],
)
def test_the_page_answers_what_remains_on_a_day(office: FlaskClient, day: str, answer: str) -> None:
    page = read(office, f"{PAGE}?programme=thu&on={day}")
    assert answer in title_of(page)
    assert "(synthetic)" in page


def test_thanh_lam_is_out_and_ha_lau_remains_in_the_middle_of_2019(office: FlaskClient) -> None:
    page = read(office, f"{PAGE}?programme=thu&on=2019-06-30&level=commune&show=left")
    assert "Xã Thanh Lâm" in page
    assert "Xã Hà Lâu" not in page
    own = read(office, f"{PAGE}/units/{HA_LAU}?programme=thu&on=2019-06-30")
    assert "Xã Hà Lâu: còn trong chương trình · 30/06/2019" in title_of(own)


def test_one_button_makes_the_sentence_of_the_province(office: FlaskClient) -> None:
    page = read(office, f"{PAGE}?programme=thu&on=2019-06-30&sentence=1")
    found = re.search(r'<textarea class="sentence"[^>]*>([^<]+)<', page)
    assert found
    assert found[1].startswith(
        "Tính đến ngày 30/06/2019, Tỉnh Quảng Ninh còn 12 xã, 8 thôn thuộc Sổ thử của Chương trình 135"
    )
    assert found[1].endswith("(Dữ liệu mẫu, không phải số liệu thật.)")
    assert len(found[1].split(": ", 1)[1].split("; ")[0].split(", ")) == 12


def test_the_list_is_taken_away_as_a_workbook_that_says_what_it_is(office: FlaskClient) -> None:
    answer = office.get(f"{PAGE}/units.xlsx?programme=thu&on=2019-06-30")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    units, movement, about = (book.get_sheet_by_index(number).to_python() for number in range(3))
    head = next(number for number, row in enumerate(units) if "Mã" in row)
    codes = {str(row[units[head].index("Mã")]) for row in units[head + 1 :]}
    assert {"06865", "06976"} <= codes
    assert any(row[-1] == 12 for row in movement)
    assert any("synthetic" in str(cell) for row in about for cell in row)


def test_a_table_with_a_row_to_mend_is_not_written(office: FlaskClient) -> None:
    table = f"{','.join(COLUMNS)}\n06865,,kv_iii,2018-01-01{',' * (len(COLUMNS) - 6)},recalled,thử\n".encode()
    page = load(office, table, "look")
    assert "1 dòng phải sửa" in page
    assert "đã vào chương trình ngày 2017-01-01" in page


def test_a_plan_is_added_and_a_mistake_taken_back(office: FlaskClient) -> None:
    path = f"{PAGE}/units/{HA_LAU}?programme=thu"
    plan = {"what": "plan", "plan_year": "2021", "plan_date": "2019-11-01", "status": "synthetic", "source": "thử"}
    token = {"__csrf": csrf(office), "programme": "thu"}
    assert office.post(path, data=plan | token).status_code == 302
    assert "2021 · không rõ số, 01/11/2019" in read(office, path)
    back = {"act": "take_back", "what": "plan", "reason": ""}
    assert office.post(path, data=back | token).status_code == 400
    assert office.post(path, data=back | {"reason": "Nhầm"} | token).status_code == 302
    assert "2021 · không rõ số" not in read(office, path)


def test_one_unit_is_written_without_a_table(office: FlaskClient) -> None:
    row = {"area": "06838", "basis": "border", "entered_on": "2019-01-01", "entry_number": "12/QĐ", "plan_year": "2020"}
    row |= {"status": "synthetic", "source": "thử", "programme": "thu", "__csrf": csrf(office)}
    assert office.post(f"{PAGE}/units", data=row | {"area": "99999"}).status_code == 400
    assert office.post(f"{PAGE}/units", data=row).status_code == 302
    assert "Thị trấn Bình Liêu" in read(office, f"{PAGE}?programme=thu&on=2019-06-30&level=commune")
    own = office.get(f"{PAGE}/units/{COMMUNES['qn-binh-lieu-tt-binh-lieu'].uuid}?programme=thu&on=2019-06-30")
    assert "12/QĐ" in own.get_data(as_text=True)
    back = {"act": "take_back", "what": "unit", "reason": "thử xong", "programme": "thu", "__csrf": csrf(office)}
    path = f"{PAGE}/units/{COMMUNES['qn-binh-lieu-tt-binh-lieu'].uuid}"
    assert office.post(path, data=back).status_code == 302
    assert "Thị trấn Bình Liêu" not in read(office, f"{PAGE}?programme=thu&on=2019-06-30&level=commune")
