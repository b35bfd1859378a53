"""What a round must say, and to which round a submission belongs."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.domain.rounds import Joining, Round, faults_of, join

SPRING = Round("2026-giua-nam", "Giữa năm 2026", "Mid 2026", date(2026, 6, 30), date(2026, 6, 1), date(2026, 9, 15))
AUTUMN = Round("2026", "Rà soát năm 2026", "Review of 2026", date(2026, 12, 14), date(2026, 9, 1), date(2026, 12, 14))
BOTH = (SPRING, AUTUMN)


def test_the_round_that_it_names_and_its_date_agree() -> None:
    assert join(BOTH, "2026", date(2026, 12, 1)) == Joining(AUTUMN, "named", ("2026",))
    # in both windows: what it names decides
    assert join(BOTH, "2026", date(2026, 9, 2)).round is AUTUMN
    assert join(BOTH, "2026-giua-nam", date(2026, 9, 2)).round is SPRING
    assert join(BOTH, "2026", None).round is AUTUMN


def test_a_date_that_lies_in_another_round_than_it_names_is_for_a_person_to_decide() -> None:
    found = join(BOTH, "2026", date(2026, 6, 15))
    assert found == Joining(None, "elsewhere", ("2026", "2026-giua-nam"))


def test_a_date_that_no_round_claims_leaves_it_where_it_says() -> None:
    assert join(BOTH, "2026", date(2027, 1, 2)).round is AUTUMN


def test_without_a_known_name_the_date_decides() -> None:
    assert join(BOTH, None, date(2026, 6, 1)) == Joining(SPRING, "dated", ("2026-giua-nam",))
    assert join(BOTH, "2019", date(2026, 12, 1)).round is AUTUMN
    # the day itself of a round goes before a window that it also lies in
    assert join((SPRING, replace(AUTUMN, cutoff=date(2026, 9, 2))), None, date(2026, 9, 2)).why == "dated"


def test_a_date_in_two_rounds_is_for_a_person_to_decide() -> None:
    assert join(BOTH, None, date(2026, 9, 2)) == Joining(None, "several", ("2026-giua-nam", "2026"))


def test_a_round_that_does_not_hold_for_its_area_does_not_take_it() -> None:
    assert join((AUTUMN,), "2026-giua-nam", date(2026, 6, 5), ("2026-giua-nam",)) == Joining(None, "not_of_it")


def test_outside_every_window_there_is_no_round() -> None:
    assert join(BOTH, None, date(2026, 12, 15)) == Joining(None, "unknown")
    assert join([SPRING], "2019", None).why == "unknown"
    assert join(BOTH, None, None).why == "none"


@given(st.dates(date(2026, 1, 1), date(2027, 1, 31)), st.sampled_from([None, "2026", "2026-giua-nam", "x"]))
def test_the_order_of_rounds_does_not_matter(day: date, named: str | None) -> None:
    one, other = join(BOTH, named, day), join(tuple(reversed(BOTH)), named, day)
    assert (one.round, one.why, set(one.fitting)) == (other.round, other.why, set(other.fitting))
    assert one.round is None or named == one.round.slug or one.round.contains(day)


def test_what_is_wrong_with_a_round_is_named() -> None:
    assert faults_of(AUTUMN) == ()
    ended = replace(AUTUMN, ends_on=AUTUMN.starts_on - timedelta(days=1))
    assert faults_of(ended) == ("round.window",)
    wrong = replace(AUTUMN, slug="Năm 2026", name_en=" ", purpose="fun", areas=())
    assert faults_of(wrong) == ("round.slug", "round.name", "round.purpose", "round.nothing_in_it")
