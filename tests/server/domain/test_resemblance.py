"""Finding a person by a part of the name, with or without tone marks, or with a slip."""

import pytest

from server.domain.resemblance import fold, resemblance


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("lan", "Hoàng Thị Lan"),
        ("dang", "Đặng Minh"),
        ("Đặng Minh", "dang minh"),
        ("alice", "alicia"),
        ("example", "lan@example.vn"),
        ("get", "getodk"),
        ("chelsea getodk", "bob@getodk.org"),
    ],
)
def test_is_found(wanted: str, text: str) -> None:
    assert resemblance(wanted, text) > 0


@pytest.mark.parametrize(("wanted", "text"), [("zzz", "Lan"), ("", "Lan"), ("lan", ""), ("minh", "Hoàng Thị Lan")])
def test_is_not_found(wanted: str, text: str) -> None:
    assert resemblance(wanted, text) == 0


def test_the_same_word_is_liker_than_one_that_begins_so() -> None:
    assert resemblance("lan", "Hoàng Thị Lan") == 1 > resemblance("lan", "Bàn Văn Lành")


def test_tone_marks_and_case_are_put_aside() -> None:
    assert fold("ĐẠP THANH, Ngàn Chi") == "dap thanh, ngan chi"
