"""Calls at the desk: written down from the board without script, shown there, on paper and in files, taken back; within
one's areas."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update
from werkzeug.test import TestResponse

from server.services.authenticate import day_of
from server.storage.calls import CallRow
from server.storage.database import db, writing
from server.web.desk.built import FOLDER
from tests.server.web.desk.seeding import PASSWORD, Seeded, seed, send_sheet
from tests.server.web.desk.test_coverage_page import BOARD, HOANH_MO, PROVINCE, commune_of, plain, somebody
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
SENT, FIRST, SECOND, THIRD = 0, 1, 2, 3
"""Villages of one commune; the first has sent."""


@pytest.fixture(name="home", scope="module")
def home_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home in which one village has sent."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("calls") / "home", 0)
    with made.app.app_context():
        send_sheet(made, SENT)
        db.session.remove()
    yield made
    with made.app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def nobody_has_called(home: Seeded) -> Iterator[None]:
    """Each begins without calls."""
    yield
    with home.app.app_context(), writing(db.session()) as connection:
        connection.execute(delete(CallRow))
        db.session.commit()


@pytest.fixture(name="enter")
def enter_fixture(home: Seeded) -> Enter:
    """Signs a browser of their own in, the administrator unless told otherwise."""

    def enter(email: str = "quan.tri@example.org") -> FlaskClient:
        client = home.app.test_client()
        page = client.get("/sign-in").get_data(as_text=True)
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token
        form = {"form_token": token[1], "email": email, "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 302
        return client

    return enter


def path_of(home: Seeded, number: int) -> str:
    """The page of the calls of a village."""
    return f"{BOARD}/{home.heads[number].village.uuid}/calls"


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Sends a form as the page without script does."""
    cookie = client.get_cookie("__csrf")
    assert cookie is not None
    return client.post(path, data={"__csrf": cookie.decoded_value, **fields})


def in_days(days: int) -> str:
    """A day from today on, as a field has it."""
    return (day_of(datetime.now(UTC)) + timedelta(days=days)).isoformat()


def shown(day: str) -> str:
    """The same as the page says it."""
    year, month, rest = day.split("-")
    return f"{rest}/{month}" if int(year) == day_of(datetime.now(UTC)).year else f"{rest}/{month}/{year}"


def order_on(page: str, home: Seeded) -> list[str]:
    """The villages of a table, from the top."""
    return re.findall(r'<th scope="row" class="is-title"><a href="[^"]+">([^<]+)</a>', page[page.index("<tbody") :])


def past(home: Seeded, number: int, days: int) -> None:
    """The calls of a village, and what was promised, were so many days ago."""
    with home.app.app_context():
        session = db.session()
        with writing(session) as connection:
            for row in connection.execute(
                CallRow.__table__.select().where(CallRow.area_id == home.heads[number].village.uuid)
            ).all():
                moved = {"called_at": row.called_at - timedelta(days=days)}
                if row.sends_on is not None:
                    moved["sends_on"] = row.sends_on - timedelta(days=days)
                connection.execute(update(CallRow).where(CallRow.id == row.id).values(**moved))
            session.commit()


def test_a_call_is_written_down_from_the_board_and_stands_there(home: Seeded, enter: Enter) -> None:
    client, area, day = enter(), commune_of(home), in_days(2)
    name = home.heads[FIRST].village.name
    board = read(client, f"{BOARD}?area={area}")
    link = re.search(rf'href="([^"]+)" aria-label="Ghi cuộc gọi: {re.escape(name)}"', board)
    assert link
    page = read(client, link[1].replace("&amp;", "&"))
    assert title_of(page) == f"{name}: chưa ai gọi"
    assert f'name="area" value="{area}"' in page
    answer = post(client, path_of(home, FIRST), outcome="will_send", sends_on=day, area=area)
    assert answer.status_code == 302
    after = read(client, answer.headers["Location"].partition("#")[0])
    assert f"Đã ghi: {name} đã gọi hôm nay, sẽ gửi {shown(day)}." in plain(after)
    assert order_on(after, home)[-2:] == [name, home.heads[SENT].village.name]
    past(home, FIRST, 1)
    later = plain(read(client, f"{BOARD}?area={area}"))
    assert f"đã gọi hôm qua, sẽ gửi {shown(in_days(1))}" in later
    past(home, FIRST, 3)
    broken = read(client, f"{BOARD}?area={area}")
    assert order_on(broken, home)[0] == name
    assert f"lỡ hẹn đã gọi ngày {shown(in_days(-4))}, hẹn gửi {shown(in_days(-2))} mà chưa gửi" in plain(broken)
    # of a whole province, too, it comes first and a promise last
    assert order_on(read(client, BOARD)[read(client, BOARD).index('id="calls"') :], home)[0] == name
    assert title_of(read(client, path_of(home, FIRST))).startswith(f"{name}: đã gọi ngày")


def test_what_cannot_be_meant_comes_back_with_what_was_typed(home: Seeded, enter: Enter) -> None:
    client, path = enter(), path_of(home, FIRST)
    read(client, path)
    answer = post(client, path, outcome="no_answer", text="Máy <hỏng>")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Lời ghi chỉ đi với “Cần giúp”" in page
    assert 'value="Máy &lt;hỏng&gt;"' in page
    assert re.search(r'value="no_answer" required checked', page)
    for fields in ({"outcome": "will_send"}, {"outcome": "will_send", "sends_on": "mai"}, {}):
        assert post(client, path, **fields).status_code == 400
    assert "Các cuộc gọi" not in read(client, path)


