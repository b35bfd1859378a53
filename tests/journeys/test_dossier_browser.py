"""The dossier of one commune in a browser: what is missing is approved, it is sent with its letter, printed on A4."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from server.domain.review import APPROVED
from server.services.authenticate import system_caller
from server.services.review import Decision, review
from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.kit.browser import enter
from tests.kit.world import COMMUNES
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_dossiers import COMMUNE, PROVINCE, home_of_offices, numbers

A4 = re.compile(rb"/MediaBox \[0 0 59[45][\d.]* 84[12][\d.]*\]")
HERE = f"/projects/{PROJECT}/rounds/2019/dossiers"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    return home_of_offices(tmp_path_factory.mktemp("dossier-browser") / "home")


def approve_the_last(seeded: Seeded) -> None:
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        sent = seeded.sent[seeded.heads[numbers(seeded)[-1]].village.uuid]
        review(session, system_caller(session, now), Decision(sent, APPROVED), now)


def test_a_commune_completes_sends_and_prints_its_dossier(browser: Browser, address: str, seeded: Seeded) -> None:
    last = seeded.heads[numbers(seeded)[-1]].village
    village, commune = last.name, COMMUNES[last.parent_key or ""]
    page = enter(browser, address, COMMUNE, PASSWORD)
    page.goto(HERE)
    page.locator(f"tbody a[href$='{commune.uuid}']").click()
    expect(page.get_by_text(f"{village}: phiếu chưa duyệt")).to_be_visible()
    assert page.get_by_role("button", name="Gửi hồ sơ lên cấp trên").count() == 0
    approve_the_last(seeded)
    page.reload()
    page.get_by_label("Số công văn").fill("15/UBND")
    page.get_by_label("Ngày công văn").fill("2026-01-05")
    page.get_by_role("button", name="Gửi hồ sơ lên cấp trên").click()
    page.get_by_role("status").wait_for()
    expect(page.get_by_text("Chờ thẩm định").first).to_be_visible()
    dossier = page.url.partition("?")[0]

    other = enter(browser, address, PROVINCE, PASSWORD)
    other.goto(dossier)
    other.get_by_role("button", name="Ghi kết quả").click()
    other.get_by_role("status").wait_for()
    other.get_by_role("button", name="Nhận hồ sơ").click()
    other.get_by_text("Đã nhận").first.wait_for()
    for language, words in (("vi", "Hồ sơ rà soát của xã"), ("en", "Dossier of a commune")):
        other.goto(f"{dossier}/print?lang={language}")
        expect(other.get_by_text(words)).to_be_visible()
        expect(other.get_by_text("15/UBND").first).to_be_visible()
        assert 1 <= len(A4.findall(other.pdf(prefer_css_page_size=True))) <= 4
