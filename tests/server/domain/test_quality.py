"""Checks that look beyond one sheet: what each finds, and what it leaves alone."""

import random
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.domain.areas import AreaChange
from server.domain.demo_photo import draw_photo
from server.domain.photo_time import taken_at
from server.domain.quality import KINDS, SEVERITIES, QualityFinding, Sheet, values_of
from server.domain.quality_compare import came_from, check_jump, check_outlier
from server.domain.quality_counts import check_count, check_identities, check_movement, check_sums
from server.domain.quality_places import (
    Dates,
    Trace,
    check_dates,
    check_outside,
    check_photos,
    check_speed,
    find_points,
    metres_between,
)

VILLAGE: Mapping[str, Any] = {"tong_ho": 100, "ho_ngheo": 20, "ho_can_ngheo": 10, "chuan_ngheo": "qd59_2015"}
NOON = datetime(2019, 7, 1, 5, 0, tzinfo=UTC)
OLD, NEW = date(2019, 6, 30), date(2021, 6, 30)


def sheet(number: int = 1, form: str = "village_criteria", **values: Any) -> Sheet:
    return Sheet(number, form, "a", values)


def reasons(found: Any) -> list[str]:
    every: list[QualityFinding] = list(found)
    assert all(each.kind in KINDS and each.severity in SEVERITIES for each in every)
    return [each.reason for each in every]


def test_values_are_found_in_whatever_group_they_are_and_not_in_repeats() -> None:
    point = {"type": "Point", "coordinates": [107.4, 21.5, 0]}
    answers = {"a": 1, "nhom": {"b": 2, "trong": {"c": 3}, "a": 9}, "hang": [{"d": 4}], "toa_do": point}
    assert values_of(answers) == {"a": 1, "b": 2, "c": 3, "hang": [{"d": 4}], "toa_do": point}
    assert values_of(None) == {}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"tong_ho": 30, "ho_ngheo": 20, "ho_can_ngheo": 10}, 0),
        ({"tong_ho": 29, "ho_ngheo": 20, "ho_can_ngheo": 10}, 1),
        ({"tong_ho": 19, "ho_ngheo": 20}, 1),
        ({"ho_ngheo": 20, "ho_can_ngheo": 10}, 0),
        ({"ho_ngheo": 5, "ho_dtts": 4, "ho_ngheo_dtts": 6}, 2),
        ({"duong_dai_km": 1.2, "duong_cung_hoa_km": 1.25}, 1),
        ({"duong_dai_km": 1.2, "duong_cung_hoa_km": 1.2}, 0),
        ({"tong_ho": "nhiều", "ho_ngheo": 20}, 0),
    ],
)
def test_parts_are_not_more_than_the_whole(values: Mapping[str, Any], found: int) -> None:
    assert len(list(check_identities(sheet(**values), ()))) == found


def test_what_the_forms_own_rule_says_is_not_said_twice() -> None:
    broken = sheet(tong_ho=19, ho_ngheo=20)
    assert reasons(check_identities(broken, {"ho_ngheo"})) == []
    assert reasons(check_identities(broken, {"ngay_chot"})) == ["at_most"]


MOVED: Mapping[str, Any] = {
    "ho_ngheo_dau_ky": 20,
    "ho_ngheo_thoat": 6,
    "ho_ngheo_tai": 1,
    "ho_ngheo_moi": 2,
    "ho_ngheo_cuoi_ky": 17,
}


def test_who_became_poor_and_who_no_more_adds_up() -> None:
    assert reasons(check_movement(sheet(**MOVED), None, None)) == []
    found = list(check_movement(sheet(**dict(MOVED) | {"ho_ngheo_cuoi_ky": 18}), None, None))
    assert [(each.reason, each.own["reckoned"], each.own["end"]) for each in found] == [("movement", 17, 18)]
    assert reasons(check_movement(sheet(ho_ngheo_dau_ky=20, ho_ngheo_cuoi_ky=3), None, None)) == []


def test_the_start_is_the_end_of_the_round_before() -> None:
    then, now = sheet(2, **VILLAGE), sheet(3, **dict(VILLAGE) | {"ho_ngheo": 17})
    assert reasons(check_movement(sheet(**MOVED), then, now)) == []
    assert reasons(check_movement(sheet(**MOVED), sheet(2, ho_ngheo=21), now)) == ["movement_start"]
    found = list(check_movement(sheet(**MOVED), then, sheet(3, ho_ngheo=18)))
    assert [(each.reason, each.own["said"], each.beside["counted"], each.others) for each in found] == [
        ("movement_end", 17, 18, (3,))
    ]
    other = sheet(3, ho_ngheo=18, chuan_ngheo="nd07_2021")
    assert reasons(check_movement(sheet(**MOVED, chuan_ngheo="qd59_2015"), None, other)) == []


