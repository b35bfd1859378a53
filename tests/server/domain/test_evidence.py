"""What is missing of minutes, posting and complaints, in a word for each part."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from forms.convert import convert
from forms.parse import parse_form
from server.domain.evidence import (
    DEFAULT,
    FIELDS,
    KINDS,
    MEETING_FORM,
    Asked,
    faults_of_asked,
    keep_asked,
    lacks,
    read_asked,
)

MINUTES, POSTING, COMPLAINTS = DEFAULT
WHOLE: dict[str, Any] = {
    "ngay_hop": "2019-06-20",
    "anh_bien_ban": "a.jpg",
    "niem_yet_tu": "2019-06-21",
    "niem_yet_den": "2019-06-25",
    "anh_niem_yet": "b.jpg",
    "kien_nghi_nhan": 3,
    "kien_nghi_tra_loi": 3,
}
HERE = frozenset({"a.jpg", "b.jpg"})


def told(asked: Asked, here: frozenset[str] = HERE, **changed: Any) -> list[str]:
    return [each.code for each in lacks(asked, WHOLE | changed, here)]


def test_a_whole_sheet_lacks_nothing():
    assert [told(each) for each in DEFAULT] == [[], [], []]


@pytest.mark.parametrize(
    ("asked", "changed", "codes"),
    [
        (MINUTES, {"ngay_hop": None}, ["no_held"]),
        (MINUTES, {"anh_bien_ban": None}, ["no_photo"]),
        (MINUTES, {"anh_bien_ban": "other.jpg"}, ["photo_not_here"]),
        (MINUTES, {"ngay_hop": "hôm qua"}, ["no_held"]),
        (POSTING, {"niem_yet_tu": None, "niem_yet_den": None, "anh_niem_yet": None}, ["no_from", "no_to", "no_photo"]),
        (POSTING, {"niem_yet_den": None}, ["no_to"]),
        (COMPLAINTS, {"kien_nghi_nhan": None}, ["no_received"]),
        (COMPLAINTS, {"kien_nghi_nhan": 0, "kien_nghi_tra_loi": None}, []),
        (COMPLAINTS, {"kien_nghi_tra_loi": None}, ["no_answered"]),
        (COMPLAINTS, {"kien_nghi_tra_loi": 2}, ["unanswered"]),
    ],
)
def test_each_part_that_is_missing_is_named(asked: Asked, changed: dict[str, Any], codes: list[str]):
    assert told(asked, **changed) == codes


def test_how_long_it_hung_is_judged_only_where_the_office_says_how_long():
    assert POSTING.least_days is None
    assert told(replace(POSTING, least_days=5)) == []
    (lack,) = lacks(replace(POSTING, least_days=6), WHOLE, HERE)
    assert (lack.code, lack.params) == ("too_short", {"days": 5, "least": 6})
    assert told(replace(POSTING, least_days=6), niem_yet_den=None) == ["no_to"]


def test_the_shipped_form_has_every_field_that_the_default_reads():
    form = parse_form(convert(files("forms").joinpath("library", f"{MEETING_FORM}.md").read_bytes(), "md").xml)
    types = {field.name: field.type for field in form.fields.values()}
    assert form.form_id == MEETING_FORM
    for asked in DEFAULT:
        assert set(asked.fields) == set(FIELDS[asked.kind])
        for part, name in asked.fields.items():
            expected = {"photo": "binary", "received": "int", "answered": "int"}.get(part, "date")
            assert types[name] == expected, name


def test_another_form_can_feed_it_and_is_kept_as_it_was_said():
    own = (Asked(POSTING.kind, "province", "other", {"from": "a", "to": "b", "photo": "c"}, 7),)
    assert read_asked(keep_asked(own)) == own
    assert read_asked(None) == DEFAULT
    assert read_asked(()) == ()
    assert [each.kind for each in DEFAULT] == list(KINDS)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ((MINUTES, MINUTES), "plan.evidence.kind"),
        ((replace(MINUTES, step="nation"),), "plan.evidence.step"),
        ((replace(MINUTES, form=""),), "plan.evidence.form"),
        ((replace(MINUTES, fields={"held": "ngay_hop"}),), "plan.evidence.fields"),
        ((replace(POSTING, least_days=0),), "plan.evidence.days"),
        ((replace(MINUTES, least_days=3),), "plan.evidence.days"),
    ],
)
def test_what_is_wrong_with_what_is_asked_is_named(asked: tuple[Asked, ...], fault: str):
    assert faults_of_asked(DEFAULT) == ()
    assert faults_of_asked(asked) == (fault,)
