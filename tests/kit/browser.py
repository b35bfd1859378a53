"""People at a real browser: Chromium, and the door of the desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
DRAWING = ("--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""With WebGL, for maps."""


@contextmanager
def chromium(program: Path, flags: Sequence[str] = FLAGS, **options: Any) -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(flags), **options)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, email: str, password: str) -> None:
    """Comes in through the form of the desk."""
    page.goto("/")
    page.get_by_label("Thư điện tử").fill(email)
    page.get_by_label("Mật khẩu").fill(password)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_role("button", name="Thoát").wait_for()


def enter(browser: Browser, address: str, email: str, password: str) -> Page:
    """The page of somebody who signed in, in a window without the cookies of others."""
    page = browser.new_context(base_url=address, locale="vi-VN").new_page()
    sign_in(page, email, password)
    return page


def open_context(browser: Browser, address: str, state: Any, **options: Any) -> BrowserContext:
    """A window with the cookies of somebody who signed in before."""
    return browser.new_context(base_url=address, storage_state=state, locale="vi-VN", **options)
