"""A reviewer's way through data quality in a browser: from the round to the list, to the sheet, and a word on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from server.web.desk.built import FOLDER
from tests.server.web.desk.seeding import PROJECT, Seeded, seed
from tests.server.web.desk.test_quality_page import share_a_photo


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("quality-browser") / "home", 3)
    first, second, *_ = made.sent.values()
    with made.app.app_context():
        share_a_photo(made, (first, second), made.home.blobs.put(b"\xff\xd8 \xff\xd9"))
    return made


def test_from_the_round_to_a_word_on_a_finding(page: Page) -> None:
    page.goto(f"/projects/{PROJECT}/rounds/2019")
    page.get_by_role("link", name="Chất lượng dữ liệu: 2 điều chưa ai xem").click()
    page.get_by_label("Loại").select_option("photo")
    page.get_by_label("Đã xem chưa").select_option("no")
    page.get_by_role("button", name="Lọc").click()
    page.wait_for_url("**/quality?*kind=photo*")
    shared = page.url
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("giống hệt ảnh trong 1 phiếu khác")
    rows.first.get_by_role("link").first.click()
    finding = page.locator("#quality .finding")
    finding.get_by_label("Đã xem, vì sao ổn hoặc đã làm gì").fill("Hai thôn chung một đoạn đường")
    finding.get_by_role("button", name="Ghi là đã xem").click()
    expect(finding).to_contain_text("Hai thôn chung một đoạn đường")
    page.goto(shared)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    page.locator("#quality .finding").get_by_role("button", name="Bỏ ghi đã xem").click()
    expect(page.locator("#quality .finding").get_by_role("button", name="Ghi là đã xem")).to_be_visible()
