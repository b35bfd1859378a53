"""Start − left + fell back + new = end: told where it is known, broken where it is broken, open where not known."""

import pytest

from server.domain.poverty_movement import (
    BALANCED,
    BROKEN,
    NEAR,
    NEITHER,
    OPEN,
    POOR,
    Household,
    Movement,
    add_up,
    moved,
    read_household,
)


def household(name: str, start: str | None, end: str | None) -> Household:
    return Household(name, start, end)


STAYS, LEAVES, FALLS, RISES = (
    household("chìu a sềnh", POOR, POOR),
    household("tằng a pẩu", POOR, NEAR),
    household("phùn thị múi", NEITHER, POOR),
    household("dường chống", NEITHER, POOR),
)


def test_what_happened_between_two_counts_comes_out() -> None:
    earlier = [household("phùn thị múi", POOR, NEITHER), household("khác", NEITHER, NEITHER)]
    found = moved(POOR, [STAYS, LEAVES, FALLS, RISES], earlier, (2, 3))
    assert found == Movement(start=2, left=1, back=1, new=1, risen=0, unclear=0, end=3)
    assert (found.difference, found.check) == (0, BALANCED)
    near = moved(NEAR, [STAYS, LEAVES, FALLS, RISES], earlier, (0, 1))
    assert (near.left, near.new, near.check) == (0, 1, BALANCED)


def test_an_identity_that_is_broken_says_by_how_many() -> None:
    found = moved(POOR, [STAYS, LEAVES, RISES], [], (2, 5))
    assert (found.difference, found.check) == (3, BROKEN)


def test_without_sheets_of_households_nothing_between_is_known() -> None:
    found = moved(POOR, [], [], (10, 8))
    assert (found.left, found.back, found.new, found.difference, found.check) == (None, None, None, None, OPEN)
    assert (found.start, found.end) == (10, 8)


def test_without_earlier_sheets_nobody_can_say_who_fell_back() -> None:
    found = moved(POOR, [RISES], [], (0, 1))
    assert (found.back, found.new, found.risen, found.check) == (0, 0, 1, BALANCED)


def test_a_household_that_is_not_clear_leaves_the_sum_open() -> None:
    found = moved(POOR, [household("a", POOR, None), STAYS], [], (2, 1))
    assert (found.unclear, found.difference, found.check) == (1, None, OPEN)
    # of who surely is neither at both ends nothing is open
    assert moved(POOR, [household("a", NEITHER, NEITHER)], [], (0, 0)).unclear == 0


def test_what_an_earlier_round_says_fills_in_what_the_sheet_does_not() -> None:
    earlier = [household("a", None, POOR)]
    assert moved(POOR, [household("a", None, NEITHER)], earlier, (1, 0)).left == 1
    # two of one name are not told apart
    assert moved(POOR, [household("a", None, NEITHER)], [*earlier, *earlier], (1, 0)).left == 0


def test_the_sum_knows_no_more_than_its_villages() -> None:
    one = Movement(2, 1, 0, 1, 0, 0, 2)
    assert add_up([one, one]) == Movement(4, 2, 0, 2, 0, 0, 4)
    assert add_up([one, Movement(start=1, end=1)]) == Movement(start=3, end=3)
    assert add_up([]) == Movement()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"ho": {"chu_ho": "Chìu A Sềnh", "ly_do": "dang_ngheo"}, "hang_ho": "khong_ngheo"}, (POOR, NEITHER)),
        ({"ho": {"chu_ho": "X", "ly_do": "de_nghi"}, "hang_ho": "ho_can_ngheo"}, (NEITHER, NEAR)),
        ({"ho": {"chu_ho": "X", "ly_do": "thien_tai"}, "hang_ho": "chua_du"}, (None, None)),
        ({"hang_ho": None}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_a_household_is_read_from_its_sheet(
    answers: dict[str, object], expected: tuple[str | None, str | None]
) -> None:
    found = read_household(answers)
    assert (found.start, found.end) == expected
    assert read_household({"ho": {"chu_ho": "Hòa"}}).key == read_household({"ho": {"chu_ho": " hoà "}}).key
