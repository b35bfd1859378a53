"""The page to take answers away: choices counted while they are made, small files at once, others made and fetched."""

import html
import io
import re
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import sessionmaker

from server.jobs.long_work import drain_long
from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.database import db
from tests.kit.passwords import give_password
from tests.server.web.desk.seeding import PASSWORD as DESK_PASSWORD
from tests.server.web.desk.seeding import PROJECT, Seeded
from tests.server.web.desk.test_pages import read, title_of

FORM = f"/projects/{PROJECT}/forms/village_criteria"
PAGE = f"{FORM}/export"
Enter = Callable[..., FlaskClient]


def found_in(page: str) -> int:
    (count,) = re.findall(r"<h2>([\d.]+) phiếu</h2>", page)
    return int(count.replace(".", ""))


def fields_of(page: str) -> dict[str, list[str]]:
    """What the button that orders sends."""
    form = page[page.index('<form method="post"', page.index('id="found"')) : page.index("Chuẩn bị tệp")]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def make_files(seeded: Seeded) -> int:
    with seeded.app.app_context():
        return drain_long(sessionmaker(db.engine), seeded.home)


def content_of(browser: FlaskClient, url: str) -> bytes:
    with closing(browser.get(html.unescape(url))) as answer:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return bytes(answer.get_data())


def test_an_office_finds_what_it_opens_in_excel(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, PAGE)
    assert title_of(page).startswith("Lấy dữ liệu: ")
    assert found_in(page) == len(seeded.sent)
    assert re.search(r'value="xlsx" checked', page)
    assert re.search(r'name="labels" value="instead" checked', page)
    sent = fields_of(page)
    assert (sent["personal"], sent["details"], sent["attachments"]) == (["true"], ["true"], ["false"])
    (now,) = re.findall(r'<a class="button is-primary" href="([^"]+at-once[^"]+)"', page)
    assert zipfile.ZipFile(io.BytesIO(content_of(admin, now))).testzip() is None
    for where in (f"{FORM}/table", f"/projects/{PROJECT}/forms/village_criteria"):
        assert f'href="{PAGE}"' in read(admin, where) or f'href="{PAGE}?' in read(admin, where)
    assert "Open" not in page
    assert "Get the data: " in read(admin, f"{PAGE}?lang=en")


def test_choices_are_counted_and_carried_by_the_address(admin: FlaskClient, seeded: Seeded) -> None:
    assert found_in(read(admin, f"{PAGE}?states=approved")) == 0
    page = read(admin, f"{PAGE}?format=csv.zip&rounds=2019&chosen=1&labels=beside&splitSelectMultiples=true")
    assert found_in(page) == len(seeded.sent)
    (shared,) = re.findall(r'<a href="([^"]+)">Đường dẫn có sẵn', page)
    again = read(admin, html.unescape(shared))
    for text in (page, again):
        assert re.search(r'name="rounds" value="2019" checked', text)
        assert re.search(r'name="splitSelectMultiples" value="true" checked', text)
        assert not re.search(r'name="personal" value="true" checked', text)
        assert fields_of(text)["personal"] == ["false"]
    wrong = read(admin, f"{PAGE}?format=media.zip&chosen=1")
    assert "<h2>" not in wrong[wrong.index('id="found"') : wrong.index('id="orders"')]


def test_a_file_is_ordered_made_fetched_and_thrown_away(admin: FlaskClient, seeded: Seeded) -> None:
    chosen = "format=csv.zip&chosen=1&personal=true&labels=beside"
    page = read(admin, f"{PAGE}?{chosen}")
    answer = admin.post(PAGE, data=fields_of(page))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = read(admin, answer.headers["Location"])
    assert "Đang chờ" in page
    assert 'hx-trigger="every 2s"' in page
    assert make_files(seeded) == 1
    page = read(admin, answer.headers["Location"])
    assert "Sẵn sàng" in page
    assert "every 2s" not in page
    (place,) = re.findall(r'href="([^"]+/file)"', page)
    made = content_of(admin, place)
    (at_once,) = re.findall(r'href="([^"]+at-once[^"]+)"', page)
    assert made == content_of(admin, at_once)
    wish = "labels=beside&bom=true&attachments=false"
    assert made == content_of(admin, f"/v1{FORM}/submissions.csv.zip?{wish}")
    (again,) = re.findall(r'href="([^"]+)">Chọn lại như vậy', page)
    assert fields_of(read(admin, html.unescape(again))) == fields_of(page)
    assert fields_of(page)["labels"] == ["beside"]
    (remove,) = re.findall(r'action="([^"]+/delete)"', page)
    assert admin.post(remove, data={"__csrf": fields_of(page)["__csrf"]}).status_code == 303
    assert place not in read(admin, PAGE)
    assert admin.get(place).status_code == 404


def test_large_ones_and_photos_are_made_in_the_background_alone(admin: FlaskClient) -> None:
    page = read(admin, f"{PAGE}?format=media.zip&chosen=1&personal=true")
    assert "at-once" not in page
    assert "Tệp lớn" in page


@pytest.mark.parametrize("sees", ["village", "nothing"])
def test_whoever_sees_a_part_takes_that_part_alone(sign_in: Enter, seeded: Seeded, sees: str) -> None:
    village, email = seeded.heads[0].village, f"{sees}@example.org"
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser(email, None, "Cán bộ"), now)
        give_password(session, email, DESK_PASSWORD)
        if sees == "village":
            grant = GrantView("commune_supervisor", "project", PROJECT, None, village.uuid, None, None)
            grant_role(session, caller, made.id, grant, now)
    browser = sign_in(email, DESK_PASSWORD)
    answer = browser.get(PAGE)
    if sees == "nothing":
        assert answer.status_code in (403, 404)
        return
    page = answer.get_data(as_text=True)
    assert found_in(page) == 1
