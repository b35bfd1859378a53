"""To which round a submission belongs."""

from datetime import date

from server.domain.rounds import Round, round_for

SPRING = Round("2026-giua-nam", "Giữa năm 2026", "Mid 2026", date(2026, 6, 30), date(2026, 6, 1), date(2026, 9, 15))
AUTUMN = Round("2026", "Rà soát năm 2026", "Review of 2026", date(2026, 12, 14), date(2026, 9, 1), date(2026, 12, 14))


def test_the_round_that_is_named_comes_before_the_date() -> None:
    assert round_for([SPRING, AUTUMN], "2026", date(2026, 6, 15)) is AUTUMN


def test_without_a_known_name_the_window_decides() -> None:
    assert round_for([SPRING, AUTUMN], None, date(2026, 6, 1)) is SPRING
    assert round_for([SPRING, AUTUMN], "2019", date(2026, 12, 14)) is AUTUMN


def test_of_two_open_rounds_the_one_with_the_nearer_cutoff_counts() -> None:
    assert round_for([AUTUMN, SPRING], None, date(2026, 9, 2)) is SPRING
    late = Round("x", "x", "x", date(2026, 9, 10), date(2026, 9, 1), date(2026, 9, 30))
    assert round_for([AUTUMN, SPRING, late], None, date(2026, 9, 2)) is late


def test_outside_every_window_there_is_no_round() -> None:
    assert round_for([SPRING, AUTUMN], None, date(2026, 12, 15)) is None
    assert round_for([SPRING], "2019", None) is None
    assert round_for([], None, date(2026, 6, 1)) is None