def test_a_communes_sheet_is_the_sum_of_its_villages() -> None:
    villages: dict[str, Sheet | None] = {str(n): sheet(n, **VILLAGE) for n in (2, 3)}
    assert reasons(check_sums(sheet(form="commune_criteria", tong_ho=200, dai_dien_ho=60), villages)) == []
    (found,) = check_sums(sheet(tong_ho=230), villages)
    assert (found.reason, found.severity, found.beside["total"], found.others) == ("sum", "warning", 200, (2, 3))
    (near,) = check_sums(sheet(tong_ho=201), villages)
    assert near.severity == "info"
    (people,) = check_sums(sheet(dai_dien_ho=45), villages)
    assert (people.own["said"], people.beside["total"]) == (45, 60)


def test_a_village_that_said_nothing_makes_no_sum_too_small() -> None:
    villages: dict[str, Sheet | None] = {"2": sheet(2, **VILLAGE), "3": None}
    assert reasons(check_sums(sheet(tong_ho=230), villages)) == []
    (found,) = check_sums(sheet(tong_ho=90), villages)
    assert (found.reason, found.beside["villages"], found.beside["of"]) == ("sum_already", 1, 2)
    assert reasons(check_sums(sheet(tong_ho=230), {"3": None})) == []


def test_sums_are_never_of_two_poverty_standards() -> None:
    other = dict(VILLAGE) | {"chuan_ngheo": "nd07_2021"}
    villages: dict[str, Sheet | None] = {"2": sheet(2, **VILLAGE), "3": sheet(3, **other)}
    assert reasons(check_sums(sheet(dai_dien_ho=1, ho_ngheo=1), villages)) == []


def test_a_part_of_the_people_is_not_more_than_all_of_them() -> None:
    villages: dict[str, Sheet | None] = {"2": sheet(2, nguoi_dtts=100, nhan_khau=300)}
    assert reasons(check_sums(sheet(dtts_15_60=100, lao_dong_co_viec=300), villages)) == []
    assert reasons(check_sums(sheet(dtts_15_60=101), villages)) == ["part_of_villages"]
    assert reasons(check_sums(sheet(dtts_15_60=101), villages | {"3": None})) == []


def test_what_all_villages_are_said_to_have_a_village_has() -> None:
    villages: dict[str, Sheet | None] = {"2": sheet(2, nha_van_hoa_khu_the_thao="khong")}
    assert reasons(check_sums(sheet(ntm_6_3="co"), villages)) == ["all_have"]
    assert reasons(check_sums(sheet(ntm_6_3="khong"), villages)) == []
    assert reasons(check_sums(sheet(ntm_6_3="co"), {"2": sheet(2, nha_van_hoa_khu_the_thao="khong_ro")})) == []


def test_no_more_household_sheets_than_households() -> None:
    assert reasons(check_count(sheet(tong_ho=2), {"household_review": (5, 6)})) == []
    assert reasons(check_count(sheet(tong_ho=1), {"household_review": (5, 6)})) == ["count"]
    assert reasons(check_count(sheet(), {"household_review": (5, 6)})) == []


@pytest.mark.parametrize(
    ("now", "then", "found"),
    [
        (120, 100, []),
        (121, 100, ["info"]),
        (141, 100, ["warning"]),
        (59, 100, ["warning"]),
        (18, 9, []),
        (19, 9, ["warning"]),
        (10, 0, ["warning"]),
    ],
)
def test_a_jump_is_told_above_its_share_and_its_number(now: int, then: int, found: list[str]) -> None:
    jumps = list(check_jump(sheet(tong_ho=now), [sheet(2, tong_ho=then)], "2018"))
    assert [each.severity for each in jumps] == found


def test_villages_that_became_one_are_added_up() -> None:
    assert reasons(check_jump(sheet(tong_ho=200), [sheet(2, tong_ho=100), sheet(3, tong_ho=90)], "2018")) == []
    assert reasons(check_jump(sheet(tong_ho=200), [sheet(2, tong_ho=100), sheet(3)], "2018")) == []
    assert reasons(check_jump(sheet(tong_ho=200), [], "2018")) == []


