"""The page of the API in a real browser: all operations, nothing from elsewhere, nothing that the policy forbids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.web.desk.built import FOLDER
from tests.kit.databases import Databases
from tests.kit.world import World, furnish_world, furnished_world

SMALL, LARGE = {"width": 360, "height": 780}, {"width": 1920, "height": 1080}
STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
GROUND = "() => getComputedStyle(document.body).backgroundColor"
SPECIAL_FILES = ("data:", "blob:")


@pytest.fixture(scope="module")
def world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server that nobody has used."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    home = tmp_path_factory.mktemp("reference") / "home"
    with (
        databases.sqlite_file(furnish=furnish_world, home=home) as url,
        furnished_world(url, home) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    """Where it listens."""
    with world.server() as found:
        yield found


def read(page: Page) -> None:
    """Opens the page and waits for what it shows."""
    page.goto("/api")
    page.locator("#reference:not([aria-busy]) .opblock-tag").first.wait_for()


def shown(page: Page) -> Iterator[str]:
    """The operations below each tag, one tag after the other: of very many at once only those in view are drawn."""
    names = page.locator(".opblock-tag").evaluate_all("every => every.map(each => each.dataset.tag)")
    for name in names:
        tag = page.locator(f"#operations-tag-{name}")
        tag.locator(".expand-operation").click()
        expect(tag).to_have_attribute("data-is-open", "true")
        page.locator(f".opblock[id^='operations-{name}-']").first.wait_for()
        yield from page.locator(".opblock").evaluate_all("every => every.map(each => each.id)")
        tag.locator(".expand-operation").click()
        expect(tag).to_have_attribute("data-is-open", "false")


def test_it_shows_every_operation_and_asks_nobody_else(browser: Browser, address: str, world: World) -> None:
    document = world.nobody().get("openapi.json").get_json()
    every = [each for item in document["paths"].values() for name, each in item.items() if name != "parameters"]
    asked: list[str] = []
    said: list[str] = []
    with browser.new_context(base_url=address, locale="vi-VN", viewport=LARGE) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        read(page)
        assert page.get_by_role("heading", level=1).inner_text() == "Giao diện lập trình (API)"
        assert sorted(shown(page)) == sorted(f"operations-{each['tags'][0]}-{each['operationId']}" for each in every)
        page.locator("#operations-tag-document .expand-operation").click()
        own = page.locator("#operations-document-document_show_document")
        own.locator(".opblock-summary-control").click()
        own.get_by_role("button", name="Try it out").click()
        own.get_by_role("button", name="Execute").click()
        own.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()
        assert "x-permission" in own.inner_text()
        # what writes can be read about, not tried
        page.locator("#operations-tag-sessions .expand-operation").click()
        session = page.locator("#operations-sessions-sessions_create_session")
        session.locator(".opblock-summary-control").click()
        session.locator(".responses-wrapper").wait_for()
        expect(session.get_by_role("button", name="Try it out")).to_have_count(0)
    assert [url for url in asked if not url.startswith((f"{address}/", *SPECIAL_FILES))] == []
    assert said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_in_either_theme(browser: Browser, address: str, theme: str) -> None:
    options = {"viewport": SMALL, "color_scheme": theme}
    with browser.new_context(base_url=address, locale="vi-VN", **options) as context:  # type: ignore[arg-type]
        page = context.new_page()
        read(page)
        page.locator(".opblock-tag").nth(1).click()
        page.locator(".opblock-summary-control").nth(1).click()
        page.locator(".responses-wrapper").first.wait_for()
        assert page.evaluate(STICKS_OUT) <= 0
        red = int(page.evaluate(GROUND).partition("(")[2].partition(",")[0])
        assert (red < 64) is (theme == "dark")


def test_everybody_may_read_it_and_ones_own_account_leads_there(world: World) -> None:
    client = world.app.test_client()
    assert "Programming interface" in client.get("/api?lang=en").get_data(as_text=True)
    account = client.get("/account", headers={"Authorization": f"Bearer {world.api.token}"})
    assert 'href="/api"' in account.get_data(as_text=True)
    # also whose session has ended
    client.set_cookie("session", "a" * 64)
    assert client.get("/api").status_code == 200
