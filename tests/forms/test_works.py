"""The sheets about works, supervision, upkeep and production models: whole, with gaps, and with what cannot be."""

from __future__ import annotations

import pytest

from tests.forms.works import CHECKS, END, PROGRESS, REGISTER, START, SUPERVISION, UPKEEP, WHOLE, findings, form, told

LANGUAGES = {"Tiếng Việt (vi)", "English (en)"}
COUNTS = {
    "work_register": ("ban_gs_thanh_vien", "von_trung_uong", "von_dia_phuong", "ngay_xong_ke_hoach"),
    "work_progress": ("khoi_luong", "da_giai_ngan"),
    "community_supervision": ("lao_dong", "lao_dong_dia_phuong", "lao_dong_dtts", "lao_dong_nu"),
    "maintenance": ("chi_phi", "ngay_cong"),
    "production_model": ("tong_ho", "ho_ngheo", "ho_can_ngheo", "ho_dtts", "ho_phu_nu", "gia_tri_ho_tro", "doi_ung"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_sheet_has_no_findings(name: str) -> None:
    assert findings(name, WHOLE[name]) == []


def test_the_later_sheet_of_a_model_has_none_either() -> None:
    assert findings("production_model", END) == []
    midway = {key: value for key, value in END.items() if key not in ("nhan_rong", "ho_tu_lam")} | {"giai_doan": "giua"}
    assert findings("production_model", midway) == []


@pytest.mark.parametrize(("name", "question"), [(name, each) for name, names in COUNTS.items() for each in names])
def test_what_is_not_known_may_be_left_empty(name: str, question: str) -> None:
    assert findings(name, WHOLE[name] | {question: None}) == []


@pytest.mark.parametrize(
    ("name", "question", "value"),
    [
        ("work_register", "von_trung_uong", "-1"),
        ("work_register", "von_trung_uong", "100.5"),
        ("work_register", "ngay_khoi_cong", "2018-08-31"),
        ("work_register", "ngay_xong_ke_hoach", "2018-09-30"),
        ("work_register", "ngay_duyet", "2030-01-01"),
        ("work_register", "ban_gs_thanh_vien", "51"),
        ("work_progress", "khoi_luong", "101"),
        ("work_progress", "da_giai_ngan", "3000000001"),
        ("work_progress", "hoan_thanh", "co"),
        ("work_progress", "ngay", "2030-01-01"),
        ("work_progress", "vuong_mac", "khong_co von"),
        ("community_supervision", "lao_dong_nu", "13"),
        ("community_supervision", "ban_du", "0"),
        ("community_supervision", "ngay_gui", "2019-02-19"),
        ("maintenance", "hu_hong", "khong mai"),
        ("maintenance", "chi_phi", "1.5"),
        ("production_model", "ho_can_ngheo", "9"),
        ("production_model", "ho_phu_nu", "21"),
    ],
)
def test_what_cannot_be_is_told_in_both_languages(name: str, question: str, value: str) -> None:
    found = [each for each in findings(name, WHOLE[name] | {question: value}) if each.kind == "constraint"]
    own = next(each for each in found if each.path.endswith(f"/{question}"))
    assert set(own.message) == LANGUAGES


def test_money_paid_is_held_against_the_budget_that_the_register_carries() -> None:
    assert told("work_progress", PROGRESS | {"da_giai_ngan": "3000000000"}) == []
    (more,) = findings("work_progress", PROGRESS | {"da_giai_ngan": "3000000001"})
    assert all("(3000 " in text for text in more.message.values())
    # of a work without a known budget nothing can be said
    assert told("work_progress", PROGRESS | {"cong_trinh": "kenh", "da_giai_ngan": "3000000001"}) == []


def test_a_finished_work_says_when_and_is_whole() -> None:
    done = {"hoan_thanh": "co", "khoi_luong": "100", "ngay_hoan_thanh": "2019-02-27"}
    assert told("work_progress", PROGRESS | done) == []
    assert told("work_progress", PROGRESS | done | {"ngay_hoan_thanh": None}) == [("required", "ngay_hoan_thanh")]
    assert told("work_progress", PROGRESS | done | {"khoi_luong": "99"}) == [("constraint", "hoan_thanh")]


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_that_fails_is_explained_and_none_need_be_seen(check: str) -> None:
    assert told("community_supervision", SUPERVISION | {check: "khong_ap_dung"}) == []
    assert told("community_supervision", SUPERVISION | {check: "khong_xem"}) == []
    assert told("community_supervision", SUPERVISION | {check: "khong"}) == [("required", f"{check}_ro")]
    assert told("community_supervision", SUPERVISION | {check: None}) == [("required", check)]


def test_a_finding_is_asked_for_where_the_board_found_something() -> None:
    none = SUPERVISION | {"co_phat_hien": "khong", "phat_hien": None}
    assert told("community_supervision", none) == []
    early = [{"noi_dung": "Thiếu rào chắn", "kien_nghi": "Rào lại", "han_tra_loi": "2019-02-19"}]
    assert told("community_supervision", SUPERVISION | {"phat_hien": early}) == [("constraint", "han_tra_loi")]
    no_advice = [{"noi_dung": "Thiếu rào chắn"}]
    assert told("community_supervision", SUPERVISION | {"phat_hien": no_advice}) == [("required", "kien_nghi")]


def test_an_earlier_finding_is_chosen_among_those_of_the_same_work() -> None:
    again = [{"kien_nghi_truoc": "g-1", "ket_qua": "chua_xong"}]
    assert told("community_supervision", SUPERVISION | {"xem_lai": again}) == []
    other = told("community_supervision", SUPERVISION | {"cong_trinh": "kenh", "xem_lai": again})
    assert [name for _, name in other] == ["kien_nghi_truoc"]


def test_a_work_without_faults_asks_for_no_mending() -> None:
    assert told("maintenance", UPKEEP | {"hu_hong": "khong", "hu_hong_ro": None, "da_sua": None}) == []
    assert told("maintenance", UPKEEP | {"da_sua": None}) == [("required", "da_sua")]
    assert told("maintenance", UPKEEP | {"chi_phi": "2000000"}) == [("required", "ai_tra")]


def test_no_more_animals_are_alive_than_the_start_sheet_says_were_given() -> None:
    assert told("production_model", END | {"con_song": "40"}) == []
    (more,) = findings("production_model", END | {"con_song": "41"})
    assert (more.kind, set(more.message)) == ("constraint", LANGUAGES)
    assert all("(40)" in text for text in more.message.values())


def test_a_start_sheet_names_a_place_and_a_later_one_the_model() -> None:
    assert told("production_model", START | {"xa": None, "thon": None}) == [("required", "xa"), ("required", "thon")]
    assert told("production_model", END | {"mo_hinh": None}) == [("required", "mo_hinh")]
    assert ("relevance", "nhan_rong") not in told("production_model", END)


def test_a_work_lies_in_a_village_in_several_or_in_the_whole_commune() -> None:
    assert told("work_register", REGISTER | {"pham_vi": "nhieu_thon", "thon": None, "cac_thon": "ngan_chi"}) == []
    assert told("work_register", REGISTER | {"pham_vi": "nhieu_thon", "thon": None}) == [("required", "cac_thon")]
    assert told("work_register", REGISTER | {"pham_vi": "xa", "thon": None}) == []
    assert told("work_register", REGISTER | {"thon": None}) == [("required", "thon")]


@pytest.mark.parametrize("name", WHOLE)
def test_it_asks_for_no_names_of_people(name: str) -> None:
    asked = {field.name for field in form(name).fields.values() if field.control == "input" and field.type == "string"}
    texts = {
        *("ten_cong_trinh", "loai_khac", "quy_mo", "chu_dau_tu", "don_vi_thi_cong", "quyet_dinh_so", "ghi_chu"),
        *("vuong_mac_ro", "hang_muc", "noi_dung", "kien_nghi", "ket_qua_ro", "hu_hong_ro", "ten_mo_hinh", "ly_do"),
        *(f"{check}_ro" for check in CHECKS),
        # notes, which nobody writes
        *("nhac_ban_gs", "nhac_cong_trinh", "ket_thuc", "bao_tra_lai"),
    }
    assert asked <= texts
