"""The spot check of a supervisor and the quick report of a disaster, as they are filled in the field."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import pytest

from forms.calculate import fill
from forms.convert import convert
from forms.definition import FormDefinition
from forms.errors import Finding
from forms.flatten import answers_of, find_answer
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from tests.kit.village_criteria import NOW

TABLES = {
    "communes.csv": table_from_csv("name,label,code\nvo_ngai,Xã Vô Ngại,06841\n".encode()),
    "villages.csv": table_from_csv("name,label,commune,code,xa_ntm\nngan_chi,Ngàn Chi,vo_ngai,QN-1,khong\n".encode()),
    "rounds.csv": table_from_csv(b"name,label,cutoff\n2019,2019,2019-06-30\n"),
    "households.csv": table_from_csv("name,label,area\nh1,Bàn Văn Mẫu,ngan_chi\nh2,Ở nơi khác,na_hac\n".encode()),
    "corrections.csv": table_from_csv(b"name,label,form,area,key,instance,told,told_en\n"),
}
CONTEXT = JudgeContext(now=NOW, tables=TABLES)
# all numbers and names are invented
AS_LISTED = {"ho_trong_so": "h1", "co_that": "co", "hang_ghi": "ho_ngheo", "hang_thay": "ho_ngheo"}
CHECK: dict[str, object] = {
    "xa": "vo_ngai",
    "thon": "ngan_chi",
    "ky": "2019",
    "ngay_kiem_tra": "2019-07-02",
    "thon_dem": {"tong_ho": "60", "ho_ngheo": "10", "ho_can_ngheo": "8", "chuan_ngheo": "qd59_2015"},
    "cong_trinh": {"duong_truc_cung_hoa": "co", "phong_mau_giao": "2", "phong_mau_giao_kien_co": "1"},
}
REPORT: dict[str, object] = {
    "xa": "vo_ngai",
    "thon": "ngan_chi",
    "loai_thien_tai": "sat_lo",
    "thoi_diem": "2026-11-23T21:30:00.000+07:00",
    "nha_hu_hong": "3",
    "duong_bi_cat": "bi_cat",
    "can_gi": "thong_duong cho_o",
}


@cache
def form(name: str) -> FormDefinition:
    return parse_form(convert(files("forms").joinpath("library", f"{name}.md").read_bytes(), "md").xml)


def findings(name: str, answers: Mapping[str, object]) -> list[Finding]:
    kept = {key: value for key, value in answers.items() if value is not None}
    xml = fill(form(name), kept, CONTEXT, instance_id="uuid:field-1")
    return [each for each in judge(form(name), read_instance(xml), CONTEXT) if each.severity == "error"]


def check(*households: Mapping[str, str]) -> dict[str, object]:
    return CHECK | {"ho_mau": [{"ho": dict(each)} for each in households]}


def counted(*households: Mapping[str, str]) -> tuple[object, ...]:
    xml = fill(form("spot_check"), check(*households), CONTEXT, instance_id="uuid:field-1")
    typed = answers_of(form("spot_check"), read_instance(xml))
    return tuple(find_answer(typed, f"/data/{name}") for name in ("so_ho_xem", "so_ho_so_duoc", "so_ho_sai"))


def test_a_whole_check_and_a_whole_report_have_no_findings() -> None:
    assert findings("spot_check", check(*[AS_LISTED] * 5)) == []
    assert findings("disaster_quick", REPORT) == []


def test_nothing_of_the_village_needs_to_be_counted() -> None:
    few = {name: value for name, value in CHECK.items() if name not in ("thon_dem", "cong_trinh")}
    assert findings("spot_check", few) == []


def test_households_that_differ_from_the_list_are_counted_and_unknown_ones_left_out() -> None:
    gone = {"ten_chu_ho": "Không còn", "co_that": "khong"}
    richer = AS_LISTED | {"hang_thay": "khong_ngheo"}
    unknown = AS_LISTED | {"hang_thay": "khong_ro"}
    unseen = {"ten_chu_ho": "Chưa gặp", "co_that": "khong_ro", "hang_ghi": "ho_ngheo", "hang_thay": "ho_ngheo"}
    assert counted(AS_LISTED, gone, richer, unknown, unseen) == ("5", "3", "2")
    assert counted() == ("0", "0", "0")


def test_a_household_of_another_village_is_not_on_the_list() -> None:
    found = findings("spot_check", check(AS_LISTED | {"ho_trong_so": "h2"}))
    assert [(each.kind, each.path.rpartition("/")[2]) for each in found] == [("choice", "ho_trong_so")]


def test_the_check_asks_what_the_village_was_asked_by_the_same_names() -> None:
    village = {field.name: field.type for field in form("village_criteria").fields.values() if field.control}
    own = {field.name: field.type for field in form("spot_check").fields.values() if field.control}
    same = village.keys() & own.keys()
    assert same >= {"tong_ho", "ho_ngheo", "duong_truc_cung_hoa", "duong_cung_hoa_km", "nha_van_hoa_khu_the_thao"}
    assert {name: village[name] for name in same} == {name: own[name] for name in same}


def test_a_disaster_is_told_in_at_most_twelve_questions_and_asks_for_no_round() -> None:
    asked = [each for each in form("disaster_quick").fields.values() if each.control and each.kind == "field"]
    # which returned report it corrects, and why that was returned, is asked and told where one was returned alone
    assert len([each for each in asked if each.name not in ("corrects", "bao_tra_lai")]) <= 12
    assert {each.name for each in asked} >= {"loai_thien_tai", "thoi_diem", "nha_hu_hong", "can_gi", "anh", "toa_do"}
    assert not any(each.itemset and each.itemset.file_name == "rounds.csv" for each in asked)


@pytest.mark.parametrize(
    ("name", "value"),
    [("thoi_diem", "2026-11-25T08:00:00.000+07:00"), ("nha_hu_hong", "1501"), ("can_gi", "khong thuoc")],
)
def test_what_cannot_be_is_told_in_both_languages(name: str, value: str) -> None:
    (found,) = findings("disaster_quick", REPORT | {name: value})
    assert (found.kind, found.path) == ("constraint", f"/data/{name}")
    assert set(found.message) == {"Tiếng Việt (vi)", "English (en)"}


@pytest.mark.parametrize("name", ["nguoi_chet_mat_tich", "nguoi_bi_thuong", "nha_hu_hong"])
def test_what_is_not_known_yet_does_not_keep_a_report_from_being_sent(name: str) -> None:
    assert findings("disaster_quick", REPORT | {name: None}) == []
