"""The desk in a real browser: what scripts add, what works without them, and that all fits on a small screen."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.webhooks import EVENTS
from server.services.authenticate import caller_of, system_caller
from server.services.publish import NewForm, Source, create_form
from server.services.roll_up import work_off
from server.services.webhooks import Asked, create_webhook, try_webhook
from server.storage.actors import find_user_by_email
from server.storage.database import db
from server.web.desk.built import FOLDER
from server.web.desk.dashboard import PARTS
from tests.kit.browser import open_context
from tests.kit.world import COMMUNES
from tests.server.web.desk.seeding import EMAIL, PROJECT, Seeded, seed

ROUND = f"/projects/{PROJECT}/rounds/2019"
REPORTED = 4
DRAFTED = """
| survey |
|        | type                          | name | label::Tiếng Việt |
|        | select_one_from_file loai.csv | loai | Loại giếng        |
| settings |
|        | form_id | form_title | version |
|        | gieng   | Giếng      | 1       |
"""
"""A form with a warning (its language has no code) and a file that is missing."""
SCREENS = {"phone": (360, 780), "desk": (1920, 1080)}
LOOKS = (("phone", "light", "vi"), ("phone", "dark", "en"), ("desk", "light", "en"), ("desk", "dark", "vi"))
"""Each screen with each theme and each language, and each theme with each language, in half of all walks."""
BARE_CONTROLS = """
() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter(each => each.labels.length === 0 && !each.ariaLabel).map(each => each.outerHTML)
"""
TWICE = """
() => { const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
        return ids.filter((id, place) => ids.indexOf(id) !== place); }