def test_poor_households_are_compared_under_one_standard_alone() -> None:
    before = [sheet(2, **VILLAGE)]
    assert reasons(check_jump(sheet(**dict(VILLAGE) | {"ho_ngheo": 50}), before, "2018")) == ["jump_up"]
    changed = dict(VILLAGE) | {"ho_ngheo": 50, "chuan_ngheo": "nd07_2021"}
    assert reasons(check_jump(sheet(**changed), before, "2018")) == []
    unknown = dict(VILLAGE) | {"ho_ngheo": 50, "chuan_ngheo": "khong_ro"}
    assert reasons(check_jump(sheet(**unknown), [sheet(2, **unknown | {"ho_ngheo": 20})], "2018")) == []


def test_what_was_built_does_not_go() -> None:
    then, now = sheet(2, duong_truc_cung_hoa="co"), sheet(duong_truc_cung_hoa="khong")
    assert reasons(check_jump(now, [then], "2018")) == ["lost"]
    assert reasons(check_jump(then, [now], "2018")) == []


def neighbours(*poor: int) -> list[Sheet]:
    return [sheet(10 + n, **dict(VILLAGE) | {"ho_ngheo": each}) for n, each in enumerate(poor)]


def test_one_village_stands_out_where_enough_have_said_it() -> None:
    odd = sheet(**dict(VILLAGE) | {"ho_ngheo": 70})
    (found,) = check_outlier(odd, neighbours(20, 21, 22, 19, 18, 20))
    assert (found.reason, found.own["share"], found.beside["median"]) == ("outlier_high", 700, 200)
    assert reasons(check_outlier(odd, neighbours(20, 21, 22, 19, 18))) == []
    assert reasons(check_outlier(sheet(**VILLAGE), neighbours(20, 21, 22, 19, 18, 70))) == []
    # wide apart as they all are, none stands out
    assert reasons(check_outlier(odd, neighbours(10, 30, 50, 60, 80, 90))) == []


def test_who_stands_out_does_not_hang_on_the_order() -> None:
    odd, others = sheet(**dict(VILLAGE) | {"ho_ngheo": 70}), neighbours(20, 21, 22, 19, 18, 20, 25)
    told = {each.fingerprint for each in check_outlier(odd, others)}
    for seed in range(20):
        random.Random(seed).shuffle(others)
        assert {each.fingerprint for each in check_outlier(odd, others)} == told
    assert len(told) == 1


def change(one: str, other: str, day: date, extent: str = "whole") -> AreaChange:
    return AreaChange(one, other, day, extent, None, "verified")


MIDDLE = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([], ("a",)),
        ([change("b", "c", MIDDLE)], ("a",)),
        ([change("b", "a", MIDDLE)], ("a", "b")),
        ([change("b", "a", MIDDLE, "part")], None),
        ([change("a", "b", MIDDLE, "part"), change("a", "a", MIDDLE, "part_main")], None),
        ([change("a", "a", MIDDLE)], ("a",)),
        ([change("b", "a", date(2019, 1, 1), "part")], ("a",)),
        ([change("b", "a", date(2022, 1, 1), "part")], ("a",)),
    ],
)
def test_the_same_ground_before_whole_mergers_and_not_before_parts(
    changes: list[AreaChange], found: tuple[str, ...] | None
) -> None:
    assert came_from(changes, "a", OLD, NEW, {}) == found


def test_a_village_that_was_made_of_others_is_these() -> None:
    made = [change("b", "a", MIDDLE), change("c", "a", MIDDLE)]
    assert came_from(made, "a", OLD, NEW, {"a": MIDDLE}) == ("b", "c")
    assert came_from([], "a", OLD, NEW, {"a": MIDDLE}) is None


HERE, THERE = (107.40, 21.50), (107.60, 21.50)


def trace(number: int, minutes: int, point: tuple[float, float], took: int = 10) -> Trace:
    began = NOON + timedelta(minutes=minutes)
    return Trace(number, began, began + timedelta(minutes=took), point)


