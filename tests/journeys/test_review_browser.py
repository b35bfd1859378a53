"""A sheet from the desk to the village and back: returned with reasons at two questions, read by the phone, corrected,
compared, approved by the commune and by the province, its round locked, the verdict printed."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from forms.parse import parse_form
from server.services.authenticate import system_caller
from server.services.collect import make_sheet
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.database import db
from server.web.desk.built import FOLDER
from server.web.openrosa.contacts import write_now
from sync.client import Downloaded, Phone
from tests.kit.browser import enter
from tests.kit.passwords import give_password
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded, seed

RETURNED, ROUND = f"/projects/{PROJECT}/returned", f"/projects/{PROJECT}/rounds/2019"
COMMUNE, PROVINCE = "xa@example.vn", "tinh@example.vn"
TOTAL, POOR = "/data/tong_ho", "/data/ho_ngheo"
A4 = re.compile(rb"/MediaBox \[0 0 59[45][\d.]* 84[12][\d.]*\]")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("review-browser") / "home", 1)
    with made.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        people = ((COMMUNE, "commune_supervisor", made.heads[0].village.uuid), (PROVINCE, "programme_admin", None))
        for email, role, area in people:
            person = create_user(session, system_caller(session, now), NewUser(email, None, email.split("@")[0]), now)
            grant = GrantView(role, "project", PROJECT, None, area, None, None)
            grant_role(session, system_caller(session, now), person.id, grant, now)
            give_password(session, email, PASSWORD)
    return made


def corrects(seeded: Seeded, address: str, **answers: int) -> Downloaded:
    """The village head's phone fetches the form with its lists and sends an edit of the sheet that it kept."""
    head = seeded.heads[0]
    with Phone(f"{address}/v1/key/{head.token}/projects/{PROJECT}", f"thonban:{head.village.uuid}") as phone:
        form = phone.download(next(each for each in phone.form_list() if each.form_id == "village_criteria"))
        xml, photos = make_sheet(parse_form(form.xml), form, head, 0)
        text = xml.decode()
        for name, value in answers.items():
            text, times = re.subn(rf"<{name}>[^<]*</{name}>", f"<{name}>{value}</{name}>", text)
            assert times == 1, name
        before = re.search(r"<(\w*:?)instanceID>([^<]*)</\w*:?instanceID>", text)
        assert before
        ids = f"<{before[1]}deprecatedID>{before[2]}</{before[1]}deprecatedID>"
        ids += f"<{before[1]}instanceID>uuid:{uuid4()}</{before[1]}instanceID>"
        phone.send(text.replace(before[0], ids).encode(), photos)
    return form


def returns_at_two_questions(page: Page, sheet: str) -> None:
    page.goto(sheet)
    for path, why in ((TOTAL, "Sổ hộ khẩu ghi số khác"), (POOR, "Đếm lại theo quyết định của xã")):
        page.locator(f'input[name="question"][value="{path}"]').check()
        page.locator(f'input[name="why:{path}"]').fill(why)
    page.get_by_role("button", name="Trả lại cho người gửi").click()
    expect(page.locator(".lede .state.is-error")).to_contain_text("Trả lại")


def test_what_is_returned_reaches_the_village_and_comes_back_right(
    browser: Browser, address: str, seeded: Seeded
) -> None:
    village = seeded.heads[0].village
    sheet = f"/submissions/{seeded.sent[village.uuid]}"
    supervisor = enter(browser, address, COMMUNE, PASSWORD)
    returns_at_two_questions(supervisor, sheet)
    supervisor.goto(RETURNED)
    told = supervisor.locator("section.card")
    expect(told).to_contain_text("Máy chưa tải lý do")
    expect(told.locator("textarea")).to_have_value(re.compile("vì Đếm lại theo quyết định của xã"))
    told.get_by_role("button", name="Ghi là đã báo").click()
    expect(told).to_contain_text("Đã báo: xa")

    form = corrects(seeded, address, tong_ho=97, ho_ngheo=6)
    assert "vì Sổ hộ khẩu ghi số khác" in form.media["corrections.csv"].decode()
    write_now(seeded.app)
    supervisor.goto(f"{RETURNED}?stage=corrected")
    expect(told).to_contain_text("Đã gửi bản sửa")

    supervisor.goto(sheet)
    answer = supervisor.locator("#q-tong_ho")
    expect(answer).to_contain_text("97")
    expect(answer.locator(".beside.is-changed, .beside").first).to_be_visible()
    expect(answer).to_contain_text("Sổ hộ khẩu ghi số khác")
    supervisor.get_by_role("button", name="Duyệt phiếu này").click()
    expect(supervisor.locator(".lede .state.is-good")).to_contain_text("xã")

    province = enter(browser, address, PROVINCE, PASSWORD)
    province.goto(sheet)
    province.get_by_role("button", name="Duyệt phiếu này").click()
    expect(province.locator(".lede .state.is-good")).to_contain_text("tỉnh")
    province.goto(f"{ROUND}/lock")
    province.get_by_label("Lý do").fill("Đã duyệt xong các thôn trong mẫu")
    province.locator("form button.is-primary").click()
    expect(province.get_by_role("heading", level=1)).to_contain_text("đã khóa")
    province.goto(sheet)
    expect(province.locator("#undo")).to_have_count(0)
    # nothing is decided in a locked round any more
    province.get_by_role("button", name="Mở lại (về mới nhận)").click()
    expect(province.locator("#refused")).to_contain_text("đã khóa")

    province.goto(f"{ROUND}/villages/{village.uuid}/print")
    assert A4.findall(province.pdf(prefer_css_page_size=True))
    expect(province.locator("main")).to_contain_text(village.name)
