"""A sheet written by hand, wrong in three ways: what the form's rules say of it, on the desk's page and in the API."""

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.browser import enter
from tests.kit.world import EMAIL, PASSWORD, World

FORM = """
| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | relevant | choice_filter | calculation |
| | select_one xa | xa | Xã | Commune | | | |
| | select_one thon | thon | Thôn | Village | | xa = ${xa} | |
| | integer | tong_ho | Tổng số hộ | Households | | | |
| | integer | ho_ngheo | Số hộ nghèo | Poor households | ${tong_ho} > 0 | | |
| | text | ly_do | Vì sao không có hộ nào? | Why are there none? | ${tong_ho} = 0 | | |
| | calculate | ty_le | | | | | ${ho_ngheo} div ${tong_ho} * 100 |
| | image | anh | Ảnh | Photograph | | | |
| choices |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | xa |
| | xa | ban_sen | Bản Sen | Ban Sen | |
| | xa | dai_binh | Đại Bình | Dai Binh | |
| | thon | na_san | Nà San | Na San | ban_sen |
| | thon | khe_va | Khe Và | Khe Va | dai_binh |
| settings |
| | form_id | form_title | version | default_language |
| | ho_ngheo | Hộ nghèo | 1 | Tiếng Việt (vi) |
"""
INSTANCE = "uuid:3f687fc0-7033-4c26-b3fd-712ec1bd5c4d"
BY_HAND = f"""<?xml version="1.0"?>
<data id="ho_ngheo" version="1"><xa>ban_sen</xa><thon>khe_va</thon><tong_ho>80</tong_ho><ho_ngheo>20</ho_ngheo>
<ly_do>không ai khai</ly_do><ty_le>12</ty_le><anh>ban_do.jpg</anh>
<meta><instanceID>{INSTANCE}</instanceID></meta></data>
""".encode()
FOUND = {
    "choice": ("error", "/data/thon", "khe_va", "instance('thon')/root/item[xa = /data/xa ]"),
    "relevance": ("warning", "/data/ly_do", "không ai khai", "/data/tong_ho = 0"),
    "calculation": ("info", "/data/ty_le", "12", "25"),
    "attachment": ("warning", "/data/anh", "ban_do.jpg", None),
}


def told(world: World) -> dict[str, tuple[str, str, str, str | None]]:
    """What the API says of it: kind → severity, path, value and what was expected."""
    answer = world.api.get(f"projects/1/forms/ho_ngheo/submissions/{INSTANCE}/findings").get_json()
    return {
        each["kind"]: (
            each["severity"],
            each["path"],
            each["value"],
            " ".join((each["expected"] or "").split()) or None,
        )
        for each in answer
    }


def shown(page: Page, language: str) -> list[str]:
    """The lines of the page's list of findings, one text each."""
    page.goto(f"/submissions/1?lang={language}")
    return [" ".join(line.split()) for line in page.locator("section[aria-labelledby=findings] li").all_inner_texts()]


@pytest.fixture(name="page")
def page_fixture(world: World, browser: Browser):
    with world.server() as address:
        yield enter(browser, address, EMAIL, PASSWORD)


def test_a_wrong_calculation_a_hidden_answer_and_an_unlisted_choice_are_shown_with_their_reasons(
    world: World, page: Page
) -> None:
    world.publishes(FORM)
    phone = world.phone("Nà San")
    assert phone.sends(BY_HAND).status_code == 201
    assert told(world) == FOUND
    lines = shown(page, "vi")
    assert len(lines) == 4
    choice = next(line for line in lines if "Danh sách lựa chọn" in line)
    assert "Thôn (khe_va)" in choice
    assert "item[xa = /data/xa ]" in choice
    hidden = next(line for line in lines if "Điều kiện hỏi" in line)
    assert "Vì sao không có hộ nào? (không ai khai)" in hidden
    assert "/data/tong_ho = 0" in hidden
    assert any("ty_le (12)" in line and "25" in line and "Phép tính" in line for line in lines)
    assert any("Calculation" in line and "25" in line for line in shown(page, "en"))
    state = world.api.get(f"projects/1/forms/ho_ngheo/submissions/{INSTANCE}").get_json()["reviewState"]
    assert state == "hasIssues"
    # the file comes: that it was missing is no longer found
    assert phone.sends(BY_HAND, {"ban_do.jpg": b"x"}).status_code == 201
    assert told(world) == {kind: row for kind, row in FOUND.items() if kind != "attachment"}
    assert len(shown(page, "vi")) == 3
