"""Holidays as an office loads them: all of a table or nothing, and the same twice changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.domain.errors import Forbidden, Unreadable
from server.services.holidays import Loading, calendar_between, holidays_template, load_holidays
from server.storage.audits import list_audits
from server.storage.holidays import list_holidays
from tests.kit.field import Field

# the days of these tables are invented
TET = (
    "day,name,works,source\r\n"
    "2026-02-16,Tết Nguyên đán,0,Thông báo mẫu 01\r\n"
    "17/02/2026,Tết Nguyên đán,,Thông báo mẫu 01\r\n"
    "2026-02-28,Làm bù,có,Thông báo mẫu 01\r\n"
)


def loads(field: Field, text: str | bytes, ending: str = ".csv", **more: Any) -> Loading:
    content = text.encode() if isinstance(text, str) else text
    field.session.rollback()
    return load_holidays(field.session, field.administrator, (content, ending), field.now, **more)


def told(made: Loading) -> tuple[int, int, int]:
    return len(made.new), len(made.changed), made.same


def actions(field: Field) -> list[dict[str, Any]]:
    return [each.details for each in list_audits(field.session, action="round.holiday.import")]


def test_a_table_is_taken_in_and_counts(field: Field) -> None:
    before = calendar_between(field.session, date(2026, 2, 1), date(2026, 3, 1))
    assert before.not_loaded(date(2026, 2, 1), date(2026, 3, 1)) == (2026,)
    assert told(loads(field, TET)) == (3, 0, 0)
    after = calendar_between(field.session, date(2026, 2, 1), date(2026, 3, 1))
    assert after.not_loaded(date(2026, 2, 1), date(2026, 3, 1)) == ()
    assert not after.is_working(date(2026, 2, 16))
    assert not after.is_working(date(2026, 2, 17))
    assert after.is_working(date(2026, 2, 28))
    assert actions(field) == [{"new": 3, "changed": 0, "years": [2026]}]


def test_loading_again_changes_nothing_and_a_correction_changes_one_day(field: Field) -> None:
    loads(field, TET)
    assert told(loads(field, TET)) == (0, 0, 3)
    assert len(actions(field)) == 1
    assert told(loads(field, TET.replace("Làm bù,có", "Nghỉ bù,không"))) == (0, 1, 2)
    assert [each.works for each in list_holidays(field.session)] == [False, False, False]
    assert len(actions(field)) == 2


def test_a_trial_writes_nothing(field: Field) -> None:
    assert told(loads(field, TET, dry=True)) == (3, 0, 0)
    assert list_holidays(field.session) == []
    assert actions(field) == []


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ("2026-02-30,Tết,0,mẫu", ["holiday.day"]),
        ("hôm nay,Tết,0,mẫu", ["holiday.day"]),
        ("1850-01-01,Tết,0,mẫu", ["holiday.day"]),
        ("2026-02-16,Tết,có lẽ,mẫu", ["holiday.works"]),
        ("2026-02-16,,0,mẫu", ["holiday.name"]),
        ("2026-02-16,Tết,0,", ["holiday.source"]),
        ("2026-02-16,Tết,0,mẫu\n2026-02-16,Khác,0,mẫu", ["holiday.twice"]),
        ("2026-02-16,Tết,0,mẫu\n,,,\n2026-13-01,Tết,x,", ["holiday.day"]),
        (f"2026-02-16,{'x' * 256},0,mẫu", ["holiday.name"]),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_nothing_is_written(field: Field, rows: str, codes: list[str]) -> None:
    made = loads(field, f"day,name,works,source\n{rows}\n")
    assert [each.code for each in made.problems] == codes
    assert all(each.row > 1 for each in made.problems)
    assert list_holidays(field.session) == []


def test_what_is_no_table_of_holidays_is_refused(field: Field) -> None:
    assert [each.code for each in loads(field, "ngày,tên\n1,2\n").problems] == ["holiday.columns_missing"]
    assert [each.code for each in loads(field, " \n").problems] == ["holiday.empty"]
    assert [each.code for each in loads(field, TET + "," * 1_000_000).problems] == ["holiday.too_large"]
    with pytest.raises(Unreadable):
        loads(field, b"no workbook", ".xlsx")


def test_the_template_can_be_loaded_as_it_is(field: Field) -> None:
    assert told(loads(field, holidays_template(), dry=True)) == (2, 0, 0)


def test_only_who_may_change_all_rounds_loads_holidays(field: Field) -> None:
    head = replace(field.administrator, grants=())
    with pytest.raises(Forbidden):
        load_holidays(field.session, head, (TET.encode(), ".csv"), field.now)
