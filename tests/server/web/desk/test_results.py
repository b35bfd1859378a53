"""The table of results of a form on the desk: answers under their questions, filters, pages, repeats, files."""

import csv
import html
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.database import db
from server.web.desk import results as page_module
from tests.kit.passwords import give_password
from tests.server.web.desk.seeding import PASSWORD as DESK_PASSWORD
from tests.server.web.desk.seeding import PROJECT, Seeded
from tests.server.web.desk.test_pages import read, title_of

TABLE = f"/projects/{PROJECT}/forms/village_criteria/table"
Enter = Callable[..., FlaskClient]


def cells(page: str, column: str) -> list[str]:
    """The cells of a column, also of the first, which names what the lines are about."""
    heads = [html.unescape(each) for each in re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)]
    if heads and heads[0] == column:
        found = re.findall(r'<th scope="row" class="is-title">([^<]*)</th>', page)
    else:
        found = re.findall(rf'<td data-label="{re.escape(html.escape(column))}"[^>]*>([^<]*)</td>', page)
    return [html.unescape(each) for each in found]


def test_answers_stand_under_their_questions(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, TABLE)
    assert title_of(page).startswith("Bảng kết quả: ")
    assert len(cells(page, "Nơi báo cáo")) == len(seeded.sent)
    names = {head.village.name for head in seeded.heads[: len(seeded.sent)]}
    assert set(cells(page, "Nơi báo cáo")) == names
    assert all(code.startswith("QN-") for code in cells(page, "Mã nơi báo cáo"))
    assert set(cells(page, "Kỳ")) == {"Rà soát năm 2019"}
    assert set(cells(read(admin, f"{TABLE}?lang=en"), "Round")) == {"Review of 2019"}
    counted = [text for text in cells(page, "Thôn có tất cả bao nhiêu hộ?") if text != "—"]
    assert all(text.replace(".", "").isdecimal() for text in counted)


def test_pages_follow_each_other_and_skip_nothing(
    admin: FlaskClient, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "PAGE", 4)
    whole, url = [], TABLE
    while url:
        page = read(admin, url)
        whole += cells(page, "Phiếu")
        older = re.search(r'rel="next" href="([^"]+)"', page)
        url = html.unescape(older[1]) if older else ""
    assert len(whole) == len(set(whole)) == len(seeded.sent)


def test_a_state_a_round_and_an_area_narrow_it(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, TABLE)
    assert cells(read(admin, f"{TABLE}?state=approved"), "Phiếu") == []
    assert len(cells(read(admin, f"{TABLE}?round=2019"), "Phiếu")) == len(seeded.sent)
    code = cells(page, "Mã xã")[0]
    own = read(admin, f"{TABLE}?round=2019&area={code}")
    assert set(cells(own, "Mã xã")) == {code}
    assert 0 < len(cells(own, "Phiếu")) <= len(seeded.sent)
    assert admin.get(f"{TABLE}?round=2077").status_code == 404
    assert admin.get(f"{TABLE}?area=khong-co").status_code == 404
    assert admin.get(f"/projects/{PROJECT}/forms/khong_co/table").status_code == 404


def test_files_hold_the_same_rows_as_the_pages(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, TABLE)
    with admin.get(f"{TABLE}.xlsx") as answer:
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    head, *lines = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    assert [line[head.index("Phiếu")] for line in lines] == cells(page, "Phiếu")
    code = head.index("Mã xã")
    assert [line[code] for line in lines] == cells(page, "Mã xã")
    assert all(isinstance(line[code], str) and line[code].startswith("0") for line in lines)
    about = {str(each[0]): each[1] for each in book.get_sheet_by_name("Thông tin").to_python()}
    assert "SỐ LIỆU MẪU (synthetic)" in about
    assert about["Biểu mẫu"].endswith("(village_criteria)")
    with admin.get(f"{TABLE}.csv.zip") as answer, zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        text = archive.read("village_criteria.csv").decode("utf-8-sig")
    assert [line[0] for line in csv.reader(io.StringIO(text))][1:] == cells(page, "Phiếu")


def test_a_supervisor_sees_the_sheets_of_her_commune(seeded: Seeded, sign_in: Enter) -> None:
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        server = system_caller(session, now)
        user = create_user(session, server, NewUser("ket.qua@example.org", None, "Cán bộ thôn"), now)
        mine = seeded.heads[0].village.uuid
        grant_role(session, server, user.id, GrantView("analyst", "project", PROJECT, None, mine, None, None), now)
        give_password(session, "ket.qua@example.org", DESK_PASSWORD)
    own = sign_in("ket.qua@example.org", DESK_PASSWORD)
    page = read(own, TABLE)
    assert set(cells(page, "Nơi báo cáo")) == {seeded.heads[0].village.name}
    assert len(cells(page, "Phiếu")) < len(seeded.sent)
    other = seeded.heads[1].village.uuid
    assert own.get(f"{TABLE}?area={other}").status_code == 404
    with own.get(f"{TABLE}.csv.zip") as answer, zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        assert archive.read("village_criteria.csv").decode("utf-8-sig").count("uuid:") == len(cells(page, "Phiếu"))
