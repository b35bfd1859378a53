"""The sheets of a class as an organiser fills them: the class, who came, and the test before and after."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import pytest

from forms.calculate import fill
from forms.convert import convert
from forms.definition import FormDefinition
from forms.errors import Finding
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from tests.kit.village_criteria import NOW

CLASSES = "name,label,area,tu_ngay,den_ngay\nlop-1,Rà soát tiêu chí,qn,2019-05-13,2019-05-15\n"
VILLAGES = "name,label,commune,code,xa_ntm\nngan_chi,Ngàn Chi,vo_ngai,QN-1,khong\n"
TABLES = {
    "communes.csv": table_from_csv("name,label,code\nvo_ngai,Xã Vô Ngại,06841\n".encode()),
    "villages.csv": table_from_csv(VILLAGES.encode()),
    "units.csv": table_from_csv("name,label,level,code\nqn,Quảng Ninh,tinh,22\nba_che,Ba Chẽ,huyen,204\n".encode()),
    "classes.csv": table_from_csv(CLASSES.encode()),
    "corrections.csv": table_from_csv(b"name,label,form,area,key,instance,told,told_en\n"),
}
CONTEXT = JudgeContext(now=NOW, tables=TABLES)
# all names and numbers are invented
CLASS: dict[str, object] = {
    "cap": "tinh",
    "don_vi": "qn",
    "co_quan": "Ban Dân tộc tỉnh",
    "ten_lop": "Rà soát tiêu chí",
    "chu_de": "tieu_chi",
    "tu_ngay": "2019-05-13",
    "den_ngay": "2019-05-15",
    "so_ngay": "3",
    "dia_diem": "Hạ Long",
    "hinh_thuc": "tai_lop",
    "tieng": ["viet"],
    "giang_vien": "Cán bộ của Ban Dân tộc",
    "chuong_trinh": "ct135",
    "kinh_phi": "25000000",
    "doi_tuong": ["lanh_dao_xa", "truong_thon"],
    "dk_lanh_dao_xa": "40",
    "dk_truong_thon": "70",
}
PERSON: dict[str, object] = {
    "ho_ten": "Học viên mẫu 001",
    "nam_sinh": "1980",
    "gioi": "nu",
    "dan_toc": "dao",
    "nhom": "ho_ngheo",
    "xa_o": "vo_ngai",
    "thon_o": "ngan_chi",
    "dai_dien": "ho_ngheo",
    "so_ho": "12",
}
TOTALS: dict[str, object] = {
    "lop": "lop-1",
    "cach_ghi": "mot_ngay",
    "ngay": "2019-05-13",
    "to_so": "1",
    "doi_tuong": ["truong_thon", "ho_ngheo"],
    "n_truong_thon": "70",
    "nu_truong_thon": "20",
    "dt_truong_thon": "60",
    "nudt_truong_thon": "18",
    "n_ho_ngheo": "5",
    "ghi_ten": "khong",
    "anh_1": "to_1.jpg",
}
NAMED: dict[str, object] = TOTALS | {
    "doi_tuong": ["ho_ngheo"],
    "n_truong_thon": None,
    "nu_truong_thon": None,
    "dt_truong_thon": None,
    "nudt_truong_thon": None,
    "ghi_ten": "co",
    "dong_y": "co",
    "so_ten": "1",
    "hoc_vien": [PERSON],
    "anh_1": None,
}
RIGHT = {"cau_1": "qd03", "cau_2": "hai", "cau_3": "p35", "cau_4": "p15", "cau_5": "de_trong", "cau_6": "sua"}
TEST: dict[str, object] = RIGHT | {
    "lop": "lop-1",
    "lan": "sau",
    "so_danh_sach": "7",
    "doi_tuong": "truong_thon",
    "gioi": "nu",
    "hai_long": "hai_long",
}


@cache
def form(name: str) -> FormDefinition:
    return parse_form(convert(files("forms").joinpath("library", f"{name}.md").read_bytes(), "md").xml)


def filled(name: str, whole: Mapping[str, object], changed: Mapping[str, object]) -> bytes:
    answers = {key: value for key, value in (dict(whole) | dict(changed)).items() if value is not None}
    return fill(form(name), answers, CONTEXT, instance_id="uuid:training-1")


def told(name: str, whole: Mapping[str, object], changed: Mapping[str, object]) -> list[tuple[str, str]]:
    found: list[Finding] = judge(form(name), read_instance(filled(name, whole, changed)), CONTEXT)
    wrong = [each for each in found if each.severity == "error"]
    assert all(set(each.message) == {"Tiếng Việt (vi)", "English (en)"} for each in wrong if each.kind == "constraint")
    return [(each.kind, each.path.rpartition("/")[2].partition("[")[0]) for each in wrong]


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("training_class", CLASS),
        ("training_attendance", TOTALS),
        ("training_attendance", NAMED),
        ("training_test", TEST),
    ],
)
def test_a_whole_sheet_has_no_findings(name: str, whole: Mapping[str, object]) -> None:
    assert told(name, whole, {}) == []


def test_a_class_of_a_district_that_is_not_listed_can_be_sent_and_one_of_the_province_names_it() -> None:
    assert told("training_class", CLASS, {"cap": "huyen", "don_vi": None}) == []
    assert told("training_class", CLASS, {"don_vi": None}) == [("required", "don_vi")]
    assert told("training_class", CLASS, {"cap": "xa", "don_vi": None, "xa": "vo_ngai"}) == []


@pytest.mark.parametrize("name", ["so_ngay", "kinh_phi", "dk_truong_thon", "dia_diem", "giang_vien"])
def test_what_is_not_known_of_a_class_may_be_left_empty(name: str) -> None:
    assert told("training_class", CLASS, {name: None}) == []


@pytest.mark.parametrize(
    ("name", "value"), [("den_ngay", "2019-05-12"), ("so_ngay", "4"), ("so_ngay", "0"), ("kinh_phi", "-1")]
)
def test_what_cannot_be_of_a_class_is_told(name: str, value: str) -> None:
    assert ("constraint", name) in told("training_class", CLASS, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ngay", "2019-05-16"),
        ("to_so", "0"),
        ("n_truong_thon", "0"),
        ("nu_truong_thon", "71"),
        ("dt_truong_thon", "71"),
        ("nudt_truong_thon", "21"),
        ("nudt_truong_thon", "9"),
    ],
)
def test_totals_that_cannot_be_are_told(name: str, value: str) -> None:
    assert ("constraint", name) in told("training_attendance", TOTALS, {name: value})


def test_totals_without_names_need_a_photo_of_the_signed_sheet() -> None:
    assert told("training_attendance", TOTALS, {"anh_1": None}) == [("required", "anh_1")]
    refused = {"dong_y": "khong", "so_ten": None, "hoc_vien": None}
    assert told("training_attendance", NAMED, refused) == [("required", "anh_1")]


def test_more_names_than_people_or_than_a_sheet_takes_are_told() -> None:
    people = [PERSON | {"ho_ten": f"Học viên mẫu {number:03}", "so_ho": str(number)} for number in range(1, 32)]
    six = {"so_ten": "6", "hoc_vien": people[:6]}
    assert told("training_attendance", NAMED, six) == [("constraint", "so_ten")]
    many = {"so_ten": "31", "hoc_vien": people, "n_ho_ngheo": "40"}
    assert told("training_attendance", NAMED, many) == [("constraint", "so_ten")]
    assert told("training_attendance", NAMED, many | {"so_ten": "30", "hoc_vien": people[:30]}) == []


def test_nobody_is_named_who_did_not_agree() -> None:
    sent = filled("training_attendance", NAMED, {"dong_y": "khong", "anh_1": "to_1.jpg"})
    assert b"<hoc_vien>" not in sent
    assert "Học viên mẫu".encode() not in sent
    assert "Học viên mẫu".encode() in filled("training_attendance", NAMED, {})


@pytest.mark.parametrize(("right", "score"), [(6, "6"), (4, "4"), (0, "0")])
def test_the_score_is_worked_out(right: int, score: str) -> None:
    wrong = dict.fromkeys([*RIGHT][right:], "khong_biet")
    assert f"<diem>{score}</diem>".encode() in filled("training_test", TEST, wrong)
    before = {"lan": "truoc", "hai_long": None}
    assert told("training_test", TEST, wrong | before) == []


@pytest.mark.parametrize("name", ["training_class", "training_attendance", "training_test"])
def test_no_number_of_an_identity_paper_is_asked(name: str) -> None:
    labels = " ".join(" ".join(field.labels.values()) for field in form(name).fields.values()).lower()
    assert not any(word in labels for word in ("cccd", "cmnd", "căn cước", "chứng minh nhân dân", "identity"))
    written = [each for each in form(name).fields.values() if each.control == "input" and each.type == "string"]
    free = [each.name for each in written if each.name in ("ghi_chu", "giang_vien", "ho_ten", "gop_y")]
    for each in free:
        hints = next(field for field in written if field.name == each).hints
        assert all("số giấy tờ" in hint or "numbers of papers" in hint for hint in hints.values()), each
