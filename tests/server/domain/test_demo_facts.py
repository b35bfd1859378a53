"""The invented sheets are the same everywhere, say that they are invented, and show every case."""

from collections import Counter

import pytest

from server.domain.data_files import list_demo_villages
from server.domain.demo_facts import SYNTHETIC_NOTE, DemoSheet, Place, make_demo_sheet

PLACE = Place(xa="06853", thon="QN-06853-01", ky="2019-06")


def sheets(seed: int) -> list[DemoSheet]:
    return [make_demo_sheet(v.key, seed, PLACE) for v in list_demo_villages()]


def test_the_same_village_and_seed_give_the_same_sheet() -> None:
    assert sheets(7) == sheets(7)
    assert sheets(7) != sheets(8)


def test_every_sheet_says_that_it_is_invented() -> None:
    assert all(sheet.answers["ghi_chu"] == SYNTHETIC_NOTE and "synthetic" in SYNTHETIC_NOTE for sheet in sheets(1))


@pytest.mark.parametrize("seed", [0, 1, 2019])
def test_every_case_comes_about_and_a_few_are_broken(seed: int) -> None:
    made = sheets(seed)
    assert len(Counter(sheet.case for sheet in made)) == 18
    broken = [sheet for sheet in made if sheet.breaks]
    assert 2 <= len(broken) <= len(made) // 4


def test_unbroken_sheets_keep_the_identities_of_the_form() -> None:
    for sheet in sheets(3):
        if sheet.breaks:
            continue
        given = {name: value for name, value in sheet.answers.items() if isinstance(value, int | float)}
        assert 1 <= given["tong_ho"] <= 1500
        assert given["ho_dtts"] <= given["tong_ho"] <= given["nhan_khau"]
        assert given["nguoi_dtts"] <= given["nhan_khau"]
        assert given["ho_ngheo"] + given.get("ho_can_ngheo", 0) <= given["tong_ho"]
        assert given["ho_ngheo_dtts"] <= min(given["ho_ngheo"], given["ho_dtts"])
        assert given.get("duong_cung_hoa_km", 0) <= given["duong_dai_km"]
        assert given.get("phong_mau_giao_kien_co", 0) <= given.get("phong_mau_giao", 0)


def test_a_hardened_road_names_its_photo() -> None:
    for sheet in sheets(2):
        assert (sheet.answers["duong_truc_cung_hoa"] == "co") == ("anh_duong" in sheet.answers)
        assert sheet.photos == ((sheet.answers["anh_duong"],) if "anh_duong" in sheet.answers else ())
