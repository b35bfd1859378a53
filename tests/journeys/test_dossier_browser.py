"""The dossier of one commune in a browser: what is missing is approved, it is sent with its letter, printed on A4."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from server.domain.review import APPROVED
from server.services.authenticate import system_caller
from server.services.review import Decision, review
from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.kit.world import COMMUNES
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_dossiers import COMMUNE, PROVINCE, home_of_offices, numbers

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
A4 = re.compile(rb"/MediaBox \[0 0 59[45][\d.]* 84[12][\d.]*\]")
HERE = f"/projects/{PROJECT}/rounds/2019/dossiers"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    return home_of_offices(tmp_path_factory.mktemp("dossier-browser") / "home")


@pytest.fixture(scope="module")
def address(seeded: Seeded) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, seeded.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/")
    page.get_by_label("Thư điện tử").fill(email)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_role("button", name="Thoát").wait_for()


def approve_the_last(seeded: Seeded) -> None:
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        sent = seeded.sent[seeded.heads[numbers(seeded)[-1]].village.uuid]
        review(session, system_caller(session, now), Decision(sent, APPROVED), now)


def test_a_commune_completes_sends_and_prints_its_dossier(chromium_path: Path, address: str, seeded: Seeded) -> None:
    last = seeded.heads[numbers(seeded)[-1]].village
    village, commune = last.name, COMMUNES[last.parent_key or ""]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        page = chromium.new_context(base_url=address, locale="vi-VN").new_page()
        sign_in(page, COMMUNE)
        page.goto(HERE)
        page.locator(f"tbody a[href$='{commune.uuid}']").click()
        assert page.get_by_text(f"{village}: phiếu chưa duyệt").is_visible()
        assert page.get_by_role("button", name="Gửi hồ sơ lên cấp trên").count() == 0
        approve_the_last(seeded)
        page.reload()
        page.get_by_label("Số công văn").fill("15/UBND")
        page.get_by_label("Ngày công văn").fill("2026-01-05")
        page.get_by_role("button", name="Gửi hồ sơ lên cấp trên").click()
        page.get_by_role("status").wait_for()
        assert page.get_by_text("Chờ thẩm định").first.is_visible()
        dossier = page.url.partition("?")[0]

        other = chromium.new_context(base_url=address, locale="vi-VN").new_page()
        sign_in(other, PROVINCE)
        other.goto(dossier)
        other.get_by_role("button", name="Ghi kết quả").click()
        other.get_by_role("status").wait_for()
        other.get_by_role("button", name="Nhận hồ sơ").click()
        other.get_by_text("Đã nhận").first.wait_for()
        for language, words in (("vi", "Hồ sơ rà soát của xã"), ("en", "Dossier of a commune")):
            other.goto(f"{dossier}/print?lang={language}")
            assert other.get_by_text(words).is_visible()
            assert other.get_by_text("15/UBND").first.is_visible()
            assert 1 <= len(A4.findall(other.pdf(prefer_css_page_size=True))) <= 4
        chromium.close()
