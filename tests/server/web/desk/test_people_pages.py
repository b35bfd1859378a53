"""People at the desk: who is added, what they may do, how they set a password, how they go and come back."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.services.area_lookup import fold
from server.services.authenticate import day_of
from server.storage.actors import list_grants
from server.storage.areas import find_path
from server.web.desk.built import FOLDER
from tests.kit.databases import Databases
from tests.kit.places import two_villages
from tests.kit.world import EMAIL, PASSWORD, VILLAGES, World, world_at

NEW = "mật khẩu mới tinh"
LINK = re.compile(r"http://localhost(/new-password/[A-Za-z0-9!$]{64})")
Browser = Callable[..., "Desk"]


class Desk:
    """A browser at the desk."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def reads(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.get_data(as_text=True)[:3000]
        return answer.get_data(as_text=True)

    def sends(self, path: str, status: int = 302, **form: str) -> str:
        """Posts a form; the page that follows."""
        cookie = self.client.get_cookie("__csrf")
        answer = self.client.post(path, data={"__csrf": cookie.value if cookie else "", **form})
        assert answer.status_code == status, answer.get_data(as_text=True)[:3000]
        return self.reads(answer.location) if status == 302 else answer.get_data(as_text=True)

    def signs_in(self, email: str, password: str, status: int = 302) -> "Desk":
        token = re.search(r'name="form_token" value="([^"]+)"', self.reads("/sign-in"))
        assert token
        answer = self.client.post("/sign-in", data={"form_token": token[1], "email": email, "password": password})
        assert answer.status_code == status
        return self


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    with world_at(databases.sqlite(), tmp_path) as made:
        yield made


@pytest.fixture
def browser(world: World) -> Callable[[], Desk]:
    return lambda: Desk(world.app.test_client())


@pytest.fixture
def admin(browser: Browser) -> Desk:
    return browser().signs_in(EMAIL, PASSWORD)


def title_of(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.S)
    assert found
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def add(admin: Desk, email: str = "lan@example.vn", **more: str) -> tuple[str, str]:
    """Adds a person; (the path of the page, the path of the link)."""
    shown = admin.sends("/people", 200, name="Hoàng Thị Lan", email=email, **more)
    link, page = LINK.search(shown), re.search(r'action="(/people/\d+)/link"', shown)
    assert link
    assert page
    return page[1], link[1]


def test_who_is_added_sets_a_password_by_the_link_and_sees_what_was_given(admin: Desk, browser: Browser) -> None:
    assert title_of(admin.reads("/people")) == "1 người đăng nhập được"
    page, link = add(admin)
    assert title_of(admin.reads("/people")) == "1 người đăng nhập được, 1 người chưa đặt mật khẩu"
    assert LINK.search(admin.reads(page)) is None
    lan = browser()
    assert "lan@example.vn" in lan.reads(link)
    assert "không giống nhau" in lan.sends(link, 400, new=NEW, again="mật khẩu khác hẳn")
    assert "ít nhất 10 ký tự" in lan.sends(link, 400, new="ngắn", again="ngắn")
    assert "Đã đặt mật khẩu" in lan.sends(link, 200, new=NEW, again=NEW)
    assert "đã dùng rồi" in lan.reads(link, 404)
    assert "đã dùng rồi" in lan.sends(link, 404, new=NEW, again=NEW)
    lan.signs_in("lan@example.vn", NEW)
    lan.reads("/projects/1/submissions", 404)
    admin.sends(f"{page}/roles", role="viewer", place="1")
    assert "Người xem" in admin.reads(page)
    lan.reads("/projects/1/submissions")
    admin.sends(f"{page}/roles/take", role="viewer", place="1")
    lan.reads("/projects/1/submissions", 404)
    assert title_of(admin.reads("/people")) == "2 người đăng nhập được"


def test_who_goes_is_out_at_once_and_may_come_back(admin: Desk, browser: Browser) -> None:
    page, link = add(admin, role="admin")
    lan = browser()
    lan.sends(link, 200, new=NEW, again=NEW)
    lan.signs_in("lan@example.vn", NEW)
    assert "Cho trở lại" in admin.sends(f"{page}/end")
    assert lan.client.get("/").status_code == 302
    lan.signs_in("lan@example.vn", NEW, 401)
    admin.sends(f"{page}/restore")
    lan.signs_in("lan@example.vn", NEW)
    lan.reads("/people")


