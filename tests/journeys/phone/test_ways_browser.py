"""Ways into the phone app and out of it: a card before the camera or as a picture, a form that changed while a sheet
was under way, the browser that sends by itself, photos as the form wants them, a question that is heard."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from pathlib import Path

import segno
from PIL import Image
from playwright.sync_api import Playwright, expect
from sqlalchemy import select

from server.storage.submissions import SubmissionAttachment, SubmissionVersion
from sync.settings import encode_settings, field_settings
from tests.kit.bad_line import BadLine
from tests.kit.phone_app import PhoneApp
from tests.kit.world import WATER_POINT, World

FORM = "Điểm nước"
WELL = {"ten": "Giếng Làng", "so_ho": "12"}
SECOND = WATER_POINT.replace(
    "| water_point | Điểm nước    | 1       |", "| water_point | Điểm nước    | 2       |"
).replace("Tên giếng        |", "Tên của giếng    |")
PICTURES = """
| survey |
|        | type  | name | label | parameters     | media::audio |
|        | image | anh  | Ảnh   | max-pixels=640 | hoi.wav      |
| settings |
|        | form_id  | form_title | version |
|        | pictures | Ảnh làng   | 1       |
"""
WALKED = """
| survey |
|        | type     | name  | label       |
|        | geotrace | duong | Đường đã đi |
|        | geoshape | nuong | Nương       |
| settings |
|        | form_id | form_title | version |
|        | walked  | Đo nương   | 1       |
"""
CORNERS = ((21.0, 107.0), (21.001, 107.0), (21.001, 107.001), (21.0, 107.001))
TAKEN = 36867
GPS = 34853
HEARD = """const True = Audio;
self.heard = [];
self.Audio = function (source) { const made = new True(source); self.heard.push(made); return made; };"""
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


def publishes_again(world: World, form_id: str, markdown: str, files: Mapping[str, bytes] = {}) -> None:
    """The next version of a form, with its files."""
    form = f"projects/1/forms/{form_id}/draft"
    drafted = world.api.post(f"{form}?ignoreWarnings=true", data=markdown.encode(), content_type="text/markdown")
    assert drafted.status_code == 200, drafted.get_data(as_text=True)
    for name, content in files.items():
        assert world.api.post(f"{form}/attachments/{name}", data=content).status_code == 200
    published = world.api.post(f"{form}/publish?version=2")
    assert published.status_code == 200, published.get_data(as_text=True)


def card(world: World, line: BadLine, path: Path) -> None:
    """The picture on a card of ODK Collect."""
    key = world.phone("Chíu A Sềnh").token
    text = encode_settings(field_settings(f"{line.address}/v1/key/{key}/projects/1", "Thôn bản"))
    segno.make(text, error="m").save(str(path), scale=5, border=6, kind="png")


def test_a_picture_of_the_card_lets_one_in(world: World, phone: PhoneApp, line: BadLine, tmp_path: Path) -> None:
    world.publishes()
    card(world, line, tmp_path / "card.png")
    phone.page.get_by_label("Chọn ảnh chụp thẻ").set_input_files(tmp_path / "card.png")
    expect(phone.page.locator(".who")).to_contain_text("Chíu A Sềnh")
    phone.page.locator(".card", has_text=FORM).wait_for()
    assert phone.page.url.endswith("#/")


def test_a_card_before_the_camera_lets_one_in(
    world: World, playwright: Playwright, chromium_path: Path, line: BadLine, tmp_path: Path
) -> None:
    world.publishes()
    card(world, line, tmp_path / "card.png")
    frame = Image.open(tmp_path / "card.png").convert("RGB").resize((640, 640))
    picture = Image.new("RGB", (640, 720), "white")
    picture.paste(frame, (0, 40))
    film = io.BytesIO()
    picture.save(film, "JPEG", quality=95)
    (tmp_path / "card.mjpeg").write_bytes(film.getvalue() * 3)
    flags = (*CAMERA, f"--use-file-for-fake-video-capture={tmp_path / 'card.mjpeg'}")
    phone = PhoneApp(playwright, chromium_path, tmp_path / "camera", line.address, flags=flags)
    phone.page.get_by_role("button", name="Mở máy ảnh").click()
    expect(phone.page.locator(".who")).to_contain_text("Chíu A Sềnh", timeout=20_000)
    phone.closes()


def test_what_is_no_card_is_said_to_be_none(phone: PhoneApp, tmp_path: Path) -> None:
    segno.make("https://example.org/").save(str(tmp_path / "other.png"), scale=5, kind="png")
    phone.page.get_by_label("Chọn ảnh chụp thẻ").set_input_files(tmp_path / "other.png")
    expect(phone.page.get_by_role("alert")).to_contain_text("Không đọc được thẻ")


def test_a_sheet_ends_with_the_version_it_was_begun_in(world: World, phone: PhoneApp, line: BadLine) -> None:
    world.publishes()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    phone.begins(FORM)
    phone.fills(WELL, until="so_ho")
    phone.page.get_by_role("button", name="Cất, làm sau").click()
    phone.page.locator(".is-draft").wait_for()
    publishes_again(world, "water_point", SECOND)
    phone.page.get_by_role("button", name="Tải phiếu mới nhất").click()
    phone.waits_until(lambda: [form["version"] for form in phone.kept("forms") if form["current"]] == ["2"])
    line.down = True
    phone.takes_up()
    expect(phone.question("ten")).to_contain_text("Tên giếng")
    phone.fills(WELL)
    phone.sends()
    phone.goes_home()
    phone.begins(FORM)
    expect(phone.question("ten")).to_contain_text("Tên của giếng")
    phone.fills(WELL)
    phone.sends()
    line.down = False
    phone.goes_home()
    phone.waits_until_sent()
    assert sorted(str(each) for each in world.session.scalars(select(SubmissionVersion.stated_version))) == ["1", "2"]


def test_the_browser_sends_by_itself(world: World, phone: PhoneApp, line: BadLine) -> None:
    world.publishes()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    line.down = True
    phone.begins(FORM)
    phone.fills(WELL)
    phone.sends()
    tags = "navigator.serviceWorker.ready.then((found) => found.sync.getTags())"
    assert phone.page.evaluate(tags) == ["outbox"]
    session = phone.context.new_cdp_session(phone.page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(r["registrationId"] for r in told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    phone.page.wait_for_timeout(500)
    phone.page.goto("about:blank")
    line.down = False
    told = {"origin": line.address, "registrationId": found[0], "tag": "outbox", "lastChance": False}
    for _ in range(20):
        session.send("ServiceWorker.dispatchSyncEvent", told)
        phone.page.wait_for_timeout(1_000)
        if list(world.session.scalars(select(SubmissionVersion.id))):
            return
    raise AssertionError("nothing was sent")


def test_a_photo_is_as_large_as_the_form_wants_and_a_question_is_heard(
    world: World, phone: PhoneApp, tmp_path: Path
) -> None:
    world.publishes(PICTURES)
    sound = io.BytesIO()
    with wave.open(sound, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(16_000))
    recorded = {"hoi.wav": sound.getvalue()}
    publishes_again(world, "pictures", PICTURES, recorded)
    photo = Image.effect_noise((1600, 1200), 60).convert("RGB")
    exif = photo.getexif()
    exif.get_ifd(0x8769)[TAKEN] = "2026:03:02 08:15:00"
    exif.get_ifd(GPS)[1], exif.get_ifd(GPS)[2] = "N", (21.0, 28.0, 0.0)
    exif.get_ifd(GPS)[3], exif.get_ifd(GPS)[4] = "E", (107.0, 22.0, 0.0)
    photo.save(tmp_path / "anh.jpg", exif=exif)
    phone.context.add_init_script(HEARD)
    phone.opens_again()
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    phone.begins("Ảnh làng")
    phone.page.get_by_role("button", name="Nghe").click()
    phone.page.wait_for_function("() => self.heard.length === 1 && self.heard[0].duration > 0.9")
    phone.answers("anh", tmp_path / "anh.jpg")
    phone.goes_on()
    phone.sends()
    phone.goes_home()
    phone.waits_until_sent()
    (sha256,) = world.session.scalars(select(SubmissionAttachment.sha256))
    with world.home.blobs.open(str(sha256)) as kept:
        picture = Image.open(kept)
        picture.load()
    assert picture.size == (640, 480)
    assert picture.getexif().get_ifd(0x8769)[TAKEN] == "2026:03:02 08:15:00"
    assert not picture.getexif().get_ifd(GPS)


def test_a_way_and_an_area_are_walked_and_seen(world: World, phone: PhoneApp, line: BadLine) -> None:
    world.publishes(WALKED)
    phone.enters(1, world.phone("Chíu A Sềnh").token)
    line.down = True
    phone.begins("Đo nương")
    for name, said in (("duong", "Dài 327 m"), ("nuong", "Rộng 1,16 ha, chu vi 430 m")):
        question = phone.question(name)
        question.wait_for()
        for number, (latitude, longitude) in enumerate(CORNERS, start=1):
            phone.context.set_geolocation({"latitude": latitude, "longitude": longitude, "accuracy": 4.0})
            question.get_by_role("button", name="Thêm điểm").click()
            expect(question.locator(".placed")).to_have_text(f"{number} điểm")
        expect(question.locator("figcaption")).to_have_text(said)
        expect(question.get_by_role("img", name=said)).to_be_visible()
        question.get_by_role("button", name="Bỏ điểm cuối").click()
        expect(question.locator(".placed")).to_have_text("3 điểm")
        phone.goes_on()
    phone.sends()
    line.down = False
    phone.goes_home()
    phone.waits_until_sent()
    (answers,) = world.session.scalars(select(SubmissionVersion.answers))
    walked = [[longitude, latitude] for latitude, longitude in CORNERS[:3]]
    assert [at[:2] for at in answers["duong"]["coordinates"]] == walked
    assert [at[:2] for at in answers["nuong"]["coordinates"][0]] == [*walked, walked[0]]


def test_without_https_it_says_so_and_takes_no_card(
    world: World, playwright: Playwright, chromium_path: Path, line: BadLine, tmp_path: Path
) -> None:
    world.publishes()
    token = world.phone("Chíu A Sềnh").token
    port = line.address.rpartition(":")[2]
    flags = ("--host-resolver-rules=MAP thon.example 127.0.0.1",)
    phone = PhoneApp(playwright, chromium_path, tmp_path / "plain", f"http://thon.example:{port}", flags=flags)
    phone.page.goto(f"{phone.address}/phone/#/card/1/{token}")
    expect(phone.page.locator(".notice.is-bad")).to_contain_text("https")
    expect(phone.page.get_by_role("button", name="Mở máy ảnh")).to_be_disabled()
    assert phone.kept("people") == []
    phone.closes()