def test_a_phone_is_not_in_two_places_at_once() -> None:
    assert 20_000 < metres_between(HERE, THERE) < 21_000
    first = trace(1, 0, HERE, took=2)
    (found,) = check_speed(first, [trace(2, 3, THERE, took=2)])
    assert (found.beside["minutes"], found.others) == (5, (2,))
    assert found.beside["kmh"] > 150
    assert reasons(check_speed(first, [trace(2, 30, THERE)])) == []
    assert reasons(check_speed(first, [trace(2, 3, (107.401, 21.5))])) == []
    (back,) = check_speed(trace(2, 3, THERE, took=2), [first])
    assert back.fingerprint == found.fingerprint


def test_arrival_alone_accuses_nobody() -> None:
    assert reasons(check_speed(Trace(1, point=HERE), [Trace(2, point=THERE)])) == []
    assert reasons(check_speed(trace(1, 0, HERE), [Trace(2, point=THERE)])) == []


def test_places_are_found_below_groups_and_in_repeats() -> None:
    point = {"type": "Point", "coordinates": [107.4, 21.5, 12]}
    answers = {"toa_do": point, "nhom": {"x": point}, "hang": [{"y": point}, {"y": None}], "chu": "21 107"}
    assert list(find_points(answers)) == [("toa_do", HERE), ("x", HERE), ("y", HERE)]


def test_a_place_is_outside_from_a_distance_on() -> None:
    assert reasons(check_outside("toa_do", 500, "Xã A")) == []
    assert [each.severity for each in check_outside("toa_do", 501, "Xã A")] == ["info"]
    assert [each.severity for each in check_outside("toa_do", 5001, "Xã A")] == ["warning"]


def dates(**more: Any) -> list[str]:
    given: dict[str, Any] = {"said": OLD, "cutoff": OLD, "ended": NOON, "arrived": NOON, "photos": {}} | more
    return reasons(check_dates(Dates(**given)))


def test_days_and_times_fit() -> None:
    assert dates() == []
    assert dates(said=OLD - timedelta(days=1)) == ["cutoff"]
    assert dates(ended=NOON + timedelta(days=2)) == ["clock_ahead"]
    assert dates(ended=NOON - timedelta(days=5)) == ["before_cutoff"]
    assert dates(ended=None, said=None) == []
    assert dates(photos={"a": datetime(2018, 12, 1)}) == ["photo_old"]
    assert dates(photos={"a": datetime(2019, 12, 1), "b": datetime(2019, 6, 1)}) == ["photo_late"]
    # long after: the phone had no signal; that says nothing
    assert dates(arrived=NOON + timedelta(days=90)) == []


def test_the_same_bytes_are_told_of_once_each() -> None:
    photos = {"a.jpg": "1" * 64, "b.jpg": "2" * 64}
    assert reasons(check_photos(photos, {}, {})) == []
    assert reasons(check_photos(dict.fromkeys(photos, "1" * 64), {}, {})) == ["photo_twice"]
    (found,) = check_photos(photos, {"1" * 64: (9, 7)}, {7: "x", 9: None})
    assert (found.reason, found.others, found.beside["areas"]) == ("photo_elsewhere", (7, 9), ["x"])
    (many,) = check_photos(photos, {"1" * 64: tuple(range(30))}, {})
    (more,) = check_photos(photos, {"1" * 64: tuple(range(1, 40))}, {})
    assert many.reason == "photo_in_many"
    assert many.fingerprint == more.fingerprint


def exif(text: bytes, order: str) -> bytes:
    """A picture whose camera wrote a time into it."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(order + "HHHIII", 1, 0x8769, 4, 1, 26, 0)
    below = struct.pack(order + "HHHIII", 1, 0x9003, 2, 20, 44, 0)
    tiff = mark + struct.pack(order + "I", 8) + first + below + text + b"\0"
    body = b"Exif\0\0" + tiff
    drawn = draw_photo(1)
    return drawn[:2] + struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body + drawn[2:]


@pytest.mark.parametrize("order", ["<", ">"])
def test_when_a_picture_was_taken_is_read_from_it(order: str) -> None:
    assert taken_at(exif(b"2019:06:15 09:30:00", order)) == datetime(2019, 6, 15, 9, 30)
    assert taken_at(exif(b"0000:00:00 00:00:00", order)) is None


def test_a_file_that_says_no_time_has_none() -> None:
    assert taken_at(draw_photo(1)) is None
    assert taken_at(b"") is None
    whole = exif(b"2019:06:15 09:30:00", "<")
    for length in range(0, 70, 3):
        assert taken_at(whole[:length]) is None
