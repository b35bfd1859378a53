"""The coverage board: how many have sent, down the tree, whom to call, to print, to take away; within one's areas."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import orjson
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from server.domain.roles import ALL
from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.services.review import Decision, review
from server.storage.actors import Actor, Grant, GrantView
from server.storage.area_book import put_shapes
from server.storage.area_views import find_seen
from server.storage.audits import list_audits
from server.storage.coverage import put_heard
from server.storage.database import db, writing
from server.web.desk.built import FOLDER
from server.web.desk.coverage import call_number
from tests.kit.world import COMMUNES
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded, seed, send_sheet
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
BOARD = f"/projects/{PROJECT}/rounds/2019/coverage"
APPROVED, WAITING, RETURNED, ALIVE, PARTLY = 0, 1, 2, 3, 8
"""Villages of one commune by what becomes of them here; nothing is heard of its other four, nor of other communes."""


@pytest.fixture(name="home", scope="module")
def home_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home whose first commune has a village in every state."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("coverage") / "home", 0)
    with made.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        sent = [send_sheet(made, number) for number in (APPROVED, WAITING, RETURNED)]
        send_sheet(made, PARTLY, without_photos=True)
        review(session, caller, Decision(sent[APPROVED], "approved"), now)
        review(session, caller, Decision(sent[RETURNED], "rejected", "Ảnh mờ"), now)
        with writing(session) as connection:
            put_heard(connection, PROJECT, {made.heads[ALIVE].village.uuid: now})
            _give_number(connection, made.heads[PARTLY].village.uuid, "+84912345678")
            session.commit()
    yield made
    with made.app.app_context():
        db.engine.dispose()


def _give_number(connection, area_id: str, phone: str) -> None:  # type: ignore[no-untyped-def]
    holder = connection.execute(select(Grant.actor_id).where(Grant.area_id == area_id)).scalars().first()
    connection.execute(update(Actor).where(Actor.id == holder).values(properties={"phone": phone}))


@pytest.fixture(name="enter")
def enter_fixture(home: Seeded) -> Iterator[Enter]:
    """Signs a browser in, as the administrator unless told otherwise."""
    with home.app.test_client() as client:

        def enter(email: str = "quan.tri@example.org", password: str = PASSWORD) -> FlaskClient:
            page = client.get("/sign-in").get_data(as_text=True)
            token = re.search(r'name="form_token" value="([^"]+)"', page)
            assert token
            form = {"form_token": token[1], "email": email, "password": password}
            assert client.post("/sign-in", data=form).status_code == 302
            return client

        yield enter


def commune_of(home: Seeded, number: int = 0) -> str:
    """The commune of a village, by its own id."""
    return COMMUNES[home.heads[number].village.parent_key or ""].uuid


HOANH_MO, PROVINCE = "06841", "22"
"""Codes of today: a commune that two of 2019 went into, and the province."""


def somebody(home: Seeded, email: str, role: str, today_code: str) -> str:
    """A person with a role in an area that there is today; the e-mail."""
    with home.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        area_id = find_seen(session, ALL, today_code, now.date())
        session.rollback()
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser(email, PASSWORD, f"Người {email}"), now)
        grant_role(session, caller, made.id, GrantView(role, "project", PROJECT, None, area_id, None, None), now)
    return email


def plain(page: str) -> str:
    """What stands on a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_title_says_how_many_have_sent_and_the_table_goes_down_the_tree(home: Seeded, enter: Enter) -> None:
    client = enter()
    page = read(client, BOARD)
    assert title_of(page) == "Tỉnh Quảng Ninh: 4/126 thôn đã gửi"
    assert "122 thôn quá hạn" not in plain(page)
    district = re.search(r'<a href="([^"]+coverage\?area=[^"]+)">Huyện Bình Liêu', page)
    assert district
    below = read(client, district[1].replace("&amp;", "&"))
    assert "Xã Vô Ngại" in below
    assert title_of(read(client, f"{BOARD}?area={commune_of(home)}")) == "Xã Vô Ngại: 4/9 thôn đã gửi"


