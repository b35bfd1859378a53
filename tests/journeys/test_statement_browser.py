"""A paper from the printer to the telephone of whoever holds it: printed, checked, outdated by a new approved sheet."""

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
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded, seed, send_xml, sheet_of

A4 = re.compile(rb"/MediaBox \[0 0 59[45][\d.]* 84[12][\d.]*\]")
MOST_PAGES = 3


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    return seed(tmp_path_factory.mktemp("statement-browser") / "home", 1)


def outdate(seeded: Seeded) -> None:
    """An approved sheet that says nearly everybody in the village has become poor."""
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        sent = send_xml(seeded, 0, sheet_of(seeded, 0, tong_ho=80, ho_ngheo=75, ho_can_ngheo=0, ho_ngheo_dtts=0))
        assert sent is not None
        review(session, system_caller(session, now), Decision(sent, APPROVED), now)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_paper_is_printed_on_a_few_pages_and_checked_without_signing_in(
    browser: Browser, address: str, seeded: Seeded, language: str
) -> None:
    village = f"/projects/{PROJECT}/rounds/2019/villages/{seeded.heads[0].village.uuid}"
    stands, keep = {
        "vi": ("vẫn còn nguyên đến hôm nay", "Lập bản in có mã QR"),
        "en": ("still stand today", "Make the statement with its QR code"),
    }[language]
    page = enter(browser, address, EMAIL, PASSWORD)
    page.goto(f"{village}?lang={language}")
    page.locator("a.button[href$='/print']").click()
    page.get_by_role("button", name=keep).click()
    page.wait_for_url("**/statements/*")
    paper = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(A4.findall(paper)) <= MOST_PAGES
    code = page.locator(".statement .address").inner_text()
    assert code.startswith(f"{address}/verify/")
    expect(page.locator(".statement-code svg")).to_be_visible()

    stranger = browser.new_context(locale="vi-VN").new_page()
    stranger.goto(f"{code}?lang={language}")
    assert stands in stranger.locator(".notice").all_inner_texts()[1]
    assert page.locator("h1").inner_text() in stranger.locator("dl.facts").inner_text()
    if language == "en":
        outdate(seeded)
        stranger.reload()
        assert "The result today differs from the paper." in stranger.locator("main").inner_text()
