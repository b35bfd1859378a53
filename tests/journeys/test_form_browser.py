"""A broken XLSForm in a browser: the administrator reads what is wrong by sheet and row, mends it, publishes it, and a
phone gets it and reports with it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from server.web.desk.built import FOLDER
from tests.kit.browser import enter
from tests.kit.world import EMAIL, PASSWORD, WATER_POINT, World, xlsx

BROKEN = WATER_POINT.replace(". >= 0     |", ". >= ${nha} |")
MISSPELT = WATER_POINT.replace("| integer  | so_ho ", "| integr   | so_ho ")
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload(page: Page, markdown: str) -> None:
    """Chooses the workbook and sends it."""
    book = {"name": "diem_nuoc.xlsx", "mimeType": WORKBOOK, "buffer": xlsx(markdown)}
    page.locator("input[type=file]").first.set_input_files(book)  # type: ignore[arg-type]
    page.get_by_role("button", name="Tải lên").first.click()


@pytest.mark.skipif(not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)")
def test_a_broken_form_is_mended_published_and_reaches_a_phone(browser: Browser, world: World) -> None:
    with world.server() as address:
        page = enter(browser, address, EMAIL, PASSWORD)
        page.goto("/administration")
        page.get_by_role("main").get_by_role("link", name="Biểu mẫu").click()
        upload(page, BROKEN)
        refused = page.get_by_role("alert")
        assert "Trang survey, dòng 3, cột constraint" in refused.inner_text()
        assert "Tên trong ${…} phải là tên của một câu hỏi" in refused.inner_text()
        upload(page, MISSPELT)
        assert "Trang survey, dòng 3" in refused.inner_text()
        assert "Viết đúng kiểu câu hỏi" in refused.inner_text()
        expect(page.get_by_role("link", name="Điểm nước")).to_have_count(0)
        upload(page, WATER_POINT)
        page.get_by_role("button", name="Phát hành").click()
        page.get_by_text("Điểm nước: đang mở").wait_for()
    phone = world.phone("Khe Mực", "water_point")
    assert "water_point" in phone.get("formList").get_data(as_text=True)
    sent = phone.sends(world.filled("water_point", {"ten": "Giếng Làng", "so_ho": 12}))
    assert sent.status_code == 201
