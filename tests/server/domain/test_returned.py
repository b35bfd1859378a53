"""What returned sheets are called where one is chosen of many."""

from server.domain.returned import tell_apart

WHEN, LATER = "02/07/2019 09:05", "03/07/2019 14:30"


def test_a_name_that_comes_once_stands_alone() -> None:
    road, canal = ("work_progress", "Đường – 2019-05-01", WHEN), ("work_progress", "Kênh – 2019-05-01", WHEN)
    assert tell_apart([road, canal]) == ["Đường – 2019-05-01", "Kênh – 2019-05-01"]
    # of another form: nobody chooses between the two
    assert tell_apart([road, ("maintenance", *road[1:])]) == ["Đường – 2019-05-01"] * 2


def test_of_two_that_are_called_the_same_each_says_when_it_was_returned() -> None:
    said = tell_apart([("spot_check", "Ngàn Chi – 2019", when) for when in (LATER, WHEN, WHEN)])
    name = "Ngàn Chi – 2019"
    assert said == [f"{name} – {LATER}", f"{name} – {WHEN}", f"{name} – {WHEN} (2)"]