def test_what_cannot_be_is_said_where_it_was_typed(admin: Desk) -> None:
    page, _ = add(admin)
    again = admin.sends("/people", 409, name="Lan hai", email="lan@example.vn")
    assert 'role="alert"' in again
    assert 'value="Lan hai"' in again
    assert "không phải địa chỉ" in admin.sends("/people", 400, name="x", email="không phải thư")
    assert 'role="alert"' in admin.sends(page, 409, name="Lan", email=EMAIL)
    assert "Lan Mới" in admin.sends(page, name="Lan Mới", email="lan.moi@example.vn")
    assert "người quản trị cuối cùng" in admin.sends("/people/1/roles/take", 409, role="admin", place="site")
    assert "người quản trị cuối cùng" in admin.sends("/people/1/end", 409)
    for form in ({"role": "pwreset", "place": "1"}, {"role": "viewer", "place": "77"}, {"role": "viewer"}):
        admin.sends(f"{page}/roles", 404, **form)
    admin.sends("/people", 400, name="x", email="x@example.vn", role="commune_supervisor")
    admin.reads("/people/9999", 404)


def test_pages_of_people_are_for_administrators_and_forms_for_our_own_pages(
    admin: Desk, browser: Browser, world: World
) -> None:
    page, _ = add(admin)
    viewer = world.person("Người xem", "viewer")
    desk = browser().signs_in(viewer.get("users/current").get_json()["email"], PASSWORD)
    assert "/people" not in desk.reads("/")
    for path in ("/people", page):
        desk.reads(path, 403)
    for path in ("/people", page, f"{page}/roles", f"{page}/roles/take", f"{page}/link", f"{page}/end"):
        desk.sends(path, 403, name="x", email="x@example.vn", role="admin", place="site")
        assert admin.client.post(path, data={"name": "x", "email": "x@example.vn"}).status_code == 403
    assert browser().client.get(page).status_code == 302


def test_everybody_changes_the_own_password(admin: Desk, browser: Browser) -> None:
    other = browser().signs_in(EMAIL, PASSWORD)
    assert "hiện tại không đúng" in admin.sends("/account", 401, old="không phải", new=NEW, again=NEW)
    assert "Đã đổi mật khẩu" in admin.sends("/account", 200, old=PASSWORD, new=NEW, again=NEW)
    admin.reads("/account")
    assert other.client.get("/account").status_code == 302


def test_who_guesses_at_the_desk_is_told_to_wait(databases: Databases, tmp_path: Path, browser: Browser) -> None:
    with world_at(databases.sqlite(), tmp_path / "strict", THONBAN_SIGN_IN_ATTEMPTS="1") as strict:
        desk = Desk(strict.app.test_client())
        desk.signs_in(EMAIL, "không phải mật khẩu", 401)
        desk.signs_in(EMAIL, PASSWORD, 429)
        token = re.search(r'name="form_token" value="([^"]+)"', desk.reads("/sign-in"))
        assert token
        form = {"form_token": token[1], "email": EMAIL, "password": PASSWORD}
        answer = desk.client.post("/sign-in", data=form)
        assert 0 < int(answer.headers["Retry-After"]) <= 900
        assert "Hãy chờ 15 phút" in answer.get_data(as_text=True)


def test_the_page_to_ask_for_a_link_is_there_when_mail_is_sent(
    databases: Databases, tmp_path: Path, admin: Desk, browser: Browser
) -> None:
    assert "không gửi thư" in browser().reads("/forgotten", 501)
    variables = {"THONBAN_SMTP_URL": "smtp://127.0.0.1:9", "THONBAN_BASE_URL": "https://thonban.example.vn"}
    with world_at(databases.sqlite(), tmp_path / "postal", **variables) as postal:
        desk = Desk(postal.app.test_client())
        assert 'href="/forgotten"' in desk.reads("/sign-in")
        for email in (EMAIL, "nobody@example.vn"):
            assert "Hãy xem hộp thư" in desk.sends("/forgotten", 200, email=email)
        desk.signs_in(EMAIL, PASSWORD)
        assert "Đã gửi thư" in desk.sends("/people", name="Lan", email="lan@example.vn")


