"""A phone's file brought to the desk in a real browser: found, looked at, vouched for and taken in, with the keyboard
alone, at the width of a phone."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from server.services.authenticate import caller_by_key
from server.storage.database import db
from server.storage.submissions import Submission
from server.web.desk.built import FOLDER
from sync.bundle import About, pack, write_bundle
from sync.envelope import Envelope, part_of
from tests.journeys.test_axe_browser import AXE, BY_THEME, RUN
from tests.journeys.test_desk_browser import BARE_CONTROLS, STICKS_OUT, TWICE
from tests.kit.browser import open_context
from tests.server.web.desk.seeding import PROJECT, Seeded, seed, send_xml, sheet_of

MINE = 1
PHOTO = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists() or not AXE.exists():
        pytest.skip("the browser files were not built (make assets)")
    return seed(tmp_path_factory.mktemp("bundles") / "home", 2)


@pytest.fixture(scope="module")
def file(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sheets of a village head: one that is here, one that is new, one whose photo a card has spoiled."""
    now, made = datetime.now(UTC), io.BytesIO()
    with seeded.app.app_context():
        here, new, spoiled = (sheet_of(seeded, MINE, ho_ngheo=20 + each) for each in range(3))
        send_xml(seeded, MINE, here)
        sender = caller_by_key(db.session(), seeded.heads[MINE].token, now).actor_id
    photo = part_of("anh.jpg", PHOTO, "image/jpeg")
    sheets = [Envelope(here), Envelope(new), Envelope(spoiled, (photo,))]
    about = About(now, "thonban-phone/1.0", "", PROJECT, seeded.heads[MINE].village.name, sender, "phone:1")
    write_bundle(made, about, [pack(each, f"uuid:{number}", now) for number, each in enumerate(sheets)])
    content = bytearray(made.getvalue())
    content[content.index(PHOTO) + 500] ^= 1
    path = tmp_path_factory.mktemp("card") / "thonban-a-20260302-0815.zip"
    path.write_bytes(content)
    return path


def count(seeded: Seeded) -> int:
    with seeded.app.app_context():
        return db.session().execute(select(func.count()).select_from(Submission)).scalar_one()


def is_sound(page: Page) -> None:
    """The page fits, each control has a name, and axe finds nothing, light and dark."""
    assert page.evaluate(STICKS_OUT) <= 0
    assert page.evaluate(BARE_CONTROLS) == []
    assert page.evaluate(TWICE) == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme, rules in (("light", None), ("dark", BY_THEME)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert page.evaluate(RUN, rules) == []


@pytest.mark.parametrize(("language", "take"), [("vi", "Nhận phiếu vào"), ("en", "Take the sheets in")])
def test_a_file_is_taken_in_with_the_keyboard_alone(
    browser: Browser,
    address: str,
    signed_in: dict[str, object],
    seeded: Seeded,
    file: Path,
    language: str,
    take: str,
) -> None:
    before = count(seeded)
    with open_context(browser, address, signed_in, viewport={"width": 360, "height": 780}) as context:
        page = context.new_page()
        page.goto(f"/administration?lang={language}")
        page.get_by_role("link", name="Nhận phiếu từ tệp" if language == "vi" else "Sheets from a file").last.press(
            "Enter"
        )
        page.wait_for_url("**/bundles")
        is_sound(page)
        page.locator("#file").set_input_files(file)
        page.keyboard.press("Tab")
        page.locator("button[value=look]").press("Enter")
        page.locator("button[value=write]").wait_for()
        is_sound(page)
        assert count(seeded) == before
        states = page.locator("tbody .state").all_inner_texts()
        first = ["Đã có", "Phiếu mới", "Hỏng"] if language == "vi" else ["Here already", "Here already", "Damaged"]
        assert states == first
        page.get_by_role("button", name=take).press("Enter")
        page.locator("[role=alert]").wait_for()
        is_sound(page)
        assert page.locator("tbody .state").all_inner_texts() == first
    # the first who came brought one sheet, the second none
    assert count(seeded) == before + (language == "vi")