def test_the_last_call_stands_on_paper_and_in_files_with_all_before_on_its_page(home: Seeded, enter: Enter) -> None:
    client, area, path = enter(), commune_of(home), path_of(home, SECOND)
    read(client, path)
    assert post(client, path, outcome="no_answer").status_code == 302
    assert post(client, path, outcome="needs_help", text="=Chụp ảnh").status_code == 302
    page = read(client, path)
    assert "Các cuộc gọi: 2" in page
    assert page.index("cần giúp: =Chụp ảnh") < page.index("không nghe máy")
    printed = plain(read(client, f"{BOARD}/print?area={area}"))
    assert "đã gọi hôm nay, cần giúp: =Chụp ảnh (" in printed
    answer = client.get(f"{BOARD}.csv.zip?area={area}")
    files = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    answer.close()
    rows = {row["Thôn"]: row for row in csv.DictReader(io.StringIO(files.read("villages.csv").decode("utf-8-sig")))}
    called = rows[home.heads[SECOND].village.name]
    assert (called["Kết quả gọi"], called["Cần giúp việc gì"], called["Lượt gọi"]) == (
        "Cần giúp",
        "'=Chụp ảnh",
        "hôm nay đã gọi",
    )
    assert rows[home.heads[THIRD].village.name]["Kết quả gọi"] == ""


def test_ones_own_last_call_is_taken_back_from_the_board(home: Seeded, enter: Enter) -> None:
    client, area = enter(), commune_of(home)
    read(client, BOARD)
    answer = post(client, path_of(home, THIRD), outcome="wrong_number", area=area, calls="mine")
    board = read(client, answer.headers["Location"].partition("#")[0])
    undo = re.search(r'<form class="no-print" method="post" action="([^"]+/undo)"', board)
    assert undo
    back = post(client, undo[1], area=area, calls="mine")
    assert back.headers["Location"] == f"{BOARD}?area={area}&calls=mine"
    assert post(client, undo[1]).status_code == 404
    assert "sai số" not in plain(read(client, f"{BOARD}?area={area}"))


def test_whom_i_have_called_is_an_address(home: Seeded, enter: Enter) -> None:
    supervisor = somebody(home, "goi@example.vn", "province_reviewer", today_code=PROVINCE)
    client, area = enter(), commune_of(home)
    read(client, BOARD)
    assert "bạn chưa ghi cuộc gọi nào" in plain(read(client, f"{BOARD}?calls=mine"))
    for number in (SENT, FIRST):
        assert post(client, path_of(home, number), outcome="no_answer").status_code == 302
    client = enter(supervisor)
    read(client, BOARD)
    assert post(client, path_of(home, SECOND), outcome="no_answer").status_code == 302
    mine = read(client, f"{BOARD}?calls=mine")
    assert "Tôi đã gọi 1 thôn" in plain(mine)
    assert order_on(mine[mine.index('id="calls"') :], home) == [home.heads[SECOND].village.name]
    # what the others did is seen all the same
    assert plain(read(client, f"{BOARD}?area={area}")).count("không nghe máy") == 3
    client = enter()
    theirs = read(client, f"{BOARD}?area={area}&calls=mine")
    # those that have sent since stand below
    assert order_on(theirs[theirs.index('id="calls"') :], home) == [
        home.heads[FIRST].village.name,
        home.heads[SENT].village.name,
    ]
    printed = read(client, f"{BOARD}/print?calls=mine")
    assert re.findall(r'<th scope="row">([^<·]+)', printed)[0].strip() == home.heads[FIRST].village.name
    assert printed.count('<th scope="row">') == 1
    answer = client.get(f"{BOARD}.csv.zip?calls=mine")
    files = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    answer.close()
    rows = list(csv.DictReader(io.StringIO(files.read("villages.csv").decode("utf-8-sig"))))
    assert {row["Thôn"] for row in rows} == {home.heads[number].village.name for number in (SENT, FIRST)}


def test_calls_of_foreign_villages_are_not_there_and_who_sees_no_numbers_sees_none(home: Seeded, enter: Enter) -> None:
    client, path = enter(), path_of(home, FIRST)
    read(client, path)
    answer = post(client, path, outcome="needs_help", text="Cần người chỉ")
    called = re.search(r"called=(\d+)", answer.headers["Location"])
    assert called
    stranger = enter(somebody(home, "la@example.vn", "commune_supervisor", today_code=HOANH_MO))
    assert "Cần người chỉ" not in read(stranger, f"{BOARD}?called={called[1]}")
    read(stranger, path, 404)
    assert post(stranger, path, outcome="no_answer").status_code == 404
    assert post(stranger, f"{path}/{called[1]}/undo").status_code == 404
    analyst = enter(somebody(home, "pt@example.vn", "analyst", today_code=PROVINCE))
    for seen in (f"{BOARD}?area={commune_of(home)}", f"{BOARD}/print?area={commune_of(home)}", f"{BOARD}?calls=mine"):
        page = read(analyst, seen)
        assert "Cần người chỉ" not in page
        assert "Ghi cuộc gọi" not in page
    read(analyst, path, 403)
    assert post(analyst, path, outcome="no_answer").status_code == 403
    files = zipfile.ZipFile(io.BytesIO(analyst.get(f"{BOARD}.csv.zip").get_data()))
    assert "Cần người chỉ" not in files.read("villages.csv").decode()


def test_it_speaks_english_too(home: Seeded, enter: Enter) -> None:
    client, path = enter(), path_of(home, FIRST)
    read(client, path)
    assert post(client, path, outcome="other_holder").status_code == 302
    page = plain(read(client, f"{path}?lang=en"))
    assert "called today, the phone is with somebody else" in page
    assert "Write down a call" in page