def test_a_district_reviewer_is_told_that_districts_ended_and_who_decides_now(world: World, browser: Browser) -> None:
    form_id = world.publishes()
    assert world.phone("Khe Mực", form_id).sends(world.filled(form_id, {"ten": "Giếng"}, "uuid:1")).status_code == 201
    people = {}
    for role in ("district_reviewer", "commune_supervisor"):
        person = world.person(role)
        own = person.get("users/current").get_json()
        world.api.post(f"projects/1/assignments/{role}/{own['id']}")
        people[role] = (person, browser().signs_in(own["email"], PASSWORD))
    (district, district_desk), (commune, _) = people["district_reviewer"], people["commune_supervisor"]
    told = "Cấp huyện kết thúc ngày 2025-06-30 và không còn duyệt phiếu. Phiếu này chờ cấp xã duyệt."
    page = district_desk.reads("/submissions/1")
    assert told in page
    assert "chờ cấp xã duyệt</span>" in page
    assert 'value="approved"' not in page
    path = f"projects/1/forms/{form_id}/submissions/uuid:1"
    refused = district.patch(path, json={"reviewState": "approved"})
    assert (refused.get_json()["code"], refused.get_json()["message"]) == (403.1, told)
    approved = commune.patch(path, json={"reviewState": "approved"}).get_json()
    assert (approved["reviewLevel"], approved["awaitedLevel"]) == ("commune", "province")
    page = district_desk.reads("/submissions/1")
    assert "chờ cấp tỉnh duyệt</span>" in page
    assert "Đã duyệt · cấp xã" in page


def test_a_role_is_given_in_an_area_for_dates_and_taken_there_alone(admin: Desk, world: World) -> None:
    page, _ = add(admin)
    world.publishes()
    (_, commune), (foreign, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    today = day_of(datetime.now(UTC))
    with world.session as session:
        name, code = next((each.name, each.code) for each in find_path(session, commune, today))
        province = find_path(session, commune, today)[-1].name
        other = find_path(session, foreign, today)[0].name
    number = page.rpartition("/")[2]
    shown = admin.sends(f"{page}/roles", role="commune_supervisor", place="1", area=fold(name), to="2030-01-01")
    assert f"{name}, {province}" in shown
    assert "trước ngày 01/01/2030" in shown
    assert "duyệt phiếu" in shown
    admin.sends(f"{page}/roles", role="commune_supervisor", place="1", area=f"{other}")
    admin.sends(f"{page}/roles", role="commune_supervisor", place="1")
    admin.sends(
        f"{page}/roles", role="analyst", place="1/1", area=f"{name}, {province} ({code})", **{"from": "2026-01-01"}
    )
    grants = {(each.role, each.scope, each.area_id) for each in list_grants(world.session, int(number))}
    assert grants == {
        ("commune_supervisor", "project", commune),
        ("commune_supervisor", "project", foreign),
        ("commune_supervisor", "project", None),
        ("analyst", "form", commune),
    }
    admin.sends(f"{page}/roles/take", role="commune_supervisor", place="1", area_id="")
    admin.sends(f"{page}/roles/take", role="commune_supervisor", place="1", area_id=foreign)
    admin.sends(f"{page}/roles/take", role="analyst", place="1/1", area_id=commune)
    assert [each.area_id for each in list_grants(world.session, int(number))] == [commune]
    admin.sends(f"{page}/roles", role="commune_supervisor", place="1", area=commune, **{"from": "2099-01-01"})
    assert "Chưa bắt đầu" in admin.reads(page)
    assert "Không được làm gì" in admin.reads(page)


def test_an_area_that_is_not_clear_is_asked_for_with_those_it_may_be(admin: Desk) -> None:
    page, _ = add(admin)
    begins = Counter(each.name[:4] for each in VILLAGES.values())
    part = max(begins, key=lambda beginning: (begins[beginning], beginning)).strip()
    refused = admin.sends(f"{page}/roles", 400, role="analyst", place="1", area=part, **{"from": "2026-05-01"})
    assert 'role="alert"' in refused
    assert f'value="{part}"' in refused
    assert 'value="2026-05-01"' in refused
    assert "Tỉnh Quảng Ninh" in refused.partition('role="alert"')[2].partition("</p>")[0]
    assert 'role="alert"' in admin.sends(f"{page}/roles", 404, role="analyst", place="1", area="xyz không có")
    assert "không phải ngày" in admin.sends(f"{page}/roles", 400, role="analyst", place="1", to="mai")
    assert "phải sau" in admin.sends(
        f"{page}/roles", 400, role="analyst", place="1", to="2026-01-01", **{"from": "2026-01-02"}
    )
    for place in ("1/99", "1/x", "77/1", "site/1"):
        admin.sends(f"{page}/roles", 404, role="analyst", place=place)
    assert '<option value="Tỉnh Quảng Ninh (22)"></option>' in admin.reads("/people/areas?area=quang")
    assert admin.reads("/people/areas?area=") == ""