def test_a_commune_shows_each_village_in_its_one_state_and_what_is_missing(home: Seeded, enter: Enter) -> None:
    page = read(enter(), f"{BOARD}?area={commune_of(home)}")
    table = page[page.index('id="villages"') :]
    rows = dict(re.findall(r'<th scope="row" class="is-title"><a href="[^"]+">([^<]+)</a></th>(.*?)</tr>', table))
    said = {
        number: re.findall(r'class="coverage-state is-([a-z-]+)"', rows[home.heads[number].village.name])
        for number in range(9)
    }
    assert said == {
        APPROVED: ["approved"],
        WAITING: ["review-commune"],
        PARTLY: ["partly"],
        RETURNED: ["returned"],
        ALIVE: ["alive"],
        **{number: ["silent"] for number in range(4, 8)},
    }
    assert re.search(r"thiếu (\d)/\1 ảnh", plain(rows[home.heads[PARTLY].village.name]))
    assert "phiếu bị trả lại, chờ sửa, chưa báo" in plain(rows[home.heads[RETURNED].village.name])
    assert "0912 345 678" in rows[home.heads[PARTLY].village.name]
    assert 'href="tel:+84912345678"' in rows[home.heads[PARTLY].village.name]


def test_whom_to_call_stands_in_order_of_need(home: Seeded, enter: Enter) -> None:
    client = enter()
    page = read(client, f"{BOARD}?area={commune_of(home)}")
    villages = page[page.index('id="villages"') :]
    assert "9 thôn: gọi 7 thôn" in plain(villages)
    needs = ["silent"] * 4 + ["returned", "alive", "partly", "approved", "review-commune"]
    assert re.findall(r'class="coverage-state is-([a-z-]+)"', villages) == needs
    above = read(client, BOARD)
    calls = above[above.index('id="calls"') :]
    assert "Cần gọi 124 thôn" in plain(calls)
    assert set(re.findall(r'class="coverage-state is-([a-z-]+)"', calls)) == {"silent"}
    assert "Còn 74 thôn nữa" in plain(calls)


def test_the_printed_page_of_a_commune_names_whom_to_call_and_who_looks_after_it(home: Seeded, enter: Enter) -> None:
    somebody(home, "xa@example.vn", "commune_supervisor", today_code=HOANH_MO)
    client = enter()
    page = read(client, f"{BOARD}/print?area={commune_of(home)}")
    assert "Xã Vô Ngại: gọi 7 thôn" in plain(page)
    assert "0912 345 678" in page
    assert home.heads[APPROVED].village.name not in re.findall(r'<th scope="row">([^<]+)', page)
    # the commune went into another of nearly its name: whoever looks after that is in charge
    other = read(client, f"{BOARD}/print?area={commune_of(home, 9)}")
    assert "Xã Đồng Văn: gọi" in plain(other)
    assert "Người phụ trách: Người xa@example.vn" in plain(other)
    answer = client.get(f"{BOARD}/print")
    every = answer.get_data(as_text=True)
    answer.close()
    assert every.count('class="call-sheet') == len({head.village.parent_key for head in home.heads})
    with home.app.app_context():
        told = list_audits(db.session(), action="round.coverage.export")
        assert "print" in {each.details["format"] for each in told}


def test_files_hold_codes_as_text_and_the_same_counts(home: Seeded, enter: Enter) -> None:
    client, area = enter(), commune_of(home)
    answer = client.get(f"{BOARD}.csv.zip?area={area}")
    assert answer.status_code == 200
    files = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    answer.close()
    rows = list(csv.DictReader(io.StringIO(files.read("areas.csv").decode("utf-8-sig"))))
    assert [row["đã gửi"] for row in rows] == ["4"]
    villages = list(csv.DictReader(io.StringIO(files.read("villages.csv").decode("utf-8-sig"))))
    assert [row["Tình trạng"] for row in villages].count("chưa nghe tin") == 4
    assert villages[PARTLY]["Số điện thoại"] == "'+84912345678"
    answer = client.get(f"{BOARD}.xlsx?area={area}")
    book = load_workbook(io.BytesIO(answer.get_data()))
    answer.close()
    assert "Dữ liệu mẫu" in str([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()])
    codes = [row[0].value for row in book.worksheets[1].iter_rows(min_row=2)]
    assert home.heads[0].village.code in codes
    with home.app.app_context():
        told = [each.details["format"] for each in list_audits(db.session(), action="round.coverage.export")]
        assert {"csv.zip", "xlsx"} <= set(told)


