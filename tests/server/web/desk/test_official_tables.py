"""The official tables on the desk: one chosen, of an area, by pages, and its downloads."""

import html
import io
import re

from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from server.services.official_tables import TABLES
from tests.server.web.desk.seeding import PROJECT, Seeded
from tests.server.web.desk.test_pages import read, title_of

TABLES_OF = f"/projects/{PROJECT}/rounds/2019/tables"


def cells(page: str, column: str) -> list[str]:
    """The cells of a column, also of the first, which names what the lines are about."""
    heads = [html.unescape(each) for each in re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)]
    if heads and heads[0] == column:
        found = re.findall(r'<th scope="row" class="is-title">([^<]*)</th>', page)
    else:
        found = re.findall(rf'<td data-label="{re.escape(html.escape(column))}"[^>]*>([^<]*)</td>', page)
    return [html.unescape(each) for each in found]


def test_the_assessment_of_villages_stands_on_the_page(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, TABLES_OF)
    assert title_of(page) == "Bảng đánh giá các thôn (mẫu số 1)"
    assert "TẠM TÍNH: số liệu chưa phải chính thức" in page
    assert "SỐ LIỆU MẪU (synthetic)" in page
    codes = cells(page, "Mã thôn")
    assert len(codes) == 50
    reported = {head.village.code or "" for head in seeded.heads[:9]}
    rests_on = {}
    for number in (1, 2, 3):
        part = read(admin, f"{TABLES_OF}?page={number}")
        rests_on |= dict(zip(cells(part, "Mã thôn"), cells(part, "Căn cứ"), strict=True))
    assert {rests_on[code] for code in reported} == {"Tạm tính, chưa duyệt"}
    assert {said for code, said in rests_on.items() if code not in reported} == {"Chưa có phiếu; theo quyết định"}
    second = read(admin, f"{TABLES_OF}?page=2")
    assert cells(second, "Mã thôn")
    assert not set(cells(second, "Mã thôn")) & set(codes)
    assert "chưa đối chiếu 3 trên 11 điều kiện" in page


def test_each_table_has_its_page_and_its_files(admin: FlaskClient) -> None:
    front = read(admin, TABLES_OF)
    for name in TABLES:
        page = read(admin, f"{TABLES_OF}?table={name}")
        assert f"table={name}" in html.unescape(front)
        for ending in ("xlsx", "csv.zip"):
            assert f'href="{TABLES_OF}/{name}.{ending}"' in page
            with admin.get(f"{TABLES_OF}/{name}.{ending}") as answer:
                assert answer.status_code == 200
                assert answer.headers["Content-Disposition"] == f"attachment; filename={name}-2019.{ending}"
                content = answer.get_data()
            if ending == "xlsx":
                assert CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names[-1] == "Thông tin"


def test_a_table_of_one_commune_has_its_villages_alone(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, f"{TABLES_OF}?table=villages-by-class")
    code = cells(page, "Mã xã")[0]
    assert code.startswith("0")
    own = read(admin, f"{TABLES_OF}?table=villages-by-class&area={code}")
    assert set(cells(own, "Mã xã")) == {code}
    summary = read(admin, f"{TABLES_OF}?table=villages-by-class&area={code}&sheet=summary")
    assert cells(summary, "Số lượng")
    assert admin.get(f"{TABLES_OF}?area=khong-co").status_code == 404
    assert admin.get(f"{TABLES_OF}?table=khong-co").status_code == 404


def test_a_table_reads_in_english(admin: FlaskClient) -> None:
    page = read(admin, f"{TABLES_OF}?lang=en")
    assert title_of(page) == "Assessment of villages (form no. 1)"
    assert "PROVISIONAL" in page
    assert cells(page, "Village")


def test_who_is_not_signed_in_sees_none(client: FlaskClient) -> None:
    assert client.get(TABLES_OF).status_code == 302
    assert client.get(f"{TABLES_OF}/villages.xlsx").status_code == 302
