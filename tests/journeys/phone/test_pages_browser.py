"""The phone app is installable, starts without a line, reads well to everybody, and keeps what it has whatever goes
wrong around it: a form that it cannot show, a card that was withdrawn, a sign-in page of a hotel, an older app."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from server.services.unbundle import Carrying, Fate, open_bundle, sender_of, unbundle
from server.storage.database import db
from server.storage.submissions import SubmissionVersion
from tests.journeys.test_axe_browser import AXE, BY_THEME, RUN
from tests.kit.bad_line import BadLine
from tests.kit.phone_app import HERE, PhoneApp
from tests.kit.served import serving
from tests.kit.world import World

FORM = "Điểm nước"
ENCRYPTED = """
| survey |
|        | type | name | label |
|        | text | ten  | Tên   |
| settings |
|        | form_id | form_title | version | public_key                       |
|        | kin     | Phiếu kín  | 1       | MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A |
"""
NEWER = """new Promise((done) => {
  const ask = indexedDB.open("thonban", 99);
  ask.onsuccess = () => { ask.result.close(); done(true); };
})"""
AHEAD = """const True = Date;
self.Date = class extends True {
  constructor(...given) { if (given.length) super(...given); else super(True.now() + 7.2e6); }
  static now() { return True.now() + 7.2e6; }
};"""
WELL = {"ten": "Giếng Làng", "so_ho": "12", "toa_do": HERE}


def photo(folder: Path) -> Path:
    path = folder / "gieng.jpg"
    Image.effect_noise((900, 1200), 60).convert("RGB").save(path)
    return path


def sees_nothing_wrong(phone: PhoneApp) -> list[Any]:
    """What axe says of the page, in light and in the dark."""
    phone.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for theme, rules in (("light", None), ("dark", BY_THEME)):
        phone.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        found += phone.page.evaluate(RUN, rules)
    phone.page.emulate_media(color_scheme="light")
    return found


def takes_in(world: World, file: Path, actor_id: int) -> list[Fate]:
    """What a supervisor does with the file of a phone."""
    with world.app.app_context(), file.open("rb") as opened:
        session, carrier, now = db.session(), world.server_itself, datetime.now(UTC)
        sender = sender_of(session, carrier, 1, actor_id, now)
        return unbundle(session, world.home, Carrying(open_bundle(opened), 1, carrier, sender, now))


def test_it_is_installable_starts_offline_and_reads_well(
    world: World, phone: PhoneApp, line: BadLine, tmp_path: Path
) -> None:
    world.publishes()
    manifest = phone.page.evaluate("fetch('manifest.webmanifest').then(answer => answer.json())")
    assert (manifest["display"], manifest["start_url"], manifest["lang"]) == ("standalone", "./", "vi")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}
    assert sees_nothing_wrong(phone) == []
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    assert phone.page.evaluate("navigator.serviceWorker.ready.then(found => found.active.state)") == "activated"
    line.down = True
    phone.closes()
    phone.opens()
    phone.page.locator(".card button.whole").wait_for()
    found = {"home": sees_nothing_wrong(phone)}
    phone.begins(FORM)
    for name, answer in [*WELL.items(), ("anh", photo(tmp_path))]:
        phone.answers(name, answer)
        found[name] = sees_nothing_wrong(phone)
        phone.goes_on()
    found["end"] = sees_nothing_wrong(phone)
    phone.page.get_by_role("button", name="Các câu").click()
    found["answers"] = sees_nothing_wrong(phone)
    phone.page.get_by_role("button", name="Xem lại và gửi").click()
    phone.sends()
    found["saved"] = sees_nothing_wrong(phone)
    for page in ("sent", "more", "enter"):
        phone.page.goto(f"{phone.address}/phone/#/{page}")
        phone.page.locator("h1").wait_for()
        found[page] = sees_nothing_wrong(phone)
    assert {page: wrong for page, wrong in found.items() if wrong} == {}
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_no_request_goes_anywhere_else(world: World, phone: PhoneApp) -> None:
    world.publishes()
    asked: list[str] = []
    phone.context.on("request", lambda request: asked.append(request.url))
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    phone.begins(FORM)
    assert any("/formList" in url for url in asked)
    assert [url for url in asked if not url.startswith((phone.address, "blob:", "data:"))] == []
    policy = phone.page.evaluate("fetch('./').then((answer) => answer.headers.get('Content-Security-Policy'))")
    assert policy.startswith("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';")


def test_what_it_cannot_show_is_said_on_the_list(world: World, phone: PhoneApp) -> None:
    world.publishes()
    world.publishes(ENCRYPTED)
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    told = phone.page.locator(".card", has_text="Phiếu kín")
    expect(told).to_contain_text("Máy này không mở được phiếu này")
    expect(told.get_by_role("button")).to_have_count(0)


def test_a_withdrawn_card_keeps_the_work_and_a_new_one_sends_it(world: World, phone: PhoneApp, line: BadLine) -> None:
    world.publishes()
    card = world.phone("Chíu A Sềnh")
    phone.enters(1, card.token)
    line.down = True
    phone.begins(FORM)
    phone.fills(WELL)
    phone.sends()
    line.down = False
    assert world.api.delete(f"sessions/{card.token}").status_code == 200
    phone.goes_home()
    phone.page.get_by_role("button", name="Gửi ngay").click()
    asked = phone.page.get_by_role("link", name=re.compile("Thẻ không còn dùng được"))
    asked.wait_for()
    phone.page.locator(".count .number").get_by_text("1").wait_for()
    asked.click()
    phone.page.get_by_label("Hoặc dán đường dẫn trên thẻ").fill(
        f"{line.address}/phone/#/card/1/{world.phone('Chíu A Sềnh').token}"
    )
    phone.page.get_by_role("button", name="Vào", exact=True).click()
    phone.page.locator(".count").wait_for()
    phone.waits_until_sent()
    (kept,) = world.session.scalars(select(SubmissionVersion.answers))
    assert kept is not None
    assert kept["ten"] == "Giếng Làng"


def test_a_page_that_asks_to_sign_in_is_not_taken_for_the_server(world: World, phone: PhoneApp, line: BadLine) -> None:
    world.publishes()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    hotel = Flask("hotel")
    hotel.add_url_rule(
        "/<path:path>",
        view_func=lambda path: Response("<html>Wifi</html>", content_type="text/html"),
        methods=["GET", "POST"],
    )
    own = line.port
    with serving(hotel) as elsewhere:
        line.port = int(elsewhere.rpartition(":")[2])
        phone.begins(FORM)
        phone.fills(WELL)
        phone.sends()
        phone.goes_home()
        phone.page.get_by_role("button", name="Gửi ngay").click()
        expect(phone.page.get_by_role("alert")).to_contain_text("không phải máy chủ của chương trình")
        assert phone.unsent() == 1
        line.port = own
    phone.waits_until_sent()
    assert len(list(world.session.scalars(select(SubmissionVersion.id)))) == 1


def test_practice_goes_nowhere(world: World, phone: PhoneApp) -> None:
    world.publishes()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    phone.page.goto(f"{phone.address}/phone/#/more")
    phone.page.get_by_role("button", name="Bắt đầu tập").click()
    phone.goes_home()
    expect(phone.page.get_by_role("status").first).to_contain_text("Đang tập")
    phone.begins(FORM)
    phone.fills(WELL)
    phone.page.get_by_role("button", name="Xong bài tập").click()
    phone.page.get_by_text("Tập xong.").wait_for()
    phone.goes_home()
    assert phone.unsent() == 0
    assert list(world.session.scalars(select(SubmissionVersion.id))) == []


def test_two_people_share_a_phone_and_what_is_unsent_survives_signing_out(
    world: World, phone: PhoneApp, line: BadLine
) -> None:
    world.publishes()
    first, second = world.phone("Chíu A Sềnh"), world.phone("Hoàng Thị Mai")
    phone.enters(1, first.token)
    line.down = True
    phone.begins(FORM)
    phone.fills(WELL)
    phone.sends()
    line.down = False
    phone.page.evaluate(f"location.hash = '#/card/1/{second.token}'")
    phone.page.locator(".who", has_text="Hoàng Thị Mai").wait_for()
    assert phone.unsent() == 0
    phone.page.goto(f"{phone.address}/phone/#/more")
    phone.page.get_by_role("button", name="Rút thẻ Chíu A Sềnh khỏi máy").click()
    phone.page.get_by_role("button", name="Rút thẻ Chíu A Sềnh khỏi máy").click()
    expect(phone.page.get_by_text("đã rút thẻ")).to_be_visible()
    phone.page.get_by_role("link", name="Nhận thẻ mới của Chíu A Sềnh").click()
    phone.page.get_by_label("Hoặc dán đường dẫn trên thẻ").fill(f"{line.address}/phone/#/card/1/{first.token}")
    phone.page.get_by_role("button", name="Vào", exact=True).click()
    phone.page.locator(".who", has_text="Chíu A Sềnh").wait_for()
    phone.waits_until_sent()
    assert list(world.session.scalars(select(SubmissionVersion.submitter_id))) == [first.id]


def test_an_older_app_touches_nothing_that_a_newer_one_wrote(world: World, phone: PhoneApp) -> None:
    world.publishes()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    phone.page.goto(f"{phone.address}/phone/icon.svg")
    assert phone.page.evaluate(NEWER)
    phone.page.goto(f"{phone.address}/phone/")
    expect(phone.page.get_by_role("alert")).to_contain_text("do bản mới hơn ghi")


def test_a_phone_with_a_wrong_clock_is_told_the_server_s_time(world: World, phone: PhoneApp) -> None:
    world.publishes()
    phone.context.add_init_script(AHEAD)
    phone.opens_again()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    expect(phone.page.locator(".notice.is-warn")).to_contain_text("Đồng hồ máy này sai 120 phút")


def test_without_a_line_for_ever_a_file_carries_the_sheets(
    world: World, phone: PhoneApp, line: BadLine, tmp_path: Path
) -> None:
    world.publishes()
    card = world.phone("Chíu A Sềnh")
    phone.enters(1, card.token)
    line.down = True
    for name in ("Giếng Làng", "Giếng Đồi"):
        phone.goes_home()
        phone.begins(FORM)
        phone.fills(WELL | {"ten": name, "anh": photo(tmp_path)})
        phone.sends()
    phone.page.goto(f"{phone.address}/phone/#/more")
    with phone.page.expect_download() as coming:
        phone.page.get_by_role("button", name="Xuất 2 phiếu").click()
    file = tmp_path / coming.value.suggested_filename
    coming.value.save_as(file)
    assert re.fullmatch(r"thonban-chiu-a-senh-\d{8}-\d{4}\.zip", file.name)
    assert [each.result for each in takes_in(world, file, card.id)] == ["new", "new"]
    line.down = False
    phone.goes_home()
    phone.waits_until_sent()
    found = list(world.session.scalars(select(SubmissionVersion.answers)))
    assert sorted(str(each["ten"]) for each in found if each) == ["Giếng Làng", "Giếng Đồi"]


def test_a_number_that_cannot_be_kept_is_said_and_holds_the_sheet_up(world: World, phone: PhoneApp) -> None:
    world.publishes()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    phone.begins(FORM)
    phone.fills(WELL, until="so_ho")
    question = phone.question("so_ho")
    field, wrong = question.locator("input"), question.locator(".wrong")
    for odd in ("3000000000", "1,5", "12a", "-"):
        field.fill("7")
        expect(wrong).to_be_hidden()
        field.fill("")
        field.press_sequentially(odd)
        field.blur()
        expect(wrong).to_contain_text("2.147.483.647")
        expect(field).to_have_value(odd)
    while phone.page.locator(".steps .is-main").count():
        phone.goes_on()
    expect(phone.page.locator("main")).to_contain_text("Số vừa gõ chưa được ghi")
    expect(phone.page.get_by_role("button", name="Gửi", exact=True)).to_be_hidden()
    phone.page.locator("main li button").first.click()
    expect(field).to_have_value("-")
    field.fill("1.200")
    expect(wrong).to_be_hidden()
    phone.fills({})
    phone.sends()
    phone.goes_home()
    phone.waits_until_sent()
    (answers,) = world.session.scalars(select(SubmissionVersion.answers))
    assert answers["so_ho"] == 1200
