"""Counting in working days: weekends, holidays, Saturdays made up for, and what must hold of every count."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.fixed_holidays import fixed_of, list_fixed
from server.domain.working_days import LONGEST_COUNT, Calendar, Holiday, calendar_of

DAYS = st.dates(date(2010, 1, 1), date(2035, 12, 31))
HOLIDAYS = st.lists(
    st.builds(Holiday, day=DAYS, name=st.just("nghỉ"), works=st.booleans(), source=st.just("mẫu")), max_size=60
)
CALENDARS = st.builds(calendar_of, st.just(fixed_of(range(2010, 2036))), HOLIDAYS)
COUNTS = st.integers(0, 300)


def one_by_one(calendar: Calendar, start: date, end: date) -> int:
    days = (start + timedelta(days=number) for number in range(1, (end - start).days + 1))
    return sum(calendar.is_working(day) for day in days)


@given(CALENDARS, DAYS, COUNTS)
def test_the_count_and_the_day_it_leads_to_are_each_others_inverse(calendar: Calendar, start: date, count: int):
    end = calendar.after(start, count)
    assert calendar.between(start, end) == count
    assert count == 0 or calendar.is_working(end)


@given(CALENDARS, DAYS, DAYS)
def test_days_between_are_those_that_are_counted_one_by_one(calendar: Calendar, one: date, other: date):
    start, end = sorted((one, other))
    assert calendar.between(start, end) == one_by_one(calendar, start, end) == -calendar.between(end, start)


@given(CALENDARS, DAYS, COUNTS, COUNTS)
def test_two_counts_after_each_other_are_their_sum(calendar: Calendar, start: date, first: int, second: int):
    assert calendar.after(calendar.after(start, first), second) == calendar.after(start, first + second)


@given(CALENDARS, DAYS, st.integers(1, 100), DAYS)
def test_one_more_holiday_never_makes_a_deadline_earlier(calendar: Calendar, start: date, count: int, day: date):
    more = calendar_of((), [*calendar.days.values(), Holiday(day, "nghỉ", False, "mẫu")])
    assert more.after(start, count) >= calendar.after(start, count)


@given(CALENDARS, DAYS, DAYS)
def test_what_was_passed_over_explains_the_difference_to_plain_weeks(calendar: Calendar, one: date, other: date):
    start, end = sorted((one, other))
    told = calendar.passed_over(start, end)
    made_up = sum(each.works for each in told)
    assert calendar.between(start, end) == Calendar().between(start, end) + made_up - (len(told) - made_up)


def test_twenty_days_from_the_end_of_april_pass_over_both_holidays():
    calendar = calendar_of(fixed_of(range(2019, 2020)), ())
    # 30 April and 1 May 2019 are a Tuesday and a Wednesday
    assert calendar.after(date(2019, 4, 26), 3) == date(2019, 5, 3)
    told = calendar.passed_over(date(2019, 4, 26), date(2019, 5, 3))
    assert [each.name for each in told] == ["Ngày Chiến thắng", "Ngày Quốc tế Lao động"]
    assert {each.status for each in told} == {"recalled"}


def test_a_saturday_made_up_for_counts_and_a_loaded_day_wins_over_the_fixed_one():
    loaded = [
        Holiday(date(2019, 5, 4), "Làm bù", True, "mẫu"),
        Holiday(date(2019, 9, 2), "Làm việc", True, "mẫu"),
    ]
    calendar = calendar_of(fixed_of(range(2019, 2020)), loaded)
    assert calendar.is_working(date(2019, 5, 4))
    assert calendar.is_working(date(2019, 9, 2))
    assert not calendar.is_working(date(2019, 5, 5))
    assert not calendar.is_working(date(2019, 5, 1))


def test_a_count_through_a_year_that_nobody_loaded_says_so():
    calendar = calendar_of(fixed_of(range(2018, 2022)), [Holiday(date(2020, 1, 24), "Tết", False, "mẫu")])
    assert calendar.not_loaded(date(2019, 12, 1), date(2021, 1, 5)) == (2019, 2021)
    assert calendar.not_loaded(date(2020, 1, 1), date(2020, 12, 31)) == ()


@pytest.mark.parametrize("count", [-1, LONGEST_COUNT + 1])
def test_what_is_no_count_of_days_is_refused(count: int):
    with pytest.raises(ValueError, match="working days"):
        Calendar().after(date(2026, 1, 5), count)


def test_the_calendar_ends_with_the_last_day_there_is():
    with pytest.raises(ValueError, match="no such day"):
        Calendar().after(date(9999, 12, 30), 5)


def test_the_fixed_holidays_are_the_four_solar_ones_and_say_that_they_are_recalled():
    for year in (2013, 2020, 2021, 2030):
        assert [each.day for each in fixed_of(range(year, year + 1))] == [
            date(year, 1, 1),
            date(year, 4, 30),
            date(year, 5, 1),
            date(year, 9, 2),
        ]
    assert fixed_of(range(2005, 2013)) == []
    assert {each.status for each in list_fixed()} == {"recalled"}
    assert {each.source.split(",")[0] for each in list_fixed() if each.last is None} == {
        "Bộ luật Lao động 45/2019/QH14"
    }
