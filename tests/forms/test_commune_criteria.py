"""The sheet of a commune as an official fills it, whole or with gaps, and with each part made larger than its whole."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import pytest

from forms.convert import convert
from forms.definition import Field, FormDefinition
from forms.errors import Finding
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from tests.kit.village_criteria import NOW

COMMUNES = "name,label,code\ndong_van,Xã Đồng Văn,06847\n"
ROUNDS = """name,label,cutoff
2015,Kỳ rà soát năm 2015,2015-12-31
2016,Kỳ đầu năm 2016,2016-01-01
2019,Kỳ rà soát năm 2019,2019-06-30
"""
RETURNED = "name,label,key,instance,told,told_en\n"
CUTOFF = {line.split(",")[0]: line.split(",")[1:] for line in ROUNDS.splitlines()[1:]}
WHOLE_OF = {
    "dtts_15_60_chua_biet_chu": "dtts_15_60",
    "lao_dong_chua_dao_tao": "lao_dong_co_viec",
    "duong_huyen_xa_chua_nhua_m": "duong_huyen_xa_m",
    "dai_dien_ho_tap_huan": "dai_dien_ho",
    "can_bo_tap_huan": "can_bo_co_so",
    "dien_tich_cao_200m_ha": "dien_tich_ha",
    "dien_tich_doc_15_ha": "dien_tich_ha",
}
COUNTS = (*dict.fromkeys(WHOLE_OF.values()), *WHOLE_OF)
CONDITIONS = ("duong_xa_nhua_hoa", "truong_chuan_quoc_gia", "y_te_dat_tieu_chi", "co_trung_tam_vhtt")
ATTESTED = ("ntm_2", "ntm_3", "ntm_4", "ntm_5", "ntm_6_1", "ntm_6_3", "ntm_8_3", "ntm_17_1")
BEFORE_2016 = ("ntm_10_75", "ntm_12", "ntm_14", "ntm_15", "ntm_18_1")
# all numbers are invented
FULL = {
    "start": "2026-11-23T09:00:00.000+07:00",
    "end": "2026-11-23T09:30:00.000+07:00",
    "today": "2026-11-23",
    "deviceid": "collect:xa",
    "username": "can_bo_xa",
    "xa": "dong_van",
    "ten_xa": "Xã Đồng Văn",
    "ngay_chot": "2026-11-22",
    **dict.fromkeys((*CONDITIONS, *ATTESTED), "co"),
    **dict.fromkeys(WHOLE_OF.values(), "5000"),
    **dict.fromkeys(WHOLE_OF, "1200"),
    "ntm_quyet_dinh_so": "MẪU-XÃ-01",
    "ntm_quyet_dinh_ngay": "2018-12-28",
    "anh_giay_to": "giay_to.jpg",
    "ghi_chu": "Số liệu mẫu.",
}
OLD = dict.fromkeys(BEFORE_2016, "khong")


def form() -> FormDefinition:
    return parse_form(convert(files("forms").joinpath("library", "commune_criteria.md").read_bytes(), "md").xml)


FORM = form()
BY_NAME = {field.name: field for field in FORM.fields.values()}


def findings(changed: Mapping[str, str], ky: str = "2019") -> tuple[Finding, ...]:
    """What the form says of a full sheet of that round with some answers changed."""
    ten_ky, ngay_chot_ky = CUTOFF[ky]
    said = FULL | {"ky": ky, "ten_ky": ten_ky, "ngay_chot_ky": ngay_chot_ky} | dict(changed)
    assert said.keys() <= BY_NAME.keys()

    def node(field: Field) -> str:
        if field.name == "meta":
            name = f"{said['ten_xa']} – {said['ten_ky']}"
            return f"<meta><instanceID>uuid:1</instanceID><instanceName>{name}</instanceName></meta>"
        inside = "".join(map(node, field.children)) if field.children else said.get(field.name, "")
        return f"<{field.name}>{inside}</{field.name}>"

    sheet = "".join(map(node, FORM.root.children))
    instance = read_instance(f'<data id="{FORM.form_id}" version="{FORM.version}">{sheet}</data>'.encode())
    lists = {"communes.csv": COMMUNES, "rounds.csv": ROUNDS, "corrections.csv": RETURNED}
    tables = {name: table_from_csv(text.encode()) for name, text in lists.items()}
    return judge(FORM, instance, JudgeContext(now=NOW, tables=tables))


def said(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(each.kind, each.path.rpartition("/")[2]) for each in found]


def test_a_full_sheet_has_no_findings() -> None:
    assert findings({}) == ()
    assert findings(OLD, "2015") == ()


def test_nothing_known_is_no_fault() -> None:
    empty = dict.fromkeys((*COUNTS, "ntm_quyet_dinh_so", "ntm_quyet_dinh_ngay", "anh_giay_to", "ghi_chu"), "")
    unknown = dict.fromkeys((*CONDITIONS, *ATTESTED), "khong_ro")
    assert findings(empty | unknown) == ()
    assert findings(empty | unknown | dict.fromkeys(BEFORE_2016, "khong_ro"), "2015") == ()


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_may_be_empty_beside_all_others(name: str) -> None:
    assert findings({name: ""}) == ()


@pytest.mark.parametrize(("part", "whole"), WHOLE_OF.items())
def test_a_part_larger_than_its_whole_is_told_and_nothing_else(part: str, whole: str) -> None:
    assert findings({part: "5000"}) == ()
    (found,) = findings({part: "5001"})
    assert said((found,)) == [("constraint", part)]
    assert found.severity == "error"
    assert set(found.message) == {"Tiếng Việt (vi)", "English (en)"}
    assert all("(5000)" in text for text in found.message.values())
    # without the whole nothing can be said of its part
    assert findings({whole: "", part: "5001"}) == ()


@pytest.mark.parametrize("name", COUNTS)
def test_no_count_is_below_zero_and_none_is_a_fraction(name: str) -> None:
    parts = dict.fromkeys((part for part, whole in WHOLE_OF.items() if whole == name), "")
    assert said(findings(parts | {name: "-1"})) == [("constraint", name)]
    assert said(findings(parts | {name: "2.5"})) == [("type", name)]


@pytest.mark.parametrize("name", [name for name in COUNTS if name != "dien_tich_ha"])
def test_a_count_may_be_nothing_but_no_commune_is_without_an_area(name: str) -> None:
    nothing = {part: "0" for part, whole in WHOLE_OF.items() if whole == name} | {name: "0"}
    assert findings(nothing) == ()
    no_area = {"dien_tich_ha": "0", "dien_tich_cao_200m_ha": "", "dien_tich_doc_15_ha": ""}
    assert said(findings(no_area)) == [("constraint", "dien_tich_ha")]


def test_the_items_of_2012_to_2015_are_asked_for_a_cutoff_before_2016_alone() -> None:
    assert said(findings({}, "2015")) == [("required", name) for name in BEFORE_2016]
    for ky in ("2016", "2019"):
        assert findings({}, ky) == ()
        assert said(findings(OLD, ky)) == [("relevance", name) for name in BEFORE_2016]


def test_a_round_that_nobody_chose_asks_for_nothing_old() -> None:
    none = {"ky": "", "ten_ky": "", "ngay_chot_ky": ""}
    assert said(tuple(each for each in findings(none) if each.severity == "error")) == [("required", "ky")]


def test_yes_and_no_may_always_be_answered_with_not_known() -> None:
    choices = {field.name: [c.name for c in field.choices] for field in FORM.fields.values() if field.choices}
    assert choices.keys() == {*CONDITIONS, *ATTESTED, *BEFORE_2016}
    assert all(names == ["co", "khong", "khong_ro"] for names in choices.values())
    for name in (*CONDITIONS, *ATTESTED):
        assert said(findings({name: ""})) == [("required", name)]


def test_dates_lie_in_the_past_and_belong_to_a_decision() -> None:
    assert said(findings({"ngay_chot": "2026-11-25"})) == [("constraint", "ngay_chot")]
    assert said(findings({"ntm_quyet_dinh_ngay": "2026-11-25"})) == [("constraint", "ntm_quyet_dinh_ngay")]
    assert said(findings({"ntm_quyet_dinh_so": ""})) == [("relevance", "ntm_quyet_dinh_ngay")]


def test_it_asks_of_a_commune_with_lists_that_the_server_makes() -> None:
    assert set(FORM.external_instances.values()) == {"communes.csv", "rounds.csv", "corrections.csv"}
    assert "thon" not in BY_NAME
    counts = [field.name for field in FORM.fields.values() if field.type == "int"]
    assert sorted(counts) == sorted(COUNTS)
