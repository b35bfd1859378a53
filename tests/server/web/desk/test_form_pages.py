"""The pages of forms: uploaded with their warnings, given files, tried, published, closed, deleted and brought back,
each by who may, without a script."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.services.qr import DRAFT_INK
from server.web.desk.built import FOLDER
from tests.kit.passwords import give_password
from tests.kit.world import EMAIL, OPENROSA, PASSWORD, WATER_POINT, World, world_fixture, xlsx

__all__ = ["world_fixture"]

pytestmark = pytest.mark.skipif(
    not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)"
)
FORMS = "/projects/1/forms"
FORM = f"{FORMS}/water_point"
WITH_FILE = WATER_POINT.replace("integer  | so_ho", "select_one_from_file loai.csv | loai")
WARNED = WATER_POINT.replace("| label            |", "| label::Tiếng Việt |")
TREES = WATER_POINT.replace("| constraint_message      |", "| save_to |").replace("Số hộ không thể âm", "so_ho") + (
    "| entities |\n|        | list_name | label |\n|        | wells     | ${ten} |\n"
)


@pytest.fixture(name="desk")
def desk_fixture(world: World) -> FlaskClient:
    """The administrator's browser."""
    return browser_of(world, EMAIL)


def browser_of(world: World, email: str) -> FlaskClient:
    """A browser in which somebody is signed in."""
    client = world.app.test_client()
    assert client.post("/v1/sessions", json={"email": email, "password": PASSWORD}).status_code == 200
    return client


def person(world: World, role: str) -> FlaskClient:
    """The browser of somebody with a role on the whole site."""
    email = world.person("Ai đó", role).get("users/current").get_json()["email"]
    give_password(world.session, email, PASSWORD)
    return browser_of(world, email)


def send(desk: FlaskClient, path: str, *, file: tuple[bytes, str] | None = None, **fields: str) -> TestResponse:
    """What a form of the page sends."""
    cookie = desk.get_cookie("__csrf")
    assert cookie is not None
    data: dict[str, object] = {"__csrf": cookie.value, **fields}
    if file is not None:
        data["file"] = (io.BytesIO(file[0]), file[1])
    return desk.post(path, data=data, content_type="multipart/form-data")


def post(desk: FlaskClient, path: str, *, file: tuple[bytes, str] | None = None, **fields: str) -> str:
    """The same, and the page that follows as its reader sees it."""
    answer = send(desk, path, file=file, **fields)
    assert answer.status_code in (303, 400, 403, 404, 409), answer.get_data(as_text=True)
    if answer.status_code == 303:
        answer = desk.get(answer.location)
        assert answer.status_code == 200
    return seen(answer.get_data(as_text=True))


def seen(page: str) -> str:
    """The words of the main part of a page."""
    main = page[page.index("<main") : page.index("</main>")]
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", main, flags=re.DOTALL)).split()))


def look(desk: FlaskClient, path: str = FORM) -> str:
    """A page as its reader sees it."""
    answer = desk.get(path)
    assert answer.status_code == 200
    return seen(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("content", "name"), [(xlsx(WARNED), "Giếng (1).XLSX"), (WARNED.encode(), "nuoc.md")], ids=["xlsx", "md"]
)
def test_a_form_is_uploaded_read_and_published_all_the_same(
    world: World, desk: FlaskClient, content: bytes, name: str
) -> None:
    page = post(desk, FORMS, file=(content, name))
    assert "Điểm nước: chưa phát hành" in page
    assert "Đã có bản nháp" in page
    assert "cảnh báo" in page
    assert "Vẫn phát hành" in page
    phone = world.phone("Khe Mực", "water_point")
    assert "water_point" not in phone.get("formList").get_data(as_text=True)
    page = post(desk, f"{FORM}/draft/publish", version="1")
    assert "Điểm nước: đang mở" in page
    assert "water_point" in phone.get("formList").get_data(as_text=True)
    assert "1 biểu mẫu đang mở" in look(desk, FORMS)


