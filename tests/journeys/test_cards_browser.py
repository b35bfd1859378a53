"""Cards on paper: eight on a sheet of A4, and nothing of either code or of what stands beside it is cut off."""

import re

import pytest
from playwright.sync_api import Browser

from server.web.desk.built import FOLDER
from tests.kit.browser import enter
from tests.kit.world import EMAIL, PASSWORD, VILLAGES, World

SHEET = re.compile(rb"/Type /Page\n")
VILLAGE = max(VILLAGES.values(), key=lambda area: len(area.name))
CUT = """() => [...document.querySelectorAll('.qr-card')].flatMap((card) => {
  const frame = card.getBoundingClientRect();
  return [...card.querySelectorAll('h3, p, li, svg')]
    .map((part) => [part.textContent || part.tagName, part.getBoundingClientRect()])
    .filter(([, place]) => place.bottom > frame.bottom || place.right > frame.right)
    .map(([name]) => name);
})"""
LAID_OVER = """() => [...document.querySelectorAll('.qr-card')].filter((card) => {
  const [, first, , second] = card.children;
  return first.lastElementChild.getBoundingClientRect().bottom > second.firstElementChild.getBoundingClientRect().top;
}).length"""
MILLIMETRES = (
    "() => [...document.querySelectorAll('.qr-card svg')].map((code) => code.getBoundingClientRect().width / 96 * 25.4)"
)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_eight_cards_with_two_codes_each_fit_a_sheet_of_paper(browser: Browser, world: World, language: str) -> None:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    world.publishes()
    rows = "".join(f"{VILLAGE.code},Chíu Thị Hoàng Ngân Phương {number}\n" for number in range(9))
    made = world.api.post("projects/1/village-heads", data=f"area,name\n{rows}".encode(), content_type="text/csv")
    assert made.status_code == 200, made.get_data(as_text=True)
    with world.server() as address:
        page = enter(browser, address, EMAIL, PASSWORD)
        page.goto(f"/projects/1/phones/cards?lang={language}")
        # the contents stand before the cards on a page of several communes alone
        assert page.locator(".qr-card").count() == 9
        page.set_viewport_size({"width": round(182 / 25.4 * 96), "height": 1000})
        page.emulate_media(media="print")
        assert page.evaluate(CUT) == []
        assert page.evaluate(LAID_OVER) == 0
        widths = page.evaluate(MILLIMETRES)
        assert [min(widths[0::2]) > 30, min(widths[1::2]) > 17] == [True, True]
        assert len(SHEET.findall(page.pdf(prefer_css_page_size=True))) == 2
        page.context.close()
