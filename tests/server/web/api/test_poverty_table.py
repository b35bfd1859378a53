"""The movement of poverty of a round: from what villages counted in two rounds and sheets of households between."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from server.domain.rounds import Round
from server.services.rounds import open_round
from tests.kit.field import WELL_OFF, library_form, place_of
from tests.kit.world import Phone, World

VILLAGE = "Thôn Ngàn Chi"
LATER = Round("2020", "Năm 2020", "2020", date(2020, 6, 30), date(2020, 1, 1), date(2020, 12, 20))
TABLE = "projects/1/rounds/2020/tables/poverty?limit=1000"
HOUSE: dict[str, object] = {
    "dong_y": "co",
    "chuan_ngheo": "qd59_2015",
    "thanh_thi": "khong",
    "ho_dan_toc_thieu_so": "co",
    "so_thieu_hut_giay": 3,
}
POOR, BETTER = {"thu_nhap": 600_000}, {"thu_nhap": 2_000_000}


@pytest.fixture
def phones(world: World) -> dict[str, Phone]:
    """Keys for the two forms, which are there then, as the later round is."""
    open_round(world.session, 1, LATER, datetime.now(UTC))
    made = {}
    for form in ("village_criteria", "household_review"):
        path = "projects/1/forms?publish=true&ignoreWarnings=true"
        answer = world.api.post(path, data=library_form(form), content_type="application/xml")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        made[form] = world.phone(f"Người gửi {form}", form)
    return made


def sends(world: World, phone: Phone, form: str, slug: str, **answers: object) -> None:
    place = place_of(VILLAGE, slug)
    where = {"xa": place.xa, "thon": place.thon, "ky": place.ky}
    answer = phone.sends(world.filled(form, where | answers))
    assert answer.status_code == 201, answer.get_data(as_text=True)


def counts(world: World, phones: dict[str, Phone], slug: str, poor: int, near: int, **more: object) -> None:
    said = dict(WELL_OFF) | {"ho_ngheo": poor, "ho_can_ngheo": near, "ngay_chot": f"{slug}-06-30"} | more
    sends(world, phones["village_criteria"], "village_criteria", slug, **said)


def reviews(world: World, phones: dict[str, Phone], slug: str, head: str, why: str, income: dict[str, int]) -> None:
    said = HOUSE | income | {"chu_ho": head, "ly_do": why, "ngay_chot": f"{slug}-06-30"}
    sends(world, phones["household_review"], "household_review", slug, **said)


def line(world: World, klass: str, sheet: str = "villages") -> dict[str, Any]:
    answer = world.api.get(TABLE)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = next(each for each in answer.get_json()["sheets"] if each["name"] == sheet)
    names = [column["name"] for column in found["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in found["rows"]]
    key, value = ("village", VILLAGE) if sheet == "villages" else ("commune", "Xã Vô Ngại")
    (one,) = [row for row in rows if row[key] == value and row["class"] == klass]
    return one


def numbers(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in ("start", "left", "back", "new", "risen", "end")]


def test_start_and_end_are_what_two_rounds_counted_and_the_rest_is_not_known(
    world: World, phones: dict[str, Phone]
) -> None:
    counts(world, phones, "2019", 10, 7)
    assert numbers(line(world, "poor")) == [10, None, None, None, None, None]
    counts(world, phones, "2020", 8, 9)
    row = line(world, "poor")
    assert (numbers(row), row["check"], row["reason"]) == ([10, None, None, None, None, 8], "open", None)
    assert (row["households"], row["minority"], row["standard"]) == (100, 5, "qd59_2015")
    assert numbers(line(world, "near_poor")) == [7, None, None, None, None, 9]


def test_households_say_who_left_fell_back_and_is_newly_poor(world: World, phones: dict[str, Phone]) -> None:
    counts(world, phones, "2019", 2, 0)
    reviews(world, phones, "2019", "Chìu A Sềnh", "dang_ngheo", POOR)
    reviews(world, phones, "2019", "Phùn Thị Múi", "dang_ngheo", BETTER)
    counts(world, phones, "2020", 2, 0)
    reviews(world, phones, "2020", "Chìu A Sềnh", "dang_ngheo", BETTER)
    reviews(world, phones, "2020", "Tằng A Pẩu", "dang_ngheo", BETTER)
    reviews(world, phones, "2020", "Phùn Thị Múi", "de_nghi", POOR)
    reviews(world, phones, "2020", "Dường Chống", "de_nghi", POOR)
    row = line(world, "poor")
    assert (numbers(row), row["difference"], row["check"]) == ([2, 2, 1, 1, 0, 2], 0, "balanced")
    # of the commune only one village is known: its sum is not
    commune = line(world, "poor", "communes")
    assert commune["villages"] > commune["known_start"] == commune["known_end"] == commune["reviewed"] == 1
    assert (commune["start"], commune["check"]) == (None, "open")
    counts(world, phones, "2020", 5, 0)
    row = line(world, "poor")
    assert (row["end"], row["difference"], row["check"]) == (5, 3, "broken")


def test_a_start_under_another_standard_is_no_start(world: World, phones: dict[str, Phone]) -> None:
    counts(world, phones, "2019", 10, 7)
    counts(world, phones, "2020", 8, 9, chuan_ngheo="nd07_2021")
    row = line(world, "poor")
    # nor is an end by a standard that the law of the round does not know
    assert (row["start"], row["reason"], row["end"], row["standard"]) == (None, "other_standard", None, "nd07_2021")


def test_the_first_round_has_no_start(world: World, phones: dict[str, Phone]) -> None:
    counts(world, phones, "2019", 10, 7)
    answer = world.api.get(TABLE.replace("2020", "2019")).get_json()
    sheet = answer["sheets"][1]
    names = [column["name"] for column in sheet["columns"]]
    found = [dict(zip(names, row, strict=True)) for row in sheet["rows"]]
    assert {row["reason"] for row in found} == {"no_round"}
    assert next(row for row in found if row["village"] == VILLAGE)["end"] == 10
