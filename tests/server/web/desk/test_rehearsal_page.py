"""The draft of a form tried on what was sent, as its administrator reads it before publishing."""

import pytest

from server.web.desk.built import FOLDER
from tests.kit.world import EMAIL, WATER_POINT, World, world_fixture
from tests.server.web.desk.test_form_pages import FORM, browser_of, look, post

__all__ = ["world_fixture"]
pytestmark = pytest.mark.skipif(
    not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)"
)
PAGE = f"{FORM}/draft/rehearsal"
STRICTER = WATER_POINT.replace(". >= 0 ", ". < 10 ").replace("Điểm nước    | 1 ", "Điểm nước    | 2 ")
WITHOUT = "\n".join(line for line in STRICTER.splitlines() if "so_ho" not in line) + "\n"


@pytest.fixture(name="sent")
def sent_fixture(world: World) -> World:
    """Two wells were reported, one of few households and one of many."""
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    for name, households in (("Giếng Làng", 4), ("Giếng Đình", 40)):
        phone.sends(world.filled("water_point", {"ten": name, "so_ho": households}))
    return world


def test_what_a_draft_would_find_is_told_before_it_is_published(sent: World) -> None:
    desk = browser_of(sent, EMAIL)
    assert STRICTER != WATER_POINT
    assert "Thử" in post(desk, f"{FORM}/draft", file=(STRICTER.encode(), "nuoc.md"))
    page = look(desk, PAGE)
    assert "Không mất câu trả lời nào, nhưng 1 phiếu sẽ có lỗi mới" in page
    assert "Đã xem 2 trên 2 phiếu" in page
    assert "Số hộ dùng giếng" in page
    assert "trái điều kiện kiểm tra mới" in page
    assert "40" in page
    assert "đổi điều kiện kiểm tra" in page
    # it is not published yet, and nothing was written
    assert "bản đang dùng 1" in page.lower()
    assert "desk." not in look(desk, f"{PAGE}?lang=en")


def test_answers_that_lose_their_place_are_counted(sent: World) -> None:
    desk = browser_of(sent, EMAIL)
    assert WITHOUT != STRICTER
    post(desk, f"{FORM}/draft", file=(WITHOUT.encode(), "nuoc.md"))
    page = look(desk, PAGE)
    assert "Phát hành bản này thì 2 câu trả lời mất chỗ" in page
    assert "mất chỗ: bản nháp không còn câu này" in page


def test_without_a_draft_it_leads_to_the_form(sent: World) -> None:
    desk = browser_of(sent, EMAIL)
    answer = desk.get(PAGE)
    assert (answer.status_code, answer.location) == (302, FORM)
