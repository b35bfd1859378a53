"""A finding of a supervision board answered by the commune, in a real browser; the pages of works on every screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from server.domain.data_files import list_demo_villages
from server.domain.demo_works import bare, list_demo_works
from server.services.review import Decision, review
from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.journeys.test_desk_browser import BARE_CONTROLS, SCREENS, STICKS_OUT, TWICE
from tests.kit.browser import open_context
from tests.kit.field import COMMUNES, Field, photo
from tests.kit.works import site_in
from tests.server.web.desk.seeding import PROJECT, Seeded, seed

WORKS = f"/projects/{PROJECT}/works"
CANAL = f"{WORKS}/{bare('canal')}"
PAGES = (WORKS, CANAL, f"/projects/{PROJECT}/supervision", f"/projects/{PROJECT}/models")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("work-browser") / "home", 1)
    with made.app.app_context():
        site = site_in(Field(made.app, made.home, db.session()))
        for step in list_demo_works(list_demo_villages(), COMMUNES):
            xml = site.phone.fills(step.answers, form=step.form_id, instance_id=step.instance_id)
            receipt = site.phone.sends_xml(xml, *map(photo, step.photos))
            assert receipt.submission_id is not None
            if step.approve:
                review(db.session(), site.reviewer, Decision(receipt.submission_id, "approved"), site.field.now)
        db.session.remove()
    return made


def test_a_finding_is_found_on_the_list_answered_and_settled(
    browser: Browser, address: str, signed_in: dict[str, object]
) -> None:
    with open_context(browser, address, signed_in) as context:
        page = context.new_page()
        page.goto(WORKS)
        page.get_by_role("link", name="Giám sát", exact=True).click()
        page.get_by_label("Tình hình").select_option("waiting")
        page.get_by_role("button", name="Lọc").click()
        page.get_by_role("link", name="Hố ga chưa có nắp (mẫu).").click()
        finding = page.locator(".finding").filter(has_text="Hố ga chưa có nắp")
        assert "Chưa trả lời" in finding.inner_text()
        finding.get_by_label("Trả lời của xã").fill("Đã đậy nắp, rào chắn (mẫu).")
        finding.get_by_label("Trả lời ngày").fill("2019-04-20")
        finding.get_by_role("button", name="Ghi câu trả lời").click()
        finding.get_by_text("Đã trả lời, chờ ban giám sát").wait_for()
        assert "trả lời sau 12 ngày" in finding.inner_text()
        finding.get_by_role("button", name="Đã giải quyết", exact=True).click()
        finding.get_by_role("button", name="Rút lại").last.wait_for()
        page.goto(f"/projects/{PROJECT}/supervision?on=2030-01-01&state=settled")
        assert "Hố ga chưa có nắp" in page.locator("table").first.inner_text()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_its_pages_fit(
    browser: Browser, address: str, signed_in: dict[str, object], screen: str, theme: str, language: str
) -> None:
    width, height = SCREENS[screen]
    size = {"width": width, "height": height}
    with open_context(browser, address, signed_in, viewport=size, color_scheme=theme) as context:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in PAGES:
            page.goto(f"{path}?lang={language}")
            assert page.evaluate(STICKS_OUT) <= 0, path
            assert page.locator("h1").count() == 1, path
            assert page.evaluate(BARE_CONTROLS) == [], path
            assert page.evaluate(TWICE) == [], path
            assert page.locator("html").get_attribute("lang") == language
        assert said == []
