"""The sheet about a village meeting as a head fills it: whole, before the photos are there, and with contradictions."""

from __future__ import annotations

from collections.abc import Mapping
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

TABLES = {
    "communes.csv": table_from_csv(b"name,label,code\nvo_ngai,X\xc3\xa3 V\xc3\xb4 Ng\xe1\xba\xa1i,06841\n"),
    "villages.csv": table_from_csv(b"name,label,commune,code,xa_ntm\nngan_chi,Ng\xc3\xa0n Chi,vo_ngai,QN-1,khong\n"),
    "rounds.csv": table_from_csv(b"name,label,cutoff\n2019,2019,2019-06-30\n"),
    "corrections.csv": table_from_csv(b"name,label,key,instance,told,told_en\n"),
}
CONTEXT = JudgeContext(now=NOW, tables=TABLES)
# all numbers are invented
WHOLE: dict[str, object] = {
    "xa": "vo_ngai",
    "thon": "ngan_chi",
    "ky": "2019",
    "ngay_hop": "2019-06-20",
    "tong_ho": "60",
    "ho_du_hop": "48",
    "ho_ngheo_du_hop": "7",
    "nguoi_du_hop": "61",
    "phu_nu_du_hop": "30",
    "bieu_quyet": [
        {"noi_dung": "ho_ngheo", "dong_y": "45", "khong_dong_y": "3"},
        {"noi_dung": "khac", "noi_dung_khac": "Thời gian niêm yết", "dong_y": "48", "khong_dong_y": "0"},
    ],
    "anh_bien_ban": "bien_ban.jpg",
    "niem_yet": "co",
    "niem_yet_tu": "2019-06-21",
    "niem_yet_den": "2019-06-28",
    "anh_niem_yet": "niem_yet.jpg",
    "kien_nghi_nhan": "2",
    "kien_nghi_tra_loi": "1",
}
LATER = ("anh_bien_ban", "niem_yet_den", "anh_niem_yet", "kien_nghi_nhan", "kien_nghi_tra_loi")
COUNTS = ("tong_ho", "ho_du_hop", "ho_ngheo_du_hop", "nguoi_du_hop", "phu_nu_du_hop", "kien_nghi_tra_loi")


def form() -> FormDefinition:
    return parse_form(convert(files("forms").joinpath("library", "village_meeting.md").read_bytes(), "md").xml)


FORM = form()


def findings(changed: Mapping[str, object]) -> list[Finding]:
    answers = {name: value for name, value in (WHOLE | dict(changed)).items() if value is not None}
    xml = fill(FORM, answers, CONTEXT, instance_id="uuid:meeting-1")
    return [each for each in judge(FORM, read_instance(xml), CONTEXT) if each.severity == "error"]


def told(changed: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(each.kind, each.path.rpartition("/")[2].partition("[")[0]) for each in findings(changed)]


def test_a_whole_sheet_has_no_findings() -> None:
    assert findings({}) == []


def test_what_is_only_there_later_does_not_keep_a_sheet_from_being_sent() -> None:
    assert findings(dict.fromkeys(LATER)) == []
    not_yet = dict.fromkeys(("niem_yet_tu", "niem_yet_den", "anh_niem_yet"))
    assert findings(not_yet | {"niem_yet": "khong"}) == []


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_that_is_not_known_may_be_left_empty(name: str) -> None:
    assert findings({name: None}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ho_du_hop", "61"),
        ("ho_ngheo_du_hop", "49"),
        ("nguoi_du_hop", "47"),
        ("phu_nu_du_hop", "62"),
        ("kien_nghi_tra_loi", "3"),
        ("niem_yet_tu", "2019-06-19"),
        ("niem_yet_den", "2019-06-20"),
        ("ngay_hop", "2030-01-01"),
    ],
)
def test_what_cannot_be_is_told_in_both_languages(name: str, value: str) -> None:
    found = findings({name: value})
    assert ("constraint", name) in [(each.kind, each.path.rpartition("/")[2]) for each in found]
    own = next(each for each in found if each.path.endswith(f"/{name}"))
    assert set(own.message) == {"Tiếng Việt (vi)", "English (en)"}


def test_more_votes_than_households_at_the_meeting_are_told() -> None:
    voted = [{"noi_dung": "tieu_chi", "dong_y": "46", "khong_dong_y": "3"}]
    assert told({"bieu_quyet": voted}) == [("constraint", "dong_y"), ("constraint", "khong_dong_y")]


def test_it_asks_for_no_names_of_people_and_no_numbers_of_papers() -> None:
    texts = [field.name for field in FORM.fields.values() if field.control is not None and field.type == "string"]
    written = {"noi_dung_khac", "ghi_chu"}
    # an officer who gave the figures is named by office, not a household
    proxy = {"nguoi_bao", "nhap_thay"}
    for field in FORM.fields.values():
        if field.name in written:
            assert all("tên hộ" in hint or "names of households" in hint for hint in field.hints.values())
    chosen = {"xa", "thon", "ky", "noi_dung", "niem_yet", "ket_thuc"}
    notes = {"bao_tra_lai"}
    assert set(texts) <= written | chosen | proxy | notes