def test_what_cannot_be_a_form_is_refused_with_place_and_remedy(world: World, desk: FlaskClient) -> None:
    broken = WATER_POINT.replace(". >= 0 ", "khong_co(").encode()
    page = post(desk, FORMS, file=(broken, "gieng.md"))
    assert "Trang survey, dòng 3, cột constraint" in page
    assert "khong_co" in page
    assert "không phải tệp biểu mẫu" in post(desk, FORMS, file=(b"%PDF", "gieng.pdf"))
    assert "Chưa chọn tệp nào" in post(desk, FORMS)
    assert world.api.get("projects/1/forms").get_json() == []
    world.publishes()
    other = WATER_POINT.replace("| water_point |", "| bridge |").encode()
    assert "bridge" in post(desk, f"{FORM}/draft", file=(other, "cau.md"))
    assert "khong_co" in post(desk, f"{FORM}/draft", file=(broken, "gieng.md"))
    assert world.api.get("projects/1/forms/water_point/draft").status_code == 404


def test_a_workbook_without_an_id_is_named_by_its_file_or_by_the_form(world: World, desk: FlaskClient) -> None:
    nameless = WATER_POINT.replace("form_id     |", "").replace("water_point |", "")
    post(desk, FORMS, file=(nameless.encode(), "water_point.md"))
    assert world.api.get("projects/1/forms/water_point").status_code == 200
    page = post(desk, f"{FORM}/draft", file=(nameless.encode(), "bản mới.md"))
    assert "Đã có bản nháp" in page


def test_a_new_draft_says_what_it_no_longer_asks_and_wants_another_version(world: World, desk: FlaskClient) -> None:
    world.publishes()
    shorter = "\n".join(line for line in WATER_POINT.splitlines() if "so_ho" not in line)
    page = post(desk, f"{FORM}/draft", file=(shorter.encode(), "moi.md"))
    assert "không còn các câu: so_ho" in page
    assert "Phiên bản 1 đã phát hành rồi" in page
    suggested = re.search(r'name="version"[^>]*value="([^"]*)"', desk.get(FORM).get_data(as_text=True))
    assert suggested
    assert suggested[1] == "2"
    assert "đã phát hành" in post(desk, f"{FORM}/draft/publish", version="1")
    assert "2 phiên bản đã phát hành" in post(desk, f"{FORM}/draft/publish", version="2")


def test_files_are_put_in_their_places_and_taken_away(world: World, desk: FlaskClient) -> None:
    world.publishes(WITH_FILE)
    assert "loai.csv còn thiếu" in look(desk)
    page = post(desk, f"{FORM}/draft", copy="1")
    assert "Còn thiếu tệp: loai.csv" in page
    rows = b"name,label\na,A\n"
    page = post(desk, f"{FORM}/draft/files", name="loai.csv", file=(rows, "danh muc.csv"))
    assert "Còn thiếu tệp" not in page
    assert world.api.get("projects/1/forms/water_point/draft/attachments/loai.csv").data == rows
    assert "Còn thiếu tệp" in post(desk, f"{FORM}/draft/files/remove", name="loai.csv")
    assert "x.csv" in post(desk, f"{FORM}/draft/files", name="x.csv", file=(rows, "x.csv"))
    assert "Chưa chọn tệp nào" in post(desk, f"{FORM}/draft/files", name="loai.csv")
    assert not list((world.home.config.home / "uploads").iterdir())


def test_a_draft_is_tried_by_its_own_code_until_another_is_made(world: World, desk: FlaskClient) -> None:
    world.publishes()
    post(desk, f"{FORM}/draft", copy="1")
    token = world.api.get("projects/1/forms/water_point/draft").get_json()["draftToken"]
    page = desk.get(FORM).get_data(as_text=True)
    assert DRAFT_INK in page
    assert f"/v1/test/{token}/projects/1/forms/water_point/draft" in page
    assert token not in post(desk, f"{FORM}/draft/link")
    listing = f"/v1/test/{token}/projects/1/forms/water_point/draft/formList"
    assert world.app.test_client().get(listing, headers=OPENROSA).status_code == 404
    assert "Đã bỏ bản nháp" in post(desk, f"{FORM}/draft/drop")


