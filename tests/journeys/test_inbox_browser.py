"""A supervisor works the inbox off in a browser: by keyboard, with an undo, and by thumb on a small phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from server.web.desk.built import FOLDER
from tests.server.web.desk.seeding import PROJECT, Seeded, seed

INBOX = f"/projects/{PROJECT}/inbox"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    return seed(tmp_path_factory.mktemp("inbox-browser") / "home", 3)


@pytest.fixture
def page(page: Page) -> Page:
    """The administrator's, at the inbox."""
    page.goto(INBOX)
    return page


def test_the_inbox_is_worked_off_by_keyboard_and_taken_back(page: Page) -> None:
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 phiếu chờ duyệt")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_hidden()

    page.keyboard.press("j")
    first = rows.nth(0)
    expect(first).to_have_class(re.compile("is-chosen"))
    page.keyboard.press("a")
    expect(first).to_contain_text("Đã duyệt phiếu của")
    # the next that waits has the mark; the line that was decided keeps its place
    expect(rows.nth(1)).to_have_class(re.compile("is-chosen"))
    page.keyboard.press("u")
    expect(first.get_by_role("button", name="Duyệt")).to_be_visible()

    page.keyboard.press("r")
    page.keyboard.type("Thiếu số hộ nghèo")
    expect(first.locator("textarea")).to_have_value("Thiếu số hộ nghèo")
    first.get_by_role("button", name="Trả lại", exact=True).click()
    expect(first).to_contain_text("Đã trả lại phiếu của")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 phiếu chờ duyệt")

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen]")).to_contain_text("1")
    page.keyboard.press("o")
    page.wait_for_url("**/submissions/*")


def test_one_thumb_is_enough_on_a_small_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(INBOX)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    button = page.locator("[data-approve]").first
    box = button.bounding_box()
    assert box
    assert box["height"] >= 48
    button.click()
    undo = page.get_by_role("button", name="Hoàn tác")
    undo.click()
    expect(undo).to_have_count(0)