def test_the_map_has_the_areas_with_their_share_and_villages_with_their_state(home: Seeded, enter: Enter) -> None:
    client, area, village = enter(), commune_of(home), home.heads[PARTLY].village.uuid
    with home.app.app_context():
        session = db.session()
        shape = {"valid_from": None, "valid_to": None, "status": "synthetic", "source": "test"}
        ring = [[107.3, 21.5], [107.4, 21.5], [107.4, 21.6], [107.3, 21.5]]
        with writing(session) as connection:
            put_shapes(
                connection,
                [
                    {"area_id": village, "kind": "point", "geometry": {"type": "Point", "coordinates": [107.35, 21.55]}}
                    | shape,
                    {"area_id": area, "kind": "boundary", "geometry": {"type": "Polygon", "coordinates": [ring]}}
                    | shape,
                ],
            )
            session.commit()
    found = orjson.loads(client.get(f"{BOARD}.geojson?area={area}").get_data())
    told = {each["properties"]["name"]: each for each in found["features"]}
    assert told["Xã Vô Ngại"]["properties"]["symbol"] == "boundary"
    mine = told[home.heads[PARTLY].village.name]
    assert mine["geometry"] == {"type": "Point", "coordinates": [107.35, 21.55]}
    assert (mine["properties"]["symbol"], mine["properties"]["state"]) == ("wait", "thiếu ảnh")
    above = orjson.loads(client.get(f"{BOARD}.geojson").get_data())
    shares = {each["properties"]["name"]: each["properties"] for each in above["features"]}
    # of a district nothing is drawn: it stands in the middle of its villages that have a point
    assert shares["Huyện Bình Liêu"]["state"].endswith("thôn đã gửi")
    assert shares["Huyện Bình Liêu"]["symbol"] == "bad"


def test_who_looks_after_a_commune_sees_just_what_went_into_it(home: Seeded, enter: Enter) -> None:
    own = commune_of(home)
    client = enter(somebody(home, "xa.khac@example.vn", "commune_supervisor", today_code=HOANH_MO))
    page = read(client, BOARD)
    inside = [each for each in home.heads if each.commune.name in ("Xã Hoành Mô", "Xã Đồng Văn")]
    assert title_of(page) == f"0/{len(inside)} thôn đã gửi"
    assert "Vô Ngại" not in page
    assert "Xã Đồng Văn" in page
    assert title_of(read(client, f"{BOARD}?area={commune_of(home, 9)}")).startswith("Xã Đồng Văn: 0/")
    for path in (f"{BOARD}?area={own}", f"{BOARD}/print?area={own}", f"{BOARD}.xlsx?area={own}"):
        read(client, path, 404)
    assert orjson.loads(client.get(f"{BOARD}.geojson").get_data())["features"] == []
    assert client.get(f"{BOARD}.geojson?area={own}").status_code == 404


def test_who_may_not_see_keys_sees_no_names_and_no_numbers(home: Seeded, enter: Enter) -> None:
    client, area = enter(somebody(home, "nghien.cuu@example.vn", "analyst", today_code=PROVINCE)), commune_of(home)
    assert title_of(read(client, BOARD)) == "Tỉnh Quảng Ninh: 4/126 thôn đã gửi"
    for path in (BOARD, f"{BOARD}?area={area}", f"{BOARD}/print?area={area}"):
        seen = read(client, path)
        assert "0912" not in seen
        assert "tel:" not in seen
    files = zipfile.ZipFile(io.BytesIO(client.get(f"{BOARD}.csv.zip").get_data()))
    assert "84912345678" not in files.read("villages.csv").decode()


def test_a_village_and_what_is_no_area_are_not_found(home: Seeded, enter: Enter) -> None:
    client = enter()
    read(client, f"{BOARD}?area={home.heads[0].village.uuid}", 404)
    read(client, f"{BOARD}?area=khong-co", 404)
    read(client, f"/projects/{PROJECT}/rounds/no-such/coverage", 404)


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("+84912345678", "0912 345 678"), ("0912345678", "0912 345 678"), ("+8420312345", "020312345"), (None, "")],
)
def test_numbers_are_written_as_people_dial_them(kept: str | None, shown: str) -> None:
    assert call_number(kept) == shown
