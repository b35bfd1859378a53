"""Until when each level reports, by the law of its time, worked out by hand on calendars of the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.deadlines import (
    PROCEDURES,
    STATUSES,
    WHOLE,
    Step,
    due_steps,
    faults_of_step,
    keep_steps,
    procedures_on,
    read_steps,
)
from server.domain.fixed_holidays import fixed_of
from server.domain.working_days import Calendar, Holiday, calendar_of

OWN = Step("commune", "province", 10, "Văn bản 12/UBND", "kèm theo", "unverified")
TET_2021 = [Holiday(date(2021, 2, day), "Tết Nguyên đán", False, "mẫu") for day in (10, 11, 12, 15, 16)]


def calendar(*loaded: Holiday) -> Calendar:
    return calendar_of(fixed_of(range(2016, 2030)), loaded)


def law(day: date, purpose: str | None = "entry", done_on: date | None = None) -> list[str]:
    return [each.law for each in procedures_on(day, purpose, done_on or day)]


def test_each_time_has_its_law_and_december_2025_has_two():
    assert law(date(2019, 6, 30)) == ["QĐ 50/2016/QĐ-TTg"]
    assert law(date(2020, 12, 30)) == ["QĐ 50/2016/QĐ-TTg"]
    assert law(date(2020, 12, 31)) == ["QĐ 33/2020/QĐ-TTg"]
    assert law(date(2025, 12, 15)) == ["QĐ 33/2020/QĐ-TTg", "NĐ 272/2025/NĐ-CP"]
    assert law(date(2026, 6, 30)) == ["NĐ 272/2025/NĐ-CP"]
    assert law(date(2016, 6, 30)) == []
    assert law(date(2019, 6, 30), "completion") == ["QĐ 03/2019/QĐ-TTg"]
    assert (
        law(date(2019, 6, 30), "review") == law(date(2019, 6, 30), None) == ["QĐ 50/2016/QĐ-TTg", "QĐ 03/2019/QĐ-TTg"]
    )


def test_what_nobody_found_has_no_days():
    not_found = {each.law for each in PROCEDURES if each.status == "not_found"}
    assert not_found == {"NĐ 272/2025/NĐ-CP", "QĐ 03/2019/QĐ-TTg"}
    assert all(not each.steps for each in PROCEDURES if each.law in not_found)
    assert all(step.days and step.source for each in PROCEDURES for step in each.steps)


def test_under_50_of_2016_both_counts_begin_with_the_instruction():
    (procedure,) = procedures_on(date(2019, 6, 30), "entry", date(2019, 4, 22))
    commune, whole = due_steps(procedure.steps, date(2019, 4, 22), calendar(), date(2019, 5, 20))
    # 20 working days after Monday 22 April, past 30 April and 1 May
    assert (commune.step.level, commune.due, commune.left) == ("commune", date(2019, 5, 22), 2)
    assert [each.day for each in commune.counted] == [date(2019, 4, 30), date(2019, 5, 1)]
    assert (whole.step.level, whole.starts, whole.due) == (WHOLE, date(2019, 4, 22), date(2019, 8, 7))
    assert commune.unsure == whole.unsure == (2019,)


def test_under_33_of_2020_each_level_counts_from_the_full_file_below():
    (procedure,) = procedures_on(date(2021, 1, 4), "entry", date(2021, 2, 1))
    commune, district, province = due_steps(procedure.steps, date(2021, 2, 1), calendar(*TET_2021), date(2021, 3, 3))
    # 15 days, of which Tết takes five
    assert commune.due == date(2021, 3, 1)
    assert (commune.left, commune.overdue, commune.unsure) == (-2, True, ())
    assert len(commune.counted) == 5
    assert district.starts == commune.due
    assert province.starts == district.due
    assert [each.step.days for each in (commune, district, province)] == [15, 30, 45]
    assert {each.step.article for each in (commune, district, province)} == {"QĐ 33/2020/QĐ-TTg, Điều 7"}


def test_without_districts_the_step_goes_to_the_province_and_says_so():
    (procedure,) = procedures_on(date(2025, 6, 30), "entry", date(2025, 7, 15))
    assert [(step.level, step.to, step.note, step.status) for step in procedure.steps] == [
        ("commune", "province", "no_district", "derived"),
        ("province", "province", "no_district", "derived"),
        ("province", "committee", "", "verified"),
    ]
    (before,) = procedures_on(date(2025, 6, 30), "entry", date(2025, 6, 30))
    assert [step.to for step in before.steps] == ["district", "province", "committee"]


def test_without_an_instruction_there_are_no_days():
    for due in due_steps(PROCEDURES[1].steps, None, calendar(), date(2021, 2, 1)):
        assert (due.due, due.left, due.overdue) == (None, None, False)


def test_on_the_weekend_after_its_day_a_step_is_overdue_with_no_working_day_lost():
    (due,) = due_steps([replace(OWN, days=5)], date(2026, 3, 6), calendar(), date(2026, 3, 14))
    assert (due.due, due.left, due.overdue) == (date(2026, 3, 13), 0, True)


def test_a_day_that_was_set_stands_whatever_the_instruction():
    fixed = replace(OWN, days=None, on=date(2026, 3, 31))
    then = Step("province", "committee", 5, "Văn bản 12/UBND", "", "unverified", follows=True)
    first, second = due_steps([fixed, then], None, calendar(), date(2026, 3, 30))
    assert (first.due, first.left) == (date(2026, 3, 31), 1)
    assert (second.starts, second.due) == (date(2026, 3, 31), date(2026, 4, 7))


def test_a_count_past_the_last_day_of_calendars_is_none():
    (due,) = due_steps([OWN], date.max, calendar(), date(2026, 3, 30))
    assert due.due is None


DAYS = st.dates(date(2017, 1, 1), date(2028, 1, 1))


@given(DAYS, DAYS, st.sampled_from([each for each in PROCEDURES if each.steps]))
def test_each_level_has_its_days_left_when_the_one_below_reports_at_the_last_moment(instructed, today, procedure):
    counted = calendar()
    dues = due_steps(procedure.steps, instructed, counted, today)
    for due in dues:
        assert due.due is not None
        assert due.starts is not None
        assert counted.between(due.starts, due.due) == due.step.days
        assert due.left == counted.between(today, due.due)
        assert due.due >= instructed + timedelta(days=due.step.days)
        assert due.overdue == (due.due < today)


STEPS = st.builds(
    Step,
    level=st.sampled_from(["commune", "province", WHOLE]),
    to=st.sampled_from(["province", "committee"]),
    days=st.integers(1, 100),
    article=st.text(min_size=1, max_size=50),
    source=st.text(max_size=50),
    status=st.sampled_from(STATUSES),
    follows=st.booleans(),
)


@given(st.lists(STEPS, max_size=5))
def test_what_an_office_sets_is_read_as_it_was_kept(steps):
    assert read_steps(keep_steps(steps)) == tuple(steps)
    assert read_steps(None) is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"level": "nation"}, "plan.step.level"),
        ({"days": None}, "plan.step.when"),
        ({"on": date(2026, 1, 5)}, "plan.step.when"),
        ({"days": 0}, "plan.step.days"),
        ({"article": " "}, "plan.step.article"),
        ({"status": "sure"}, "plan.step.status"),
    ],
)
def test_what_is_wrong_with_a_step_is_named(changed, fault):
    assert faults_of_step(OWN) == ()
    assert faults_of_step(replace(OWN, **changed)) == (fault,)


def test_the_day_on_which_a_level_handed_in_starts_the_next_step() -> None:
    calendar = Calendar()
    steps = (
        Step("commune", "district", 5, "a", "", "verified"),
        Step("district", "province", 5, "a", "", "verified", follows=True),
    )
    begun, today = date(2021, 3, 1), date(2021, 3, 12)
    waiting = due_steps(steps, begun, calendar, today)
    assert [each.starts for each in waiting] == [begun, date(2021, 3, 8)]
    assert waiting[0].overdue
    early, late = (due_steps(steps, begun, calendar, today, {"commune": day}) for day in (date(2021, 3, 4), today))
    assert [(each.handed, each.overdue) for each in early] == [(date(2021, 3, 4), False), (None, True)]
    assert (early[1].starts, early[1].due) == (date(2021, 3, 4), date(2021, 3, 11))
    assert (late[0].overdue, late[1].starts, late[1].due) == (True, today, date(2021, 3, 19))