@pytest.mark.parametrize(("state", "said"), [("closing", "sắp đóng"), ("closed", "đã đóng"), ("open", "đang mở")])
def test_a_form_is_opened_and_closed(world: World, desk: FlaskClient, state: str, said: str) -> None:
    world.publishes()
    assert f"Điểm nước: {said}" in post(desk, f"{FORM}/state", state=state)
    assert world.api.get("projects/1/forms/water_point").get_json()["state"] == state
    post(desk, f"{FORM}/state", state="shut")
    assert world.api.get("projects/1/forms/water_point").get_json()["state"] == state


def test_a_form_is_deleted_and_comes_back(world: World, desk: FlaskClient) -> None:
    world.publishes()
    assert "giữ 30 ngày" in look(desk)
    page = post(desk, f"{FORM}/delete")
    assert "Đã xoá Khôi phục thì" in page
    assert desk.get(FORM).status_code == 404
    number = re.search(r'name="form" value="(\d+)"', desk.get(FORMS).get_data(as_text=True))
    assert number
    assert "Đã khôi phục" in post(desk, f"{FORMS}/restored", form=number[1])
    for unknown in (number[1], "9" * 30, "x", ""):
        assert send(desk, f"{FORMS}/restored", form=unknown).status_code == 404
    assert "Đang mở" in look(desk, FORMS)


def test_who_only_reads_sees_no_code_and_nothing_to_press(world: World, desk: FlaskClient) -> None:
    world.publishes()
    post(desk, f"{FORM}/draft", copy="1")
    token = world.api.get("projects/1/forms/water_point/draft").get_json()["draftToken"]
    viewer = person(world, "viewer")
    for path in (FORMS, FORM):
        page = viewer.get(path).get_data(as_text=True)
        main = page[page.index("<main") : page.index("</main>")]
        assert "<form" not in main
        assert token not in page
    assert "Bản nháp, phiên bản 1" in look(viewer)
    for path in (
        FORMS,
        f"{FORM}/draft",
        f"{FORM}/draft/publish",
        f"{FORM}/draft/drop",
        f"{FORM}/draft/link",
        f"{FORM}/draft/files",
        f"{FORM}/draft/files/remove",
        f"{FORM}/state",
        f"{FORM}/delete",
        f"{FORMS}/restored",
    ):
        file = (WATER_POINT.encode(), "a.md")
        assert send(viewer, path, file=file, state="closed", name="x", form="1").status_code == 403, path
    form = world.api.get("projects/1/forms/water_point").get_json()
    assert (form["state"], form["version"]) == ("open", "1")
    assert world.api.get("projects/1/forms/water_point/draft").get_json()["draftToken"] == token


@pytest.mark.parametrize("role", ["formfill", None])
def test_who_may_not_read_forms_has_no_page_of_them(world: World, role: str | None) -> None:
    world.publishes()
    email = world.person("Ai đó", role).get("users/current").get_json()["email"]
    give_password(world.session, email, PASSWORD)
    client = browser_of(world, email)
    assert client.get(FORMS).status_code in (403, 404)
    assert client.get(FORM).status_code in (403, 404)
    assert "/projects/1/forms" not in client.get("/").get_data(as_text=True)


def test_nothing_is_done_without_the_page_s_own_token(world: World, desk: FlaskClient) -> None:
    world.publishes()
    for path in (f"{FORM}/delete", f"{FORM}/draft", f"{FORM}/state"):
        assert desk.post(path, data={"state": "closed", "copy": "1"}).status_code == 403
    assert world.api.get("projects/1/forms/water_point").get_json()["state"] == "open"


def test_an_id_with_a_slash_has_its_page(world: World, desk: FlaskClient) -> None:
    world.publishes(WATER_POINT.replace("| water_point |", "| ho/dan |"))
    (link,) = set(re.findall(r'href="(/projects/1/forms/[^"]+)"', desk.get(FORMS).get_data(as_text=True)))
    assert link == "/projects/1/forms/ho%2Fdan"
    answer = desk.get(link, environ_overrides={"RAW_URI": link})
    assert "ho/dan" in answer.get_data(as_text=True)


def test_entity_lists_that_a_form_writes_to_are_said_not_to_be_made(world: World, desk: FlaskClient) -> None:
    page = post(desk, FORMS, file=(TREES.encode(), "gieng.md"))
    assert "danh sách thực thể: wells" in page
