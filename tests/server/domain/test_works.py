"""Works as of a day: where they stand, what they cost, what is broken; and models joined from their sheets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from server.domain.production import read_models, sum_by_kind, sum_models
from server.domain.works import Sheet, WorkState, read_works, sum_works

# all numbers are invented
ROAD = {
    "ten_cong_trinh": "Đường mẫu",
    "loai": "duong",
    "von": {"von_trung_uong": 2.5e9, "von_dan_gop": 1.0e8, "von_khac": None},
    "ngay": {"ngay_duyet": "2018-09-01", "ngay_khoi_cong": "2018-10-01", "ngay_xong_ke_hoach": "2019-03-31"},
    "toa_do": {"type": "Point", "coordinates": [107.4, 21.3, 0]},
}
GOATS = {
    "giai_doan": "dau",
    "ten_mo_hinh": "Nuôi dê",
    "loai": "chan_nuoi",
    "ngay": "2018-05-01",
    "ho": {"tong_ho": 20, "ho_ngheo": 12, "ho_can_ngheo": 8, "ho_dtts": 20, "ho_phu_nu": None},
    "ho_tro": {"gia_tri_ho_tro": 1.6e8, "doi_ung": 4.0e7, "so_luong": 40, "don_vi": "con"},
}


class Sheets:
    """Sheets numbered in the order in which they came."""

    def __init__(self) -> None:
        self.sent: list[Sheet] = []

    def send(
        self, form: str, answers: Mapping[str, Any], state: str = "approved", area: str | None = "ngan_chi"
    ) -> str:
        number = len(self.sent) + 1
        self.sent.append(Sheet(form, number, number, f"uuid:s{number}", area, state, date(2019, 1, number), 7, answers))
        return f"s{number}"

    def progress(self, work: str, on: str, **said: Any) -> str:
        return self.send("work_progress", {"cong_trinh": work, "ngay": on, "tien_do": {"hoan_thanh": "khong"} | said})

    def upkeep(self, work: str, on: str, condition: str, faults: list[str], mended: str | None = None) -> str:
        told = {"cong_trinh": work, "ngay": on, "tinh_trang": condition, "hu_hong": faults, "da_sua": mended}
        return self.send("maintenance", told)

    def work(self, on: str) -> WorkState:
        (state,) = read_works(self.sent, date.fromisoformat(on))
        return state


def test_a_work_says_what_was_answered_and_what_is_not_known() -> None:
    sheets = Sheets()
    sheets.send("work_register", ROAD, "received")
    work = sheets.work("2018-09-30").work
    assert (work.name, work.kind, work.provisional, work.place) == ("Đường mẫu", "duong", True, (107.4, 21.3))
    assert work.budget == {
        "von_trung_uong": 2_500_000_000,
        "von_dia_phuong": None,
        "von_dan_gop": 100_000_000,
        "von_khac": None,
    }
    assert work.planned == 2_600_000_000
    sheets.send("work_register", {"ten_cong_trinh": "Kênh", "loai": "thuy_loi"})
    road, canal = read_works(sheets.sent, date(2019, 1, 1))
    assert (road.work.name, canal.work.planned) == ("Đường mẫu", None)


def test_a_work_is_there_from_its_approval_on() -> None:
    sheets = Sheets()
    sheets.send("work_register", ROAD)
    assert read_works(sheets.sent, date(2018, 8, 31)) == []
    assert sheets.work("2018-09-01").state == "not_begun"
    assert sheets.work("2018-10-01").state == "under_way"


def test_of_each_day_the_newest_progress_until_then_speaks() -> None:
    sheets = Sheets()
    work = sheets.send("work_register", ROAD)
    sheets.progress(work, "2019-02-28", khoi_luong=60, da_giai_ngan=1.5e9)
    sheets.progress(work, "2018-12-31", khoi_luong=30, da_giai_ngan=7.0e8)
    sheets.progress(work, "2019-03-31", khoi_luong=None, da_giai_ngan=1.6e9)
    assert (sheets.work("2018-12-30").percent, sheets.work("2018-12-30").paid) == (None, None)
    assert (sheets.work("2019-01-15").percent, sheets.work("2019-01-15").paid) == (30, 700_000_000)
    assert (sheets.work("2019-03-31").percent, sheets.work("2019-03-31").paid) == (60, 1_600_000_000)


@pytest.mark.parametrize(
    ("on", "state", "late"), [("2019-03-31", "under_way", 0), ("2019-04-01", "late", 1), ("2019-04-30", "late", 30)]
)
def test_it_is_late_from_the_day_after_its_planned_end(on: str, state: str, late: int) -> None:
    sheets = Sheets()
    sheets.progress(sheets.send("work_register", ROAD), "2019-02-28", khoi_luong=60)
    assert (sheets.work(on).state, sheets.work(on).late_days) == (state, late)


def test_a_finished_work_was_late_by_the_days_it_took_longer_and_no_more() -> None:
    sheets = Sheets()
    work = sheets.send("work_register", ROAD)
    sheets.progress(work, "2019-05-10", hoan_thanh="co", khoi_luong=None, ngay_hoan_thanh="2019-04-10")
    done = sheets.work("2019-12-31")
    assert (done.state, done.finished_on, done.percent, done.late_days) == ("finished", date(2019, 4, 10), 100, 10)


def test_without_a_planned_end_nobody_can_say_whether_it_is_late() -> None:
    sheets = Sheets()
    sheets.send("work_register", {"ten_cong_trinh": "Kênh", "loai": "thuy_loi"})
    assert (sheets.work("2030-01-01").late_days, sheets.work("2030-01-01").state) == (None, "not_begun")


def test_a_fault_is_open_until_a_sheet_says_that_it_was_mended() -> None:
    sheets = Sheets()
    work = sheets.send("work_register", ROAD)
    sheets.upkeep(work, "2019-06-01", "3", ["mat_duong", "sat_lo"], "chua")
    sheets.upkeep(work, "2019-07-01", "4", ["sat_lo"], "roi")
    sheets.upkeep(work, "2019-09-01", "5", ["khong"])
    assert sheets.work("2019-06-30").open_faults == ("mat_duong", "sat_lo")
    assert sheets.work("2019-07-01").open_faults == ("mat_duong",)
    assert (sheets.work("2019-07-01").condition, sheets.work("2019-09-01").open_faults) == (4, ())


def test_sheets_of_works_that_are_not_there_are_left_out() -> None:
    sheets = Sheets()
    sheets.progress("nothing", "2019-02-28", khoi_luong=60)
    assert read_works(sheets.sent, date(2019, 12, 31)) == []


def test_sums_are_of_works_and_money_and_say_what_is_not_known() -> None:
    sheets = Sheets()
    road = sheets.send("work_register", ROAD)
    sheets.send("work_register", {"ten_cong_trinh": "Kênh", "loai": "thuy_loi"}, "received")
    sheets.progress(road, "2019-02-28", khoi_luong=60, da_giai_ngan=1.5e9)
    sheets.upkeep(road, "2019-06-01", "3", ["mat_duong"], "chua")
    sums = sum_works(read_works(sheets.sent, date(2019, 12, 31)))
    assert (sums.works, sums.provisional, sums.states["late"], sums.states["not_begun"]) == (2, 1, 1, 1)
    assert (sums.planned, sums.planned_unknown, sums.paid, sums.paid_unknown) == (2_600_000_000, 1, 1_500_000_000, 1)
    assert (sums.conditions[3], sums.not_looked_at, sums.broken) == (1, 1, 1)


def test_what_no_form_allows_breaks_nothing() -> None:
    sheets = Sheets()
    odd = {"ten_cong_trinh": " ", "loai": "tàu", "von": {"von_trung_uong": float("nan")}, "toa_do": {"type": "Point"}}
    work = sheets.send("work_register", odd | {"ngay_duyet": "hôm qua"})
    sheets.upkeep(work, "hôm qua", "9", ["khong"])
    state = sheets.work("2019-12-31")
    assert (state.work.name, state.work.kind, state.work.planned, state.condition) == (work, "khac", None, None)
    assert state.work.place is None


def test_a_model_is_its_start_sheet_with_the_later_ones() -> None:
    sheets = Sheets()
    goats = sheets.send("production_model", GOATS)
    end = {"giai_doan": "cuoi", "mo_hinh": goats, "ngay": "2019-05-01", "ho": {"tong_ho": 19}}
    results = {"ket_qua": {"con_song": 36, "thu_nhap": "tang", "thu_nhap_muc": 6e6}}
    sheets.send("production_model", end | results | {"quyet_dinh": {"nhan_rong": "co", "ho_tu_lam": 5}})
    sheets.send("production_model", end | {"giai_doan": "giua", "ngay": "2018-10-01", "ket_qua": {"con_song": 38}})
    (midway,) = read_models(sheets.sent, date(2019, 4, 30))
    assert (midway.alive, midway.end, midway.repeat, midway.newest.phase) == (38, None, None, "mid")
    (ended,) = read_models(sheets.sent, date(2019, 5, 1))
    assert (ended.given, ended.alive, ended.repeat, ended.newest.phase) == (40, 36, "co", "end")
    assert ended.income is not None
    assert (ended.income.income, ended.income.income_by) == ("tang", 6_000_000)
    assert read_models(sheets.sent, date(2018, 4, 30)) == []


def test_survival_is_added_up_where_both_counts_are_known() -> None:
    sheets = Sheets()
    goats = sheets.send("production_model", GOATS)
    sheets.send("production_model", GOATS | {"ten_mo_hinh": "Nuôi gà", "ho_tro": {"so_luong": 1000}})
    sheets.send("production_model", {"giai_doan": "giua", "mo_hinh": goats, "ngay": "2018-10-01", "con_song": 38})
    models = read_models(sheets.sent, date(2019, 12, 31))
    sums = sum_models(models)
    assert (sums.models, sums.counted, sums.given, sums.alive) == (2, 1, {"con": 40}, {"con": 38})
    assert (sums.support, sums.support_unknown, sums.households["tong_ho"]) == (160_000_000, 1, 40)
    assert {kind: each.models for kind, each in sum_by_kind(models).items()} == {"chan_nuoi": 2}
