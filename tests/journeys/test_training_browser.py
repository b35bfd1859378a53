"""A class of 110 people brought from paper into the register, in a real browser, step by step; and its pages on small
and large screens."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page

from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.journeys.test_desk_browser import BARE_CONTROLS, SCREENS, STICKS_OUT, TWICE
from tests.kit.browser import open_context
from tests.kit.field import Field
from tests.server.services.test_training import named, names, rows, sends, totals
from tests.server.services.test_training_places import DISTRICT, PROVINCE, announces, organiser
from tests.server.web.desk.seeding import PROJECT, Seeded, seed

TRAINING = f"/projects/{PROJECT}/training"
PEOPLE = 110
MINUTES = 10
SECONDS_A_STEP = 15
"""What somebody needs for one step who looks at what comes."""
TYPING = 0
"""The list is copied from the file in which it was typed when the class was held; nothing is typed here."""


@dataclass
class Steps:
    """What a person does, counted."""

    page: Page
    done: list[str] = field(default_factory=list)

    def opens(self, name: str) -> None:
        """Follows a link."""
        self.done.append(f"opens {name}")
        self.page.get_by_role("link", name=name).first.click()

    def pastes(self, label: str, text: str) -> None:
        """Pastes into a field."""
        self.done.append(f"pastes into {label}")
        self.page.get_by_label(label).fill(text)

    def chooses(self, label: str, value: str) -> None:
        """Chooses from a list."""
        self.done.append(f"chooses {value}")
        self.page.get_by_label(label).select_option(value)

    def presses(self, name: str) -> None:
        """Presses a button."""
        self.done.append(f"presses {name}")
        self.page.get_by_role("button", name=name).click()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("training-browser") / "home", 1)
    with made.app.app_context():
        opened = Field(made.app, made.home, db.session())
        phone = organiser(opened, None)
        # of two that began on one day the one announced last stands first
        announces(phone, "huyen", DISTRICT, "d")
        announces(phone, "tinh", PROVINCE, "p")
        sends(phone, totals("p", PEOPLE))
        sends(phone, totals("p", PEOPLE))
        sends(phone, named("d", rows(12)))
        db.session.remove()
    return made


def test_110_people_from_paper_take_far_less_than_ten_minutes(
    browser: Browser, address: str, signed_in: dict[str, object]
) -> None:
    with open_context(browser, address, signed_in) as context:
        page = context.new_page()
        page.goto("/")
        began, person = time.monotonic(), Steps(page)
        person.opens("Chương trình")
        person.opens("Tập huấn")
        assert "chưa rõ" in page.locator(".cards").inner_text()
        person.opens("Rà soát tiêu chí")
        assert "chưa rõ là bao nhiêu người" in page.locator(".lede").inner_text()
        assert "đã được gửi" in page.locator(".finding").inner_text()
        # one row is wrong at first, as happens
        person.pastes("Dán danh sách vào đây", names(PEOPLE).replace("\tNữ\t", "\tbà\t", 1))
        person.chooses("Đối tượng của dòng không ghi", "truong_thon")
        person.presses("Xem thử")
        assert "Dòng 2: không hiểu giới tính “bà”" in page.locator("#add").inner_text()
        person.pastes("Dán danh sách vào đây", names(PEOPLE))
        person.presses("Xem thử")
        assert f"Sẽ thêm {PEOPLE} người mới" in page.locator("#add [role=status]").inner_text()
        person.presses(f"Ghi {PEOPLE} người vào lớp")
        page.get_by_text(f"{PEOPLE} người, đều đã biết tên.").wait_for()
        waited = time.monotonic() - began
        assert page.locator("#people tbody tr").count() == PEOPLE
    assert len(person.done) <= 9, person.done
    assert len(person.done) * SECONDS_A_STEP + TYPING + waited < MINUTES * 60


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
        page.goto(TRAINING)
        links = [each.get_attribute("data-href") or "" for each in page.locator("tr[data-href]").all()]
        assert len(links) == 2
        for path in (TRAINING, *links, f"{links[0]}/sign-in", f"{TRAINING}/persons", f"{TRAINING}/communes"):
            page.goto(f"{path}?lang={language}")
            assert page.evaluate(STICKS_OUT) <= 0, path
            assert page.locator("h1").count() == 1, path
            assert page.evaluate(BARE_CONTROLS) == [], path
            assert page.evaluate(TWICE) == [], path
            assert page.locator("html").get_attribute("lang") == language
        assert said == []


def test_the_sign_in_sheet_prints_on_pages_of_a4(browser: Browser, address: str, signed_in: dict[str, object]) -> None:
    with open_context(browser, address, signed_in) as context:
        page = context.new_page()
        page.goto(TRAINING)
        link = page.locator("tr[data-href]").first.get_attribute("data-href")
        page.goto(f"{link}/sign-in?rows=110")
        pdf = page.pdf(format="A4", prefer_css_page_size=True)
        assert pdf.count(b"/Type /Page\n") == 5
        page.emulate_media(media="print", color_scheme="dark")
        style = "() => { const s = getComputedStyle(document.querySelector('.signin-table')); return s.color }"
        assert page.evaluate(style) == "rgb(0, 0, 0)"
