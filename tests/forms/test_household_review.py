"""The sheet about a household: what its twelve indicators, its points and its class come to, and what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import pytest

from forms.calculate import fill
from forms.convert import convert
from forms.errors import Finding
from forms.flatten import answers_of, find_answer
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from tests.kit.village_criteria import NOW

EMPTY_TABLE = b"name,label,diem\n"
POINTS = "name,label,diem\nnguoi_5,Hộ 5 người (bịa),10\nxe_may,Xe máy (bịa),15\nbep_ga,Bếp ga (bịa),130\n".encode()
TABLES = {
    "communes.csv": table_from_csv("name,label,code\nvo_ngai,Xã Vô Ngại,06841\n".encode()),
    "villages.csv": table_from_csv("name,label,commune,code,xa_ntm\nngan_chi,Ngàn Chi,vo_ngai,QN-1,khong\n".encode()),
    "rounds.csv": table_from_csv(b"name,label,cutoff\n2024,2024,2024-12-31\n"),
    "corrections.csv": table_from_csv(b"name,label,key,instance,told,told_en\n"),
}
FORM = parse_form(convert(files("forms").joinpath("library", "household_review.md").read_bytes(), "md").xml)

# all people and numbers are invented
PARENT = {"nam_sinh": "1985", "gioi_tinh": "nu", "dan_toc": "dao", "lao_dong": "co", "viec_lam": "on_dinh"}
PARENT |= {"phu_thuoc": "khong", "bao_hiem_y_te": "co"}
CHILD = {"nam_sinh": "2014", "gioi_tinh": "nam", "dan_toc": "dao", "lao_dong": "khong", "phu_thuoc": "co"}
CHILD |= {"bao_hiem_y_te": "co", "di_hoc": "co", "suy_dinh_duong": "khong"}
HOUSE = {"nha_tuong": "co", "nha_cot": "co", "nha_mai": "khong", "dien_tich_nha": "40", "nguon_nuoc": "khe_mo"}
ASKED = {"hoi_nha_tieu": "khong", "hoi_vien_thong": "khong", "hoi_thong_tin": "khong"}
WHOLE: dict[str, object] = {
    "xa": "vo_ngai",
    "thon": "ngan_chi",
    "ky": "2024",
    "dong_y": "co",
    "chu_ho": "Bàn Thị Mẫu",
    "ngay_chot": "2024-12-31",
    "ly_do": "de_nghi",
    "chuan_ngheo": "nd07_2021",
    "thanh_thi": "khong",
    "ho_dan_toc_thieu_so": "co",
    "so_nguoi": "2",
    "diem_a_giay": "140",
    **HOUSE,
    **ASKED,
}
INDICATORS = (
    *("viec_lam", "phu_thuoc", "dinh_duong", "bhyt", "hoc_nghe", "di_hoc", "chat_luong_nha", "dien_tich_nha"),
    *("nguon_nuoc", "nha_tieu", "vien_thong", "thong_tin"),
)
PATHS = {field.name: path for path, field in FORM.fields.items()}


def context(points: bytes = EMPTY_TABLE) -> JudgeContext:
    return JudgeContext(now=NOW, tables=TABLES | {"diem_a.csv": table_from_csv(points)})


def sheet(
    changed: Mapping[str, object] | None = None,
    people: tuple[Mapping[str, str], ...] = (PARENT, CHILD),
    points: bytes = EMPTY_TABLE,
) -> bytes:
    answers = {name: value for name, value in (WHOLE | dict(changed or {})).items() if value is not None}
    answers["thanh_vien"] = [{"nguoi": dict(person)} for person in people]
    return fill(FORM, nested(answers), context(points), instance_id="uuid:household-1")


def nested(answers: Mapping[str, object]) -> dict[str, object]:
    """By the groups in which the questions stand."""
    made: dict[str, object] = {}
    for name, value in answers.items():
        *groups, last = PATHS[name].removeprefix("/data/").split("/")
        place = made
        for group in groups:
            place = place.setdefault(group, {})  # type: ignore[assignment]
        place[last] = value
    return made


def said(xml: bytes, *names: str) -> list[str]:
    typed = answers_of(FORM, read_instance(xml))
    found = (find_answer(typed, PATHS[name]) for name in names)
    return ["" if value is None else str(value) for value in found]


def findings(xml: bytes, points: bytes = EMPTY_TABLE) -> list[Finding]:
    return [each for each in judge(FORM, read_instance(xml), context(points)) if each.severity == "error"]


def test_a_whole_sheet_has_no_findings_and_a_class() -> None:
    xml = sheet()
    assert findings(xml) == []
    assert said(xml, *(f"thieu_{name}" for name in INDICATORS)) == ["khong"] * 12
    assert said(xml, "so_thieu_hut", "diem_b", "diem_a", "hang_ho") == ["0", "0", "140", "ho_can_ngheo"]


def test_without_consent_nothing_is_asked_and_nothing_computed() -> None:
    xml = sheet({"dong_y": "khong"})
    assert findings(xml) == []
    assert said(xml, "hang_ho", "thieu_viec_lam", "diem_b", "so_thieu_hut") == ["", "", "", ""]
    assert "Bàn" not in xml.decode()


@pytest.mark.parametrize(
    ("indicator", "changed", "people"),
    [
        ("viec_lam", {}, (PARENT | {"viec_lam": "khong_on_dinh"}, CHILD)),
        ("phu_thuoc", {"so_nguoi": "3"}, (PARENT, CHILD, CHILD)),
        ("dinh_duong", {}, (PARENT, CHILD | {"suy_dinh_duong": "co"})),
        ("bhyt", {}, (PARENT | {"bao_hiem_y_te": "khong"}, CHILD)),
        ("hoc_nghe", {}, (PARENT, CHILD | {"nam_sinh": "2004", "hoc_nghe": "khong"})),
        ("di_hoc", {}, (PARENT, CHILD | {"di_hoc": "khong"})),
        ("chat_luong_nha", {"nha_cot": "khong"}, (PARENT, CHILD)),
        ("dien_tich_nha", {"dien_tich_nha": "15.9"}, (PARENT, CHILD)),
        ("nguon_nuoc", {"nguon_nuoc": "khac"}, (PARENT, CHILD)),
        ("nha_tieu", {"hoi_nha_tieu": "co"}, (PARENT, CHILD)),
        ("vien_thong", {"hoi_vien_thong": "co"}, (PARENT, CHILD)),
        ("thong_tin", {"hoi_thong_tin": "co"}, (PARENT, CHILD)),
    ],
)
def test_each_indicator_alone_gives_ten_points(
    indicator: str, changed: dict[str, object], people: tuple[Mapping[str, str], ...]
) -> None:
    xml = sheet(changed, people)
    assert findings(xml) == []
    deprived = [name for name in INDICATORS if said(xml, f"thieu_{name}") == ["co"]]
    assert deprived == [indicator]
    assert said(xml, "so_thieu_hut", "diem_b") == ["1", "10"]


@pytest.mark.parametrize(
    ("indicator", "changed", "people"),
    [
        ("viec_lam", {}, (PARENT | {"viec_lam": "khong_ro"}, CHILD)),
        ("phu_thuoc", {}, (PARENT | {"phu_thuoc": "khong_ro"}, CHILD)),
        # six years, or five: the sources do not agree on six
        ("bhyt", {}, (PARENT, CHILD | {"nam_sinh": "2018", "bao_hiem_y_te": "khong"})),
        ("bhyt", {}, (PARENT, CHILD | {"nam_sinh": "2017", "bao_hiem_y_te": "khong"})),
        # may be fifteen still
        ("hoc_nghe", {}, (PARENT, CHILD | {"nam_sinh": "2008", "hoc_nghe": "khong"})),
        ("di_hoc", {}, (PARENT, CHILD | {"nam_sinh": "2008", "di_hoc": "khong", "hoc_nghe": "co"})),
        ("chat_luong_nha", {"nha_tuong": "khong_ro"}, (PARENT, CHILD)),
        ("dien_tich_nha", {"dien_tich_nha": None}, (PARENT, CHILD)),
        ("nguon_nuoc", {"nguon_nuoc": "khong_ro"}, (PARENT, CHILD)),
    ],
)
def test_what_facts_do_not_tell_is_asked_and_stays_unknown(
    indicator: str, changed: dict[str, object], people: tuple[Mapping[str, str], ...]
) -> None:
    xml = sheet(changed, people)
    assert [name for name in INDICATORS if said(xml, f"thieu_{name}") == ["khong_ro"]] == [indicator]
    assert said(xml, "so_thieu_hut", "diem_b", "hang_ho") == ["", "", "chua_du"]
    for answer, points in (("co", "10"), ("khong", "0")):
        read = sheet({**changed, f"hoi_{indicator}": answer}, people)
        assert said(read, f"thieu_{indicator}", "diem_b") == [answer, points]


def test_nobody_counted_leaves_what_rests_on_people_unknown() -> None:
    xml = sheet({"so_nguoi": None}, people=())
    unknown = [name for name in INDICATORS if said(xml, f"thieu_{name}") == ["khong_ro"]]
    assert unknown == [*INDICATORS[:6], "dien_tich_nha"]


def test_points_come_from_a_table_that_was_loaded_and_paper_goes_before() -> None:
    ticked = {"diem_a_giay": None, "muc_a": "nguoi_5 bep_ga"}
    xml = sheet(ticked, points=POINTS)
    assert findings(xml, POINTS) == []
    assert said(xml, "diem_a", "hang_ho") == ["140", "ho_can_ngheo"]
    assert said(sheet(ticked | {"diem_a_giay": "141"}, points=POINTS), "diem_a", "hang_ho") == ["141", "khong_ngheo"]
    assert said(sheet({"diem_a_giay": None}), "diem_a", "hang_ho") == ["", "chua_du"]


def test_the_other_standards_take_income_and_their_own_count() -> None:
    own = {"chuan_ngheo": "qd59_2015", "diem_a_giay": None, "thu_nhap": "900000"}
    own |= dict.fromkeys((*HOUSE, *ASKED))
    assert said(sheet(own), "so_thieu_hut", "diem_b", "hang_ho") == ["", "", "chua_du"]
    assert said(sheet(own | {"so_thieu_hut_giay": "3"}), "so_thieu_hut", "hang_ho") == ["3", "ho_ngheo"]
    assert said(sheet(own | {"so_thieu_hut_giay": "2"}), "hang_ho") == ["ho_can_ngheo"]


def test_a_person_too_many_and_a_birth_to_come_are_told_in_both_languages() -> None:
    found = [
        *findings(sheet({"so_nguoi": "31"})),
        *findings(sheet({"so_nguoi": "1"}, (PARENT | {"nam_sinh": "2027"},))),
    ]
    told = {each.path.rpartition("/")[2]: set(each.message) for each in found if each.kind == "constraint"}
    assert told == {name: {"Tiếng Việt (vi)", "English (en)"} for name in ("so_nguoi", "nam_sinh")}


def test_it_asks_for_no_number_of_an_identity_paper_and_for_consent_before_the_household() -> None:
    names = [field.name for field in FORM.fields.values()]
    assert not {"cccd", "cmnd", "can_cuoc", "so_dinh_danh", "so_giay_to"} & set(names)
    assert names.index("dong_y") < names.index("chu_ho")
    written = [field for field in FORM.fields.values() if field.control == "input" and field.type == "string"]
    assert {field.name for field in written if not field.name.startswith("ket_qua_")} == {
        "chu_ho",
        "nguoi_bao",
        "ghi_chu",
        # a note, which nobody writes
        "bao_tra_lai",
    }
    for name in ("chu_ho", "nguoi_bao", "ghi_chu"):
        assert "số" in FORM.fields[PATHS[name]].hints["Tiếng Việt (vi)"]