"""
STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("desk-browser") / "home", REPORTED)
    with made.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        new = NewForm(PROJECT, Source(DRAFTED.encode(), "md", ignore_warnings=True))
        create_form(session, made.home, system_caller(session, now), new, now)
        asked = Asked("Sở Dân tộc và Tôn giáo", f"https://example.org/{'thonban/' * 20}", EVENTS)
        administrator = find_user_by_email(session, EMAIL)
        assert administrator is not None
        owner = caller_of(session, administrator.id, now)
        try_webhook(session, owner, create_webhook(session, made.home, owner, (PROJECT, asked), now).hook, now)
        work_off(session, now)
    return made


def paths(seeded: Seeded) -> list[str]:
    village = seeded.heads[0].village.uuid
    sheet = seeded.sent[village]
    unreported = seeded.heads[-1].village.uuid
    return [
        "/",
        ROUND,
        f"{ROUND}?q=khongcothonnao",
        f"{ROUND}/villages/{village}",
        f"{ROUND}/villages/{unreported}",
        f"{ROUND}/villages/{village}/print",
        f"{ROUND}/villages/{unreported}/print",
        "/verify/khong-co",
        f"{ROUND}/areas",
        f"{ROUND}/areas/{COMMUNES[seeded.heads[0].village.parent_key or ''].uuid}",
        "/rules",
        "/rules/qd50_2016_xa",
        "/rules/load",
        f"{ROUND}/plan",
        f"{ROUND}/plan?lacks=any",
        f"{ROUND}/coverage",
        f"{ROUND}/coverage?area={COMMUNES[seeded.heads[0].village.parent_key or ''].uuid}",
        f"{ROUND}/coverage?calls=mine",
        f"{ROUND}/coverage/{unreported}/calls",
        f"{ROUND}/coverage/print",
        f"{ROUND}/dossiers",
        f"{ROUND}/spot-checks",
        f"/projects/{PROJECT}/disasters",
        f"/projects/{PROJECT}/returned",
        f"/projects/{PROJECT}/returned/print",
        f"{ROUND}/lock",
        f"{ROUND}/tables",
        f"{ROUND}/tables?table=criteria",
        "/projects/1/forms/village_criteria/table",
        f"/projects/{PROJECT}/forms/village_criteria/export",
        f"{ROUND}/compare",
        f"{ROUND}/what-if",
        f"{ROUND}/what-if?rule=qd50_2016_thon&clause=k1.tong&number=50",
        f"{ROUND}/edit",
        f"/projects/{PROJECT}/new-round",
        f"/projects/{PROJECT}/without-round",
        "/holidays",
        f"/projects/{PROJECT}/programme",
        f"/projects/{PROJECT}/programme?on=2019-06-30&sentence=1",
        f"/projects/{PROJECT}/programme/load",
        f"/projects/{PROJECT}/programme/units/{COMMUNES['qn-tien-yen-ha-lau'].uuid}",
        f"/projects/{PROJECT}/training",
        f"/projects/{PROJECT}/training/persons",
        f"/projects/{PROJECT}/training/communes",
        f"/projects/{PROJECT}/works",
        f"/projects/{PROJECT}/supervision",
        f"/projects/{PROJECT}/models",
        f"/projects/{PROJECT}/submissions",
        f"/submissions/{sheet}",
        f"/projects/{PROJECT}/quality?round=2019",
        f"/submissions/{sheet}?inbox=",
        f"/projects/{PROJECT}/inbox",
        f"/projects/{PROJECT}/inbox?returned=1",
        f"/projects/{PROJECT}/inbox/approve?which=all",
        "/quarantine",
        "/system",
        f"/projects/{PROJECT}/phones",
        f"/projects/{PROJECT}/bundles",
        f"/projects/{PROJECT}/webhooks",
        f"/projects/{PROJECT}/webhooks/1",
        f"/projects/{PROJECT}/forms",
        f"/projects/{PROJECT}/forms/village_criteria",
        f"/projects/{PROJECT}/forms/village_criteria/paper?round=2019",
        f"/projects/{PROJECT}/forms/village_criteria/recordings",
        f"/projects/{PROJECT}/forms/gieng",
        f"/projects/{PROJECT}/forms/gieng/draft/rehearsal",
        "/people",
        "/people/1",
        "/administration",
        f"/projects/{PROJECT}/rounds",
        *(f"/projects/{PROJECT}/dashboard/{part}" for part in PARTS),
        f"{ROUND}/held-back",
        f"{ROUND}/held-back?criterion=qd03_2019_thon/k2.tu",
        "/account",
        "/submissions/999999",
    ]


@pytest.mark.parametrize(("screen", "theme", "language"), LOOKS)
def test_every_page_fits_says_what_it_is_and_asks_nobody_else(
    browser: Browser, address: str, signed_in: dict[str, object], seeded: Seeded, screen: str, theme: str, language: str
) -> None:
    width, height = SCREENS[screen]
    size = {"width": width, "height": height}
    with open_context(browser, address, signed_in, viewport=size, color_scheme=theme) as context:
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in paths(seeded):
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert page.evaluate(STICKS_OUT) <= 0, path
            assert page.locator("h1").count() == 1, path
            assert page.evaluate(BARE_CONTROLS) == [], path
            assert page.evaluate(TWICE) == [], path
            assert page.locator("html").get_attribute("lang") == language
        assert [url for url in asked if not url.startswith((address, "data:"))] == []
        assert [text for text in said if "404" not in text] == []


def test_filters_work_in_place_and_can_be_shared(page: Page, seeded: Seeded) -> None:
    page.goto(ROUND)
    page.evaluate("window.stayed = true")
    page.get_by_label("Tìm").fill("ngan chi")
    page.locator("tr[data-href]").nth(1).wait_for(state="detached")
    expect(page.locator("tr[data-href]")).to_have_count(1)
    assert page.evaluate("window.stayed") is True
    assert "q=ngan" in page.url
    page.reload()
    expect(page.locator("tr[data-href]")).to_have_count(1)


def test_filters_work_without_scripts(browser: Browser, address: str, signed_in: dict[str, object]) -> None:
    with open_context(browser, address, signed_in, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(ROUND)
        before = page.locator("tr[data-href]").count()
        page.get_by_label("Kết luận").select_option("met")
        page.get_by_role("button", name="Lọc").click()
        page.wait_for_url("**verdict=met*")
        assert 0 < page.locator("tr[data-href]").count() < before


def test_a_call_is_written_down_and_taken_back_without_scripts_on_a_small_phone(
    browser: Browser, address: str, signed_in: dict[str, object], seeded: Seeded
) -> None:
    head = seeded.heads[-1]
    area = COMMUNES[head.village.parent_key or ""].uuid
    small = {"width": 360, "height": 780}
    with open_context(browser, address, signed_in, java_script_enabled=False, viewport=small) as context:
        page = context.new_page()
        page.goto(f"{ROUND}/coverage?area={area}")
        page.get_by_role("link", name=f"Ghi cuộc gọi: {head.village.name}", exact=True).click()
        page.get_by_label("Cần giúp", exact=True).check()
        page.get_by_label("Cần giúp việc gì").fill("Máy không chụp được ảnh")
        page.get_by_role("button", name="Ghi lại").click()
        page.get_by_role("status").get_by_text("cần giúp: Máy không chụp được ảnh").wait_for()
        row = page.get_by_role("row").filter(has_text=head.village.name)
        assert "đã gọi hôm nay, cần giúp: Máy không chụp được ảnh" in row.inner_text()
        page.get_by_role("link", name=f"Ghi cuộc gọi: {head.village.name}", exact=True).click()
        assert page.locator("h1").inner_text().startswith(f"{head.village.name}: đã gọi hôm nay")
        page.get_by_role("button", name="Bỏ cuộc gọi vừa ghi").click()
        page.wait_for_url(f"**/coverage?area={area}")
        assert "cần giúp" not in page.locator("main").inner_text()


def test_a_row_opens_and_keys_move(page: Page) -> None:
    page.goto(ROUND)
    page.keyboard.press("j")
    expect(page.locator("tr.is-chosen")).to_have_count(1)
    page.locator("tr[data-href] td").first.click()
    page.wait_for_url("**/villages/*")


def test_a_reviewer_approves_and_the_village_is_no_longer_provisional(page: Page, seeded: Seeded) -> None:
    village = seeded.heads[1].village.uuid
    page.goto(f"{ROUND}/villages/{village}")
    assert page.locator(".verdict.is-provisional").count() > 0
    page.goto(f"/submissions/{seeded.sent[village]}")
    page.get_by_role("button", name="Duyệt phiếu này").click()
    page.locator(".lede .state", has_text="Đã duyệt").wait_for()
    page.goto(f"{ROUND}/villages/{village}")
    expect(page.locator(".verdict.is-provisional")).to_have_count(0)


def test_a_draft_is_uploaded_and_published_without_scripts(
    browser: Browser, address: str, signed_in: dict[str, object]
) -> None:
    workbook = {"name": "gieng.md", "mimeType": "text/markdown", "buffer": DRAFTED.replace("gieng", "be").encode()}
    with open_context(browser, address, signed_in, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/projects/{PROJECT}/forms")
        page.get_by_label("Tệp biểu mẫu").set_input_files(workbook)  # type: ignore[arg-type]
        page.get_by_role("button", name="Tải lên làm bản nháp").click()
        assert "chưa phát hành" in page.locator("h1").inner_text()
        file = {"name": "loai.csv", "mimeType": "text/csv", "buffer": b"name,label\na,A\n"}
        page.get_by_label("Chọn trong máy").set_input_files(file)  # type: ignore[arg-type]
        page.get_by_role("button", name="Tải tệp lên").click()
        page.get_by_text("Thử trên điện thoại").click()
        expect(page.locator(".qr svg")).to_be_visible()
        page.get_by_role("button", name="Vẫn phát hành").click()
        assert "đang mở" in page.locator("h1").inner_text()


def test_the_rooms_stand_in_one_line_or_behind_a_button_without_scripts(
    browser: Browser, address: str, signed_in: dict[str, object]
) -> None:
    for width, high in ((1280, 64), (360, 64)):
        size = {"width": width, "height": 780}
        with open_context(browser, address, signed_in, viewport=size, java_script_enabled=False) as context:
            page = context.new_page()
            page.goto("/administration")
            if width == 360:
                page.get_by_role("button", name="Các trang").click()
            page.get_by_role("link", name="Phiếu", exact=True).click()
            page.wait_for_url("**/submissions*")
            box = page.locator(".topbar").bounding_box()
            assert box is not None
            assert box["height"] <= high, width


def test_focus_is_seen(page: Page) -> None:
    page.goto(ROUND)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    outline = "() => getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "2px"


def test_print_is_black_on_white(page: Page, seeded: Seeded) -> None:
    page.goto(f"{ROUND}/villages/{seeded.heads[0].village.uuid}")
    page.emulate_media(media="print", color_scheme="dark")
    style = "() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor] }"
    assert page.evaluate(style) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    expect(page.locator(".topbar")).not_to_be_visible()
